/// What the actors of events tell each other.
#pragma once

#include <caf/actor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "actors/base/messages.hpp"
#include "calls/calls.hpp"
#include "core/events/round.hpp"
#include "core/events/sequence.hpp"
#include "io/flow.hpp"
#include "store/events/layout.hpp"

namespace skein {

using core::ticket_number;

/// An immutable block on its way, with the bytes it stands for in the flow.
template <class Block>
struct charged {
  Block block;
  mutable io::charge bytes;  ///< an actor that holds it alone may release it
};

SKEIN_MESSAGE(source_opened) {
  core::source_id source;
  core::source_kind kind = core::source_kind::connection;
};
SKEIN_MESSAGE(source_closed) {
  core::source_id source;
  core::source_end how = core::source_end::finished;
};
/// The source, which has just opened, wants to be told what becomes of its events.
SKEIN_MESSAGE(receipts_wanted) {
  core::source_id source;
};
/// It is told so: lines of core/events/source_receipts.
SKEIN_MESSAGE(receipts_told) {
  std::string lines;
  bool last;  ///< it has ended, and nothing of it is unsettled any more
};
/// The events of one read.
SKEIN_MESSAGE(source_events) {
  core::source_id source;
  std::shared_ptr<const charged<core::event_block>> events;
};
/// The receiver's next stage has taken one block: it may send another.
SKEIN_MESSAGE(block_taken){};
/// Bytes in flight have fallen below the low mark.
SKEIN_MESSAGE(flow_resumed){};
/// The sequencer wants to know when all that the source has sent by now has been read.
SKEIN_MESSAGE(catch_up){};
/// It has.
SKEIN_MESSAGE(caught_up) {
  core::source_id source;
};
/// Events in order.
SKEIN_MESSAGE(ordered_events) {
  std::shared_ptr<const charged<core::ordered_block>> events;
};
/// A round on its way to the sessions; tells when the last of them has released it.
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
SKEIN_MESSAGE(portion) {
  std::shared_ptr<const round_in_flight> of;
  std::uint32_t group;
  ticket_number ticket;  ///< of the join or replay that it comes from
};
/// Every session has written, or kept, its portion of a round.
SKEIN_MESSAGE(round_done) {
  std::uint32_t pass = 0;  ///< the replayer's
};
/// The sender is a session of `user` from now on. With a position: from there on, and is answered
/// by `session_news::joined`.
SKEIN_MESSAGE(join) {
  core::user_id user;
  ticket_number ticket = 0;
  std::optional<core::log_position> from;
};
/// The sender is one no longer.
SKEIN_MESSAGE(leave) {
  core::user_id user;
};
/// The sender, a durable session of `user`, asks for the place from which on it has to be told;
/// `beyond` of `epoch`, by default of the current one, sets it, if there is such a position. Is
/// answered by `session_news::opened`.
SKEIN_MESSAGE(open_inbox) {
  core::user_id user;
  std::optional<core::sequence_number> beyond;
  std::optional<core::epoch_number> epoch = std::nullopt;
};
/// The user has everything up to `number` of `epoch`.
SKEIN_MESSAGE(acknowledged) {
  core::user_id user;
  core::epoch_number epoch;
  core::sequence_number number;
};
/// The sender wants what `user` has missed: from `from` on, but nothing up to `number` of `epoch`.
SKEIN_MESSAGE(replay_wanted) {
  core::user_id user;
  ticket_number ticket;
  core::log_position from;
  core::epoch_number epoch;
  core::sequence_number number;
};
/// The sender, told that it is at the head, gets everything up to here by the replay.
SKEIN_MESSAGE(replay_until) {
  core::log_position position;
};
/// The sender wants no replay any more.
SKEIN_MESSAGE(stop_replay){};
/// What a durable session learns from others.
SKEIN_MESSAGE(session_news) {
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
SKEIN_MESSAGE(session_lost) {
  caf::actor session;
};
/// The session's connection is closed because its user has a newer one.
SKEIN_MESSAGE(replaced){};
/// The daemon ends, and the stream has ended before: every source by itself, with nothing held
/// back.
SKEIN_MESSAGE(stream_over){};
/// The log is on disk up to here.
SKEIN_MESSAGE(log_durable) {
  core::log_position end = 0;
  core::epoch_number epoch = 1;  ///< has begun there

  bool operator!=(const log_durable& o) const {
    return end != o.end || epoch != o.epoch;
  }
};
/// Time to see whether something is still waited for.
SKEIN_MESSAGE(gap_due){};
/// The log can be read up to here.
SKEIN_MESSAGE(log_grew) {
  core::log_position end;
};
/// A checkpoint of the graph should be made.
SKEIN_MESSAGE(checkpoint_wanted) {
  store::generation_number generation;
};
/// A part of it. Is answered by `slice_taken`.
SKEIN_MESSAGE(graph_slice) {
  std::string key, value;
};
SKEIN_MESSAGE(slice_taken){};
/// Time for the next slice.
SKEIN_MESSAGE(slice_due){};
/// Time to see whether others wait for a replay to end.
SKEIN_MESSAGE(hurry_due){};
/// All slices of it have been sent.
SKEIN_MESSAGE(checkpoint_made) {
  store::checkpoint what;
};
/// What was recorded goes to disk, and to the router. Is answered by `drained`.
SKEIN_MESSAGE(flush_log){};
/// Begins a new epoch. Is answered by its number when it is on disk.
SKEIN_MESSAGE(begin_epoch){};
SKEIN_MESSAGE(epoch_begun) {
  core::epoch_number epoch;
  core::sequence_number next;
};
/// The user's cursor is deleted. Is answered when that is on disk.
SKEIN_MESSAGE(delete_inbox) {
  core::user_id user;
};
SKEIN_MESSAGE(inbox_deleted) {
  bool was_there;
};
/// The next thing that waits for time is due.
SKEIN_MESSAGE(deadline_due){};
/// Time to write the gathered notifications.
SKEIN_MESSAGE(flush_due){};

}  // namespace skein

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::api::list_follows)
