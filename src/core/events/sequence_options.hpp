/// How the common sequence of all sources is put in order.
#pragma once

#include <chrono>
#include <cstdint>

namespace skein::core {

/// What happens to a gap that holds back the events after it.
enum class gap_policy : std::uint8_t {
  skip,  ///< it is given up when the window or the gap timeout is exceeded
  wait,  ///< it is waited for, and sources that are ahead of the window are not read
};

/// What happens to an event whose turn has passed.
enum class late_policy : std::uint8_t {
  drop,     ///< counted, not delivered: users never see events out of order
  deliver,  ///< counted and delivered out of order
};

/// When a source that starts again at 1 begins a new epoch.
enum class restart_policy : std::uint8_t {
  automatic,   ///< once every older source has ended or is silent, unless it repeats the stream
  off,         ///< never: the sequence goes on
  every_time,  ///< with its first event, if no source that had sent one was connected
};

struct sequence_options {
  /// Largest distance from the next expected number that is waited for, 1..2^24.
  std::int64_t window = 1000;
  /// Longest time for which a gap holds back the events after it. More than zero.
  std::chrono::milliseconds gap_timeout{500};
  gap_policy on_gap = gap_policy::skip;
  late_policy on_late = late_policy::drop;
  /// Numbers further than this from the next expected one are refused, and one beyond the window is
  /// not believed alone. At least `window`.
  std::int64_t max_jump = 1'000'000;
  restart_policy on_restart = restart_policy::automatic;
  /// Longest time a source that starts again at 1 waits for older sources to end, or to be silent.
  std::chrono::milliseconds restart_wait{2000};
};

}  // namespace skein::core
