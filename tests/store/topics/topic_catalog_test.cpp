#include "store/topics/topic_catalog.hpp"

#include <gtest/gtest.h>

#include "store/rocksdb/disk_store_test.hpp"

namespace skein::store {
namespace {

void commit(engine& to, const changes& made) {
  const auto batch = to.new_batch();
  made.add_to(*batch);
  to.commit(*batch, false);
}

std::vector<std::string> names(const std::vector<topic_entry>& all) {
  std::vector<std::string> found;
  for (const topic_entry& t : all) found.push_back(t.name);
  return found;
}

topic_entry make(engine& where, topic_catalog& catalog, const std::string& name,
                 const core::topic_options& options = {}) {
  changes made;
  topic_entry t = catalog.create(name, options, made);
  commit(where, made);
  return t;
}

using strings = std::vector<std::string>;

TEST(TopicCatalog, FindsWhatWasCreatedOnceItIsCommitted) {
  const auto where = open_memory();
  topic_catalog catalog{*where};
  core::topic_options options;
  options.priorities = 5;
  changes made;
  const topic_entry t = catalog.create("orders", options, made);
  EXPECT_FALSE(catalog.find("orders"));
  commit(*where, made);
  const auto found = catalog.find("orders");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, t.number);
  EXPECT_EQ(found->name, "orders");
  EXPECT_EQ(found->options.priorities, 5u);
  EXPECT_FALSE(catalog.find("order"));
  EXPECT_FALSE(catalog.find("orders.x"));
}

TEST(TopicCatalog, ListsInTheOrderOfNames) {
  const auto where = open_memory();
  topic_catalog catalog{*where};
  for (const char* name : {"b", "a", "c", "a.b", "\xff", "B"}) make(*where, catalog, name);
  EXPECT_EQ(names(catalog.list("", 100)), (strings{"B", "a", "a.b", "b", "c", "\xff"}));
  EXPECT_EQ(names(catalog.list("", 2)), (strings{"B", "a"}));
  EXPECT_EQ(names(catalog.list("a", 2)), (strings{"a.b", "b"}));
  EXPECT_EQ(names(catalog.list("aa", 1)), (strings{"b"}));
  EXPECT_EQ(names(catalog.list("\xff", 9)), strings{});
  EXPECT_EQ(names(catalog.list("", 0)), strings{});
}

TEST(TopicCatalog, GivesNoNumberTwice) {
  const auto where = open_memory();
  topic_number last = 0;
  for (int start = 0; start != 3; ++start) {
    topic_catalog catalog{*where};
    for (int n = 0; n != 3; ++n) {
      const topic_entry t = make(*where, catalog, "topic");
      EXPECT_GT(t.number, last);
      last = t.number;
      changes made;
      catalog.remove(t, made);
      commit(*where, made);
    }
  }
}

TEST(TopicCatalog, RemovesAllOfATopicAndNothingElse) {
  const auto where = open_memory();
  topic_catalog catalog{*where};
  const topic_entry a = make(*where, catalog, "a");
  for (topic_number n = a.number + 1; n != 260; ++n) make(*where, catalog, std::to_string(n));
  for (topic_number n = 1; n != 260; ++n) {
    changes all;
    all.put(family::topic, state_key(n), "");
    all.put(family::topic, place_key(n, "\xff"), "");
    all.put(family::topic, head_key(n, 1), "");
    all.put(family::topic, page_key(n, 1, {}), "");
    all.put(family::topic, window_key(n, core::no_time, 1), "");
    all.put(family::message, message_key(n, {0, 0}), "");
    all.put(family::message, message_key(n, {31, ~core::place{0}}), "");
    all.put(family::message, delayed_key(n, core::no_time, ~std::uint64_t{0}), "");
    commit(*where, all);
  }
  const std::size_t before = contents_of(*where).size();
  for (const char* name : {"a", "255", "256"}) {
    changes made;
    catalog.remove(*catalog.find(name), made);
    commit(*where, made);
    EXPECT_FALSE(catalog.find(name));
  }
  EXPECT_EQ(contents_of(*where).size(), before - 3 * 9);
}

TEST(TopicCatalog, RefusesWhatIsDamaged) {
  const auto where = open_memory();
  topic_catalog catalog{*where};
  changes bad;
  bad.put(family::topic, topic_key("a"), "x");
  bad.put(family::meta, std::string{topics_key}, "x");
  commit(*where, bad);
  EXPECT_THROW(catalog.find("a"), error);
  EXPECT_THROW(catalog.list("", 1), error);
  EXPECT_THROW(topic_catalog{*where}, error);
}

}  // namespace
}  // namespace skein::store
