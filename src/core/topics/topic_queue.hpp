/// A topic: its messages, and its subscribers with what each has still to get.
///
/// A message is published once and lies in the log once, however many subscribers there are; a
/// publish takes as long with one as with a hundred thousand. It is erased when all have finished
/// it.
///
/// What subscribers lose by `drop_oldest` they lose when they are asked, or by and by: some with
/// each publish, the rest by `drop_some`. What goes is the same whenever it does.
///
/// Time is an argument. What a message says of it goes by the wall clock or by measured time,
/// leases and waits by measured time, which does not go back. `next_deadline` says when something
/// happens by itself that others may wait for; `do_due` lets it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/topics/dedupe_window.hpp"
#include "core/topics/expiring_messages.hpp"
#include "core/topics/receipts.hpp"
#include "core/topics/subscription.hpp"
#include "core/topics/topic_log.hpp"
#include "core/topics/topic_options.hpp"

namespace skein::core {

enum class publish_outcome : std::uint8_t {
  published,
  delayed,           ///< published when it is due
  replaced,          ///< it took the place of one with its key
  duplicate,         ///< dropped: its key was published within the window
  dropped,           ///< there is no subscriber, and the topic's policy is to drop
  no_subscribers,    ///< refused
  overflow,          ///< refused: a subscriber has too much
  too_many_delayed,  ///< refused: it is delayed, as so many are
  no_such_priority,  ///< refused
  no_room,           ///< refused: the topic, or all together, keep as much as they may
};

constexpr bool is_refused(publish_outcome what) {
  return what >= publish_outcome::no_subscribers;
}

/// Delayed messages that become due in one call.
inline constexpr std::size_t most_due = 1000;

/// Messages that are looked at for one that is published, to find those that have expired.
inline constexpr std::size_t most_looked_at = 10'000;

class topic_queue {
 public:
  struct published {
    publish_outcome what = publish_outcome::published;
    message_id id{};                      ///< if it was published or replaced
    delayed_id delayed{};                 ///< if it was delayed
    std::optional<subscriber_id> full{};  ///< of `overflow`: who has too much, if anybody has
  };

  /// `log` lives longer. What it holds is held for the first subscriber.
  topic_queue(const topic_options& options, topic_log& log);
  /// Goes on with what was published lately.
  topic_queue(const topic_options& options, topic_log& log, dedupe_window window);
  topic_queue(const topic_queue&) = delete;
  topic_queue& operator=(const topic_queue&) = delete;

  void limit(const topic_limits& limits) { limits_ = limits; }

  /// From now on. \pre it is of the same options but for those that can change
  void change(const topic_options& options);

  /// What has expired is withdrawn before anything is refused or dropped for want of room. Throws
  /// what the log throws when it fails to read; then nothing was published.
  /// \param deliver_at  it is not delivered before; a time that has come is none
  /// \param receipt  gets a line for the message if it is published or replaced; 0: none does
  published publish(priority_level priority, const message& m, clock_time deliver_at, moment now,
                    receipt_number receipt = 0);

  /// What becomes of messages that were published with a receipt.
  receipt_book& receipts() { return receipts_; }

  /// It gets what is published from now on, and if it is the first what is held. Returns false if
  /// there is one already.
  bool subscribe(subscriber_id id);
  /// It goes on from there.
  bool subscribe(subscriber_id id, progress so_far);
  bool unsubscribe(subscriber_id id);
  std::size_t subscribers() const { return subscriptions_.size(); }

  /// Keys of the dedupe window.
  std::size_t keys() const { return window_.size(); }

  /// Messages that subscribers have read and not finished, each counted for each.
  std::uint64_t held() const { return held_; }

  /// For the next one, when this one has come to its end.
  dedupe_window take_window() { return std::move(window_); }

  /// Whether keys are within the window.
  bool remembers(wall_time now) { return !window_.is_empty(now); }

  /// Null if there is none. It may have more than it is to keep.
  const subscription* of(subscriber_id id) const;

  /// The same when it has lost what it is to lose.
  const subscription* settled(subscriber_id id);

