#include "store/topics/topic_layout.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <vector>

#include "store/engine.hpp"
#include "store/value_codec.hpp"

namespace skein::store {
namespace {

constexpr wall_time some_time = 1'700'000'000'123;

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

core::message some_message() {
  return {"key", std::make_shared<const std::string>("payload"), some_time, core::no_time};
}

/// One value of each kind, and what decodes it.
struct example {
  const char* name;
  std::string key;
  const char* key_bytes;
  std::string value;
  const char* bytes;  ///< of `value`
  std::function<void(std::string_view key, std::string_view value)> decode;
};

std::vector<example> examples() {
  std::vector<example> all;
  const auto add = [&](const char* name, const std::string& key, const char* key_bytes,
                       const std::string& value, const char* bytes, auto decode) {
    all.push_back({name, key, key_bytes, value, bytes, decode});
  };

  add("topics", std::string{topics_key}, "746f70696373", encode_topics(300),
      "01ac0284854773adf89860", [](auto, auto value) { decode_topics(value); });

  add("clock", std::string{clock_key}, "636c6f636b", encode_clock({some_time, some_time + 1}),
      "01f8a1abfef962faa1abfef96275976d6e73b148fd", [](auto, auto value) { decode_clock(value); });

  add("lives", std::string{lives_key}, "6c69766573", encode_lives(3), "010395e86d0aafaf0ec5",
      [](auto, auto value) { decode_lives(value); });

  const std::string topic = topic_key("orders");
  add("topic", topic, "6e6f7264657273", encode(topic, topic_record{7, {}}),
      "010710"
      "0101"      // durable
      "0201"      // one priority
      "0300"      // strict
      "0400"      // reject without subscribers
      "05904e"    // 10000 pending
      "0600"      // reject
      "0700"      // no dedupe
      "08e0d403"  // 60 s
      "0901"      // expire
      "0a00"      // not ordered
      "0b32"      // batches of 50
      "0cb0ea01"  // leases of 30 s
      "0de807"    // 1 s
      "0ee0d403"  // 60 s
      "0f0a"      // 10 deliveries
      "10904e"    // 10000 delayed
      "c21931bd6328c280",
      decode_topic);

  const std::string state = state_key(7);
  add("state", state, "7400000007",
      encode(state, topic_state{{{100, 300, 1000}, {0, 0, 5}}, 2, 9, 3, some_time}),
      "0102"
      "64c801bc05"  // kept 100, begin 200 behind, end 700 behind that
      "000005"
      "020903"        // 2 delayed, 9 ever; 3 subscribers ever
      "f8a1abfef962"  // time
      "087667cb84c3080d",
      decode_state);

  const std::string place = place_key(7, "key");
  add("place", place, "74000000076b6b6579", encode(place, core::message_id{1, 300}),
      "0101ac02caa4e315f34f2919", decode_place);

  const std::string head = head_key(7, 2);
  add("head", head, "74000000077300000002",
      encode(head,
             subscriber_head{"ann", std::chrono::milliseconds{60'000}, some_time, 17, {310, 330}}),
      "0103616e6ee0d403f8a1abfef9621102b602ca021b99c928034dc601", decode_head);

  const std::string page = page_key(7, 2, {1, 4});
  add("page", page, "74000000077300000002010000000000000004",
      encode(page, stored_page{{{1, 256}, {core::flight_state::leased, 1, 16, some_time}},
                               {{1, 319}, {core::flight_state::dead, 10, 17, core::no_time}}}),
      "0102"
      "000001"
      "10f8a1abfef962"
      "3f030a1100"
      "0b854d7977c98edf",
      decode_page);

  const std::string window = window_key(7, some_time, 3);
  add("window", window,
      "740000000777"
      "8000018bcfe5687b"
      "00000003",
      encode_window(window, "key"), "017d94331b7aba30906b6579", decode_window);

  const std::string withdrawn = withdrawn_key(7, {1, 4});
  add("withdrawn", withdrawn, "740000000778010000000000000004",
      encode_withdrawn(withdrawn, std::uint64_t{1} << 63 | 5),
      "01858080808080808080018e31f47f2348ba32", decode_withdrawn);

  const std::string message = message_key(7, {1, 300});
  add("message", message, "0000000701000000000000012c", encode(message, some_message()),
      "01f8a1abfef96200036b6579"
      "0d1fc723cda8158a"
      "7061796c6f6164",
      decode_message);

  const std::string delayed = delayed_key(7, some_time, 8);
  add("delayed", delayed,
      "00000007ff"
      "8000018bcfe5687b"
      "0000000000000008",
      encode(delayed, delayed_message{1, some_message()}),
      "0101f8a1abfef96200036b6579"
      "88b649174c4a0798"
      "7061796c6f6164",
      decode_delayed);

  core::message soon = some_message();
  soon.expires = core::at_measured(some_time);
  const std::string later = delayed_key(7, core::at_measured(some_time), 8);
  add("measured", later,
      "00000007ff"
      "4000018bcfe5687b"
      "0000000000000008",
      encode(later, delayed_message{1, soon}),
      "0201f8a1abfef9628bded481869dffff7f036b6579"
      "e94724d97d3fc050"
      "7061796c6f6164",
      decode_delayed);
  return all;
}

TEST(TopicLayout, IsTheSameToTheByteForEver) {
  for (const example& x : examples()) {
    EXPECT_EQ(hex(x.key), x.key_bytes) << x.name;
    EXPECT_EQ(hex(x.value), x.bytes) << x.name;
  }
}

/// Whether `decode` refuses as it says.
bool refuses(const example& x, std::string_view key, std::string_view value) {
  // A block of its own: a sanitizer sees what is read beyond it.
  const std::vector<char> own(value.begin(), value.end());
  try {
    x.decode(key, {own.data(), own.size()});
    return false;
  } catch (const error& e) {
    return e.what_kind() == error::kind::corrupted || e.what_kind() == error::kind::newer_version;
  }
}

TEST(TopicLayout, RefusesEveryValueWithAFlippedBit) {
  for (const example& x : examples()) {
    ASSERT_FALSE(refuses(x, x.key, x.value)) << x.name;
    for (std::size_t bit = 0; bit != 8 * x.value.size(); ++bit) {
      std::string value = x.value;
      value[bit / 8] = static_cast<char>(value[bit / 8] ^ 1 << bit % 8);
      EXPECT_TRUE(refuses(x, x.key, value)) << x.name << ", bit " << bit;
    }
  }
}

TEST(TopicLayout, RefusesEveryValueUnderAnotherKey) {
  for (const example& x : examples()) {
    if (x.key == topics_key || x.key == clock_key || x.key == lives_key)
      continue;  // there is but one
    for (std::size_t bit = 0; bit != 8 * x.key.size(); ++bit) {
      std::string key = x.key;
      key[bit / 8] = static_cast<char>(key[bit / 8] ^ 1 << bit % 8);
      EXPECT_TRUE(refuses(x, key, x.value)) << x.name << ", bit " << bit;
    }
  }
}

TEST(TopicLayout, RefusesEveryValueThatIsCutShortOrGoesOn) {
  for (const example& x : examples()) {
    for (std::size_t size = 0; size != x.value.size(); ++size) {
      EXPECT_TRUE(refuses(x, x.key, std::string_view{x.value}.substr(0, size)))
          << x.name << ", " << size << " bytes";
    }
    EXPECT_TRUE(refuses(x, x.key, x.value + '\0')) << x.name;
    EXPECT_TRUE(refuses(x, x.key, x.value + x.value)) << x.name;
  }
}

TEST(TopicLayout, TellsALaterVersionFromDamage) {
  for (const example& x : examples()) {
    std::string value = x.value;
    value[0] = 3;
    try {
      x.decode(x.key, value);
      ADD_FAILURE() << x.name;
    } catch (const error& e) {
      EXPECT_EQ(e.what_kind(), error::kind::newer_version) << x.name;
    }
  }
}

TEST(TopicLayout, GivesBackEveryField) {
  const auto all = examples();
  const auto value_of = [&](const char* name) {
    for (const example& x : all) {
      if (x.name == std::string_view{name}) return x;
    }
    throw std::runtime_error{name};
  };
  EXPECT_EQ(decode_topics(value_of("topics").value), 300u);

  const topic_state s = decode_state(value_of("state").key, value_of("state").value);
  ASSERT_EQ(s.streams.size(), 2u);
  EXPECT_EQ(s.streams[0].kept, 100u);
  EXPECT_EQ(s.streams[0].begin, 300u);
  EXPECT_EQ(s.streams[0].end, 1000u);
  EXPECT_EQ(s.delayed, 2u);
  EXPECT_EQ(s.delayed_ever, 9u);
  EXPECT_EQ(s.subscribers_ever, 3u);
  EXPECT_EQ(s.time, some_time);

  const core::message_id place = decode_place(value_of("place").key, value_of("place").value);
  EXPECT_EQ(place, (core::message_id{1, 300}));

  const subscriber_head h = decode_head(value_of("head").key, value_of("head").value);
  EXPECT_EQ(h.name, "ann");
  EXPECT_EQ(h.idle_expiry.count(), 60'000);
  EXPECT_EQ(h.seen, some_time);
  EXPECT_EQ(h.last_lease, 17u);
  EXPECT_EQ(h.cursors, (std::vector<core::place>{310, 330}));

  const stored_page p = decode_page(value_of("page").key, value_of("page").value);
  ASSERT_EQ(p.size(), 2u);
  EXPECT_EQ(p[0].first, (core::message_id{1, 256}));
  EXPECT_EQ(p[0].second.state, core::flight_state::leased);
  EXPECT_EQ(p[0].second.attempts, 1u);
  EXPECT_EQ(p[0].second.lease, 16u);
  EXPECT_EQ(p[0].second.deadline, some_time);
  EXPECT_EQ(p[1].first, (core::message_id{1, 319}));
  EXPECT_EQ(p[1].second.state, core::flight_state::dead);
  EXPECT_EQ(p[1].second.deadline, core::no_time);

  EXPECT_EQ(decode_window(value_of("window").key, value_of("window").value), "key");

  const core::message m = decode_message(value_of("message").key, value_of("message").value);
  EXPECT_EQ(m.key, "key");
  EXPECT_EQ(*m.payload, "payload");
  EXPECT_EQ(m.published, some_time);
  EXPECT_EQ(m.expires, core::no_time);

  const delayed_message d = decode_delayed(value_of("delayed").key, value_of("delayed").value);
  EXPECT_EQ(d.priority, 1);
  EXPECT_EQ(*d.what.payload, "payload");
}

TEST(TopicLayout, KeepsEveryOption) {
  core::topic_options o;
  o.storage = core::topic_storage::memory;
  o.priorities = 32;
  o.order = core::priority_policy::weighted;
  o.no_subscribers = core::no_subscribers_policy::drop;
  o.max_pending = ~std::uint64_t{0};
  o.max_delayed = 5;
  o.overflow = core::pending_policy::drop_oldest;
  o.dedupe = core::dedupe_policy::first;
  o.dedupe_window = std::chrono::milliseconds::max();
  o.expire = false;
  o.ordered = true;
  o.batch = ~std::uint32_t{0};
  o.lease = std::chrono::milliseconds{0};
  o.retry_delay = std::chrono::milliseconds{3};
  o.most_retry_delay = std::chrono::milliseconds{4};
  o.max_deliveries = 0;
  const std::string key = topic_key("a");
  const core::topic_options k = decode_topic(key, encode(key, topic_record{1, o})).options;
  EXPECT_EQ(k.storage, o.storage);
  EXPECT_EQ(k.priorities, o.priorities);
  EXPECT_EQ(k.order, o.order);
  EXPECT_EQ(k.no_subscribers, o.no_subscribers);
  EXPECT_EQ(k.max_pending, o.max_pending);
  EXPECT_EQ(k.max_delayed, o.max_delayed);
  EXPECT_EQ(k.overflow, o.overflow);
  EXPECT_EQ(k.dedupe, o.dedupe);
  EXPECT_EQ(k.dedupe_window, o.dedupe_window);
  EXPECT_EQ(k.expire, o.expire);
  EXPECT_EQ(k.ordered, o.ordered);
  EXPECT_EQ(k.batch, o.batch);
  EXPECT_EQ(k.lease, o.lease);
  EXPECT_EQ(k.retry_delay, o.retry_delay);
  EXPECT_EQ(k.most_retry_delay, o.most_retry_delay);
  EXPECT_EQ(k.max_deliveries, o.max_deliveries);
}

/// A topic with these options, each a tag and a number, both below 128.
core::topic_options decoded(std::vector<std::pair<int, int>> options) {
  const std::string key = topic_key("a");
  std::string value{"\1\7"};
  append_varint(value, options.size());
  for (const auto& [tag, number] : options) {
    value += static_cast<char>(tag);
    value += static_cast<char>(number);
  }
  return decode_topic(key, with_checksum(key, value)).options;
}

TEST(TopicLayout, TakesOptionsThatAreMissingForTheirDefaults) {
  EXPECT_EQ(decoded({}).batch, core::topic_options{}.batch);
  EXPECT_EQ(decoded({{2, 3}, {11, 5}}).priorities, 3u);
  EXPECT_EQ(decoded({{2, 3}, {11, 5}}).batch, 5u);
}

TEST(TopicLayout, RefusesOptionsOfALaterVersion) {
  for (const std::pair<int, int>& option :
       {std::pair{16, 0}, {0, 0}, {7, 3}, {2, 0}, {2, 33}, {9, 2}}) {
    try {
      decoded({option});
      ADD_FAILURE() << option.first << ' ' << option.second;
    } catch (const error& e) {
      EXPECT_EQ(e.what_kind(), error::kind::newer_version);
      EXPECT_NE(std::string{e.what()}.find("6e61"), std::string::npos) << e.what();
    }
  }
}

TEST(TopicLayout, OrdersTimesAndPlacesAsTheirKeys) {
  std::string before;
  for (const wall_time t : {std::numeric_limits<wall_time>::min(), wall_time{-1}, wall_time{0},
                            wall_time{255}, wall_time{256}, core::no_time}) {
    const std::string key = delayed_key(7, t, 0);
    EXPECT_LT(before, key);
    EXPECT_EQ(parse_message_key(key).due, t);
    EXPECT_EQ(parse_topic_key(window_key(7, t, 3)).time, t);
    before = key;
  }
  EXPECT_LT(message_key(7, {0, 256}), message_key(7, {0, 257}));
  EXPECT_LT(message_key(7, {0, ~core::place{0}}), message_key(7, {1, 0}));
  EXPECT_LT(message_key(7, {31, ~core::place{0}}), delayed_key(7, 0, 0));
  EXPECT_LT(delayed_key(7, core::no_time, 0), message_key(8, {0, 0}));
}

TEST(TopicLayout, KeepsAnyTime) {
  for (const wall_time t : {std::numeric_limits<wall_time>::min(), wall_time{-1}, wall_time{0},
                            wall_time{1}, some_time, core::no_time - 1, core::no_time}) {
    core::message m = some_message();
    m.published = m.expires = t;
    const std::string key = message_key(1, {0, 0});
    EXPECT_EQ(decode_message(key, encode(key, m)).expires, t);
    EXPECT_EQ(decode_message(key, encode(key, m)).published, t);
  }
}

TEST(TopicLayout, RefusesKeysThatAreNone) {
  for (const std::string_view bad :
       {"", "x", "t", "t123", "t1234x", "t1234s", "t1234s123", "t1234s12345", "t1234s1234!12345678",
        "t1234w12345678", "t1234w1234567812345"}) {
    EXPECT_THROW(parse_topic_key(bad), error) << bad;
  }
  for (const std::string_view bad : {"", "123", "1234", "1234\1",
                                     "1234\1"
                                     "1234567",
                                     "1234\1"
                                     "123456789",
                                     "1234\x20"
                                     "12345678",
                                     "1234\xff"
                                     "12345678"}) {
    EXPECT_THROW(parse_message_key(bad), error) << hex(bad);
  }
}

TEST(TopicLayout, HasABoundBehindAllThatBeginAlike) {
  EXPECT_EQ(behind("a"), "b");
  EXPECT_EQ(behind(std::string_view{"t\0\0\0\xff", 5}), (std::string{"t\0\0\1", 4}));
  EXPECT_LT(delayed_key(7, core::no_time, ~std::uint64_t{0}), behind(delayed_prefix(7)));
  EXPECT_LE(behind(delayed_prefix(7)), message_key(8, {0, 0}));
}

}  // namespace
}  // namespace skein::store
