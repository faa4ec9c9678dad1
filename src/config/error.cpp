#include "config/error.hpp"

#include "core/visible_text.hpp"

namespace skein::config {

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 80;
  return '"' + core::visible(text.substr(0, longest)) + (text.size() > longest ? "...\"" : "\"");
}

}  // namespace skein::config
