/// Which keys were published lately.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <utility>

#include "core/expects.hpp"
#include "core/keyed_table.hpp"
#include "core/topics/message.hpp"

namespace skein::core {

class dedupe_window {
 public:
  explicit dedupe_window(std::chrono::milliseconds length) : length_(length.count()) {}
  dedupe_window(dedupe_window&&) = default;
  dedupe_window& operator=(dedupe_window&&) = default;

  /// Whether `key` came within the window before.
  bool contains(const std::string& key, wall_time now) {
    forget_old(now);
    return keys_.count(key) != 0;
  }

  /// Whether none came within the window before.
  bool is_empty(wall_time now) {
    forget_old(now);
    return keys_.empty();
  }

  /// \pre the window does not contain it
  void add(const std::string& key, wall_time now) {
    const auto [added, is_new] = keys_.insert(key);
    expects(is_new, "a key that is added is not in the window");
    order_.emplace_back(now, &*added);
  }

  void resize(std::chrono::milliseconds length) { length_ = length.count(); }

  std::size_t size() const { return keys_.size(); }

 private:
  void forget_old(wall_time now) {
    for (; !order_.empty() && order_.front().first <= now - length_; order_.pop_front()) {
      keys_.erase(keys_.find(*order_.front().second));
    }
  }

  wall_time length_;
  keyed_set<std::string> keys_;
  std::deque<std::pair<wall_time, const std::string*>> order_;  ///< by time
};

}  // namespace skein::core
