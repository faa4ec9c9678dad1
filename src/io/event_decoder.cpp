#include "io/event_decoder.hpp"

#include "core/events/first_line.hpp"

namespace skein::io {

bool event_decoder::is_of_a_browser(std::size_t n) {
  if (told_) return false;
  const std::string_view start{framer_.data(), framer_.begun() + n};
  if (core::is_of_a_browser(start)) return true;
  told_ = start.size() >= core::enough_to_tell || start.find('\n') != start.npos;
  return false;
}

decoded_events event_decoder::commit(std::size_t n) {
  // A usual line has about this many bytes; a guess that only costs memory for a short while.
  constexpr std::size_t usual_line = 20;
  decoded_events result;
  if (is_of_a_browser(n)) {
    result.of_a_browser = true;
    return result;
  }
  core::event_block& block = result.block;
  block.events.reserve(n / usual_line + 1);
  block.text.reserve(n + usual_line);
  const auto reject = [&](core::malformed reason, core::sequence_number number = 0) {
    may_want_receipts_ = false;
    ++result.malformed[static_cast<std::size_t>(reason)];
    ++result.malformed_lines;
    if (keeps_refused_) result.refused.emplace_back(number, reason);
  };
  framer_.commit(
      n,
      [&](std::string_view line) {
        const core::parsed_line parsed = core::parse_event(line);
        if (!parsed.ok) {
          if (may_want_receipts_ && line == "ACK") {
            may_want_receipts_ = false;
            result.wants_receipts = keeps_refused_ = true;
          } else {
            reject(parsed.reason, parsed.value.sequence);
          }
          return;
        }
        may_want_receipts_ = false;
        core::event& e = block.events.emplace_back(parsed.value);
        e.offset = static_cast<std::uint32_t>(block.text.size());
        e.length = static_cast<std::uint16_t>(line.size());
        block.text.append(line);
        ++result.received[static_cast<std::size_t>(e.kind)];
      },
      [&] { reject(core::malformed::line_too_long); });
  if (block.text.size() < n / 2) {
    // Most lines were no events, and the rest may be held for a long time.
    block.text.shrink_to_fit();
    block.events.shrink_to_fit();
  }
  return result;
}

}  // namespace skein::io
