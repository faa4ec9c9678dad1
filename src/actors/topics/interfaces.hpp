/// Every actor of topics by its messages:
///
///     a door ──▶ topics ──▶ topic ──▶ topic_recorder
#pragma once

#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/base/handling.hpp"
#include "actors/topics/messages.hpp"

namespace skein {

/// Which topics there are. Finds, makes and deletes them, and lets those leave memory that nobody
/// asks for anything.
using topics_actor = caf::typed_actor<
    /// Passes the call on to its topic, who answers.
    caf::replies_to<api::topic_call>::with<answered>,
    /// The names of topics.
    caf::replies_to<api::list_topics>::with<answered>,
    /// Passes it on.
    caf::reacts_to<wait_abandoned>,
    /// Ends the topic, unless more calls are on their way to it.
    caf::reacts_to<topic_idle>,
    /// What a creation or deletion has changed is on disk, though not at the first try.
    caf::reacts_to<recorded_late>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Ends all topics, answers, and ends.
    caf::replies_to<drain>::with<drained>>;

/// One topic with its subscribers.
using topic_actor = caf::typed_actor<
    /// Does what is asked; a durable topic answers when it is committed.
    caf::replies_to<api::topic_call>::with<answered>,
    /// Answers the one who waited.
    caf::reacts_to<wait_abandoned>,
    /// Has committed what has changed.
    caf::reacts_to<commit_due>,
    /// The store can be written again.
    caf::reacts_to<recorded_late>,
    /// Does what is due: redelivers, answers those who have waited long enough.
    caf::reacts_to<topic_due>,
    /// Lets some subscribers lose what they have too much of.
    caf::reacts_to<surplus_due>,
    /// Removes subscribers who are idle; offers to leave memory.
    caf::reacts_to<idle_due>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Treats its messages otherwise from now on.
    caf::reacts_to<topic_changed>,
    /// Ends at once.
    caf::replies_to<discard_topic>::with<topic_discarded>,
    /// Answers all who wait, has everything committed, answers, and ends.
    caf::replies_to<end_topic>::with<drained>>;

/// The only writer of topics. It takes what is in its mailbox, writes it by one commit, and answers
/// all.
using topic_recorder_actor = caf::typed_actor<
    /// Commits the changes.
    caf::replies_to<record_changes>::with<changes_recorded>,
    /// Copies the store, if nobody records events.
    caf::replies_to<backup_wanted>::with<backup_made>,
    /// Whether topics can be written.
    caf::replies_to<status_wanted>::with<status>,
    /// Writes what was gathered, or tries it again.
    caf::reacts_to<commit_due>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Writes the rest, answers, and ends. Goes on trying while the store fails.
    caf::replies_to<drain>::with<drained>,
    /// Tries it a last time.
    caf::reacts_to<drain_overdue>>;

}  // namespace skein
