#include "core/rate_limiter.hpp"

#include <gtest/gtest.h>

namespace skein::core {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiter, LetsThroughSoManyInEachSecond) {
  rate_limiter limit{2};
  const time_point begin{};
  EXPECT_EQ(limit.pass(begin), 0u);
  EXPECT_EQ(limit.pass(begin + 10ms), 0u);
  EXPECT_EQ(limit.pass(begin + 20ms), std::nullopt);
  EXPECT_EQ(limit.pass(begin + 999ms), std::nullopt);
  EXPECT_EQ(limit.pass(begin + 1000ms), 2u);
  EXPECT_EQ(limit.pass(begin + 1001ms), 0u);
  EXPECT_EQ(limit.pass(begin + 1002ms), std::nullopt);
  EXPECT_EQ(limit.pass(begin + 1h), 1u);
}

TEST(RateLimiter, OfNoneLetsNothingThrough) {
  rate_limiter limit{0};
  EXPECT_EQ(limit.pass({}), std::nullopt);
  EXPECT_EQ(limit.pass(time_point{} + 5s), std::nullopt);
}

}  // namespace
}  // namespace skein::core
