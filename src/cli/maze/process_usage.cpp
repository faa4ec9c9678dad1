#include "cli/maze/process_usage.hpp"

#include <ctime>
#include <fstream>
#include <string>

namespace skein::cli {

namespace {

std::optional<std::int64_t> read_clock(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return std::nullopt;
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::optional<std::int64_t> cpu_time_of(pid_t process) {
  // The same time as utime + stime of /proc/PID/stat, in nanoseconds instead of ticks of 10 ms.
  clockid_t clock{};
  if (::clock_getcpuclockid(process, &clock) != 0) return std::nullopt;
  return read_clock(clock);
}

std::int64_t own_cpu_time() {
  return read_clock(CLOCK_PROCESS_CPUTIME_ID).value_or(0);
}

std::int64_t thread_cpu_time() {
  return read_clock(CLOCK_THREAD_CPUTIME_ID).value_or(0);
}

std::optional<std::uint64_t> peak_memory_of(pid_t process) {
  std::ifstream status{"/proc/" + std::to_string(process) + "/status"};
  for (std::string name; status >> name;) {
    std::uint64_t value = 0;
    if (name == "VmHWM:" && status >> value) return value;
    std::getline(status, name);
  }
  return std::nullopt;
}

}  // namespace skein::cli
