/// Every message between actors. All are local to the process: they carry pointers and are handed
/// on, never serialised.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "actors/traffic.hpp"
#include "core/round.hpp"
#include "core/sequence.hpp"
#include "io/flow.hpp"
#include "io/stream.hpp"

namespace skein {

/// An immutable block on its way, with the bytes it stands for in the flow.
template <class Block>
struct charged {
  Block block;
  mutable io::charge bytes;  ///< who holds it alone may let go of it
};

// --- connections ---

struct source_accepted {
  std::shared_ptr<io::stream> connection;
};
struct client_accepted {
  std::shared_ptr<io::stream> connection;
};
/// The connection can be read, or has ended.
struct readable {};
/// The connection can be written, or has ended.
struct writable {};

// --- from sources to sessions ---

struct source_opened {
  core::source_id source;
};
struct source_closed {
  core::source_id source;
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
  io::charge bytes;
  std::function<void()> done;

  round_in_flight(std::shared_ptr<const core::round> r, io::charge b, std::function<void()> d)
      : round(std::move(r)), bytes(std::move(b)), done(std::move(d)) {}
  round_in_flight(const round_in_flight&) = delete;
  round_in_flight& operator=(const round_in_flight&) = delete;
  ~round_in_flight() { done(); }
};
/// The session's portion of a round: `round->groups()[group]`, or all its broadcasts.
struct portion {
  std::shared_ptr<const round_in_flight> of;
  std::uint32_t group;
};
/// Every session has written, or kept, its portion of a round.
struct round_done {};

// --- life of a session ---

/// The sender is a session of `user` from now on.
struct join {
  core::user_id user;
};
/// The sender is one no longer.
struct leave {
  core::user_id user;
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
struct drained {};
struct drain_overdue {};

}  // namespace skein

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::source_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::client_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::readable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::writable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::source_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::source_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::source_events)
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
