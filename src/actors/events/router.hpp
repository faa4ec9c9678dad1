/// Knows who follows whom and who is connected, and gathers what each session is told.
///
/// Notifications are gathered into rounds, since many deliveries in one write make the daemon fast.
/// A round ends when the mailbox has been worked off, but not while the sessions are still busy
/// with the one before it, and after a large one not before a pause of at most `flush_interval`. On
/// a quiet system nothing is ever held back. While a round is full, blocks are not taken: so the
/// sequencer and the sources wait.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "actors/base/counting.hpp"
#include "actors/base/interfaces.hpp"
#include "actors/events/interfaces.hpp"
#include "actors/events/round_members.hpp"
#include "core/events/follower_graph.hpp"
#include "io/flow.hpp"
#include "options/daemon_options.hpp"

namespace skein {

struct router_environment {
  std::chrono::microseconds flush_interval;
  duplicate_policy on_duplicate;
  bool keep_graph;
  io::flow& flow;
  statistics_actor statistics;
  std::chrono::milliseconds report_interval;
};

/// What the router goes on with after a start.
struct routed_so_far {
  core::follower_graph graph;
  core::epoch_number epoch = 1;
  core::log_position position = 0;
};

struct router_state {
  static inline const char* name = "router";

  struct waiting_block {
    std::shared_ptr<const charged<core::ordered_block>> events;
    sequencer_actor sender;
    std::size_t routed = 0;  ///< events
  };

  std::shared_ptr<const router_environment> environment;
  std::deque<waiting_block> waiting;  ///< while the round is full; bounded by the sources' credit
  core::follower_graph graph;
  core::epoch_number epoch = 1;
  core::log_position position = 0;  ///< everything before it has been routed

  round_members sessions;
  struct pending_join {
    feed_actor actor;
    join what;
  };
  std::vector<pending_join> joining;  ///< from positions that have not been reached

  /// A checkpoint that is being made, slice by slice, while the graph goes on changing.
  struct checkpointing {
    recorder_actor recorder;
    store::checkpoint what;
    std::uint32_t place = 0;  ///< followers at home below have been sent
  };
  std::optional<checkpointing> checkpoint;

  bool epoch_ends = false;   ///< what waits next is of another epoch than the round
  bool flush_armed = false;  ///< a `flush_due` is on its way
  bool round_in_flight = false;
  std::chrono::microseconds pause{};  ///< between the end of the round in flight and the next one
  std::size_t kept_bytes = 0;         ///< of blocks that the round points into
  core::time_point next_flush{};

  counting counted;
};

router_actor::behavior_type router(measured_actor<router_actor, router_state>* self,
                                   std::shared_ptr<const router_environment> environment,
                                   std::shared_ptr<routed_so_far> start);

}  // namespace skein
