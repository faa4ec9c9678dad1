/// What takes long of a request over HTTP: to read a large body, and to write a large answer. It is
/// done by workers, since it would keep the I/O thread from its sockets.
#pragma once

#include <caf/actor_system.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "actors/byte_budget.hpp"
#include "actors/interfaces.hpp"
#include "api/http_api.hpp"

namespace skein {

/// Bytes of a body, or of an answer, that take less than a millisecond.
inline constexpr std::size_t quick_bytes = 64u << 10;

struct understood_request {
  api::outcome what;
  api::events_published events;  ///< if it is a `publish_events`
};

struct written_answer {
  io::http_response response;
  budget_share share;  ///< for its body
  bool refused;        ///< there was no room for it; the response says so
};

/// `max_line` of events, in bytes.
understood_request understand(io::http_request& http, const api::settings& settings,
                              std::size_t max_line);

/// Does so on a worker; `to` gets `request_read`.
void understand_aside(caf::actor_system& system, const http_session_actor& to,
                      io::http_request&& http, const api::settings& settings, std::size_t max_line);

/// Writes `a` on a worker, if `answers` has room for it; `to` gets `answer_written`.
void write_aside(caf::actor_system& system, const http_session_actor& to,
                 const api::answer_form& form, api::answer&& a,
                 std::shared_ptr<byte_budget> answers);

/// Frees it on a worker: to give many pages back takes long, too.
void free_aside(caf::actor_system& system, std::string&& large);

}  // namespace skein
