/// Every message between actors. All are local to the process: they carry pointers and are handed
/// on, never serialised.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/base/traffic.hpp"
#include "calls/calls.hpp"
#include "core/events/round.hpp"
#include "core/events/sequence.hpp"
#include "io/flow.hpp"
#include "io/stream.hpp"
#include "store/changes.hpp"
#include "store/events/layout.hpp"

namespace skein {

class budget_share;         // byte_budget.hpp
struct understood_request;  // http_work.hpp, both
struct written_answer;

/// Tells the portions of one membership of a session from those of the one before.
using ticket_number = std::uint32_t;

/// An immutable block on its way, with the bytes it stands for in the flow.
template <class Block>
struct charged {
  Block block;
  mutable io::charge bytes;  ///< who holds it alone may let go of it
};

// --- connections ---

struct source_accepted {
  std::shared_ptr<io::stream> connection;
  bool is_socket = true;  ///< it tells of its readiness on the I/O thread
};
struct client_accepted {
  std::shared_ptr<io::stream> connection;
};
struct http_accepted {
  std::shared_ptr<io::stream> connection;
};
struct control_accepted {
  std::shared_ptr<io::stream> connection;
};
/// The connection can be read, or has ended.
struct readable {};
/// The connection can be written, or has ended.
struct writable {};

// --- from sources to sessions ---

struct source_opened {
  core::source_id source;
  core::source_kind kind = core::source_kind::connection;
};
struct source_closed {
  core::source_id source;
  core::source_end how = core::source_end::finished;
};
/// The source, which has just opened, wants to be told what becomes of its events.
struct receipts_wanted {
  core::source_id source;
};
/// It is told so: lines of core/events/source_receipts.
struct receipts_told {
  std::string lines;
  bool last;  ///< it has ended, and nothing of it is unsettled any more
};
/// The events of one read.
struct source_events {
  core::source_id source;
  std::shared_ptr<const charged<core::event_block>> events;
};
/// The receiver's next stage has taken one block: it may send another.
struct block_taken {};
/// Bytes in flight have fallen below the low mark.
struct flow_resumed {};
/// The sequencer wants to know when all that the source has sent by now has been read.
struct catch_up {};
/// It has.
struct caught_up {
  core::source_id source;
};
/// Events in order.
struct ordered_events {
  std::shared_ptr<const charged<core::ordered_block>> events;
};
/// A round on its way to the sessions; tells when the last of them has let go of it.
struct round_in_flight {
  std::shared_ptr<const core::round> round;
  core::epoch_number epoch;  ///< of all that is in it
  core::log_position upto;   ///< with it, a session has everything before this position
  io::charge bytes;
  std::function<void()> done;

  round_in_flight(std::shared_ptr<const core::round> r, core::epoch_number e, core::log_position u,
                  io::charge b, std::function<void()> d)
      : round(std::move(r)), epoch(e), upto(u), bytes(std::move(b)), done(std::move(d)) {}
  round_in_flight(const round_in_flight&) = delete;
  round_in_flight& operator=(const round_in_flight&) = delete;
  ~round_in_flight() { done(); }
};
/// The session's portion of a round: `round->groups()[group]`, or all its broadcasts.
struct portion {
  std::shared_ptr<const round_in_flight> of;
  std::uint32_t group;
  ticket_number ticket;  ///< of the join or replay that it comes from
};
/// Every session has written, or kept, its portion of a round.
struct round_done {
  std::uint32_t pass = 0;  ///< the replayer's
};

// --- life of a session ---

/// The sender is a session of `user` from now on. With a position: from there on, and is answered
/// by `session_news::joined`.
struct join {
  core::user_id user;
  ticket_number ticket = 0;
  std::optional<core::log_position> from;
};
/// The sender is one no longer.
struct leave {
  core::user_id user;
};
/// The sender, a durable session of `user`, asks for the place from which on it has to be told;
/// `beyond` of `epoch`, by default of the current one, sets it, if there is such a position. Is
/// answered by `session_news::opened`.
struct open_inbox {
  core::user_id user;
  std::optional<core::sequence_number> beyond;
  std::optional<core::epoch_number> epoch = std::nullopt;
};
/// The user has everything up to `number` of `epoch`.
struct acknowledged {
  core::user_id user;
  core::epoch_number epoch;
  core::sequence_number number;
};
/// The sender wants what `user` has missed: from `from` on, but nothing up to `number` of `epoch`.
struct replay_wanted {
  core::user_id user;
  ticket_number ticket;
  core::log_position from;
  core::epoch_number epoch;
  core::sequence_number number;
};
/// The sender, told that it is at the head, gets everything up to here by the replay.
struct replay_until {
  core::log_position position;
};
/// The sender wants no replay any more.
struct stop_replay {};
/// What a durable session learns from others.
struct session_news {
  enum class kind : std::uint8_t {
    opened,   ///< the inbox: the user has everything up to `number` of `epoch`; `text` says if not
              ///< as it was asked for
    missing,  ///< part of what is to be replayed cannot be; `text` says what
    at_head,  ///< everything up to `position` has been replayed
    joined,   ///< the router tells everything from `position` on
    done,     ///< the replay has come to the position that was asked for
    failed,   ///< it cannot go on; `text` says why
    hurry,    ///< others wait for the replay to end
  };
  kind what = kind::opened;
  ticket_number ticket = 0;
  core::log_position position = 0;
  core::epoch_number epoch = 0;
  core::sequence_number number = 0;
  std::string text;
};
/// A session has failed without leaving.
struct session_lost {
  caf::actor session;
};
/// Time to have said who one is.
struct handshake_overdue {};
/// The session's connection is closed because its user has a newer one.
struct replaced {};
/// Time to see whether a client that lags still makes progress.
struct progress_due {};

// --- the log of events ---

/// The daemon ends, and the stream has ended before: every source by itself, with nothing held
/// back.
struct stream_over {};
/// Time to write what was gathered.
struct commit_due {
  enum class why : std::uint8_t {
    interval,     ///< it has waited long enough
    mailbox_end,  ///< this stands behind what was in the mailbox
    retry,        ///< the store has failed
    age,          ///< events may have become too old
    reading,      ///< something could not be read
  };
  why what;
};
/// The log is on disk up to here.
struct log_durable {
  core::log_position end = 0;
  core::epoch_number epoch = 1;  ///< has begun there

