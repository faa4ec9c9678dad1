/// Every actor of events by its messages:
///
///     source ──▶ sequencer ─────────────▶ router ──▶ session
///                    └────▶ recorder ─(sync)─┘          ▲
///                              └─ the log ─▶ replayer ──┘
#pragma once

#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/base/handling.hpp"
#include "actors/events/messages.hpp"

namespace skein {

/// One connection of an event source.
using source_actor = caf::typed_actor<
    /// Reads once, decodes, sends the events to the sequencer; ends with the connection.
    caf::reacts_to<readable>,
    /// Writes the receipts that wait.
    caf::reacts_to<writable>,
    /// Tells the connection what became of its events, if it wants that.
    caf::reacts_to<receipts_told>,
    /// Gets back the right to send one block.
    caf::reacts_to<block_taken>,
    /// Says so once it has read all that has been sent.
    caf::reacts_to<catch_up>,
    /// Reads again after backpressure.
    caf::reacts_to<flow_resumed>,
    /// Does nothing: a source may be silent.
    caf::reacts_to<look_at_deadline>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Reads no more and ends.
    caf::reacts_to<drain>,
    /// Ends at once.
    caf::reacts_to<drain_overdue>>;

/// The order of all events.
using sequencer_actor = caf::typed_actor<
    /// The sender is a source from now on.
    caf::reacts_to<source_opened>,
    /// Puts the events in order and sends what is in order to the recorder and the router; at level
    /// `sync` to the recorder only.
    caf::reacts_to<source_events>,
    /// Tells the source what becomes of its events from now on.
    caf::reacts_to<receipts_wanted>,
    /// Tells sources what is durable.
    caf::reacts_to<log_durable>,
    /// Says what is waited for, if that takes long.
    caf::reacts_to<gap_due>,
    /// Gives sources back the right to send what the router has taken.
    caf::reacts_to<block_taken>,
    /// The source has sent its last.
    caf::reacts_to<source_closed>,
    /// Asks the sources whether what is overdue has been sent, but not read.
    caf::reacts_to<deadline_due>,
    /// Once all have answered: gives up gaps that are overdue, decides about restarts.
    caf::reacts_to<caught_up>,
    /// Ends the current epoch, whatever is missing in it.
    caf::replies_to<begin_epoch>::with<epoch_begun>,
    /// Where the sequence is.
    caf::replies_to<status_wanted>::with<status>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Releases what can be released, answers, and ends.
    caf::replies_to<drain>::with<drained>>;

/// The only writer of the log of events. It takes what is in its mailbox, writes it by one commit,
/// and answers all.
using recorder_actor = caf::typed_actor<
    /// Records the events. At level `sync` the router gets them from here, once they are on disk.
    caf::reacts_to<ordered_events>,
    /// Records that a later start at 1 is a new stream.
    caf::reacts_to<stream_over>,
    /// Records how far a user has got.
    caf::reacts_to<acknowledged>,
    /// Tells a session where its user's inbox stands; creates an inbox if there is none.
    caf::reacts_to<open_inbox>,
    /// Records a part of a checkpoint.
    caf::reacts_to<graph_slice>,
    /// Records that it is complete; cuts the log where its bounds ask for it.
    caf::reacts_to<checkpoint_made>,
    /// Writes what was gathered.
    caf::reacts_to<commit_due>,
    /// Answers when everything so far is on disk, a new epoch for example.
    caf::replies_to<flush_log>::with<drained>,
    /// Copies the store.
    caf::replies_to<backup_wanted>::with<backup_made>,
    /// Forgets how far a user has got.
    caf::replies_to<delete_inbox>::with<inbox_deleted>,
    /// What the log holds.
    caf::replies_to<status_wanted>::with<status>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Writes the rest, answers, and ends. Goes on trying while the store fails.
    caf::replies_to<drain>::with<drained>,
    /// Tries it a last time.
    caf::reacts_to<drain_overdue>>;

/// Reads the log for users who have missed something.
using replayer_actor = caf::typed_actor<
    /// The sender gets what it has missed, then `at_head`.
    caf::reacts_to<replay_wanted>,
    /// The sender gets what is left up to there, then `done`.
    caf::reacts_to<replay_until>,
    /// The sender gets no more.
    caf::reacts_to<stop_replay>,
    /// Like `stop_replay`, from the supervisor for a session that failed.
    caf::reacts_to<session_lost>,
    /// The sessions are ready for another round.
    caf::reacts_to<round_done>,
    /// There is more to be read.
    caf::reacts_to<log_grew>,
    /// Reads on.
    caf::reacts_to<slice_due>,
    /// Tells sessions that hold a pass up that others wait.
    caf::reacts_to<hurry_due>,
    /// Ends.
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
    /// Who follows a user, or whom a user follows.
    caf::replies_to<api::list_follows>::with<answered>,
    /// Begins a checkpoint of the graph.
    caf::reacts_to<checkpoint_wanted>,
    /// Makes the next slice of the checkpoint.
    caf::reacts_to<slice_taken>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Sends what was gathered, answers when the sessions have it, and ends.
    caf::replies_to<drain>::with<drained>>;

/// An actor that holds an event feed (doors/event_feed): a connection of a user, through any door.
using feed_actor = caf::typed_actor<
    /// Writes the portion, or keeps what the connection does not take.
    caf::reacts_to<portion>,
    /// Ends: the user has a newer connection.
    caf::reacts_to<replaced>,
    /// Takes the next step of a durable session.
    caf::reacts_to<session_news>>;

/// One connection of a user, by lines: a `feed_actor`.
using session_actor = caf::typed_actor<
    /// Reads the first line, then acknowledgements, and watches for the end.
    caf::reacts_to<readable>,
    /// Writes what waits.
    caf::reacts_to<writable>,
    /// Writes the portion, or keeps what the connection does not take.
    caf::reacts_to<portion>,
    /// Ends if the client has not said who it is.
    caf::reacts_to<look_at_deadline>,
    /// Ends: the user has a newer connection.
    caf::reacts_to<replaced>,
    /// Looks whether a client that lags still makes progress.
    caf::reacts_to<progress_due>,
    /// Takes the next step of a durable session.
    caf::reacts_to<session_news>,
    /// Ends when all that waits is written.
    caf::reacts_to<drain>,
    /// Ends at once; what waits is lost.
    caf::reacts_to<drain_overdue>>;

}  // namespace skein
