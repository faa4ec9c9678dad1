/// One subscriber's way through the messages of a topic.
///
/// It reads the streams with a cursor for each priority: what waits for it takes no room. A message
/// that it was given is in flight until it is acknowledged: leased, or waiting to be delivered
/// again, or ready for that, or a dead letter.
///
///                        acknowledge
///     unread ─▶ leased ───────────────▶ finished
///                │  ▲
///     nack, late │  │ lease            too often
///                ▼  │                 (max_deliveries)
///             waiting ─▶ ready        leased ─▶ dead ─▶ ready (replay), finished (purge)
///
/// Order. Messages come by priority, and in one priority in the order in which they were published;
/// one that is delivered again comes before those that were not. In an ordered topic a message is
/// not delivered while one before it, with its priority and key, is in flight since an earlier
/// delivery; others pass it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/keyed_table.hpp"
#include "core/topics/message.hpp"
#include "core/topics/progress.hpp"
#include "core/topics/receipts.hpp"
#include "core/topics/topic_log.hpp"
#include "core/topics/topic_options.hpp"

namespace skein::core {

/// Leases of a subscriber are counted: no two have one name, whatever became of the message.
struct lease_name {
  message_id id;
  std::uint64_t number = 0;
};

struct delivery {
  lease_name lease;
  std::uint32_t attempt = 1;
  wall_time deadline = no_time;
  message what;
};

/// Messages that a subscriber lost, or may lose.
struct losses {
  std::uint64_t dropped = 0;  ///< to make room, or due when there was no subscriber any more
  std::uint64_t expired = 0;  ///< before they could be delivered
  std::uint64_t dead = 0;     ///< delivered too often

