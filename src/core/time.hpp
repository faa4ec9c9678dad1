/// Time in core is an argument: nothing below the actors reads a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace skein::core {

using time_point = std::chrono::steady_clock::time_point;

/// Stands for "no deadline".
inline constexpr time_point never = time_point::max();

/// Milliseconds since 1970-01-01 UTC, for times that outlive the process.
using wall_time = std::int64_t;

/// Stands for "no deadline".
inline constexpr wall_time no_time = std::numeric_limits<wall_time>::max();

/// A time of the wall clock; or, far below all of these, a measured time. So both are in one order,
/// all measured times first.
using clock_time = std::int64_t;

inline constexpr clock_time no_measured_time = std::numeric_limits<clock_time>::min() / 2;

constexpr bool is_measured(clock_time t) {
  return t < no_measured_time / 2;
}
/// \pre it is a time
constexpr clock_time at_measured(wall_time t) {
  return no_measured_time + t;
}

/// Two clocks at one moment.
struct moment {
  wall_time measured;  ///< does not go back, and goes on as time does, however the clock is set
  wall_time wall;      ///< as the clock is set now

  constexpr moment(wall_time both) : measured(both), wall(both) {}  // NOLINT(*-explicit-*)
  constexpr moment(wall_time measured_now, wall_time wall_now)
      : measured(measured_now), wall(wall_now) {}

  constexpr bool has_reached(clock_time t) const {
    return is_measured(t) ? t - no_measured_time <= measured : t <= wall;
  }
  /// When that time comes, as the clock is set now.
  constexpr wall_time measured_of(clock_time t) const {
    if (t == no_time) return t;
    return is_measured(t) ? t - no_measured_time : t - (wall - measured);
  }
  constexpr wall_time wall_of(clock_time t) const {
    if (t == no_time) return t;
    return is_measured(t) ? t - no_measured_time + (wall - measured) : t;
  }
};

/// The measured time at which a process begins, if an earlier one was last there at `last`.
constexpr wall_time measured_after(moment last, wall_time wall) {
  return last.measured + (wall > last.wall ? wall - last.wall : 0);
}

}  // namespace skein::core
