/// Time in core is an argument: nothing below the actors reads a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace skein::core {

using time_point = std::chrono::steady_clock::time_point;

/// Stands for "no deadline".
inline constexpr time_point never = time_point::max();

/// Milliseconds since 1970-01-01 UTC: of what outlives the process.
using wall_time = std::int64_t;

/// Stands for "no deadline".
inline constexpr wall_time no_time = std::numeric_limits<wall_time>::max();

}  // namespace skein::core
