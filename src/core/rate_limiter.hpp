/// Bounds how often a fact is logged that a stranger can cause as often as they like.
#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace skein::core {

/// Lets through at most `per_second` in each second. The second begins with the first after the
/// former one.
class rate_limiter {
 public:
  explicit rate_limiter(std::uint32_t per_second) : per_second_{per_second} {}

  /// Nothing when it must not pass, otherwise the number of those that did not since the last one
  /// that did.
  std::optional<std::uint64_t> pass(time_point now);

 private:
  std::uint32_t per_second_;
  std::uint32_t passed_ = 0;
  std::uint64_t suppressed_ = 0;
  std::optional<time_point> second_;  ///< its begin
};

}  // namespace skein::core
