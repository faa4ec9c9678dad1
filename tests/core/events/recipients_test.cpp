#include "core/events/recipients.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "support/events.hpp"

namespace skein::core {
namespace {

/// User 1 has sessions 10 and 11, user 2 has 20, user 3 has 30; 4 is away.
/// 1 and 4 follow 2; 2 follows 3; 3 follows 3; 1 follows 4.
follower_graph small_world() {
  follower_graph graph;
  graph.connect(1, 10);
  graph.connect(1, 11);
  graph.connect(2, 20);
  graph.connect(3, 30);
  graph.follow(1, 2);
  graph.follow(4, 2);
  graph.follow(2, 3);
  graph.follow(3, 3);
  graph.follow(1, 4);
  return graph;
}

struct row {
  const char* line;
  std::set<session_index> told;
};

TEST(Recipients, AreWhoTheRulesName) {
  const std::vector<row> rows{
      {"1|F|1|2", {20}}, {"1|F|2|1", {10, 11}}, {"1|F|1|4", {}},       {"1|F|4|1", {10, 11}},
      {"1|F|1|99", {}},  {"1|F|3|3", {30}},     {"1|U|1|2", {}},       {"1|U|2|1", {}},
      {"1|P|1|2", {20}}, {"1|P|2|1", {10, 11}}, {"1|P|1|1", {10, 11}}, {"1|P|1|4", {}},
      {"1|P|4|3", {30}}, {"1|S|2", {10, 11}},   {"1|S|3", {20, 30}},   {"1|S|4", {10, 11}},
      {"1|S|1", {}},     {"1|S|99", {}},        {"1|B", {}},
  };
  const follower_graph graph = small_world();
  for (const row& r : rows) {
    SCOPED_TRACE(r.line);
    event_block block;
    test::append_line(block, r.line);
    std::multiset<session_index> told;
    for_each_recipient(block.events[0], graph, [&](session_index s) { told.insert(s); });
    EXPECT_EQ(told, std::multiset<session_index>(r.told.begin(), r.told.end()));
  }
}

}  // namespace
}  // namespace skein::core
