/// Words of strangers where a person reads them, on a terminal or in a log.
///
/// A terminal acts on some characters instead of showing them: it moves its cursor, changes its
/// title, turns the direction of what follows. They are written as escapes:
///
///   \n \r \t                   these three
///   \u001b  \u009b  \u202e     other controls (Cc), separators of lines and paragraphs, and marks
///                              of direction (bidi)
///   \xff                       a byte that belongs to no character of UTF-8
///
/// Everything else stays as it is, backslashes too: a caller that has to tell the two apart escapes
/// backslashes before. So JSON stays JSON with the same value, if it is UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace skein::core {

std::string visible(std::string_view text);
void append_visible(std::string& to, std::string_view text);

/// The same for several lines: their ends stay.
std::string visible_lines(std::string_view lines);

/// Whether `text` is shown as it is.
bool is_visible(std::string_view text);

}  // namespace skein::core
