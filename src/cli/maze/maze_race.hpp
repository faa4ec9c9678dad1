/// What the threads of a running maze share.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cli/maze/maze_options.hpp"
#include "cli/maze/maze_script.hpp"

namespace skein::cli {

/// Nanoseconds of the monotonic clock.
inline std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Senders and readers in the race from the first event to the last delivery. Thread-safe.
class maze_race {
 public:
  maze_race(const maze_script& script_used, const maze_options& options_used)
      : script{script_used}, options{options_used}, sent_at_(script_used.batches()) {}

  const maze_script& script;
  const maze_options& options;

  std::atomic<std::uint64_t> events_sent{0};
  std::atomic<std::uint64_t> lines_received{0};
  std::atomic<std::size_t> clients_left{0};  ///< that still expect something
  std::atomic<std::int64_t> finished_at{0};  ///< time of the last expected byte so far

  /// Marks a batch as given to the network now.
  void mark_sent(std::size_t batch, std::int64_t time) {
    sent_at_[batch].store(time, std::memory_order_relaxed);
  }
  /// When the batch was given to the network; 0 if it was not yet.
  std::int64_t sent_at(std::size_t batch) const {
    return sent_at_[batch].load(std::memory_order_relaxed);
  }

  /// The last event that any client received, -1 before the first; all told before it have left the
  /// server's reorder buffer.
  std::int64_t frontier() const { return frontier_.load(std::memory_order_relaxed); }
  void advance_frontier(std::int64_t event) {
    auto known = frontier_.load(std::memory_order_relaxed);
    while (event > known &&
           !frontier_.compare_exchange_weak(known, event, std::memory_order_relaxed)) {
    }
  }

  bool all_sent() const { return events_sent.load() == script.events(); }
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }

  /// Ends the race as lost; only the first reason counts.
  void fail(std::string reason) {
    const std::lock_guard<std::mutex> lock{mutex_};
    if (problem_.empty()) problem_ = std::move(reason);
    stopped_.store(true);
  }
  /// Why the race was lost; empty if it was not.
  std::string problem() const {
    const std::lock_guard<std::mutex> lock{mutex_};
    return problem_;
  }

 private:
  std::vector<std::atomic<std::int64_t>> sent_at_;  ///< by batch
  std::atomic<std::int64_t> frontier_{-1};
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  std::string problem_;
};

}  // namespace skein::cli
