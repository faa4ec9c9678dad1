/// What a client says.
///
///     first-line = user [ "|" [ number / place / "." ] ]
///     ack        = "A|" ( number / place )      ; a place exactly if the first line has a dot
///     place      = number "." number            ; epoch, sequence number
///     number     = 1*DIGIT                      ; 0..2^63-1; of an epoch: 0..2^32-1
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/events/event.hpp"

namespace skein::core {

/// A position in the stream as a client names it.
struct named_position {
  std::optional<epoch_number> epoch;  ///< none: not said
  sequence_number number = 0;
};

/// As the client says it: `SEQ`, or `EPOCH.SEQ`.
std::string text_of(const named_position& p);

struct introduction {
  user_id user = no_user;
  bool durable = false;
  bool names_epochs = false;             ///< the session is told epochs, and acknowledges by them
  std::optional<named_position> beyond;  ///< it has everything up to here
  const char* wrong = nullptr;           ///< what is wrong with the line
};

introduction parse_first_line(std::string_view line);

/// None for a line that is no acknowledgement of a session that names epochs, or does not.
std::optional<named_position> parse_acknowledgement(std::string_view line, bool names_epochs);

}  // namespace skein::core
