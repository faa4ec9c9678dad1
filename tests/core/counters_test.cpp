#include "core/counters/counters.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace skein::core {
namespace {

TEST(Counters, EachHasARowAtItsPlaceWithANameAUnitAndAHelp) {
  std::set<std::string_view> names;
  std::size_t place = 0;
  for (const counter_row& row : counter_table) {
    EXPECT_EQ(static_cast<std::size_t>(row.id), place++) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_FALSE(row.unit.empty()) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
  }
}

TEST(Counters, EachNumberOfEachLabelIsKeptByItself) {
  counts all;
  counts::value next = 0;
  for (const counter_row& row : counter_table) {
    for (std::size_t i = 0; i != size_of(row.labels); ++i) all.at(row.id, i) = ++next;
  }
  counts::value expected = 0;
  for (const counter_row& row : counter_table) {
    for (std::size_t i = 0; i != size_of(row.labels); ++i) {
      EXPECT_EQ(all.at(row.id, i), ++expected) << row.name;
    }
  }
}

TEST(Counters, AreAddedNumberByNumber) {
  counts all{{counter::gaps, 2}, {counter::events_missing, 7}};
  all.at(counter::malformed, 3) = 4;
  counts more{{counter::gaps, 1}, {counter::gaps, 1}, {counter::overflows, 5}};
  more.at(counter::malformed, 3) = 1;
  more.at(counter::malformed, 10) = 2;
  all += more;
  EXPECT_EQ(all[counter::gaps], 4u);
  EXPECT_EQ(all[counter::events_missing], 7u);
  EXPECT_EQ(all[counter::overflows], 5u);
  EXPECT_EQ(all.at(counter::malformed, 3), 5u);
  EXPECT_EQ(all.sum(counter::malformed), 7u);
  EXPECT_EQ(all.sum(counter::gaps), 4u);
  EXPECT_NE(all, more);
}

TEST(Counters, AGaugeIsTheSumOfWhatCameAndWent) {
  counts all{{counter::clients, 1}};
  all += {{counter::clients, minus(1)}};
  all += {{counter::clients, 3}};
  EXPECT_EQ(all[counter::clients], 3u);
  all += {{counter::clients, minus(3)}};
  EXPECT_EQ(all, counts{});
}

TEST(Counters, LabelsAreNamedAsTheirKindsAndReasons) {
  EXPECT_EQ(name_of(counter_labels::event_kind, 0), "follow");
  EXPECT_EQ(name_of(counter_labels::malformed, malformed_reasons - 1), "unterminated");
}

}  // namespace
}  // namespace skein::core
