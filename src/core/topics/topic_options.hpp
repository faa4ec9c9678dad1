/// How a topic treats its messages.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

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
  strict,    ///< a message only if there is none of a higher priority
  weighted,  ///< one in `weighted_share` is of a lower priority, of each of them in turn
};

inline constexpr unsigned weighted_share = 8;

enum class dedupe_policy : std::uint8_t {
  off,
  replace,  ///< of messages with one key that are pending, only the newest is delivered
  first,    ///< a message whose key was published within the window before is dropped
};

/// What a topic may take, whatever its options are.
struct topic_limits {
  std::size_t bytes = std::numeric_limits<std::size_t>::max();  ///< of messages in memory
  std::size_t keys = std::numeric_limits<std::size_t>::max();   ///< of the dedupe window
  std::size_t losers = 16;  ///< subscribers that lose their surplus with each publish
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
  bool ordered = false;                     ///< a message waits for all before it with its key
  std::uint32_t batch = 50;                 ///< messages of one delivery, 1..
  std::chrono::milliseconds lease{30'000};  ///< time until a message is delivered again; 0: never
  std::chrono::milliseconds retry_delay{1'000};  ///< before the second delivery; then twice as long
  std::chrono::milliseconds most_retry_delay{60'000};
  std::uint32_t max_deliveries =
      10;  ///< deliveries of one message, then it is a dead letter; 0: no bound
};

/// Calls `f(name, member...)` for each option, with its members of all `o`.
template <class F, class... Options>
void for_each_option(F&& f, Options&... o) {
  f("storage", o.storage...);
  f("priorities", o.priorities...);
  f("order", o.order...);
  f("no_subscribers", o.no_subscribers...);
  f("max_pending", o.max_pending...);
  f("max_delayed", o.max_delayed...);
  f("overflow", o.overflow...);
  f("dedupe", o.dedupe...);
  f("dedupe_window_ms", o.dedupe_window...);
  f("expire", o.expire...);
  f("ordered", o.ordered...);
  f("batch", o.batch...);
  f("lease_ms", o.lease...);
  f("retry_delay_ms", o.retry_delay...);
  f("max_retry_delay_ms", o.most_retry_delay...);
  f("max_deliveries", o.max_deliveries...);
}

inline bool operator==(const topic_options& a, const topic_options& b) {
  bool same = true;
  for_each_option([&](auto, const auto& of_a, const auto& of_b) { same = same && of_a == of_b; }, a,
                  b);
  return same;
}
inline bool operator!=(const topic_options& a, const topic_options& b) {
  return !(a == b);
}

using option_names = std::vector<std::string_view>;

/// Those of the options in `said` that are not the same.
inline option_names differences(const topic_options& a, const topic_options& b,
                                const option_names& said) {
  option_names all;
  for_each_option(
      [&](std::string_view name, const auto& of_a, const auto& of_b) {
        const bool is_said = std::find(said.begin(), said.end(), name) != said.end();
        if (is_said && of_a != of_b) all.push_back(name);
      },
      a, b);
  return all;
}

/// Sets the options in `said` as in `from`.
inline void change(topic_options& o, const topic_options& from, const option_names& said) {
  for_each_option(
      [&](std::string_view name, auto& to, const auto& value) {
        if (std::find(said.begin(), said.end(), name) != said.end()) to = value;
      },
      o, from);
}

/// Whether the option can change while the topic has messages.
inline bool can_change(std::string_view option) {
  return option != "storage" && option != "priorities" && option != "dedupe" && option != "ordered";
}

}  // namespace skein::core
