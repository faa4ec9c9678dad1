/// Serves one connection of a user: learns who it is, then writes what it is told.
///
/// Lagging. What the connection does not take waits in the outbox, whose bound and policy make
/// sure that a client that does not read harms only itself. A client that does read, but slower
/// than it is sent to, is waited for: once half of its outbox is full it holds the sources up, for
/// as long as it makes progress within `stall_timeout`. When the sources are held up and no client
/// at all makes progress any more, those who lag overflow whatever the size of their outbox.
///
/// Durable sessions. A client that says `USER|` gets what it has missed from the replayer, then
/// goes on with the router, without a gap and without anything twice. It never overflows and holds
/// nobody up: when it lags, it leaves the router, and is replayed from the log what it misses once
/// it has caught up with what it was sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/base/interfaces.hpp"
#include "actors/base/io_unit.hpp"
#include "actors/events/interfaces.hpp"
#include "core/events/outbox.hpp"
#include "core/events/session_cursor.hpp"
#include "core/time.hpp"
#include "io/flow.hpp"
#include "io/line_framer.hpp"
#include "options/daemon_options.hpp"

namespace skein {

/// What all sessions share; lives as long as they do.
struct session_environment {
  client_options options;
  io::flow& flow;
  router_actor router;
  recorder_actor recorder;  ///< null if nothing is stored
  replayer_actor replayer;  ///< likewise
  statistics_actor statistics;
  io_unit* unit = nullptr;         ///< null in tests
  bool tells_late_events = false;  ///< numbers may fall
};

/// What a durable session has beside.
struct durable_state {
  enum class stage : std::uint8_t {
    opening,    ///< waits for its place
    replaying,  ///< gets what it has missed
    joining,    ///< has it, and waits for the router to take it
    closing,    ///< gets what has come between, and keeps what the router sends
    live,       ///< the router tells it
    lagging,    ///< nobody tells it until its outbox is empty
  };

  stage where = stage::opening;
  core::session_cursor cursor{{}};
  bool names_epochs = false;          ///< so does the client
  core::epoch_number told_epoch = 0;  ///< the client knows that what comes is of this epoch
  core::log_position upto = 0;        ///< everything before it has been sent
  core::log_position live_from = 0;   ///< the router tells everything from here on
  ticket_number replay_ticket = 0;
  ticket_number live_ticket = 0;
  ticket_number last_ticket = 0;
  bool settled = false;  ///< nothing that was sent can come any more
  /// What the router has told while closing. Its rounds are not held: everybody would wait.
  struct kept_lines {
    core::epoch_number epoch;
    core::log_position upto;
    std::string text;
  };
  std::vector<kept_lines> kept;
  std::size_t kept_bytes = 0;
  /// The round of the replay that is being written: the next one waits for it.
  std::shared_ptr<const round_in_flight> held;
  core::time_point held_since{};
};

struct session_state {
  static inline const char* name = "session";

  enum class phase : std::uint8_t { handshake, live, draining, ended };

  std::shared_ptr<const session_environment> environment;
  std::optional<owned_stream> connection;
  std::unique_ptr<io::line_framer> lines;  ///< of the handshake, and acknowledgements
  std::unique_ptr<durable_state> durable;
  core::user_id user = core::no_user;
  std::optional<core::outbox> outbox;
  io::charge lag;                    ///< bytes in the outbox, and the hold on the sources
  core::time_point last_progress{};  ///< last time the connection took bytes
  phase where = phase::handshake;
  bool holding = false;  ///< it holds the sources up
  bool waiting = false;  ///< for the connection to become writable
  bool watched = false;  ///< a `progress_due` is on its way
};

session_actor::behavior_type session(measured_actor<session_actor, session_state>* self,
                                     std::shared_ptr<const session_environment> environment,
                                     std::shared_ptr<io::stream> connection);

}  // namespace skein
