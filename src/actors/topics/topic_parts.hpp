/// How a topic does what is asked, in four parts: commits, deliveries, leases, calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/topics/refusal.hpp"
#include "actors/topics/topic.hpp"

namespace skein::topic_parts {

using pointer = reading_actor<topic_actor, topic_state>*;
using result = caf::result<answered>;
using reason = api::refused::reason;
using core::counter;

/// Of which `time_of` is the measured time.
core::moment moment_of(pointer self);
core::wall_time time_of(pointer self);

/// What a topic keeps in memory, about, as far as who asks it decides.
std::size_t memory_of(const topic_state& state);

/// Of one message that a subscriber has read and not finished.
std::size_t held_bytes(const topic_state& state);

/// Whether all topics together may keep so much more.
bool has_room(topic_state& state, std::size_t bytes);

/// As it is told: by the clock as it is set now.
void tell_times(core::message& m, core::moment now);
std::vector<core::delivery> told(std::vector<core::delivery> all, core::moment now);
void send_report(pointer self);
void cannot_read(pointer self, const store::error& e);

// --- commits: topic_commits.cpp ---

/// Lets what has changed be committed behind what is in the mailbox; or soon, if nobody waits for
/// it.
void arm_end(pointer self);
void arm_interval(pointer self);

/// Hands what has changed to the recorder, unless it still has what was changed before.
void commit(pointer self);

/// The recorder has written it, though not at the first try perhaps.
void on_committed(pointer self);

/// Done, and answered when that, and all before it, is committed.
/// \param promises  that it is stored: refused if it cannot be
result committed(pointer self, api::answer what, bool sync, bool promises = true,
                 std::shared_ptr<budget_share> share = nullptr);

/// The same for one who has waited.
void answer_committed(pointer self, topic_state::uncommitted what);

/// The recorder answers no more.
void lose_recorder(pointer self);

/// Ends a topic whose store fails: what it has changed is left to the recorder's last try.
void end_failing(pointer self);

/// Answers who has asked for the end, and quits.
void end(pointer self);

// --- deliveries: topic_deliveries.cpp ---

/// A publish will wait for acknowledgements; the messages of the receipt are published next.
core::receipt_number begin_to_wait(pointer self, topic_state::undelivered what);

/// Its messages are stored, or never will be: now it waits.
void is_published(pointer self, core::receipt_number number);

/// Answers publishes of whose messages nothing is expected any more.
void answer_acknowledged(pointer self);

/// Who missed what, while it is known how they are called.
void note_missed(pointer self);

/// Answers with what is known, at once or when it is stored, and when nobody has still to lose what
/// they lost before.
void give_up(pointer self, core::receipt_number number);

/// Those of which that is so by now.
void answer_given_up(pointer self);

/// \param why  is answered, unless that is done elsewhere
void stop_waiting(pointer self, core::receipt_number number, const std::optional<answered>& why);

/// Lets subscribers lose what they have too much of behind what is in the mailbox; not while the
/// recorder has changes, since it would be more of them.
void arm_surplus(pointer self);
void drop_surplus(pointer self);

// --- leases: topic_leases.cpp ---

/// Nothing if there is none, or it has been idle for too long.
std::optional<core::subscriber_id> find(pointer self, const std::string& name);
answered no_subscriber(const std::string& name);

/// It asks for something, or has waited until now.
void see(pointer self, core::subscriber_id id);

/// Removes subscribers who have been idle for too long. Returns whether there were any.
bool expire_idle(pointer self);
void remove(pointer self, core::subscriber_id id);

/// How many of `most` messages it may take: a few in any case, more as long as there is room.
std::uint32_t may_take(topic_state& state, core::subscriber_id id, std::uint32_t most);

/// Leased, within the room that there is for answers.
struct taken {
  std::vector<core::delivery> messages;
  std::shared_ptr<budget_share> share;
  bool has_room = true;  ///< if not, there is something, but nothing was taken
};
taken take(pointer self, core::subscriber_id id, std::uint32_t most);
taken take_all(pointer self, core::subscriber_id id);

/// Gives those who wait what is there for them.
void serve(pointer self, core::subscriber_id id);
void serve_all(pointer self);

/// Of the queue; `no_time` if that cannot be read.
core::wall_time next_deadline(pointer self);

/// Lets `topic_due` come when somebody waits for something that is due then.
void arm_deadline(pointer self);

// --- calls: topic_calls.cpp ---

/// Throws store::error if the store cannot be read.
result handle(pointer self, api::topic_call& call);

}  // namespace skein::topic_parts
