/// Puts the events of all sources in order.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "actors/base/counting.hpp"
#include "actors/base/interfaces.hpp"
#include "actors/base/log.hpp"
#include "actors/events/interfaces.hpp"
#include "core/events/sequence.hpp"
#include "core/events/source_receipts.hpp"
#include "core/rate_limiter.hpp"
#include "io/flow.hpp"

namespace skein {

struct sequencer_environment {
  core::sequence_options options;
  core::line_ending ending;
  io::flow& flow;
  router_actor router;
  recorder_actor recorder;  ///< null if nothing is stored
  bool synced = false;      ///< the router gets events from the recorder
  statistics_actor statistics;
  std::chrono::milliseconds report_interval;
};

struct sequencer_state {
  static inline const char* name = "sequencer";

  std::shared_ptr<const sequencer_environment> environment;
  std::optional<core::sequence> sequence;
  std::unordered_map<core::source_id, source_actor> sources;
  /// For each block the router has not taken: the sources that may then send another one.
  std::deque<std::vector<core::source_id>> not_taken;
  /// Sources that are told what becomes of their events.
  struct told_source {
    core::source_receipts receipts;
    source_actor to;
    bool closed = false;
  };
  std::map<core::source_id, told_source> told;
  core::sequence_place durable;               ///< if there is a recorder
  std::deque<core::sequence_place> recorded;  ///< what it has been sent, and is not durable
  log_durable on_disk;                        ///< as the recorder says
  bool gap_armed = false;
  core::sequence_number gap_logged = 0;      ///< the number that was missing
  std::set<core::source_id> catching_up;     ///< sources that were asked, if something is overdue
  core::time_point asked{};                  ///< when they were
  core::time_point armed_for = core::never;  ///< the earliest timer that is set
  core::epoch_number epoch = 1;              ///< the last one that was logged
  core::reorder_counts reported;             ///< counts at the last report
  core::reorder_counts logged;               ///< counts at the last warning
  counting counted;
  core::rate_limiter warnings{10};
};

sequencer_actor::behavior_type sequencer(measured_actor<sequencer_actor, sequencer_state>* self,
                                         std::shared_ptr<const sequencer_environment> environment,
                                         const core::sequence_start& start);

}  // namespace skein
