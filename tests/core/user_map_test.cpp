#include "core/user_map.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "support/random.hpp"

namespace skein::core {
namespace {

constexpr user_id greatest = std::numeric_limits<user_id>::max();

/// Movable only, so that a lost or doubled value shows.
using value = std::unique_ptr<int>;

std::map<user_id, int> entries_of(const user_map<value>& map) {
  std::map<user_id, int> entries;
  map.for_each([&](user_id user, const value& v) {
    EXPECT_TRUE(entries.emplace(user, v ? *v : 0).second) << "visited twice";
  });
  return entries;
}

TEST(UserMap, IsTheMapItClaimsToBe) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    user_map<value> map;
    std::map<user_id, int> model;
    std::vector<user_id> users{0, 1, -1, -2, greatest, -greatest, greatest - 1};
    const auto count = random.between<std::size_t>(8, 800);
    while (users.size() < count) {
      users.push_back(random.one_in(2) ? random.between<user_id>(-greatest, greatest)
                                       : random.between<user_id>(0, 2000));
    }
    for (int step = 0; step != 6000; ++step) {
      const user_id user = users[random.between<std::size_t>(0, users.size() - 1)];
      const bool growing = step / 1000 % 2 == 0;
      if (random.one_in(4) != growing) {
        map[user] = std::make_unique<int>(step);
        model[user] = step;
      } else {
        map.erase(user);
        model.erase(user);
      }
      const value* const found = map.find(user);
      ASSERT_EQ(found != nullptr, model.count(user) != 0);
      if (found) {
        ASSERT_EQ(**found, model[user]);
      }
      ASSERT_EQ(map.size(), model.size());
      if (step % 97 == 0) {
        ASSERT_EQ(entries_of(map), model);
      }
    }
  }
}

TEST(UserMap, FindsNobodyInAnEmptyMap) {
  user_map<int> map;
  EXPECT_EQ(map.find(1), nullptr);
  map.prefetch(1);
  map.erase(1);
  EXPECT_EQ(map.size(), 0u);
  EXPECT_EQ(map.memory(), 0u);
}

TEST(UserMap, MakesAMissingValueOnce) {
  user_map<int> map;
  EXPECT_EQ(map[5], 0);
  map[5] = 3;
  EXPECT_EQ(map[5], 3);
  EXPECT_EQ(map.size(), 1u);
}

TEST(UserMap, GivesMemoryBackWhenUsersLeave) {
  user_map<int> map;
  for (user_id u = 0; u != 100'000; ++u) map[u] = 1;
  const std::size_t full = map.memory();
  for (user_id u = 10; u != 100'000; ++u) map.erase(u);
  EXPECT_LT(map.memory(), full / 100);
  for (user_id u = 0; u != 10; ++u) EXPECT_NE(map.find(u), nullptr);
  map.clear();
  EXPECT_EQ(map.memory(), 0u);
  EXPECT_EQ(map.find(0), nullptr);
}

}  // namespace
}  // namespace skein::core
