/// Bounds how often a line is logged that a stranger can cause as often as they like.
#pragma once

#include <cstdint>
#include <optional>

#include "core/time.hpp"

namespace skein::core {

/// Lets through at most `per_second` in each second. A second begins with the first call after the
/// former second.
class rate_limiter {
 public:
  explicit rate_limiter(std::uint32_t per_second) : per_second_{per_second} {}

  /// Nothing if this one must not pass; otherwise how many have not passed since the last that did.
  std::optional<std::uint64_t> pass(time_point now);

 private:
  std::uint32_t per_second_;
  std::uint32_t passed_ = 0;
  std::uint64_t suppressed_ = 0;
  std::optional<time_point> second_;  ///< its begin
};

}  // namespace skein::core
