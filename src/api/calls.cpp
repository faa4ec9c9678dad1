#include "api/calls.hpp"

#include "core/utf8.hpp"

namespace skein::api {

bool is_name(std::string_view text) {
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
