#include "core/topics/place_set.hpp"

#include <gtest/gtest.h>

#include <iterator>
#include <set>

#include "support/random.hpp"

namespace skein::core {
namespace {

TEST(PlaceSet, TakesNoRoomForWhatIsFinishedInOrder) {
  place_set set{5};
  for (place p = 5; p != 1000; ++p) set.add(p);
  EXPECT_EQ(set.floor(), 1000u);
  EXPECT_TRUE(set.intervals().empty());
  EXPECT_TRUE(set.contains(4));
  EXPECT_TRUE(set.contains(999));
  EXPECT_FALSE(set.contains(1000));
}

TEST(PlaceSet, KeepsHolesAsIntervals) {
  place_set set;
  for (const place p : {3, 5, 4, 8}) set.add(p);
  EXPECT_EQ(set.floor(), 0u);
  EXPECT_EQ(set.intervals(), (std::map<place, place>{{3, 6}, {8, 9}}));
  set.add(0);
  EXPECT_EQ(set.floor(), 1u);
  set.add(2);
  set.add(1);
  EXPECT_EQ(set.floor(), 6u);
}

TEST(PlaceSet, IsASetOfNumbersAtRandom) {
  for (std::uint64_t seed = 1; seed != 30; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    constexpr place all = 40;
    place_set set;
    std::set<place> model;
    for (int i = 0; i != 500; ++i) {
      const auto p = random.between<place>(0, all - 1);
      if (random.one_in(50)) {
        set.add_before(p);
        for (place q = 0; q != p; ++q) model.insert(q);
      } else if (random.one_in(3)) {
        set.remove(p);
        model.erase(p);
      } else {
        set.add(p);
        model.insert(p);
      }
      ASSERT_EQ(set.count_from(p),
                static_cast<std::uint64_t>(std::distance(model.lower_bound(p), model.end())));
      place floor = 0;
      while (model.count(floor) != 0) ++floor;
      ASSERT_EQ(set.floor(), floor);
      place before = set.floor();
      for (const auto& [begin, end] : set.intervals()) {
        ASSERT_LT(before, begin);
        ASSERT_LT(begin, end);
        before = end;
      }
      for (place q = 0; q != all; ++q) {
        ASSERT_EQ(set.contains(q), model.count(q) != 0) << q;
        place missing = q;
        while (model.count(missing) != 0) ++missing;
        ASSERT_EQ(set.next_missing(q), missing) << q;
      }
    }
  }
}

}  // namespace
}  // namespace skein::core
