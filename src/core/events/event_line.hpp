/// The rules for a line of a source.
///
///     event     = sequence "|" ( follow | unfollow | private | status | broadcast )
///     follow    = "F|" user "|" user        unfollow = "U|" user "|" user
///     private   = "P|" user "|" user        status   = "S|" user
///     broadcast = "B"
///     sequence  = [ "+" ] 1*DIGIT           ; 1..2^63-1
///     user      = [ "+" / "-" ] 1*DIGIT     ; -(2^63-1)..2^63-1
///
/// The line's end (LF or CRLF) is not part of it. The text goes to clients exactly as it was read.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/events/event.hpp"

namespace skein::core {

/// Why a line is no event.
enum class malformed : std::uint8_t {
  empty_line,
  no_separator,
  bad_sequence,  ///< not a decimal number
  sequence_out_of_range,
  unknown_type,
  missing_field,
  extra_field,
  bad_user,  ///< not a decimal number
  user_out_of_range,
  line_too_long,  ///< found by the framer
  unterminated,   ///< the source ended within the line
};

inline constexpr std::size_t malformed_reasons = 11;

const char* name_of(malformed reason);

struct parsed_line {
  event value;  ///< if ok; offset and length are left to the caller. Else the number, or 0
  bool ok;
  malformed reason;  ///< if not ok
};

/// Reads a line without its end.
parsed_line parse_event(std::string_view line);

/// Reads a user as clients name themselves: the whole text is one number of the grammar above. ///
/// Returns `no_user` if it is not.
user_id parse_user(std::string_view text);

}  // namespace skein::core
