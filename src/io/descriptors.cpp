#include "io/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string>

namespace skein::io {

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  // A privileged process may go up to what the kernel allows for one process, others up to their
  // hard limit.
  rlim_t most = 0;
  std::ifstream{"/proc/sys/fs/nr_open"} >> most;
  rlimit raised{std::max(most, limit.rlim_max), std::max(most, limit.rlim_max)};
  if (setrlimit(RLIMIT_NOFILE, &raised) != 0) {
    raised = {limit.rlim_max, limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &raised);
  }
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<std::size_t>(limit.rlim_cur);
}

descriptor_shares share_descriptors(std::size_t limit) {
  constexpr std::size_t least = 128, least_kept = 96, most_kept = 384;
  // Standard streams, doors, the operator, files of the store that are not tables, and so on.
  constexpr std::size_t others = 76;
  if (limit < least) {
    throw std::runtime_error{"the limit of open files is " + std::to_string(limit) +
                             ", which is too low: at least " + std::to_string(least) +
                             " are needed (ulimit -n)"};
  }
  const std::size_t kept = std::clamp(limit / 2, least_kept, most_kept);
  return {limit - kept, std::min<std::size_t>(256, kept - others)};
}

}  // namespace skein::io
