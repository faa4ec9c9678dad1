/// A door: where and how peers come in, as data. Each folder of doors/ makes its own; daemon/doors
/// lists all. The daemon listens, counts, refuses, lets connections look at their deadlines, and
/// ends them, by what is said here.
#pragma once

#include <caf/local_actor.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "actors/base/byte_budget.hpp"
#include "actors/base/interfaces.hpp"
#include "actors/base/io_unit.hpp"
#include "actors/events/interfaces.hpp"
#include "actors/topics/interfaces.hpp"
#include "io/flow.hpp"
#include "io/peer_watch.hpp"
#include "io/stream.hpp"

namespace skein {

/// One connection, through whatever door.
using connection_actor = caf::typed_actor<
    /// Reads what the peer says.
    caf::reacts_to<readable>,
    /// Writes what waits.
    caf::reacts_to<writable>,
    /// Ends if the peer takes too long for what it has to do.
    caf::reacts_to<look_at_deadline>,
    /// Ends when what the peer is still to get is written.
    caf::reacts_to<drain>,
    /// Ends at once.
    caf::reacts_to<drain_overdue>>;

/// Different for each connection since the start of the daemon.
using connection_number = std::uint64_t;

/// What an open door makes of connections. Called by the supervisor alone.
class reception {
 public:
  virtual ~reception() = default;

  /// Spawns, from `parent`, the actor that serves the connection.
  virtual connection_actor open(caf::local_actor* parent, connection_number number,
                                std::shared_ptr<io::stream> connection) = 0;

  /// It has ended. If it has failed, the actors that know it are told to forget it.
  virtual void ended(connection_number, const connection_actor&, bool /*failed*/) {}
};

/// Whom a door may send to.
struct door_environment {
  io::flow& flow;
  io_unit* unit = nullptr;  ///< null in tests
  std::chrono::milliseconds report_interval{};
  supervisor_actor supervisor{};
  statistics_actor statistics{};
  sequencer_actor sequencer{};
  router_actor router{};
  recorder_actor recorder{};  ///< null if no events are stored
  replayer_actor replayer{};  ///< likewise
  topics_actor topics{};
  topic_recorder_actor topic_recorder{};   ///< null if nothing is stored
  std::shared_ptr<byte_budget> answers{};  ///< memory for what topics answer
};

/// With whom connections are told to end; docs/operations.md has the order.
enum class drain_group : std::uint8_t {
  sources,    ///< at once; the parts of events wait until all have ended
  programs,   ///< at once; the parts of topics wait likewise
  operators,  ///< at once; nobody waits
  users,      ///< when the last events have been told
};

struct door {
  /// In the log, and in `accepted`. A literal.
  std::string_view name;

  /// Where it listens: an address, `no_door`, or nothing, if connections are made in the process.
  std::string listen{};
  std::uint16_t default_port = 0;
  io::peer_watch watch{};
  /// A Unix socket instead; or nothing.
  std::string socket{};

  /// Those at addresses have to share what the process can have; those at a socket do not.
  std::size_t max_connections = 0;
  std::string refusal{};   ///< said to one too many
  core::counts refused{};  ///< counted for it, besides `connections_refused`

  drain_group ends_with = drain_group::users;
  /// Says so to a connection that comes when the daemon is ending; null: it is only closed.
  std::function<void(io::stream&)> turn_away{};

  /// When a connection is sent `look_at_deadline`; a timer of its own would cost it as much memory
  /// as the rest of it.
  struct look {
    std::chrono::milliseconds after{0};  ///< it was opened; 0: never
    bool again = false;                  ///< instead: all of the door are, in this interval
  } looks{};

  /// Called once, when the daemon's parts are there; `is_local`: only this machine can connect.
  std::function<std::unique_ptr<reception>(const door_environment&, bool is_local)> open{};
};

}  // namespace skein
