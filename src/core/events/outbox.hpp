/// What waits to be written to one client: whole lines, bounded.
///
/// Invariants: a line is dropped whole or not at all; a line of which the client has got a part is
/// never dropped; at most `max_bytes` wait, unless the rest of such a line alone is longer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/events/outbox_options.hpp"

namespace skein::core {

class outbox {
 public:
  struct appended {
    bool overflow = false;    ///< it was full; at policy `disconnect` no whole line was taken
    std::size_t dropped = 0;  ///< lines
  };

  explicit outbox(outbox_options options) : options_(options) {}

  const outbox_options& options() const { return options_; }

  bool empty() const { return begin_ == buffer_.size(); }
  std::size_t size() const { return buffer_.size() - begin_; }

  /// The bytes that are to be written next.
  std::string_view front() const { return std::string_view{buffer_}.substr(begin_); }

  /// Appends whole lines; the first may be the rest of a line that was partly written when the
  /// outbox was empty (`mid_line`).
  appended append(std::string_view lines, bool mid_line = false);

  /// `bytes` of `front()` were written.
  void written(std::size_t bytes);

  /// Drops what the client has not begun to get. Returns the number of lines.
  std::size_t drop_all();

  /// Lines that wait; a line that was partly written counts.
  std::size_t lines() const;

 private:
  appended make_room(std::string_view& lines);
  void discard(std::size_t bytes);

  outbox_options options_;
  bool mid_line_ = false;  ///< `front()` starts within a line
  std::size_t begin_ = 0;
  std::string buffer_;
};

}  // namespace skein::core