  /// Up to `most` of those who have still to acknowledge it.
  std::vector<subscriber_id> waits_for(message_id id, std::size_t most);

  /// Whether subscribers have still to lose messages.
  bool has_surplus() const {
    return drops_ && !by_settled_.empty() && most_pending() > options_.max_pending;
  }

  /// Up to `most` subscribers lose all that they are to; those first who are to for the longest.
  void drop_some(std::size_t most);

  /// All is lost that was to be when so many had been `appended`.
  bool has_dropped_for(std::uint64_t appended) const {
    return !has_surplus() || most_pending() - options_.max_pending <= appended_ - appended;
  }
  std::uint64_t appended() const { return appended_; }

  /// For these a subscriber that does not exist has no leases.
  std::vector<delivery> lease(subscriber_id id, std::uint32_t most, moment now,
                              std::size_t most_bytes = most_leased_bytes);
  std::vector<delivery> fetch(subscriber_id id, moment now,
                              std::size_t most_bytes = most_fetched_bytes);
  bool finish_fetched(subscriber_id id, lease_name lease);
  lease_outcome acknowledge(subscriber_id id, lease_name lease);
  lease_outcome nack(subscriber_id id, lease_name lease, std::optional<wall_time> delay,
                     wall_time now);
  lease_outcome give_back(subscriber_id id, lease_name lease);
  lease_outcome extend(subscriber_id id, lease_name lease, wall_time time, wall_time now);
  bool replay(subscriber_id id, message_id dead);
  bool purge(subscriber_id id, message_id dead);

  /// A delayed message to be published, a lease that ends, or a wait.
  wall_time next_deadline(moment now) const;

  /// Publishes `most_due` messages at most, or `most_leased_bytes` of payloads, about; then there
  /// may be more. Throws what the log throws when it fails to read; then what is due is still
  /// delayed.
  void do_due(moment now);

  /// Of all subscribers, since the last call.
  losses take_losses() { return std::exchange(losses_, {}); }

 private:
  struct subscriber {
    subscription progress;
    std::uint64_t settled = 0;  ///< messages that it has finished, or that came before it
    std::uint64_t held = 0;
    wall_time deadline = no_time;
    std::vector<place> floors;
  };
  using subscriber_map = std::map<subscriber_id, subscriber>;

  bool is_for_nobody() const {
    return subscriptions_.empty() && options_.no_subscribers != no_subscribers_policy::hold;
  }
  message_id append(priority_level priority, const message& m);
  std::optional<message_id> replace(priority_level priority, const message& m);
  std::uint64_t most_pending() const;
  bool may_drop() const;
  void know_expiry(message_id id, const message& m);
  bool make_room(moment now);
  bool withdraw_expired(moment now, std::size_t& most);
  std::optional<std::pair<clock_time, message_id>> next_expired(moment now, std::size_t& most);
  template <class Result, class F>
  Result with(subscriber_id id, Result none, F&& f);
  void drop_surplus(subscriber_map::value_type& s);
  void settle(subscriber_map::value_type& s);
  void erase_if_finished(message_id id);
  void erase_behind_everybody(priority_level priority);

  topic_options options_;
  topic_limits limits_;
  topic_log& log_;
  dedupe_window window_;
  subscriber_map subscriptions_;
  std::set<std::pair<std::uint64_t, subscriber_id>> by_settled_;  ///< who has most to get is first
  std::set<std::pair<wall_time, subscriber_id>> by_deadline_;
  std::vector<std::set<std::pair<place, subscriber_id>>> by_floor_;  ///< by priority
  bool drops_ = false;        ///< who has more than `max_pending` is to lose the rest
  wall_time try_due_at_ = 0;  ///< before that no delayed message is published: the log has failed
  std::uint64_t appended_ = 0;
  std::uint64_t held_ = 0;
  expiring_messages expiring_;  ///< at times of the wall clock
  expiring_messages expiring_measured_;
  std::optional<message_id> looks_at_;  ///< for what expires; what is behind was not looked at
  losses losses_;
  receipt_book receipts_;
};

}  // namespace skein::core
