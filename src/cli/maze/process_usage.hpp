/// What a process has used of the machine.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace skein::cli {

/// CPU time of all threads of a process so far, nanoseconds; nothing if there is no such process.
std::optional<std::int64_t> cpu_time_of(pid_t process);

/// CPU time of this process, nanoseconds.
std::int64_t own_cpu_time();

/// CPU time of the calling thread, nanoseconds.
std::int64_t thread_cpu_time();

/// The most memory that a process ever had resident (VmHWM), KiB.
std::optional<std::uint64_t> peak_memory_of(pid_t process);

}  // namespace skein::cli
