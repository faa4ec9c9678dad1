/// What can be asked of topics, users and the daemon, and what is answered: values, whatever the
/// door.
///
/// Names of topics and subscribers: 1..255 bytes of UTF-8, tokens with a dot between, no token
/// empty, no blank, no control character (Cc).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/events/event.hpp"
#include "core/topics/message.hpp"
#include "core/topics/subscription.hpp"
#include "core/topics/topic_log.hpp"
#include "core/topics/topic_options.hpp"
#include "core/topics/topic_queue.hpp"

namespace skein::api {

using std::chrono::milliseconds;

inline constexpr std::size_t longest_name = 255;  ///< bytes

bool is_name(std::string_view text);

/// Names that there are since before control characters were refused may be looked at and removed.
bool is_old_name(std::string_view text);

// --- what is asked of a topic ---

/// Names a wait among those of one asker at one topic, so that it can be ended before its time. The
/// asker chooses it.
using wait_ticket = std::uint64_t;

/// When a publish is answered.
enum class wait_for : std::uint8_t {
  accepted,   ///< at once; it is written within `topic.commit-interval`, and not synced
  durable,    ///< when it is on disk, if the topic is durable
  delivered,  ///< when every subscriber has acknowledged it
};

struct new_message {
  core::priority_level priority = 0;
  std::string key;
  std::shared_ptr<const std::string> payload;
  core::wall_time deliver_at = 0;  ///< not before
  milliseconds delay{0};           ///< likewise, from now; the later of both counts
  core::wall_time expires = core::no_time;
  std::optional<milliseconds> ttl;  ///< likewise, from now; the earlier of both counts
};

struct publish {
  std::vector<new_message> messages;  ///< one or more
  wait_for wait = wait_for::durable;
  milliseconds timeout{30'000};  ///< of `delivered`
  wait_ticket ticket = 0;        ///< likewise
};

/// Creates the subscriber, and the topic if there is none.
struct subscribe {
  std::string subscriber;  ///< empty: one that is new, and named by a UUID
  /// The subscriber is removed when nothing was asked for it for this time; 0: never. If not said:
  /// never, or unchanged if the subscriber exists.
  std::optional<milliseconds> idle_expiry{};
};

struct unsubscribe {
  std::string subscriber;
};

struct change_subscriber {
  std::string subscriber;
  std::optional<milliseconds> idle_expiry;  ///< not said: as it is
};

struct lease {
  std::string subscriber;
  std::uint32_t most = 0;  ///< 0: what the topic's batch says
  milliseconds wait{0};    ///< for the first message, if there is none
  wait_ticket ticket = 0;  ///< of the wait
};

/// Everything that is there. It is leased until `handed_over` says what became of it.
struct fetch {
  std::string subscriber;
};

/// What became of the answer to `fetch`, or to `lease`. Nobody waits for this to be stored.
struct handed_over {
  std::string subscriber;
  std::vector<core::lease_name> leases;
  bool arrived = true;  ///< they are acknowledged; else it is as if they had not been leased
};

struct settle {
  enum class action : std::uint8_t { ack, nack, extend };

  std::string subscriber;
  action what = action::ack;
  std::vector<core::lease_name> leases;  ///< one or more
  std::optional<milliseconds> time;  ///< of `nack`: the delay; of `extend`: until it ends, from now
};

struct list_dead {
  std::string subscriber;
  std::optional<std::uint64_t> after;  ///< id of a message; those behind it
  std::uint32_t most = 100;
};

struct settle_dead {
  enum class action : std::uint8_t { replay, purge };

  std::string subscriber;
  action what = action::replay;
  std::vector<std::uint64_t> ids;  ///< of messages; empty: all
};

struct list_delayed {
  std::optional<core::delayed_id> after;  ///< those behind it
  std::uint32_t most = 100;
};

/// Messages that are not due yet are not to come.
struct cancel_delayed {
  std::vector<core::delayed_id> ids;  ///< one or more
};

struct list_subscribers {
  std::string after;  ///< names behind it
  std::uint32_t most = 100;
};

struct describe_subscriber {
  std::string subscriber;
};

struct describe_topic {};

struct create_topic {
  core::topic_options options;  ///< of one that is not there
  core::option_names said{};    ///< of one that is there these are to be the same
};

struct change_topic {
  core::topic_options options;
  core::option_names said;  ///< these change
};

struct delete_topic {};

struct topic_call {
  std::string topic;
  std::variant<publish, subscribe, unsubscribe, change_subscriber, lease, fetch, handed_over,
               settle, list_dead, settle_dead, list_delayed, cancel_delayed, list_subscribers,
               describe_subscriber, describe_topic, create_topic, change_topic, delete_topic>
      what;
};

/// Whether it asks for nothing but to be given something.
inline bool only_reads(const topic_call& call) {
  return std::holds_alternative<lease>(call.what) || std::holds_alternative<fetch>(call.what) ||
         std::holds_alternative<list_dead>(call.what) ||
         std::holds_alternative<list_delayed>(call.what) ||
         std::holds_alternative<list_subscribers>(call.what);
}

// --- what is asked of others ---

struct list_topics {
  std::string after;  ///< names behind it
  std::uint32_t most = 100;
};

/// Lines as sources send them; each such call is a source that connects, sends, and ends.
struct publish_events {
  std::string lines;
};

struct list_follows {
  enum class direction : std::uint8_t { followers, followees };

