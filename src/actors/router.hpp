/// Knows who follows whom and who is connected, and gathers what each session is told.
///
/// Notifications are gathered into rounds. A round ends when the mailbox has been worked off, but
/// while the last one still keeps the sessions busy not before `flush_interval`: many deliveries
/// in one write are what makes the daemon fast. On a quiet system nothing is ever held back.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "actors/interfaces.hpp"
#include "actors/options.hpp"
#include "core/follower_graph.hpp"
#include "core/round.hpp"
#include "io/flow.hpp"

namespace skein {

struct router_environment {
  std::chrono::microseconds flush_interval;
  duplicate_policy on_duplicate;
  bool keep_graph;
  io::flow& flow;
  statistics_actor statistics;
  std::chrono::milliseconds report_interval;
};

struct router_state {
  static inline const char* name = "router";

  struct member {
    session_actor actor;  ///< null if the index is free
    core::user_id user = core::no_user;
  };

  std::shared_ptr<const router_environment> environment;
  core::follower_graph graph;
  core::epoch_number epoch = 1;

  std::vector<member> sessions;                 ///< by index
  std::vector<core::session_index> free;        ///< indices to use again
  std::vector<core::session_index> retired;     ///< free once the current round is flushed
  std::size_t connected = 0;

  core::round_builder round;
  std::vector<bool> has_group;                  ///< by index, while a round is sent
  bool flush_armed = false;
  core::time_point next_flush{};

  traffic unreported;
  bool report_armed = false;
};

router_actor::behavior_type router(router_actor::stateful_pointer<router_state> self,
                                   std::shared_ptr<const router_environment> environment);

}  // namespace skein
