#include "core/compact_set.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "support/random.hpp"

namespace skein::core {
namespace {

template <class T>
std::set<T> members_of(const compact_set<T>& set) {
  std::set<T> members;
  set.for_each([&](T member) { EXPECT_TRUE(members.insert(member).second) << "visited twice"; });
  return members;
}

/// Values that share their place in a table, with the extremes among them.
template <class T>
std::vector<T> chosen_values(test::random_source& random, std::size_t count) {
  std::vector<T> values{0, 1, compact_set<T>::vacant - 1, compact_set<T>::vacant - 2};
  while (values.size() < count) {
    const auto value = static_cast<T>(random.engine()());
    if (value != compact_set<T>::vacant) values.push_back(random.one_in(2) ? value : value % 1000);
  }
  return values;
}

template <class T>
class CompactSet : public ::testing::Test {};
using member_types = ::testing::Types<std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(CompactSet, member_types, );

TYPED_TEST(CompactSet, IsTheSetItClaimsToBe) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    compact_set<TypeParam> set;
    std::set<TypeParam> model;
    const auto values = chosen_values<TypeParam>(random, random.between<std::size_t>(5, 600));
    // Tides of growth and shrinking, so that every border is crossed in both directions.
    for (int step = 0; step != 6000; ++step) {
      const auto value = values[random.between<std::size_t>(0, values.size() - 1)];
      const bool growing = step / 1000 % 2 == 0;
      if (random.one_in(4) != growing) {
        ASSERT_EQ(set.insert(value), model.insert(value).second);
      } else {
        ASSERT_EQ(set.erase(value), model.erase(value) != 0);
      }
      ASSERT_EQ(set.size(), model.size());
      ASSERT_EQ(set.contains(value), model.count(value) != 0);
      if (step % 97 == 0) {
        ASSERT_EQ(members_of(set), model);
      }
    }
    for (const auto value : values) EXPECT_EQ(set.contains(value), model.count(value) != 0);
  }
}

TYPED_TEST(CompactSet, CostsNothingWhenEmpty) {
  compact_set<TypeParam> set;
  EXPECT_EQ(set.memory(), 0u);
  for (TypeParam i = 0; i != 1000; ++i) set.insert(i);
  EXPECT_GT(set.memory(), 1000 * sizeof(TypeParam));
  for (TypeParam i = 0; i != 1000; ++i) ASSERT_TRUE(set.erase(i));
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.memory(), 0u);
}

TYPED_TEST(CompactSet, CostsLessThanTwiceItsMembersAtEverySize) {
  compact_set<TypeParam> set;
  for (TypeParam i = 1; i <= 5000; ++i) {
    set.insert(i);
    ASSERT_LE(set.memory(), 2 * i * sizeof(TypeParam) + 64) << i;
  }
}

TYPED_TEST(CompactSet, GivesMemoryBackWhileItShrinks) {
  compact_set<TypeParam> set;
  for (TypeParam i = 0; i != 5000; ++i) set.insert(i);
  for (TypeParam i = 5000; i != 0; --i) {
    set.erase(i - 1);
    ASSERT_LE(set.memory(), 4 * i * sizeof(TypeParam) + 256) << i;
  }
}

TYPED_TEST(CompactSet, FindsMembersThatWrapAroundTheEndOfTheTable) {
  // Values that crowd at the end of the table they will be in.
  compact_set<TypeParam> set;
  for (TypeParam i = 0; i != 40; ++i) set.insert(i);
  const auto places =
      static_cast<std::uint32_t>((set.memory() - 2 * sizeof(std::uint32_t)) / sizeof(TypeParam));
  for (TypeParam i = 0; i != 20; ++i) set.erase(i);
  std::vector<TypeParam> values;
  for (TypeParam i = 100; values.size() != 15; ++i) {
    if (place_of(i, places) >= places - 3) values.push_back(i);
  }
  for (const auto value : values) ASSERT_TRUE(set.insert(value));
  ASSERT_EQ(set.memory(), 2 * sizeof(std::uint32_t) + places * sizeof(TypeParam)) << "has grown";
  for (std::size_t i = 0; i < values.size(); i += 2) ASSERT_TRUE(set.erase(values[i]));
  for (std::size_t i = 0; i != values.size(); ++i) ASSERT_EQ(set.contains(values[i]), i % 2 == 1);
  for (TypeParam i = 0; i != 40; ++i) ASSERT_EQ(set.contains(i), i >= 20);
}

TYPED_TEST(CompactSet, MovesItsMembersAlong) {
  compact_set<TypeParam> from;
  from.insert(7);
  compact_set<TypeParam> to{std::move(from)};
  EXPECT_TRUE(to.contains(7));
  compact_set<TypeParam> third;
  third.insert(8);
  third = std::move(to);
  EXPECT_EQ(members_of(third), (std::set<TypeParam>{7}));
}

}  // namespace
}  // namespace skein::core
