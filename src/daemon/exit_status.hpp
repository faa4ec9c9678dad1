/// Exit statuses of the daemon.
#pragma once

namespace skein {

inline constexpr int exit_ok = 0;
inline constexpr int exit_cannot_start = 1;
inline constexpr int exit_bad_configuration = 2;
inline constexpr int exit_failed = 3;  ///< a part that cannot be replaced has failed
inline constexpr int exit_lost = 4;    ///< something that was answered or told is not in the store

}  // namespace skein
