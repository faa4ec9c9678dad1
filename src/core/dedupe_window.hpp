/// Which keys were published lately.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/message.hpp"

namespace skein::core {

class dedupe_window {
 public:
  explicit dedupe_window(std::chrono::milliseconds length) : length_(length.count()) {}

  /// Whether this is the first time that `key` comes within the window before; if so, it begins
  /// one.
  bool is_first(const std::string& key, wall_time now) {
    for (; !order_.empty() && order_.front().first <= now - length_; order_.pop_front()) {
      keys_.erase(order_.front().second);
    }
    if (!keys_.emplace(key, now).second) return false;
    order_.emplace_back(now, key);
    return true;
  }

  std::size_t size() const { return keys_.size(); }

 private:
  wall_time length_;
  std::unordered_map<std::string, wall_time> keys_;
  std::deque<std::pair<wall_time, std::string>> order_;  ///< by time
};

}  // namespace skein::core
