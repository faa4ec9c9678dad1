#include "store/topics/topic_check.hpp"

#include <gtest/gtest.h>

#include "store/check.hpp"
#include "store/rocksdb/disk_store_test.hpp"
#include "store/topics/topic_catalog.hpp"
#include "store/topics/topic_log.hpp"
#include "support/stored_values.hpp"

namespace skein::store {
namespace {

using strings = std::vector<std::string>;

/// Topics `orders` and `seen`: messages, delayed ones, two subscribers, pages, keys.
class TopicCheck : public ::testing::Test {
 protected:
  TopicCheck() {
    core::topic_options replace;
    replace.priorities = 2;
    replace.dedupe = core::dedupe_policy::replace;
    orders = fill("orders", replace);
    core::topic_options first;
    first.dedupe = core::dedupe_policy::first;
    seen = fill("seen", first);
  }

  topic_number fill(const std::string& name, const core::topic_options& options) {
    topic_catalog catalog{*store};
    changes made;
    const topic_entry t = catalog.create(name, options, made);
    commit(made);
    topic_log log{*store, t.number, options, {now}};
    core::topic_queue queue{options, log};
    for (const char* who : {"ann", "bob"}) queue.subscribe(log.add_subscriber(who, {}, now));
    core::message m;
    m.payload = std::make_shared<const std::string>("payload");
    for (int n = 0; n != 20; ++n) {
      m.key = std::to_string(n);
      queue.publish(0, m, n < 17 ? 0 : now + n, now);
    }
    for (const core::subscriber_id who : {1u, 2u}) {
      const auto leased = queue.lease(who, 10, now);
      for (std::size_t i = 0; i != 5; ++i) queue.acknowledge(who, leased[i].lease);
    }
    commit(log.take_changes(queue, now));
    return t.number;
  }

  void commit(const changes& made) {
    const auto batch = store->new_batch();
    made.add_to(*batch);
    store->commit(*batch, false);
  }

  strings findings() {
    strings found;
    counts = check(*store, [&](const std::string& text) { found.push_back(text); });
    return found;
  }

  /// With this value, or without any, this is found and nothing else. Afterwards all is as before.
  void expect_only(family f, const std::string& key, const std::optional<std::string>& value,
                   const std::string& text) {
    const auto good = store->get(f, key);
    const auto set = [&](const std::optional<std::string>& v) {
      v ? test::overwrite(*store, f, key, *v) : test::erase(*store, f, key);
    };
    set(value);
    const strings found = findings();
    ASSERT_EQ(found.size(), 1u) << text << ::testing::PrintToString(found);
    EXPECT_NE(found[0].find(text), std::string::npos) << found[0];
    set(good);
  }

  topic_state state() { return decode_state(state_key(orders), value(state_key(orders))); }
  subscriber_head head() { return decode_head(head_key(orders, 1), value(head_key(orders, 1))); }
  std::string value(const std::string& key) { return store->get(family::topic, key).value(); }

