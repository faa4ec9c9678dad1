/// Serves one connection of a user: learns who it is, then writes what it is told.
///
/// Lagging. What the connection does not take waits in the outbox, whose bound and policy make
/// sure that a client that does not read harms only itself. A client that does read, but slower
/// than it is sent to, is waited for: once half of its outbox is full it holds the sources up, for
/// as long as it makes progress within `stall_timeout`. When the sources are held up and no client
/// at all makes progress any more, those who lag overflow whatever the size of their outbox.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "actors/interfaces.hpp"
#include "actors/io_unit.hpp"
#include "actors/options.hpp"
#include "core/outbox.hpp"
#include "core/time.hpp"
#include "io/flow.hpp"
#include "io/line_framer.hpp"

namespace skein {

/// What all sessions share; lives as long as they do.
struct session_environment {
  client_options options;
  io::flow& flow;
  router_actor router;
  statistics_actor statistics;
  io_unit* unit = nullptr;  ///< null in tests
};

struct session_state {
  static inline const char* name = "session";

  enum class phase : std::uint8_t { handshake, live, draining };

  std::shared_ptr<const session_environment> environment;
  std::optional<owned_stream> connection;
  std::unique_ptr<io::line_framer> first_line;  ///< during the handshake
  core::user_id user = core::no_user;
  std::optional<core::outbox> outbox;
  io::charge lag;                    ///< bytes in the outbox, and the hold on the sources
  core::time_point last_progress{};  ///< last time the connection took bytes
  phase where = phase::handshake;
  bool holding = false;  ///< it holds the sources up
  bool waiting = false;  ///< for the connection to become writable
  bool watched = false;  ///< a `progress_due` is on its way
};

session_actor::behavior_type session(session_actor::stateful_pointer<session_state> self,
                                     std::shared_ptr<const session_environment> environment,
                                     std::shared_ptr<io::stream> connection);

}  // namespace skein
