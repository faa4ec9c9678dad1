/// What is read as an event can be written again, and says the same.

#include "core/events/event_line.hpp"

#include <string>

#include "fuzz/fuzz_input.hpp"

namespace {

using namespace skein::core;

std::string written(const event& e) {
  const std::string number = std::to_string(e.sequence);
  const std::string from = "|" + std::to_string(e.from);
  const std::string to = "|" + std::to_string(e.to);
  switch (e.kind) {
    case event_kind::follow:
      return number + "|F" + from + to;
    case event_kind::unfollow:
      return number + "|U" + from + to;
    case event_kind::private_message:
      return number + "|P" + from + to;
    case event_kind::status_update:
      return number + "|S" + from;
    case event_kind::broadcast:
      break;
  }
  return number + "|B";
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string line(bytes, bytes + size);
  const parsed_line parsed = parse_event(line);
  if (parsed.ok) {
    const event& e = parsed.value;
    SKEIN_REQUIRE(e.sequence > 0);
    const std::string again = written(e);
    SKEIN_REQUIRE(again.size() <= line.size());
    const parsed_line second = parse_event(again);
    SKEIN_REQUIRE(second.ok);
    SKEIN_REQUIRE(second.value.sequence == e.sequence && second.value.kind == e.kind);
    SKEIN_REQUIRE(second.value.from == e.from && second.value.to == e.to);
    SKEIN_REQUIRE(!parse_event(line + "|").ok);
  } else {
    SKEIN_REQUIRE(parsed.reason < malformed::line_too_long);
    SKEIN_REQUIRE((parsed.reason == malformed::empty_line) == line.empty());
    SKEIN_REQUIRE((parsed.reason == malformed::no_separator) ==
                  (!line.empty() && line.find('|') == line.npos));
  }
  const user_id user = parse_user(line);
  if (user != no_user) {
    SKEIN_REQUIRE(parse_user(std::to_string(user)) == user);
    SKEIN_REQUIRE(parse_event("1|S|" + line).value.from == user);
  }
  return 0;
}
