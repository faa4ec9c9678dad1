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

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/message.hpp"
#include "core/progress.hpp"
#include "core/topic_log.hpp"
#include "core/topic_options.hpp"

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

/// Of payloads in one call of `lease`, about: the last one may exceed it.
inline constexpr std::size_t most_leased_bytes = 4u << 20;

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

  /// Goes on from there. What was read, but is neither finished nor in flight, is delivered next.
  subscription(subscriber_id id, const topic_options& options, topic_log& log, progress so_far);

  /// Up to `most` messages, no more than a batch, and no more after `most_leased_bytes`.
  std::vector<delivery> lease(std::uint32_t most, wall_time now);

  lease_outcome acknowledge(lease_name lease);

  /// It is delivered again after `delay`, or after what the topic's options say.
  lease_outcome nack(lease_name lease, std::optional<wall_time> delay, wall_time now);

  /// The lease ends `time` from now.
  lease_outcome extend(lease_name lease, wall_time time, wall_time now);

  /// Ends leases and waits that are due.
  void do_due(wall_time now);
  wall_time next_deadline() const { return due_.empty() ? no_time : due_.begin()->first; }

  /// A message was replaced. If this one was delivered, acknowledged or not, it is delivered anew.
  void renew(message_id id, const std::string& key);

  /// A message is to be delivered to nobody any more.
  void forget(message_id id);

  /// The message of the lowest priority that is unread longest.
  /// \pre there is one
  void drop_oldest();

  std::vector<message_id> dead() const;
  bool replay(message_id dead);
  bool purge(message_id dead);

  std::uint64_t unread() const;
  std::uint64_t pending() const { return unread() + so_far_.flights.size() + passed_.size(); }

  bool has_finished(message_id id) const {
    return so_far_.streams[id.priority].finished.contains(id.at);
  }

  /// Whether something may be there to be leased.
  bool is_ready() const { return !ready_.empty() || !passed_.empty() || unread() != 0; }

  const progress& so_far() const { return so_far_; }

  /// Those finished since the last call.
  std::vector<message_id> take_finished() { return std::exchange(just_finished_, {}); }

  std::uint64_t expired() const { return expired_; }  ///< before they could be delivered

 private:
  std::optional<delivery> next(wall_time now);
  std::optional<delivery> next_of(priority_level priority, wall_time now);
  std::optional<delivery> deliver(message_id id, message&& m, wall_time now);
  bool is_held(message_id id, const std::string& key) const;
  bool is_gone(message_id id, const std::optional<message>& m, wall_time now);
  flight* leased(lease_name lease, lease_outcome& outcome);
  void touch(message_id id);
  void set_deadline(message_id id, flight& f, wall_time deadline);
  void set_ready(message_id id, flight& f);
  void fail(message_id id, flight& f, std::optional<wall_time> delay, wall_time now);
  const std::string& key_of(message_id id) const;
  void hold_others(message_id id, const std::string& key);
  void let_others_go(message_id id);
  void remove_flight(message_id id);
  void finish(message_id id);

  subscriber_id id_;
  const topic_options& options_;
  topic_log& log_;
  progress so_far_;
  std::set<message_id> ready_;
  std::set<std::pair<wall_time, message_id>> due_;
  std::map<message_id, std::string> passed_;   ///< read, but held; with their keys
  std::map<message_id, std::string> holding_;  ///< in flight, of an ordered topic; with their keys
  std::unordered_map<std::string, std::set<message_id>> by_key_;  ///< the same, but for the dead
  std::vector<message_id> just_finished_;
  std::uint64_t first_of_round_ = 0;  ///< the first lease of this call of `lease`
  std::uint64_t expired_ = 0;
};

}  // namespace skein::core
