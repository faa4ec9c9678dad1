#include "core/events/key_filter.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/events/event_keys.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

std::string filter_of(const std::vector<std::uint64_t>& keys) {
  return key_filter::of(keys.data(), keys.size());
}

std::vector<std::uint64_t> keys_of_users(user_id first, user_id last) {
  std::vector<std::uint64_t> keys;
  for (user_id u = first; u <= last; ++u) keys.push_back(key_of(concern::told, u));
  return keys;
}

TEST(KeyFilter, OfNoKeysIsEmptyAndContainsNothing) {
  const std::string filter = filter_of({});
  EXPECT_EQ(filter, "");
  for (const std::uint64_t key : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    EXPECT_FALSE(key_filter::may_contain(filter, key));
  }
}

TEST(KeyFilter, NeverDeniesAKeyThatWasPutIn) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    std::vector<std::uint64_t> keys{0, ~std::uint64_t{0}};  // no hash is as even
    const auto count = random.between<std::size_t>(2, 5000);
    while (keys.size() < count) {
      keys.push_back(random.one_in(3) ? keys[random.between<std::size_t>(0, keys.size() - 1)]
                                      : random.engine()());
    }
    const std::string filter = filter_of(keys);
    for (const std::uint64_t key : keys) ASSERT_TRUE(key_filter::may_contain(filter, key));
  }
}

TEST(KeyFilter, TakesTwoBytesAKeyInWholeBlocks) {
  EXPECT_EQ(filter_of(keys_of_users(1, 1)).size(), 32u);
  EXPECT_EQ(filter_of(keys_of_users(1, 16)).size(), 32u);
  EXPECT_EQ(filter_of(keys_of_users(1, 17)).size(), 64u);
  EXPECT_EQ(filter_of(keys_of_users(1, 16'000)).size(), 32'000u);
}

TEST(KeyFilter, TakesAtMostThreeAbsentKeysOfAThousandForPresent) {
  for (const user_id present : {16, 100, 1000, 10'000}) {
    // Users next to each other, as they are in practice.
    const std::string filter = filter_of(keys_of_users(1, present));
    int wrong = 0;
    for (const std::uint64_t key : keys_of_users(1'000'000, 1'099'999)) {
      wrong += key_filter::may_contain(filter, key) ? 1 : 0;
    }
    EXPECT_LE(wrong, 300) << "of 100000, with " << present << " keys";
  }
}

TEST(KeyFilter, IsMadeOfTheSameBytesForEver) {
  const std::string filter = filter_of({0x0123456789ABCDEF});
  std::string expected(32, '\0');
  for (int i = 0; i != 8; ++i) {
    const auto bit = (0x0123456789ABCDEFu >> (5 * i)) & 31;
    expected[static_cast<std::size_t>(i) * 4 + bit / 8] = static_cast<char>(1 << bit % 8);
  }
  EXPECT_EQ(filter, expected);
}

}  // namespace
}  // namespace skein::core
