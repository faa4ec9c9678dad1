#include "cli/maze/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cli/maze/random.hpp"

namespace skein::cli::test {
namespace {

TEST(LatencyHistogram, IsExactForSmallValues) {
  latency_histogram h;
  for (int i = 1; i <= 100; ++i) h.record(i);
  EXPECT_EQ(h.min(), 1U);
  EXPECT_EQ(h.percentile(0.5), 50U);
  EXPECT_EQ(h.percentile(0.99), 99U);
  EXPECT_EQ(h.percentile(1.0), 100U);
  EXPECT_EQ(h.max(), 100U);
}

TEST(LatencyHistogram, IsAtMostTwoPercentTooHigh) {
  random_source random{11};
  latency_histogram h;
  std::vector<std::uint64_t> all;
  for (int i = 0; i < 100'000; ++i) {
    const auto value = random.next() >> (1 + random.below(60));
    all.push_back(value);
    h.record(static_cast<std::int64_t>(value));
  }
  std::sort(all.begin(), all.end());
  for (const double share : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = all[static_cast<std::size_t>(share * 100'000) - 1];
    EXPECT_GE(h.percentile(share), exact);
    EXPECT_LE(static_cast<double>(h.percentile(share)), static_cast<double>(exact) * 1.016 + 1);
  }
  EXPECT_EQ(h.min(), all.front());
  EXPECT_EQ(h.max(), all.back());
}

TEST(LatencyHistogram, WeighsAndAdds) {
  latency_histogram many;
  latency_histogram few;
  many.record(10, 99);
  few.record(1'000'000, 1);
  few.record(5, 0);
  many.add(few);
  EXPECT_EQ(many.count(), 100U);
  EXPECT_EQ(many.min(), 10U);
  EXPECT_EQ(many.percentile(0.99), 10U);
  EXPECT_EQ(many.percentile(0.999), 1'000'000U);
}

TEST(LatencyHistogram, IsZeroWhenEmptyAndTakesNegativeAsZero) {
  latency_histogram h;
  EXPECT_EQ(h.percentile(0.5), 0U);
  EXPECT_EQ(h.min(), 0U);
  h.record(-5);
  EXPECT_EQ(h.count(), 1U);
  EXPECT_EQ(h.max(), 0U);
}

}  // namespace
}  // namespace skein::cli::test
