/// What takes long of a request over HTTP: to read a large body, and to write a large answer. It is
/// done by workers, since it would keep the I/O thread from its sockets.
#pragma once

#include <caf/actor_system.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "actors/topics/answer_room.hpp"
#include "doors/http/api/http_api.hpp"
#include "doors/http/interfaces.hpp"

namespace skein {

struct understood_request {
  api::outcome what;
  api::events_published events;  ///< if it is a `publish_events`
};

struct written_answer {
  io::http_response response;
  std::shared_ptr<budget_share> share;  ///< for its body
  bool refused;                         ///< there was no room for it; the response says so
};

/// `max_line` of events, in bytes.
understood_request understand(io::http_request& http, const api::settings& settings,
                              std::size_t max_line);

/// Does so on a worker; `to` gets `request_read`.
void understand_aside(caf::actor_system& system, const http_session_actor& to,
                      io::http_request&& http, const api::settings& settings, std::size_t max_line);

/// Writes `a` on a worker, if `share` can be as large as it becomes; `to` gets `answer_written`.
void write_aside(caf::actor_system& system, const http_session_actor& to,
                 const api::answer_form& form, api::answer&& a,
                 std::shared_ptr<budget_share> share);

/// Frees it on a worker: to give many pages back takes long, too.
void free_aside(caf::actor_system& system, std::string&& large);

}  // namespace skein
