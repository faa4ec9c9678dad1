/// The daemon, from the doors it opens to the end.
#pragma once

#include "options/daemon_options.hpp"

namespace skein {

/// Runs until a signal, or a part that fails; then drains. Returns the exit status. Throws what
/// std::exception says if it cannot start.
int run(const daemon_options& options);

}  // namespace skein
