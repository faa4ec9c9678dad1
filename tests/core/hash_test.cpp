#include "core/hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/keyed_table.hpp"

namespace skein::core {
namespace {

TEST(PlaceOf, WithoutASecretIsWhereCheckpointsOfTheFirstVersionHaveIt) {
  // As it was computed before there were secrets.
  const auto before = [](std::uint64_t x, std::uint32_t size) {
    const std::uint64_t hash = hash_of(x ^ (size * 0x9E3779B97F4A7C15u));
    return static_cast<std::uint32_t>(((hash >> 32) * size) >> 32);
  };
  for (std::uint64_t x = 0; x != 10'000; ++x) {
    for (const std::uint32_t size : {1u, 8u, 12'345u, 4'000'000'000u}) {
      ASSERT_EQ(place_of(x * x * x, size, 0), before(x * x * x, size));
    }
  }
}

TEST(PlaceOf, IsBelowTheSizeAndSpreadsWhateverTheSecret) {
  for (const std::uint64_t secret : {0ull, 1ull, ~0ull, 0x123456789abcdef0ull, 1ull << 63}) {
    std::vector<int> hits(1000);
    for (std::uint64_t x = 0; x != 100'000; ++x) {
      const auto place = place_of(x, 1000, secret);
      ASSERT_LT(place, 1000u);
      ++hits[place];
    }
    for (const int n : hits) {
      EXPECT_GT(n, 30) << secret;
      EXPECT_LT(n, 250) << secret;
    }
  }
}

TEST(PlaceOf, NobodyCanChooseMembersThatCollideWithoutTheSecret) {
  constexpr std::uint32_t size = 100'000;
  for (const std::uint64_t known : {0ull, 77ull}) {
    std::vector<std::uint64_t> chosen;
    for (std::uint64_t x = 0; chosen.size() != 1000; ++x) {
      if (place_of(x, size, known) < 64) chosen.push_back(x);
    }
    for (const std::uint64_t secret : {0x123456789abcdef0ull, 0xfedcba9876543210ull, 78ull << 40}) {
      std::set<std::uint32_t> places;
      for (const std::uint64_t x : chosen) places.insert(place_of(x, size, secret));
      EXPECT_GT(places.size(), 970u);
    }
  }
}

/// Keys that lie in one place of a table of `size` places under a secret are spread under others.
template <class Key, class Make>
void expect_spread(Make make) {
  constexpr std::uint64_t size = 1009;
  for (const std::uint64_t known : {0ull, 77ull}) {
    std::vector<Key> chosen;
    for (std::uint64_t i = 0; chosen.size() != 200; ++i) {
      if (keyed_hash_of(make(i), known) % size == 5) chosen.push_back(make(i));
    }
    for (const std::uint64_t secret : {0x123456789abcdef0ull, 0xfedcba9876543210ull, 78ull << 40}) {
      std::set<std::uint64_t> places;
      for (const Key& key : chosen) places.insert(keyed_hash_of(key, secret) % size);
      EXPECT_GT(places.size(), 150u) << known << " " << secret;
    }
  }
}

TEST(KeyedHash, NobodyCanChooseNumbersThatCollideWithoutTheSecret) {
  expect_spread<std::uint64_t>([](std::uint64_t i) { return i; });
}

TEST(KeyedHash, NobodyCanChooseTextsThatCollideWithoutTheSecret) {
  expect_spread<std::string>([](std::uint64_t i) { return "a name " + std::to_string(i); });
  expect_spread<std::string>([](std::uint64_t i) { return std::to_string(i); });
}

TEST(KeyedHash, TellsTextsApartThatDifferOnlyInTheirEnds) {
  std::set<std::uint64_t> all;
  for (std::size_t zeros = 0; zeros != 40; ++zeros) {
    all.insert(keyed_hash_of(std::string(zeros, '\0'), 7));
    all.insert(keyed_hash_of(std::string(zeros, '\0') + '\1', 7));
  }
  EXPECT_EQ(all.size(), 80u);
}

TEST(KeyedHash, TablesFindWhatIsInThem) {
  keyed_map<std::string, int> names{{"a", 1}, {"b", 2}};
  keyed_set<std::int64_t> users{-1, 0, 1};
  EXPECT_EQ(names.at("b"), 2);
  EXPECT_EQ(users.count(-1), 1u);
  EXPECT_EQ(users.count(2), 0u);
}

}  // namespace
}  // namespace skein::core
