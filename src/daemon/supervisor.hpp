/// Parent of all actors.
///
/// A connection that fails harms nobody: it is closed, and its door tells the parts that knew of
/// it. When a vital part fails, the daemon drains and ends with `exit_failed`; a new process goes
/// on from the store. Other parts are only missed.
///
/// The end goes through the parts of events and through those of topics, each plane in its order
/// (daemon/parts) and neither waiting for the other, then to the statistics. A step is over when
/// its part has answered or is gone. A part that writes to a store that fails goes on trying. At
/// `drain_timeout` the supervisor ends what is left, except that such a part tries once more, for
/// at most `last_try`. Then the daemon has ended, whatever is left.
///
/// It knows doors only by their descriptions.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "actors/base/interfaces.hpp"
#include "daemon/assembly.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/open_door.hpp"
#include "daemon/parts.hpp"
#include "options/daemon_options.hpp"

namespace skein {

struct supervisor_environment {
  daemon_options options;
  std::vector<door> doors;
  io::flow& flow;
  io_unit* unit = nullptr;  ///< null in tests
  /// Ends accepting; called once, from any thread.
  std::function<void()> stop_accepting;
  /// Called once, when every other actor has ended, with the exit status.
  std::function<void(int)> finished;
  bool own_threads = true;  ///< for actors that wait for files; false in tests
  /// Whether only this machine can connect.
  std::function<bool(const door&)> is_local = [](const door&) { return false; };
  std::function<core::wall_time()> wall_clock = machine_clock;
};

struct supervisor_state {
  static inline const char* name = "supervisor";

  static constexpr std::chrono::milliseconds last_try{1000};

  /// What ends by itself.
  struct plane {
    const end_steps* steps;
    std::size_t at = 0;  ///< step
    enum class phase : std::uint8_t { running, ending, ended } is = phase::running;
    caf::actor_id asked = 0;  ///< the part that is waited for, if it is one
    const end_step& step() const { return (*steps)[at]; }
  };

  std::shared_ptr<const supervisor_environment> environment;
  std::shared_ptr<store::engine> engine;
  std::vector<part> parts;
  statistics_actor statistics;
  std::vector<open_door> doors;
  connection_number last_connection = 0;
  core::time_point looks_at = core::never;  ///< at deadlines; a message is on its way
  bool draining = false;
  /// The same, for parts that have much in their mailboxes.
  std::shared_ptr<std::atomic<bool>> ending = std::make_shared<std::atomic<bool>>(false);
  plane events{&steps_of_events()}, messages{&steps_of_topics()}, rest{&steps_of_rest()};
  bool overdue = false;  ///< the drain timeout is over
  bool failed = false;
  bool lost = false;

  std::array<plane*, 3> planes() { return {&events, &messages, &rest}; }
};

supervisor_actor::behavior_type supervisor(
    measured_actor<supervisor_actor, supervisor_state>* self,
    std::shared_ptr<const supervisor_environment> environment,
    std::shared_ptr<stored_state> stored);

}  // namespace skein
