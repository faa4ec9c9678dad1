/// Time in core is an argument: nothing below the actors reads a clock.
#pragma once

#include <chrono>

namespace skein::core {

using time_point = std::chrono::steady_clock::time_point;

/// Stands for "no deadline".
inline constexpr time_point never = time_point::max();

}  // namespace skein::core
