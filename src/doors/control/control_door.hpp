/// The door for the operator.
#pragma once

#include "doors/door.hpp"
#include "options/daemon_options.hpp"

namespace skein {

door control_door(const daemon_options& options);

}  // namespace skein
