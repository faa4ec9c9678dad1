/// Events: what sources send, what the sequencer orders, what the router routes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace skein::core {

/// Position of an event in the common sequence of all sources, 1..2^63-1.
using sequence_number = std::int64_t;

/// One run of the numbers from 1, counted from 1.
using epoch_number = std::uint32_t;

/// Place of an event in the log of all epochs: the bytes of all texts before it, each counted with
/// a line end of one byte, whatever line end clients get. So it does not depend on the
/// `line_ending`.
using log_position = std::uint64_t;

/// Tells apart what one membership or replay of a session brings and what an earlier one brought.
using ticket_number = std::uint32_t;

/// A user. Every value except `no_user` names one.
using user_id = std::int64_t;

/// Names no user. A line that has this number is refused as out of range.
inline constexpr user_id no_user = std::numeric_limits<user_id>::min();

/// Bytes put after every line that goes to a client.
enum class line_ending : std::uint8_t { lf, crlf };

constexpr std::string_view text_of(line_ending ending) {
  return ending == line_ending::lf ? std::string_view{"\n"} : std::string_view{"\r\n"};
}

enum class event_kind : std::uint8_t {
  follow,
  unfollow,
  broadcast,
  private_message,
  status_update
};

inline constexpr std::size_t event_kinds = 5;

constexpr const char* name_of(event_kind kind) {
  constexpr const char* names[event_kinds] = {"follow", "unfollow", "broadcast", "private",
                                              "status"};
  return names[static_cast<std::size_t>(kind)];
}

/// One event; its text lies in the block that holds it. Fields its kind does not use are `no_user`.
struct event {
  sequence_number sequence = 0;
  user_id from = no_user;
  user_id to = no_user;
  std::uint32_t offset = 0;  ///< of the text in the block, bytes
  std::uint16_t length = 0;  ///< of the text in the block, bytes
  event_kind kind = event_kind::broadcast;
};

/// Events together with their bytes: one read of a source, or one release in order. In an ordered
/// block each text ends with the line ending that clients get.
struct event_block {
  std::string text;
  std::vector<event> events;

  std::string_view text_of(const event& e) const {
    return std::string_view{text}.substr(e.offset, e.length);
  }
};

}  // namespace skein::core
