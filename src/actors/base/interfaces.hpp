/// The actors that all others know, by their messages.
#pragma once

#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/base/handling.hpp"
#include "actors/base/messages.hpp"

namespace skein {

/// What everything together has counted.
using statistics_actor = caf::typed_actor<
    /// Adds to the totals.
    caf::reacts_to<report>,
    /// Logs the totals if they have moved.
    caf::reacts_to<report_due>,
    /// All that was counted.
    caf::replies_to<status_wanted>::with<status>,
    /// Logs the totals, answers, and ends.
    caf::replies_to<drain>::with<drained>>;

/// Parent of all: spawns a source or session for each connection, watches every actor, and ends
/// the daemon in order: sources and sessions over HTTP, topics, sequencer, flush of the log,
/// router, sessions, replayer, recorders, statistics.
using supervisor_actor = caf::typed_actor<
    /// Spawns a source.
    caf::reacts_to<source_accepted>,
    /// Spawns a session.
    caf::reacts_to<client_accepted>,
    /// Spawns an http_session.
    caf::reacts_to<http_accepted>,
    /// Spawns a control.
    caf::reacts_to<control_accepted>,
    /// Tells sessions and controls whose handshake has taken too long.
    caf::reacts_to<handshake_overdue>,
    /// Lets sessions over HTTP see whether their clients take too long.
    caf::reacts_to<progress_due>,
    /// Passes on what the doors have counted.
    caf::reacts_to<report>,
    /// Begins to drain.
    caf::reacts_to<drain>,
    /// Ends at once what has not ended by now.
    caf::reacts_to<drain_overdue>>;

}  // namespace skein
