#include "doors/http/api/events_body.hpp"

#include "core/events/event_line.hpp"

namespace skein::api {

events_published examine_events(std::string_view lines, std::size_t max_line) {
  constexpr std::size_t most_named = 10;
  events_published found;
  std::uint64_t number = 0;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ++number;
    const bool too_long = line.size() > max_line;
    const core::parsed_line parsed = core::parse_event(line);
    if (!too_long && parsed.ok) {
      ++found.events;
      continue;
    }
    ++found.malformed;
    if (found.first.size() == most_named) continue;
    const auto why = too_long ? core::malformed::line_too_long : parsed.reason;
    found.first.push_back({number, core::name_of(why)});
  }
  return found;
}

}  // namespace skein::api
