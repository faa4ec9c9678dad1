/// The door for programs.
#pragma once

#include "doors/door.hpp"
#include "options/daemon_options.hpp"

namespace skein {

door http_door(const daemon_options& options);

}  // namespace skein