  bool operator!=(const log_durable& o) const { return end != o.end || epoch != o.epoch; }
};
/// Time to see whether something is still waited for.
struct gap_due {};
/// The log can be read up to here.
struct log_grew {
  core::log_position end;
};
/// A checkpoint of the graph should be made.
struct checkpoint_wanted {
  store::generation_number generation;
};
/// A part of it. Is answered by `slice_taken`.
struct graph_slice {
  std::string key, value;
};
struct slice_taken {};
/// Time for the next slice.
struct slice_due {};
/// Time to see whether others wait for a replay to end.
struct hurry_due {};
/// All slices of it have been sent.
struct checkpoint_made {
  store::checkpoint what;
};
/// What was recorded goes to disk, and to the router. Is answered by `drained`.
struct flush_log {};

// --- topics ---

/// What was asked for by an api::topic_call or another call is answered so.
struct answered {
  api::answer what;
  std::shared_ptr<budget_share> share{};  ///< of the memory of all answers; null if it needs none
};
/// The waiter, who waits for messages of the topic or for their acknowledgement, waits no longer:
/// it is answered as things stand.
struct wait_abandoned {
  std::string topic;
  caf::actor_id waiter;
};
/// Time for what somebody waits for.
struct topic_due {
  core::wall_time at;
};
/// Time for what subscribers have still to lose.
struct surplus_due {};
/// Changes of the store, to be committed in the order in which they come. Is answered by
/// `changes_recorded`; or by an error, then `recorded_late` follows, sooner or later.
struct record_changes {
  std::shared_ptr<const store::changes> what;
  bool sync = false;     ///< they are on disk before the answer
  bool claimed = false;  ///< publishers have been told that they are taken
};
struct changes_recorded {};
struct recorded_late {};
/// The sender, a topic, has handled so many calls and has nothing to do.
struct topic_idle {
  std::string topic;
  std::uint64_t calls;
};
/// Time to see whether there was something to do.
struct idle_due {};
/// The topic ends. Is answered by `drained`.
struct end_topic {};
/// The options of the topic are these from now on.
struct topic_changed {
  core::topic_options options;
};
/// The topic is deleted: what is not committed is dropped. Is answered by `topic_discarded`.
struct discard_topic {};
struct topic_discarded {
  bool done;  ///< and the topic has ended; else it stays, for the store fails
};
/// The receiver's turn to do what takes long.
using turn_number = std::uint64_t;
struct turn_came {
  turn_number number;
};
/// A large request has been read, beside the I/O thread.
struct request_read {
  std::shared_ptr<understood_request> what;  ///< null if that failed
};
/// A large answer has been written, beside the I/O thread.
struct answer_written {
  std::shared_ptr<written_answer> what;  ///< null if that failed
};
/// The body of a request has been read as a source.
struct events_read {
  bool all;
  bool settled;  ///< and are durable, or refused for good
};

// --- the operator ---

struct status_wanted {};
/// Names and values, in their order.
struct status {
  std::vector<std::pair<std::string, std::uint64_t>> facts;
};
/// Begins a new epoch. Is answered by its number when it is on disk.
struct begin_epoch {};
struct epoch_begun {
  core::epoch_number epoch;
  core::sequence_number next;
};
/// A copy of the store goes to this directory, which does not exist.
struct backup_wanted {
  std::string directory;
};
struct backup_made {};
/// The user's cursor is deleted. Is answered when that is on disk.
struct delete_inbox {
  core::user_id user;
};
struct inbox_deleted {
  bool was_there;
};

// --- timers and statistics ---

/// The next thing that waits for time is due.
struct deadline_due {};
/// Time to write the gathered notifications.
struct flush_due {};
/// Time to report what was counted since the last report.
struct report_due {};
struct report {
  traffic counted;
};

// --- life of the daemon ---

/// Ends what the receiver does: read no more, pass on what there is, flush, then end or answer.
struct drain {};
struct drained {
  bool lost = false;    ///< something that was answered or told is not in the store
  bool failed = false;  ///< the store could not be written
};
struct drain_overdue {};

}  // namespace skein

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::source_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::client_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::readable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::writable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::source_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::source_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::source_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::receipts_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::receipts_told)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::log_durable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::gap_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::block_taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::flow_resumed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::catch_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::caught_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::ordered_events)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::portion)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::round_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::join)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::session_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::open_inbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::acknowledged)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::replay_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::replay_until)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::stop_replay)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::session_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::stream_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::commit_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::log_grew)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::checkpoint_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::graph_slice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::slice_taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::slice_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::hurry_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::checkpoint_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::flush_log)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::http_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::api::topic_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::api::list_topics)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::api::list_follows)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::wait_abandoned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::topic_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::surplus_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::record_changes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::changes_recorded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::recorded_late)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::topic_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::idle_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::end_topic)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::topic_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::discard_topic)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::topic_discarded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::turn_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::request_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::answer_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::events_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::status_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::begin_epoch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::epoch_begun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::backup_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::backup_made)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::delete_inbox)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::inbox_deleted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::control_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::handshake_overdue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::replaced)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::progress_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::deadline_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::flush_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::report_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::drain)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::drain_overdue)
