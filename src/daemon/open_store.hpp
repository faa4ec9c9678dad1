/// Opens the store, at the start.
#pragma once

#include <cstddef>
#include <memory>

#include "daemon/stored_state.hpp"
#include "options/daemon_options.hpp"

namespace skein {

/// A signal has come before the doors were open.
struct ended_while_starting {};

/// Throws `ended_while_starting`.
void end_if_asked();

/// What is stored, as of the end of the log. Throws store::error, and ended_while_starting.
std::shared_ptr<stored_state> open_store(const daemon_options& options, std::size_t most_files);

}  // namespace skein
