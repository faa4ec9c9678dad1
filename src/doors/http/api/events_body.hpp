/// Events in the body of a request.
#pragma once

#include <cstddef>
#include <string_view>

#include "calls/calls.hpp"

namespace skein::api {

/// What a source that sends these lines would send: how many events, and which lines are none.
/// \param max_line  bytes of the longest line, without its end
events_published examine_events(std::string_view lines, std::size_t max_line);

}  // namespace skein::api
