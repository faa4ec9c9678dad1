#include "io/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <fstream>

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

}  // namespace skein::io
