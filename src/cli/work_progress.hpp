/// Tells on standard error how far long work has come.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace skein::cli {

/// Says about once a second how many there are, and how many a second: on a terminal in one line
/// that is written again and again. Says nothing during the first second.
class work_progress {
 public:
  /// `what` is counted, e.g. "messages".
  explicit work_progress(std::string what);

  using clock = std::function<std::chrono::steady_clock::time_point()>;
  /// The same with another clock, and `terminal`: whether standard error is one.
  work_progress(std::string what, bool terminal, clock now);
  ~work_progress() { clear(); }
  work_progress(const work_progress&) = delete;
  work_progress& operator=(const work_progress&) = delete;

  void advance(std::uint64_t by);

  /// Takes the line from the terminal, so that something else can be written.
  void clear();

  std::uint64_t count() const { return count_; }

  /// `300 messages in 0.05 s (6000/s)`
  std::string summary() const;

 private:
  std::string what_;
  bool terminal_;
  clock now_;
  bool shown_ = false;
  std::uint64_t count_ = 0;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point told_;
};

}  // namespace skein::cli
