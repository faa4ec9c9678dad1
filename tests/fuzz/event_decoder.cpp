/// The same bytes yield the same lines and events, however they arrive; nothing gets lost.
///
/// The first bytes choose the limits and the sizes of the pieces, the rest is the stream.

#include "io/event_decoder.hpp"

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/event_line.hpp"
#include "core/events/first_line.hpp"
#include "fuzz/fuzz_input.hpp"
#include "io/line_framer.hpp"

namespace {

using namespace skein;

/// What is expected of a stream, read as a whole.
struct outcome {
  std::vector<std::string> lines;
  std::size_t too_long = 0;
  bool operator==(const outcome& other) const {
    return lines == other.lines && too_long == other.too_long;
  }
};

outcome expected_of(std::string_view stream, std::size_t max_line) {
  outcome all;
  for (std::size_t end; (end = stream.find('\n')) != stream.npos; stream.remove_prefix(end + 1)) {
    std::string_view line = stream.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > max_line) {
      ++all.too_long;
    } else {
      all.lines.emplace_back(line);
    }
  }
  // Only when this much of it has come is it certain.
  if (stream.size() > max_line + 1) ++all.too_long;
  return all;
}

void check_framer(std::string_view stream, std::size_t max_line, std::size_t capacity,
                  fuzz::input pieces) {
  io::line_framer framer{max_line, capacity};
  outcome found;
  for (std::string_view rest = stream; !rest.empty();) {
    const auto space = framer.space();
    SKEIN_REQUIRE(space.size != 0);
    const std::size_t n = std::min({space.size, rest.size(), 1 + pieces.below(32)});
    std::memcpy(space.data, rest.data(), n);
    rest.remove_prefix(n);
    framer.commit(
        n, [&](std::string_view line) { found.lines.emplace_back(line); },
        [&] { ++found.too_long; });
  }
  SKEIN_REQUIRE(found == expected_of(stream, max_line));
  const std::size_t last = stream.rfind('\n');
  const std::size_t rest = last == stream.npos ? stream.size() : stream.size() - last - 1;
  SKEIN_REQUIRE(framer.mid_line() == (rest != 0 && rest <= max_line + 1));
}

void check_decoder(std::string_view stream, std::size_t max_line, fuzz::input pieces) {
  const outcome expected = expected_of(stream, max_line);
  const std::string_view whole = stream;
  io::event_decoder decoder{max_line};
  std::size_t events = 0;
  std::size_t line = 0;
  std::size_t malformed = 0;
  std::size_t commands = 0;
  while (!stream.empty()) {
    const auto space = decoder.space();
    const std::size_t n = std::min({space.size, stream.size(), 1 + pieces.below(1024)});
    std::memcpy(space.data, stream.data(), n);
    stream.remove_prefix(n);
    const io::decoded_events decoded = decoder.commit(n);
    if (decoded.of_a_browser) {
      SKEIN_REQUIRE(events + malformed + commands == 0 && decoded.block.events.empty());
      SKEIN_REQUIRE(core::is_of_a_browser(whole));
      return;
    }
    if (decoded.wants_receipts) {
      SKEIN_REQUIRE(++commands == 1 && expected.lines.front() == "ACK");
    }
    SKEIN_REQUIRE(decoded.refused.size() == (commands == 0 ? 0 : decoded.malformed_lines));
    std::size_t received = 0;
    for (const auto count : decoded.received) received += count;
    SKEIN_REQUIRE(received == decoded.block.events.size());
    std::size_t reasons = 0;
    for (const auto count : decoded.malformed) reasons += count;
    SKEIN_REQUIRE(reasons == decoded.malformed_lines);
    events += received;
    malformed += reasons;
    for (const core::event& e : decoded.block.events) {
      while (line != expected.lines.size() && !core::parse_event(expected.lines[line]).ok) ++line;
      SKEIN_REQUIRE(line != expected.lines.size());
      SKEIN_REQUIRE(decoded.block.text_of(e) == expected.lines[line]);
      SKEIN_REQUIRE(core::parse_event(expected.lines[line]).value.sequence == e.sequence);
      ++line;
    }
  }
  SKEIN_REQUIRE(events + malformed + commands == expected.lines.size() + expected.too_long);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in{bytes, size};
  const std::size_t max_line = 1 + in.below(64);
  const std::size_t capacity = max_line + 2 + in.below(64);
  const std::string_view choices = in.take(32);
  const fuzz::input pieces{reinterpret_cast<const std::uint8_t*>(choices.data()), choices.size()};
  const std::string_view stream = in.take(size);
  check_framer(stream, max_line, capacity, pieces);
  check_decoder(stream, max_line, pieces);
  return 0;
}
