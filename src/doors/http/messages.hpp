/// What a session over HTTP is told by the actors that work for it.
#pragma once

#include <cstdint>
#include <memory>

#include "actors/base/message.hpp"

namespace skein {

struct understood_request;  // http_work.hpp, both
struct written_answer;

/// The receiver's turn to do what takes long.
using turn_number = std::uint64_t;
SKEIN_MESSAGE(turn_came) {
  turn_number number;
};
/// A large request has been read, on another thread than the I/O thread.
SKEIN_MESSAGE(request_read) {
  std::shared_ptr<understood_request> what;  ///< null if that failed
};
/// A large answer has been written, on another thread than the I/O thread.
SKEIN_MESSAGE(answer_written) {
  std::shared_ptr<written_answer> what;  ///< null if that failed
};
/// The body of a request has been read as a source.
SKEIN_MESSAGE(events_read) {
  bool all;
  bool settled;  ///< and are durable, or refused for good
};

}  // namespace skein
