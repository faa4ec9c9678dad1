/// A message of a topic, and its names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/time.hpp"
#include "core/topics/place_set.hpp"

namespace skein::core {

using priority_level = std::uint8_t;  ///< 0 is the highest

inline constexpr unsigned most_priorities = 32;

/// Where a message is in its topic. Places are never used twice, so this is its name, too.
struct message_id {
  priority_level priority = 0;
  place at = 0;

  friend bool operator==(message_id a, message_id b) {
    return a.priority == b.priority && a.at == b.at;
  }
  friend bool operator!=(message_id a, message_id b) { return !(a == b); }
  /// In the order in which they are delivered.
  friend bool operator<(message_id a, message_id b) {
    return a.priority != b.priority ? a.priority < b.priority : a.at < b.at;
  }
};

/// As one number: unique within the topic, for ever, and never 0.
constexpr std::uint64_t number_of(message_id id) {
  return (id.at + 1) * most_priorities + id.priority;
}
/// \pre it is the number of a message; another one leads to a message that does not exist
constexpr message_id id_of(std::uint64_t number) {
  return {static_cast<priority_level>(number % most_priorities), number / most_priorities - 1};
}

/// The name of a message until it is due: then it gets its place, and with that a name for the rest
/// of its life.
struct delayed_id {
  clock_time due = 0;
  std::uint64_t n = 0;  ///< of those of the topic

  friend bool operator==(const delayed_id& a, const delayed_id& b) {
    return a.due == b.due && a.n == b.n;
  }
  /// In the order in which they are due, those of measured times first.
  friend bool operator<(const delayed_id& a, const delayed_id& b) {
    return a.due != b.due ? a.due < b.due : a.n < b.n;
  }
};

/// Where the streams begin of a topic that is created, or begins empty, at this time: after every
/// place that an earlier topic of its name has had, unless that took a million messages in each
/// second of its life.
constexpr place first_place(wall_time now) {
  return static_cast<place>(now) << 10;
}

struct message {
  std::string key;  ///< for dedupe and order; may be empty
  std::shared_ptr<const std::string> payload;
  wall_time published = 0;
  clock_time expires = no_time;  ///< it is not delivered from then on
};

/// About what it takes in memory, or on disk.
inline std::size_t size_of(const message& m) {
  return 64 + m.key.size() + (m.payload ? m.payload->size() : 0);
}

}  // namespace skein::core
