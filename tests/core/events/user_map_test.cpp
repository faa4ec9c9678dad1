#include "core/events/user_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <set>
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

/// Cuts the places of `map` into slices at random, and expects every user in exactly one.
void expect_everyone_once(const user_map<int>& map, test::random_source& random) {
  std::map<user_id, int> seen;
  std::uint32_t first = 0;
  do {
    const auto step = random.one_in(4)   ? 1
                      : random.one_in(9) ? map.places()
                                         : random.between<std::uint32_t>(0, 40);
    const std::uint32_t last = std::min(first + step, map.places());
    map.for_each_at_home(first, last, [&](user_id user, int v) {
      EXPECT_TRUE(seen.emplace(user, v).second) << user << " is visited twice";
      const auto home = place_of(static_cast<std::uint64_t>(user), map.places());
      EXPECT_TRUE(home >= first && home < last) << user << " is not at home";
    });
    first = last;
  } while (first != map.places());
  std::map<user_id, int> all;
  map.for_each([&](user_id user, int v) { all.emplace(user, v); });
  EXPECT_EQ(seen, all);
}

TEST(UserMap, HasEveryUserAtHomeInExactlyOneSlice) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    user_map<int> map;
    expect_everyone_once(map, random);
    const auto most = random.between<user_id>(5, 1500);
    for (int round = 0; round != 20; ++round) {
      const bool growing = random.one_in(2);
      for (auto n = random.between<user_id>(0, most); n != 0; --n) {
        const auto user = random.between<user_id>(-most, most);
        if (random.one_in(4) != growing) {
          map[user] = round;
        } else {
          map.erase(user);
        }
      }
      expect_everyone_once(map, random);
      ASSERT_FALSE(HasFailure());
    }
  }
}

TEST(UserMap, FindsThoseWhoseHomeIsFullAtTheOtherEnd) {
  // More users at home in the last places than these have room for.
  user_map<int> map;
  for (user_id u = 1; u <= 25; ++u) map[u] = 0;
  const std::uint32_t places = map.places();
  user_map<int> full;
  for (user_id u = 1; u <= 25; ++u) full[u] = 0;
  for (user_id u = 1; u <= 25; ++u) full.erase(u);
  std::vector<user_id> at_the_end;
  for (user_id u = 100; at_the_end.size() != 20; ++u) {
    if (place_of(static_cast<std::uint64_t>(u), places) >= places - 2) at_the_end.push_back(u);
  }
  ASSERT_EQ(full.places(), places);
  for (const user_id u : at_the_end) full[u] = 1;
  ASSERT_EQ(full.places(), places);
  std::set<user_id> seen;
  full.for_each_at_home(0, places - 2, [&](user_id u, int) { seen.insert(u); });
  EXPECT_TRUE(seen.empty());
  full.for_each_at_home(places - 2, places, [&](user_id u, int) { seen.insert(u); });
  EXPECT_EQ(seen, std::set<user_id>(at_the_end.begin(), at_the_end.end()));
}

}  // namespace
}  // namespace skein::core