  std::unique_ptr<engine> store = open_memory();
  core::wall_time now = 1'000'000;
  topic_number orders = 0, seen = 0;
  check_counts counts;
};

TEST_F(TopicCheck, FindsNothingInAGoodStoreAndCountsWhatIsThere) {
  EXPECT_EQ(findings(), strings{});
  EXPECT_EQ(counts.topics, 2u);
  EXPECT_EQ(counts.messages, 2 * 15u);
  EXPECT_EQ(counts.subscribers, 4u);
}

TEST_F(TopicCheck, FindsEachFlippedBitOfAnyValue) {
  for (const auto& [where, good] : contents_of(*store)) {
    const auto& [f, key] = where;
    for (std::size_t byte = 0; byte != good.size(); ++byte) {
      std::string bad = good;
      bad[byte] = static_cast<char>(bad[byte] ^ 1 << byte % 8);
      test::overwrite(*store, f, key, bad);
      EXPECT_EQ(findings().size(), 1u) << name_of(f) << ' ' << byte;
    }
    test::overwrite(*store, f, key, good);
  }
  EXPECT_EQ(findings(), strings{});
}

TEST_F(TopicCheck, NamesTopicsThatAreNotInTheCatalog) {
  expect_only(family::topic, topic_key("orders"), std::nullopt,
              "topic 1: something is stored of it, but there is no such topic");
  expect_only(family::message, message_key(77, {0, 0}),
              encode(message_key(77, {0, 0}), core::message{}),
              "topic 77: something is stored of it, but there is no such topic");
  expect_only(family::meta, std::string{topics_key}, encode_topics(seen),
              "topic 2 (seen): its number was not given yet");
  expect_only(family::topic, topic_key("x"), encode(topic_key("x"), topic_record{seen, {}}),
              "topic 2 (seen): topic x has the same number");
}

TEST_F(TopicCheck, NamesAStateThatDoesNotFit) {
  topic_state bad = state();
  bad.delayed = 7;
  expect_only(family::topic, state_key(orders), encode(state_key(orders), bad),
              "topic 1 (orders): 3 messages are delayed, not 7");
  bad = state();
  bad.subscribers_ever = 1;
  expect_only(family::topic, state_key(orders), encode(state_key(orders), bad),
              "topic 1 (orders): subscriber 2 (bob): the topic has had fewer subscribers");
  bad = state();
  bad.delayed_ever = 2;
  expect_only(family::topic, state_key(orders), encode(state_key(orders), bad),
              "topic 1 (orders): delayed message 2: its number was not given yet");
}

TEST_F(TopicCheck, NamesMessagesOutsideOfTheirStreams) {
  const std::string key = message_key(orders, {0, 17}), low = message_key(orders, {1, 0}),
                    none = message_key(orders, {2, 0});
  expect_only(family::message, key, encode(key, core::message{}),
              "topic 1 (orders): message 17 of priority 0 lies outside of its stream");
  expect_only(family::message, low, encode(low, core::message{}), "message 0 of priority 1 lies");
  expect_only(family::message, none, encode(none, core::message{}), "message 0 of priority 2 lies");
  const std::string delayed = delayed_key(orders, now + 17, 0);
  expect_only(family::message, delayed, encode(delayed, delayed_message{2, {}}),
              "topic 1 (orders): delayed message 0: there is no such priority");
}

TEST_F(TopicCheck, NamesSubscribersThatDoNotFit) {
  const std::string key = head_key(orders, 1);
  const auto expect = [&](const char* text, auto&& change) {
    subscriber_head bad = head();
    change(bad);
    expect_only(family::topic, key, encode(key, bad),
                std::string{"topic 1 (orders): subscriber 1"} + text);
  };
  expect(" (ann): it has read what was never published", [](auto& h) { h.cursors[0] = 18; });
  expect(" (ann): it has other priorities", [](auto& h) { h.cursors.push_back(0); });
  expect(": a page goes beyond what it has read", [](auto& h) { h.cursors[0] = 9; });
  expect_only(family::topic, key, std::nullopt,
              "topic 1 (orders): subscriber 1: there is a page, but no such subscriber");
  const std::string page = page_key(orders, 1, {0, 0}), other = page_key(orders, 1, {2, 0});
  expect_only(family::topic, page, encode(page, stored_page{{{0, 4}, {}}}),
              "topic 1 (orders): subscriber 1: it has not finished what was erased");
  expect_only(family::topic, other, encode(other, stored_page{{{2, 4}, {}}}),
              "topic 1 (orders): subscriber 1: a page is of another priority");
}

TEST_F(TopicCheck, NamesKeysThatLeadNowhere) {
  const std::string key = place_key(orders, "6");
  expect_only(family::topic, key, encode(key, core::message_id{0, 2}),
              "topic 1 (orders): a key leads to a message that is not there: 6");
  expect_only(family::topic, key, encode(key, core::message_id{1, 6}),
              "topic 1 (orders): a key leads to a message that is not there: 6");
  expect_only(family::topic, key, encode(key, core::message_id{0, 7}),
              "topic 1 (orders): a key leads to a message of another key: 6");
  expect_only(family::message, message_key(orders, {0, 6}), std::nullopt,
              "topic 1 (orders): a key leads to a message that is not there: 6");
}

TEST_F(TopicCheck, NamesKeysThatAreNone) {
  expect_only(family::topic, "x", "value", "a value of family topic with the key 78 is damaged");
  expect_only(family::message, "x", "value", "the message with the key 78 is damaged");
}

}  // namespace
}  // namespace skein::store
