#include "core/events/first_line.hpp"

namespace skein::core {
namespace {

bool begins_with(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

/// Of a whole first line.
bool names_http(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  constexpr std::string_view version = " HTTP/1.1";
  return line.size() > version.size() &&
         begins_with(line.substr(line.size() - version.size()), " HTTP/");
}

}  // namespace

bool is_of_a_browser(std::string_view bytes) {
  using namespace std::string_view_literals;
  for (const std::string_view begin :
       {"GET "sv, "HEAD "sv, "POST "sv, "PUT "sv, "DELETE "sv, "OPTIONS "sv, "PATCH "sv,
        "CONNECT "sv, "TRACE "sv, "PRI * HTTP/2"sv, "\x16\x03"sv}) {
    if (begins_with(bytes, begin)) return true;
  }
  const auto end = bytes.find('\n');
  return end != bytes.npos && names_http(bytes.substr(0, end));
}

}  // namespace skein::core
