/// Durations counted by size, for percentiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace skein::cli {

/// Log-linear histogram of durations in nanoseconds: exact below 128, above that 64 classes for
/// each power of two, so that a percentile is at most 1.6 % too high. Not thread-safe.
class latency_histogram {
 public:
  latency_histogram();

  /// Negative durations count as 0; `times` may be 0.
  void record(std::int64_t nanoseconds, std::uint64_t times = 1) {
    if (times == 0) return;
    const auto value = nanoseconds < 0 ? 0U : static_cast<std::uint64_t>(nanoseconds);
    counts_[class_of(value)] += times;
    total_ += times;
    if (value < min_) min_ = value;
    if (value > max_) max_ = value;
  }

  void add(const latency_histogram& other);

  std::uint64_t count() const { return total_; }
  std::uint64_t min() const { return total_ == 0 ? 0 : min_; }
  std::uint64_t max() const { return max_; }

  /// The duration that `share` (0..1) of all recorded ones do not exceed, nanoseconds; 0 if there
  /// is none.
  std::uint64_t percentile(double share) const;

 private:
  static constexpr unsigned precision = 6;

  static std::size_t class_of(std::uint64_t value);
  static std::uint64_t highest_in(std::size_t index);

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
};

}  // namespace skein::cli
