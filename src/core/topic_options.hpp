/// How a topic treats its messages.
#pragma once

#include <chrono>
#include <cstdint>
#include <tuple>

namespace skein::core {

/// What happens to a message that is published when the topic has no subscriber.
enum class no_subscribers_policy : std::uint8_t {
  reject,  ///< it is refused
  hold,    ///< it waits for the first one
  drop,    ///< it is gone
};

/// What happens to a message that is published when a subscriber has too many.
enum class pending_policy : std::uint8_t {
  reject,       ///< it is refused
  drop_oldest,  ///< that subscriber loses one, see subscription::drop_oldest
};

enum class priority_policy : std::uint8_t {
  strict,    ///< nothing while there is something of a higher priority
  weighted,  ///< one in `weighted_share` is of a lower priority, of each of them in turn
};

inline constexpr unsigned weighted_share = 8;

enum class dedupe_policy : std::uint8_t {
  off,
  replace,  ///< of messages with one key that are pending, only the newest is delivered
  first,    ///< a message whose key was published within the window before is dropped
};

enum class topic_storage : std::uint8_t {
  memory,   ///< messages and subscribers are lost at a restart
  durable,  ///< they are not
};

struct topic_options {
  topic_storage storage = topic_storage::durable;
  unsigned priorities = 1;  ///< levels, 1..32
  priority_policy order = priority_policy::strict;
  no_subscribers_policy no_subscribers = no_subscribers_policy::reject;
  std::uint64_t max_pending = 10'000;  ///< messages that a subscriber has not acknowledged, 1..
  std::uint64_t max_delayed = 10'000;  ///< messages of the topic that are not due yet, 1..
  pending_policy overflow = pending_policy::reject;
  dedupe_policy dedupe = dedupe_policy::off;
  std::chrono::milliseconds dedupe_window{60'000};  ///< at policy `first`
  bool expire = true;                               ///< honour the expiry of messages
  bool ordered = false;                          ///< a message waits for all before it with its key
  std::uint32_t batch = 50;                      ///< messages of one delivery, 1..
  std::chrono::milliseconds lease{30'000};       ///< until a delivery is made again; 0: never
  std::chrono::milliseconds retry_delay{1'000};  ///< before the second delivery; then twice as long
  std::chrono::milliseconds most_retry_delay{60'000};
  std::uint32_t max_deliveries = 10;  ///< of one message, then it is a dead letter; 0: no bound

  friend bool operator==(const topic_options& a, const topic_options& b) {
    const auto all = [](const topic_options& o) {
      return std::tie(o.storage, o.priorities, o.order, o.no_subscribers, o.max_pending,
                      o.max_delayed, o.overflow, o.dedupe, o.dedupe_window, o.expire, o.ordered,
                      o.batch, o.lease, o.retry_delay, o.most_retry_delay, o.max_deliveries);
    };
    return all(a) == all(b);
  }
  friend bool operator!=(const topic_options& a, const topic_options& b) { return !(a == b); }
};

}  // namespace skein::core
