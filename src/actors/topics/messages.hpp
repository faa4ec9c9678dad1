/// What the actors of topics tell each other.
#pragma once

#include <caf/actor.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "actors/base/messages.hpp"
#include "calls/calls.hpp"
#include "core/time.hpp"
#include "core/topics/topic_options.hpp"
#include "store/changes.hpp"

namespace skein {

/// The waiter, who waits with this ticket for messages of the topic or for their acknowledgement,
/// waits no longer: it is answered as things stand. Its other waits go on.
SKEIN_MESSAGE(wait_abandoned) {
  std::string topic;
  caf::actor_id waiter;
  api::wait_ticket ticket;
};
/// Time for what somebody waits for.
SKEIN_MESSAGE(topic_due) {
  core::wall_time at;
};
/// Time for what subscribers have still to lose.
SKEIN_MESSAGE(surplus_due){};
/// Changes of the store, to be committed in the order in which they come. Is answered by
/// `changes_recorded`; or by an error, then `recorded_late` follows, sooner or later.
SKEIN_MESSAGE(record_changes) {
  std::shared_ptr<const store::changes> what;
  bool sync = false;     ///< they are on disk before the answer
  bool claimed = false;  ///< publishers have been told that they are taken
};
SKEIN_MESSAGE(changes_recorded){};
SKEIN_MESSAGE(recorded_late){};
/// The sender, a topic, has handled so many calls and has nothing to do.
SKEIN_MESSAGE(topic_idle) {
  std::string topic;
  std::uint64_t calls;
};
/// Time to see whether there was something to do.
SKEIN_MESSAGE(idle_due){};
/// The topic ends. Is answered by `drained`.
SKEIN_MESSAGE(end_topic){};
/// The options of the topic are these from now on.
SKEIN_MESSAGE(topic_changed) {
  core::topic_options options;
};
/// The topic is deleted: what is not committed is dropped. Is answered by `topic_discarded`.
SKEIN_MESSAGE(discard_topic){};
SKEIN_MESSAGE(topic_discarded) {
  bool done;  ///< and the topic has ended; else it stays, for the store fails
};

}  // namespace skein

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::api::topic_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skein::api::list_topics)