  losses& operator+=(const losses& other) {
    dropped += other.dropped;
    expired += other.expired;
    dead += other.dead;
    return *this;
  }
};

/// What one call of `lease` or `fetch` gives at most. Of payloads, about: the last one may exceed
/// it.
inline constexpr std::size_t most_leased_bytes = 4u << 20;
inline constexpr std::size_t most_fetched_bytes = 16u << 20;
inline constexpr std::uint32_t most_fetched = 10'000;

inline constexpr std::chrono::milliseconds endless_fetch{30'000};

/// What became of an acknowledgement, or of what else concerns a lease.
enum class lease_outcome : std::uint8_t {
  done,
  over,     ///< the lease has ended: by its deadline, or by a later one
  unknown,  ///< there is none: acknowledged before, or never delivered to this subscriber
};

/// Nothing here depends on how many messages are unread. `log` and `options` live longer.
class subscription {
 public:
  /// So many messages are passed by at most, of an ordered topic.
  static constexpr std::size_t most_passed = 1000;

  /// Goes on from there.
  subscription(subscriber_id id, const topic_options& options, topic_log& log, progress so_far);

  /// Up to `most` messages, no more than a batch; of payloads up to `most_bytes`, about, or what is
  /// usual.
  std::vector<delivery> lease(std::uint32_t most, moment now,
                              std::size_t most_bytes = most_leased_bytes);

  /// All that is there: as if it were one batch. These leases end after `endless_fetch` if others
  /// never do: who has fetched need not be able to acknowledge.
  std::vector<delivery> fetch(moment now, std::size_t most_bytes = most_fetched_bytes);

  /// What was fetched has arrived, though its lease may be over. Returns whether it has not been
  /// leased again since.
  bool finish_fetched(lease_name lease);

  lease_outcome acknowledge(lease_name lease);

  /// It is delivered again after `delay`, or after what the topic's options say.
  lease_outcome nack(lease_name lease, std::optional<wall_time> delay, wall_time now);

  /// As if it had not been leased: it is delivered next, and that was no attempt.
  lease_outcome give_back(lease_name lease);

  /// The lease ends `time` from now.
  lease_outcome extend(lease_name lease, wall_time time, wall_time now);

  /// Ends leases and waits that are due.
  void do_due(wall_time now);
  wall_time next_deadline() const { return due_.empty() ? no_time : due_.begin()->first; }

  /// A message was replaced. If the one before was delivered, acknowledged or not, this one was not
  /// yet.
  void renew(message_id id, const std::string& key);

  /// A message is to be delivered to nobody any more.
  /// \pre it is withdrawn from the log
  void forget(message_id id);

  /// A message has expired. Who has it, or keeps it as a dead letter, goes on so until it comes
  /// back to be delivered again. Returns whether this subscriber loses it now. \pre it is withdrawn
  /// from the log
  bool let_expire(message_id id);

  /// So many messages go, the oldest of the lowest priority first: of those that were not delivered
  /// yet, but for one, and if there are no others, of those in flight. What is left is the same
  /// whether they go one by one as others come, or all at the end.
  /// \pre as many are pending
  void drop_oldest(std::uint64_t messages);

  std::vector<message_id> dead() const;
  bool replay(message_id dead);
  bool purge(message_id dead);

  std::uint64_t pending() const { return undelivered() + so_far_.flights.size(); }

  /// So many are pending, and not in flight.
  std::uint64_t undelivered() const;

  /// So many were read, and are not finished.
  std::uint64_t held() const { return so_far_.flights.size() + passed_.size(); }

  /// So many of these are to be delivered now.
  std::uint64_t ready() const;

  /// All that are pending.
  std::vector<message_id> unfinished() const;

  bool has_finished(message_id id) const {
    const progress::stream& s = so_far_.streams[id.priority];
    return s.finished.contains(id.at) ||
           (id.at >= s.cursor && log_.withdrawn(id.priority).contains(id.at));
  }

  const progress& so_far() const { return so_far_; }

  struct finished {
    message_id first;
    std::uint64_t messages = 1;  ///< in places one behind the other
    std::optional<fate> what;    ///< nothing for what was withdrawn before
  };

  /// Since the last call.
  std::vector<finished> take_finished() { return std::exchange(just_finished_, {}); }

  /// Since the last call.
  losses take_losses() { return std::exchange(losses_, {}); }

 private:
  void restore(message_id id);
  std::vector<delivery> take(std::uint32_t most, std::size_t most_bytes, moment now);
  std::optional<delivery> next(moment now);
  std::optional<delivery> next_of(priority_level priority, moment now);
  std::optional<delivery> deliver(message_id id, message&& m, wall_time now);
  bool pass_withdrawn(priority_level priority);
  bool is_held(message_id id, const std::string& key) const;
  bool is_gone(message_id id, const std::optional<message>& m, moment now);
  flight* leased(lease_name lease, lease_outcome& outcome);
  void touch(message_id id);
  void set_deadline(message_id id, flight& f, wall_time deadline);
  void set_ready(message_id id, flight& f);
  void fail(message_id id, flight& f, std::optional<wall_time> delay, wall_time then);
  bool finish_if_withdrawn(message_id id);
  const std::string& key_of(message_id id) const;
  void hold_others(message_id id, const std::string& key);
  void let_others_go(message_id id);
  void remove_flight(message_id id);
  void finish(message_id id, std::optional<fate> what);
  std::uint64_t drop_undelivered(std::uint64_t most);

  subscriber_id id_;
  const topic_options& options_;
  topic_log& log_;
  progress so_far_;
  std::vector<std::uint64_t> withdrawn_;  ///< of what is unread, so many are; by priority
  std::set<message_id> ready_;
  std::set<std::pair<wall_time, message_id>> due_;
  std::map<message_id, std::string> passed_;   ///< read, but not delivered; with their keys
  std::map<message_id, std::string> holding_;  ///< in flight, of an ordered topic; with their keys
  keyed_map<std::string, std::set<message_id>> by_key_;  ///< the same, but for the dead
  std::vector<finished> just_finished_;
  losses losses_;
};

}  // namespace skein::core
