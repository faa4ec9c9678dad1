#include "calls/calls.hpp"

#include "core/utf8.hpp"

namespace skein::api {

bool is_name(std::string_view text) {
  for (std::size_t i = 0; i != text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return false;
    // U+0080 to U+009F
    if (byte == 0xC2 && i + 1 != text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0)
      return false;
  }
  return is_old_name(text);
}

bool is_old_name(std::string_view text) {
  if (text.size() > longest_name) return false;
  char before = '.';
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || (c == '.' && before == '.'))
      return false;
    before = c;
  }
  return before != '.' && core::is_utf8(text);
}

}  // namespace skein::api
