#include "core/expects.hpp"

#include <gtest/gtest.h>

#include "core/topics/place_set.hpp"

namespace skein::core {
namespace {

TEST(Expects, EndsTheProcessAndSaysWhatDoesNotHold) {
  EXPECT_DEATH(expects(false, "two is one"), "a bug: it does not hold that two is one");
  expects(true, "one is one");
}

TEST(Expects, IsCheckedInEveryBuild) {
  place_set places;
  places.add(3, 5);
  EXPECT_DEATH(places.add(4, 6), "places that are added are not in the set");
}

}  // namespace
}  // namespace skein::core
