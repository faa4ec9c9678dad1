/// The rows of the table, in several files since they compile slowly.
#pragma once

#include <chrono>
#include <vector>

#include "config/option_table.hpp"

/// The member of daemon_options that a row is about.
#define SKEIN_MEMBER(path) \
  [](auto& all) -> auto& { \
    return all.path;       \
  }

namespace skein::config {

inline constexpr auto longest = std::chrono::hours{24};

std::vector<option> options_of_lines();   ///< the doors for sources and clients
std::vector<option> options_of_events();  ///< the sequence, the log of events, and inboxes
std::vector<option> options_of_topics();  ///< topics
std::vector<option> options_of_http();    ///< the door for HTTP

}  // namespace skein::config
