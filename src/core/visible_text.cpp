#include "core/visible_text.hpp"

#include <cstddef>
#include <cstdint>

#include "core/utf8.hpp"

namespace skein::core {
namespace {

/// A character at the start of a text.
struct glyph {
  std::size_t bytes;
  std::uint32_t code;
  bool valid;
};

glyph first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t size = utf8_character(text);
  if (size <= 1) return {1, byte(0), size == 1};
  std::uint32_t code = byte(0) & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i != size; ++i) code = code << 6U | (byte(i) & 0x3FU);
  return {size, code, true};
}

bool acts_on_a_terminal(std::uint32_t code) {
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool separator = code == 0x2028 || code == 0x2029;
  const bool direction = code == 0x061C || code == 0x200E || code == 0x200F ||
                         (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return control || separator || direction;
}

void append_escape(std::string& to, const glyph& g) {
  constexpr char digits[] = "0123456789abcdef";
  if (g.valid && g.code == '\n') {
    to += "\\n";
  } else if (g.valid && g.code == '\r') {
    to += "\\r";
  } else if (g.valid && g.code == '\t') {
    to += "\\t";
  } else {
    to += g.valid ? "\\u" : "\\x";
    for (int shift = g.valid ? 12 : 4; shift >= 0; shift -= 4) to += digits[g.code >> shift & 15U];
  }
}

}  // namespace

void append_visible(std::string& to, std::string_view text) {
  while (!text.empty()) {
    const glyph g = first_of(text);
    if (g.valid && !acts_on_a_terminal(g.code)) {
      to += text.substr(0, g.bytes);
    } else {
      append_escape(to, g);
    }
    text.remove_prefix(g.bytes);
  }
}

std::string visible(std::string_view text) {
  std::string result;
  append_visible(result, text);
  return result;
}

std::string visible_lines(std::string_view lines) {
  std::string result;
  for (;;) {
    const auto end = lines.find('\n');
    append_visible(result, lines.substr(0, end));
    if (end == lines.npos) return result;
    result += '\n';
    lines.remove_prefix(end + 1);
  }
}

bool is_visible(std::string_view text) {
  while (!text.empty()) {
    const glyph g = first_of(text);
    if (!g.valid || acts_on_a_terminal(g.code)) return false;
    text.remove_prefix(g.bytes);
  }
  return true;
}

}  // namespace skein::core
