/// Inside topic_log: topic_log_reading.cpp reads what is stored of it, topic_log_taking.cpp gathers
/// what is to be committed, topic_log.cpp has the rest.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/topics/delayed_messages.hpp"
#include "store/topics/topic_log.hpp"
#include "store/topics/topic_messages.hpp"
#include "store/uncommitted.hpp"

namespace skein::store {

using core::dedupe_policy;
using core::subscriber_id;
using std::chrono::milliseconds;

/// At the end of a head.
inline std::uint64_t checksum_of(std::string_view head) {
  std::uint64_t sum = 0;
  std::memcpy(&sum, head.data() + head.size() - sizeof sum, sizeof sum);
  return sum;
}

struct topic_log::state {
  struct subscriber {
    std::string name;
    milliseconds idle_expiry{0};
    wall_time seen = 0;
    wall_time seen_stored = 0;
    std::uint64_t head_stored = 0;  ///< checksum of the head that was taken last; 0: none was
  };

  state(engine& engine, topic_number topic, const core::topic_options& o, const topic_state& s,
        const topic_memory& memory)
      : from(engine),
        number(topic),
        options(o),
        messages(engine, topic, s.streams, memory),
        delayed(engine, topic, s.delayed, s.delayed_ever, memory),
        subscribers_ever(s.subscribers_ever),
        window(o.dedupe_window) {
    for (const topic_state::stream& one : s.streams) {
      begins.push_back(one.begin);
      withdrawn.emplace_back(one.begin);
    }
  }

  // --- topic_log_reading.cpp ---

  void read_subscribers(wall_time shift, std::uint64_t life);
  void read_window(wall_time set_back, wall_time now);
  void read_withdrawn();
  void add_stored(subscriber_id id, const subscriber_head& head, wall_time shift);
  void add_page(stored_subscriber& to, std::string_view key, std::string_view value,
                wall_time shift);
  [[noreturn]] void refuse(const stored_subscriber& s, const char* why) const;

  // --- topic_log.cpp ---

  /// About what a change takes beside keys and payloads.
  static constexpr std::size_t change_bytes = 64;

  void change(std::size_t bytes) {
    is_changed = true;
    gathered += bytes + change_bytes;
  }
  std::optional<core::message_id> place_of(const std::string& key);
  void forget_key(core::message_id id, const std::string& key);
  bool is_erased(core::message_id id) const;

  // --- topic_log_taking.cpp ---

  void erase_behind(core::priority_level priority);
  void erase_single();
  void take_subscribers(const core::topic_queue& queue, changes& to);
  void take_pages(const core::topic_queue& queue, changes& to);
  void take_head(subscriber_id id, const core::progress& so_far, changes& to);
  void take_window(wall_time now, changes& to);
  void take_withdrawn(changes& to);

  // --- what there is ---

  engine& from;
  topic_number number;
  core::topic_options options;
  topic_messages messages;
  delayed_messages delayed;
  uncommitted<std::string, std::optional<core::message_id>> keys;  ///< at dedupe `replace`

  // To erase may have to read, and must not fail: it is done when changes are taken.
  std::vector<core::place> begins;      ///< by priority; those of `messages` follow
  std::set<core::message_id> unerased;  ///< beside what is before the begins

  std::vector<core::place_set> withdrawn;  ///< by priority
  std::set<core::page_number> changed_withdrawn;
  std::set<core::page_number> stored_withdrawn;  ///< as of what was taken

  subscriber_id subscribers_ever;
  std::unordered_map<subscriber_id, subscriber> subscribers;
  std::set<subscriber_id> changed_heads;
  std::set<std::pair<subscriber_id, core::page_number>> changed_pages;
  std::set<std::pair<subscriber_id, core::page_number>> stored_pages;  ///< as of what was taken
  std::vector<std::string> erased;  ///< keys of subscribers that were removed

  std::vector<std::pair<wall_time, std::string>> remembered;  ///< not taken
  std::uint32_t window_n = 0;
  wall_time oldest_remembered = core::no_time;  ///< of those taken that may be stored

  bool is_changed = false;
  std::size_t gathered = 0;
  std::vector<std::string> damage;

  std::vector<stored_subscriber> stored;
  core::dedupe_window window;
};

}  // namespace skein::store
