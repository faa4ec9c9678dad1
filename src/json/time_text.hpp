/// Times as text: RFC 3339, `2025-01-31T12:00:00.250Z`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace skein::api {

/// With `Z` or an offset. What is finer than a millisecond is cut off; a leap second counts as the
/// second after it.
std::optional<core::wall_time> time_in(std::string_view text);

/// In UTC, with milliseconds. Times beyond the years 0..9999 become the first or last of them.
std::string time_text(core::wall_time time);

}  // namespace skein::api
