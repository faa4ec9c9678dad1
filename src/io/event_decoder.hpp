/// Turns the bytes of one source into blocks of events.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/events/event.hpp"
#include "core/events/event_line.hpp"
#include "io/line_framer.hpp"

namespace skein::io {

/// What one read held.
struct decoded_events {
  core::event_block block;
  std::array<std::uint32_t, core::event_kinds> received{};         ///< by kind
  std::array<std::uint32_t, core::malformed_reasons> malformed{};  ///< by reason
  std::uint32_t malformed_lines = 0;
  /// The first bytes were a browser's. They were not decoded, and nothing that follows may be.
  bool of_a_browser = false;
  /// The first line of all was `ACK`.
  bool wants_receipts = false;
  /// Since then: the malformed lines by their numbers, 0 for one without.
  std::vector<std::pair<core::sequence_number, core::malformed>> refused;
};

class event_decoder {
 public:
  /// Bytes read at a time; the unit of work of the event plane.
  static constexpr std::size_t read_size = 64 * 1024;

  /// `max_line` is in bytes, without the line's end, at most `read_size` / 2. `from_anybody`: the
  /// sender may be a browser.
  explicit event_decoder(std::size_t max_line, bool from_anybody = true)
      : framer_(max_line, read_size), told_(!from_anybody), may_want_receipts_(from_anybody) {}

  /// Where the next read goes.
  auto space() { return framer_.space(); }

  /// `n` bytes were read into `space()`.
  decoded_events commit(std::size_t n);

  /// The source has ended. Returns whether it ended within a line, which is lost.
  bool mid_line() const { return framer_.mid_line(); }

 private:
  bool is_of_a_browser(std::size_t n);

  line_framer framer_;
  bool told_;               ///< whether it is known that the sender is no browser
  bool may_want_receipts_;  ///< no line has come
  bool keeps_refused_ = false;
};

}  // namespace skein::io
