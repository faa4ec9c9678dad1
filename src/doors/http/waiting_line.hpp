/// Lets a few of many at a time do what takes long, in the order in which they come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "doors/http/interfaces.hpp"

namespace skein {

/// For work that workers do: requests that wait here do not fill the workers' queue, and can still
/// be refused. Thread safe.
class waiting_line {
 public:
  explicit waiting_line(std::size_t at_a_time) : free_(at_a_time) {}

 private:
  friend class turn;

  /// Returns whether its turn has come; else it will get `turn_came`.
  bool enter(turn_number& number, const http_session_actor& who);
  void leave(turn_number number);

  std::mutex mutex_;
  std::size_t free_;
  turn_number last_ = 0;
  std::map<turn_number, http_session_actor> waiting_;
};

/// One's place in the line until the turn comes, then the turn; left, or over, with it.
class turn {
 public:
  turn(std::shared_ptr<waiting_line> in, const http_session_actor& who)
      : line_(std::move(in)), has_come_(line_->enter(number_, who)) {}
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;
  ~turn() { line_->leave(number_); }

  bool has_come() const { return has_come_; }
  turn_number number() const { return number_; }
  void come() { has_come_ = true; }

 private:
  std::shared_ptr<waiting_line> line_;
  turn_number number_ = 0;
  bool has_come_;
};

}  // namespace skein
