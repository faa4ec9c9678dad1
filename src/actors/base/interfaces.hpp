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

/// Parent of all: opens each connection, watches every actor, and ends the daemon in the order of
/// daemon/parts.
using supervisor_actor = caf::typed_actor<
    /// Lets the door spawn who serves the connection.
    caf::reacts_to<accepted>,
    /// Passes it on to connections for which it is time.
    caf::reacts_to<look_at_deadline>,
    /// Passes on what the doors have counted.
    caf::reacts_to<report>,
    /// Begins to drain.
    caf::reacts_to<drain>,
    /// Ends at once what has not ended yet.
    caf::reacts_to<drain_overdue>>;

}  // namespace skein
