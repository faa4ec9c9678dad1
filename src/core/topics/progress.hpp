/// How far a subscriber of a topic has come. This outlives the process.
///
/// Kept in pieces, so that a step changes only one piece: for each priority a cursor, below which
/// everything was read, and pages of `page_places` places with what was read, but is not finished.
/// What is below the cursor and in no page is finished.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/topics/message.hpp"
#include "core/topics/place_set.hpp"

namespace skein::core {

enum class flight_state : std::uint8_t { leased, waiting, ready, dead };

/// A message that was given to a subscriber and is not finished.
struct flight {
  flight_state state = flight_state::ready;
  std::uint32_t attempts = 0;
  std::uint64_t lease = 0;       ///< number of the last; 0: it was not delivered yet
  wall_time deadline = no_time;  ///< of the lease, or of the wait
};

inline constexpr place page_places = 64;

struct page_number {
  priority_level priority = 0;
  std::uint64_t number = 0;  ///< it begins with the place `number * page_places`

  friend bool operator<(page_number a, page_number b) {
    return a.priority != b.priority ? a.priority < b.priority : a.number < b.number;
  }
};

constexpr page_number page_of(message_id id) {
  return {id.priority, id.at / page_places};
}

struct progress {
  struct stream {
    place cursor = 0;    ///< what is unread begins here
    place_set finished;  ///< of what was read
  };

  std::vector<stream> streams;  ///< by priority
  std::map<message_id, flight> flights;
  std::uint64_t last_lease = 0;

  /// Everything before the cursors is finished, nothing else was read; by priority.
  static progress from(const std::vector<place>& cursors);

  /// This message below the cursor is not finished after all.
  void put_back(message_id id, const flight& f);

  /// What of a page was read, but is not finished. What is not in flight, but read, had no lease.
  std::vector<std::pair<message_id, flight>> page(page_number page) const;
};

}  // namespace skein::core
