/// Reads the store of a daemon of this machine, whether that runs or not.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "cli/command_line.hpp"
#include "core/events/event.hpp"
#include "store/engine.hpp"

namespace skein::cli {

/// Opens the store in `directory` for reading. Throws store::error.
std::unique_ptr<store::engine> open_store(const std::string& directory);

/// `user` is what a client names itself by. Throws usage_error.
core::user_id parse_user_id(const std::string& user);

/// `2026-11-21T10:37:00.123Z`, of milliseconds since 1970.
std::string time_text(std::int64_t ms);

}  // namespace skein::cli
