#include "cli/maze/latency_histogram.hpp"

#include <algorithm>
#include <cmath>

namespace skein::cli {

latency_histogram::latency_histogram() : counts_(class_of(~std::uint64_t{0}) + 1, 0) {}

std::size_t latency_histogram::class_of(std::uint64_t value) {
  if (value < (2U << precision)) return static_cast<std::size_t>(value);
  const auto top_bit = 63U - static_cast<unsigned>(__builtin_clzll(value));
  const auto shift = top_bit - precision;
  return (std::size_t{shift} << precision) + static_cast<std::size_t>(value >> shift);
}

std::uint64_t latency_histogram::highest_in(std::size_t index) {
  if (index < (2U << precision)) return index;
  const auto shift = (index >> precision) - 1;
  const auto mantissa = std::uint64_t{index} - (std::uint64_t{shift} << precision);
  return ((mantissa + 1) << shift) - 1;
}

void latency_histogram::add(const latency_histogram& other) {
  std::transform(counts_.begin(), counts_.end(), other.counts_.begin(), counts_.begin(),
                 [](auto a, auto b) { return a + b; });
  total_ += other.total_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

std::uint64_t latency_histogram::percentile(double share) const {
  if (total_ == 0) return 0;
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::clamp(highest_in(i), min_, max_);
  }
  return max_;
}

}  // namespace skein::cli
