/// All doors of the daemon.
#pragma once

#include <vector>

#include "doors/door.hpp"
#include "options/daemon_options.hpp"

namespace skein {

std::vector<door> all_doors(const daemon_options& options);

}  // namespace skein
