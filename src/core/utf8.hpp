#pragma once

#include <cstddef>
#include <string_view>

namespace skein::core {

/// Bytes of the character at the start of `text`, 1..4; 0 if there is none (RFC 3629: no ///
/// surrogates, nothing longer than it has to be, nothing beyond U+10FFFF).
std::size_t utf8_character(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace skein::core
