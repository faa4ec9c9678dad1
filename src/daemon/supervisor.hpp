/// Parent of all actors.
///
/// A source or session that fails harms nobody: its connection is closed, the sequencer or the
/// router forgets it. When the sequencer, the recorder, the replayer or the router fails, the
/// daemon drains and ends with `exit_failed`; a new process goes on from the log. The same goes for
/// those who know and record the topics. Statistics are only missed.
///
/// The end goes through the events' parts and through the topics' parts, each plane in its order
/// and neither waiting for the other, then to the statistics. A step is over when its part has
/// answered or is gone. Whoever writes to a store that fails goes on trying. At `drain_timeout`
/// those are ended who hold it up; the store is tried once more, for at most `last_try`. Then the
/// daemon has ended, whatever is left.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <unordered_map>

#include "actors/base/interfaces.hpp"
#include "actors/events/interfaces.hpp"
#include "actors/events/recorder.hpp"
#include "actors/events/replayer.hpp"
#include "actors/events/router.hpp"
#include "actors/events/sequencer.hpp"
#include "actors/topics/interfaces.hpp"
#include "actors/topics/topic_recorder.hpp"
#include "actors/topics/topics.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/stored_state.hpp"
#include "doors/control/control.hpp"
#include "doors/http/http_session.hpp"
#include "doors/lines/session.hpp"
#include "doors/lines/source.hpp"

namespace skein {

struct supervisor_environment {
  daemon_options options;
  io::flow& flow;
  io_unit* unit = nullptr;  ///< null in tests
  /// Ends accepting; called once, from any thread.
  std::function<void()> stop_accepting;
  /// Called once, when every other actor has ended, with the exit status.
  std::function<void(int)> finished;
  bool own_threads = true;        ///< for those who wait for files; false in tests
  bool http_on_loopback = false;  ///< the door for programs is reached from this machine only
};

struct supervisor_state {
  static inline const char* name = "supervisor";

  struct known_source {
    core::source_id id;
    source_actor actor;
  };

  static constexpr std::chrono::milliseconds last_try{1000};

  enum class step : std::uint8_t {
    running,
    // events
    sources,
    sequencer,
    log_flush,
    router,
    sessions,
    replayer,
    recorder,
    events_ended,
    // topics
    http_sessions,
    topics,
    topic_recorder,
    topics_ended,
    // both
    statistics,
    done
  };

  /// What ends by itself.
  struct plane {
    step where = step::running;
    caf::actor_id asked = 0;  ///< who is waited for, if it is one
  };

  std::shared_ptr<const supervisor_environment> environment;
  std::shared_ptr<const source_environment> for_sources;
  std::shared_ptr<const source_environment> for_bodies;  ///< the same, beside the I/O thread
  std::shared_ptr<const session_environment> for_sessions;
  std::shared_ptr<const control_environment> for_controls;
  std::shared_ptr<const http_environment> for_http;
  std::shared_ptr<store::engine> engine;
  sequencer_actor sequencer;
  router_actor router;
  recorder_actor recorder;  ///< null if no events are stored
  replayer_actor replayer;  ///< likewise
  topics_actor topics;
  topic_recorder_actor topic_recorder;  ///< null if nothing is stored
  statistics_actor statistics;
  std::unordered_map<caf::actor_id, control_actor> controls;
  std::unordered_map<caf::actor_id, known_source> sources;
  std::unordered_map<caf::actor_id, session_actor> sessions;
  std::unordered_map<caf::actor_id, http_session_actor> http_sessions;
  /// A timer of its own would cost each session as much memory as its connection.
  struct handshake {
    core::time_point deadline;
    caf::actor_id session;
  };
  bool watching_http = false;        ///< a `progress_due` is on its way
  std::deque<handshake> handshakes;  ///< by deadline; the session may be live or ended by now
  core::source_id last_source = 0;
  bool draining = false;
  /// The same, for those who have much in their mailboxes.
  std::shared_ptr<std::atomic<bool>> ending = std::make_shared<std::atomic<bool>>(false);
  plane events, messages, rest;
  bool overdue = false;  ///< the drain timeout is over
  bool failed = false;
  bool lost = false;
};

supervisor_actor::behavior_type supervisor(
    measured_actor<supervisor_actor, supervisor_state>* self,
    std::shared_ptr<const supervisor_environment> environment,
    std::shared_ptr<stored_state> stored);

}  // namespace skein
