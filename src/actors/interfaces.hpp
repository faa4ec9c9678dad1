/// Every actor by its messages. Reading this is reading the architecture:
///
///     source ──▶ sequencer ──▶ router ──▶ session        all ──▶ statistics
///     supervisor spawns, watches and drains them
#pragma once

#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/messages.hpp"

namespace skein {

/// One connection of an event source.
using source_actor = caf::typed_actor<
    /// Reads once, decodes, sends the events to the sequencer; ends with the connection.
    caf::reacts_to<readable>,
    /// Gets back the right to send one block.
    caf::reacts_to<block_taken>,
    /// Says so once it has read all that has been sent.
    caf::reacts_to<catch_up>,
    /// Reads again after backpressure.
    caf::reacts_to<flow_resumed>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Reads no more and ends.
    caf::reacts_to<drain>>;

/// The order of all events.
using sequencer_actor = caf::typed_actor<
    /// The sender is a source from now on.
    caf::reacts_to<source_opened>,
    /// Puts the events in order and sends what is in order to the router.
    caf::reacts_to<source_events>,
    /// Gives sources back the right to send what the router has taken.
    caf::reacts_to<block_taken>,
    /// The source has sent its last.
    caf::reacts_to<source_closed>,
    /// Asks the sources whether what is overdue has been sent, but not read.
    caf::reacts_to<deadline_due>,
    /// Once all have answered: gives up gaps that are overdue, decides about restarts.
    caf::reacts_to<caught_up>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Releases what can be released, answers when the router has it, and ends.
    caf::replies_to<drain>::with<drained>>;

/// The follower graph and who is connected.
using router_actor = caf::typed_actor<
    /// Applies follows and unfollows, gathers what each session is told, takes the block.
    caf::reacts_to<ordered_events>,
    /// The sender is a session of this user and is told from now on.
    caf::reacts_to<join>,
    /// The sender is told no more.
    caf::reacts_to<leave>,
    /// Like `leave`, from the supervisor for a session that failed.
    caf::reacts_to<session_lost>,
    /// Sends each session its portion of what was gathered.
    caf::reacts_to<flush_due>,
    /// The sessions are ready for another round.
    caf::reacts_to<round_done>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Sends what was gathered, answers when the sessions have it, and ends.
    caf::replies_to<drain>::with<drained>>;

/// One connection of a user.
using session_actor = caf::typed_actor<
    /// Reads the first line, then watches for the end.
    caf::reacts_to<readable>,
    /// Writes what waits.
    caf::reacts_to<writable>,
    /// Writes the portion, or keeps what the connection does not take.
    caf::reacts_to<portion>,
    /// Ends if the client has not said who it is.
    caf::reacts_to<handshake_overdue>,
    /// Ends: the user has a newer connection.
    caf::reacts_to<replaced>,
    /// Looks whether a client that lags still makes progress.
    caf::reacts_to<progress_due>,
    /// Ends when all that waits is written.
    caf::reacts_to<drain>,
    /// Ends at once; what waits is lost.
    caf::reacts_to<drain_overdue>>;

/// What everything together has counted.
using statistics_actor = caf::typed_actor<
    /// Adds to the totals.
    caf::reacts_to<report>,
    /// Logs the totals if they have moved.
    caf::reacts_to<report_due>,
    /// Logs the totals, answers, and ends.
    caf::replies_to<drain>::with<drained>>;

/// Parent of all: spawns a source or session for each connection, watches every actor, and ends
/// the daemon in order: sources, sequencer, router, sessions, statistics.
using supervisor_actor = caf::typed_actor<
    /// Spawns a source.
    caf::reacts_to<source_accepted>,
    /// Spawns a session.
    caf::reacts_to<client_accepted>,
    /// Tells sessions whose handshake has taken too long.
    caf::reacts_to<handshake_overdue>,
    /// Passes on what the doors have counted.
    caf::reacts_to<report>,
    /// Begins to drain.
    caf::reacts_to<drain>,
    /// Ends at once what has not ended by now.
    caf::reacts_to<drain_overdue>>;

}  // namespace skein
