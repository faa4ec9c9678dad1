#include "core/events/event_line.hpp"

#include <cstdint>
#include <limits>

namespace skein::core {

namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();

enum class number : std::uint8_t { ok, none, out_of_range };

/// Reads `[sign] 1*DIGIT` at `p` up to the first other byte; `p` ends there.
number read_number(const char*& p, const char* end, std::int64_t& value) {
  bool negative = false;
  if (p != end && (*p == '-' || *p == '+')) negative = *p++ == '-';
  const char* const first = p;
  std::uint64_t magnitude = 0;
  bool fits = true;
  for (; p != end; ++p) {
    const auto digit = static_cast<std::uint64_t>(static_cast<unsigned char>(*p)) - '0';
    if (digit > 9) break;
    if (magnitude > (largest - digit) / 10) fits = false;
    magnitude = magnitude * 10 + digit;
  }
  if (p == first) return number::none;
  if (!fits) return number::out_of_range;
  value = negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
  return number::ok;
}

struct shape {
  bool known;
  event_kind kind;
  int users;
};

constexpr shape shape_of(char type) {
  switch (type) {
    case 'F':
      return {true, event_kind::follow, 2};
    case 'U':
      return {true, event_kind::unfollow, 2};
    case 'B':
      return {true, event_kind::broadcast, 0};
    case 'P':
      return {true, event_kind::private_message, 2};
    case 'S':
      return {true, event_kind::status_update, 1};
    default:
      return {false, event_kind::broadcast, 0};
  }
}

constexpr parsed_line failed(malformed reason) {
  return {event{}, false, reason};
}

}  // namespace

const char* name_of(malformed reason) {
  constexpr const char* names[malformed_reasons] = {
      "empty_line",        "no_separator",  "bad_sequence", "sequence_out_of_range",
      "unknown_type",      "missing_field", "extra_field",  "bad_user",
      "user_out_of_range", "line_too_long", "unterminated"};
  return names[static_cast<std::size_t>(reason)];
}

parsed_line parse_event(std::string_view line) {
  if (line.empty()) return failed(malformed::empty_line);
  const char* p = line.data();
  const char* const end = p + line.size();
  parsed_line result{event{}, true, malformed::empty_line};
  event& e = result.value;

  const number sequence = *p == '-' ? number::none : read_number(p, end, e.sequence);
  if (p == end || *p != '|') {
    return failed(line.find('|') == line.npos ? malformed::no_separator : malformed::bad_sequence);
  }
  if (sequence == number::none) return failed(malformed::bad_sequence);
  if (sequence == number::out_of_range || e.sequence < 1) {
    return failed(malformed::sequence_out_of_range);
  }
  ++p;
  const auto fail = [&](malformed reason) {
    parsed_line told = failed(reason);
    told.value.sequence = e.sequence;
    return told;
  };

  if (p == end || *p == '|') return fail(malformed::missing_field);
  const shape type = shape_of(*p++);
  if (!type.known || (p != end && *p != '|')) return fail(malformed::unknown_type);
  e.kind = type.kind;

  user_id* const users[2] = {&e.from, &e.to};
  for (int i = 0; i < type.users; ++i) {
    if (p == end) return fail(malformed::missing_field);
    ++p;
    if (p == end || *p == '|') return fail(malformed::missing_field);
    const number user = read_number(p, end, *users[i]);
    if (user == number::none || (p != end && *p != '|')) return fail(malformed::bad_user);
    if (user == number::out_of_range) return fail(malformed::user_out_of_range);
  }
  if (p != end) return fail(malformed::extra_field);
  return result;
}

user_id parse_user(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  user_id user = no_user;
  return read_number(p, end, user) == number::ok && p == end ? user : no_user;
}

}  // namespace skein::core