  core::user_id user = 0;
  direction which = direction::followers;
  std::string after;  ///< what the answer before said; empty: from the first
  std::uint32_t most = 100;
};

struct describe_epoch {};
struct new_epoch {};
struct statistics {};

using call = std::variant<topic_call, list_topics, publish_events, list_follows, describe_epoch,
                          new_epoch, statistics>;

// --- answers ---

struct published {
  /// Subscribers, at `wait_for::delivered`.
  struct reached {
    std::uint32_t acknowledged = 0;
    std::uint32_t waiting = 0;  ///< may still acknowledge
    std::uint32_t missed = 0;   ///< never will
  };
  struct result {
    core::publish_outcome what = core::publish_outcome::published;
    std::uint64_t id = 0;  ///< core::number_of; 0 if it has none, or one that may not last
    std::optional<published::reached> reached{};
    std::optional<core::delayed_id> delayed{};  ///< the same as `id` of a message that is delayed
  };
  struct miss {
    std::size_t message = 0;  ///< index
    std::string subscriber;
    core::fate what = core::fate::expired;
  };
  std::vector<result> messages;   ///< in the order in which they were asked for
  std::vector<miss> missed_by{};  ///< core::receipt_book::most_named at most
  std::string full_subscriber{};  ///< for which one was refused; empty: none was for one
};

struct subscribed {
  std::string subscriber;
  bool is_new = true;
};

struct leased {
  std::vector<core::delivery> messages;
};

struct settled {
  std::vector<core::lease_outcome> outcomes;  ///< in the order in which they were asked for
};

struct dead_letter {
  std::uint64_t id = 0;
  core::priority_level priority = 0;
  std::uint32_t attempts = 0;
  core::message what;
};

struct dead_letters {
  std::vector<dead_letter> messages;
  bool more = false;
};

struct dead_settled {
  std::uint64_t messages = 0;          ///< so many were replayed or purged
  std::vector<std::uint64_t> unknown;  ///< no dead letters of this subscriber
};

struct delayed_messages {
  std::vector<core::delayed_entry> messages;
  bool more = false;
};

struct cancelled {
  std::uint64_t messages = 0;             ///< so many were
  std::vector<core::delayed_id> unknown;  ///< they are not delayed, or not any more
};

struct subscriber_description {
  std::string name;
  milliseconds idle_expiry{0};
  std::uint64_t pending = 0;  ///< all of the following
  std::uint64_t unread = 0;   ///< not delivered yet; with those an ordered topic holds back
  std::uint64_t leased = 0;
  std::uint64_t waiting = 0;  ///< to be delivered again
  std::uint64_t dead = 0;
};

struct subscriber_list {
  std::vector<subscriber_description> subscribers;
  bool more = false;
};

struct topic_description {
  std::string name;
  core::topic_options options;
  std::uint64_t messages = 0;  ///< from the oldest that is kept, on
  std::uint64_t delayed = 0;
  std::uint64_t subscribers = 0;
};

struct topic_list {
  struct entry {
    std::string name;
    core::topic_options options;
  };
  std::vector<entry> topics;
  bool more = false;
};

struct created {
  bool is_new = true;  ///< else it was there with these options
  core::topic_options options;
};

/// It was unsubscribed, or deleted.
struct removed {};

struct epoch_description {
  core::epoch_number epoch = 1;
  core::sequence_number next = 1;
  /// Everything below is on disk, or was given up; nothing if nothing is stored.
  std::optional<core::sequence_number> durable_next;
};

struct events_published {
  struct wrong {
    std::uint64_t line = 0;  ///< from 1
    std::string reason;
  };
  std::uint64_t events = 0;
  std::uint64_t malformed = 0;
  std::vector<wrong> first;  ///< of the malformed, 10 at most
  bool durable = false;      ///< all of them are on disk, or were refused for good
  epoch_description at;      ///< where the sequence is now
};

struct follow_list {
  std::vector<core::user_id> users;
  std::string next;  ///< for `after`; empty: that was all
};

struct statistics_list {
  std::vector<std::pair<std::string, std::uint64_t>> values;  ///< in their order
};

/// It was refused, and nothing has changed but where the text says so.
struct refused {
  enum class reason : std::uint8_t {
    no_such_topic,
    no_such_subscriber,
    no_subscribers,  ///< nobody to publish to
    overflow,
    too_many_delayed,
    no_such_priority,
    no_room,             ///< there is as much of it as there may be
    exists_differently,  ///< the topic or subscriber, with other options
    not_stored,          ///< the store cannot be written at present
    not_readable,        ///< the store cannot be read at present
    nothing_stored,      ///< durable things are not to be had here
    not_delivered,       ///< in time; the message stays
    delivery_failed,     ///< it is published, but not all have acknowledged it, nor will they
    stale_cursor,        ///< `after` has lost its meaning: list from the beginning
    too_many_answers,    ///< are read, written, or not taken by their clients
    ending,              ///< the daemon is
    failed,              ///< a part of the daemon has; see its log
  };
  reason why = reason::failed;
  std::string detail;                  ///< for people; may be empty
  published so_far;                    ///< of `not_delivered`, `delivery_failed`
  std::vector<std::string> waits_for;  ///< of `not_delivered`: subscribers
  core::option_names differs;          ///< of `exists_differently`
};

using answer = std::variant<published, subscribed, leased, settled, dead_letters, dead_settled,
                            delayed_messages, cancelled, subscriber_description, subscriber_list,
                            topic_description, topic_list, created, removed, events_published,
                            follow_list, epoch_description, statistics_list, refused>;

}  // namespace skein::api
