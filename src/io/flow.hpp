/// Counts the bytes that have been read from sources and not yet written to clients, and the total
/// written.
///
/// Each part that holds such bytes holds a `charge` for them. At `high` sources are not read any
/// more, below `low` they are read again. Thread safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace skein::io {

class flow {
 public:
  flow(std::size_t high, std::size_t low) : high_(high), low_(low) {}
  flow(const flow&) = delete;
  flow& operator=(const flow&) = delete;

  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::size_t high() const { return high_; }

  /// Whether sources must not be read.
  bool over() const { return bytes() >= high_; }

  /// Whether sources are not read now.
  bool holds_up() const { return over() || is_waited_for_.load(); }

  /// Whether that is because of what clients have not taken: sources would not be read again even
  /// without the bytes that wait to be recorded.
  bool is_held_up_by_clients() const {
    return holds_up() && bytes() >= low_ + recording_.load(std::memory_order_relaxed);
  }

  /// These bytes, which are in flight, begin to wait for being recorded, or end to do so.
  void begin_recording(std::size_t bytes) { recording_.fetch_add(bytes); }
  void end_recording(std::size_t bytes) { recording_.fetch_sub(bytes); }

  /// Calls `resume` once, from any thread, as soon as sources may be read again.
  void when_low(std::function<void()> resume) {
    {
      const std::lock_guard lock{mutex_};
      waiting_.push_back(std::move(resume));
      is_waited_for_.store(true);
    }
    if (bytes_.load() < low_) wake();
  }

  using time_point = std::chrono::steady_clock::time_point;

  /// Clients have taken this many bytes since the start.
  std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  void count_written(std::size_t bytes) { written_.fetch_add(bytes, std::memory_order_relaxed); }

  /// A client that lags has taken bytes at `now`.
  void progressed(time_point now) {
    last_progress_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  time_point last_progress() const {
    return time_point{time_point::duration{last_progress_.load(std::memory_order_relaxed)}};
  }

  void add(std::size_t bytes) { bytes_.fetch_add(bytes); }

  void subtract(std::size_t bytes) {
    if (bytes_.fetch_sub(bytes) - bytes < low_ && is_waited_for_.load()) wake();
  }

 private:
  void wake() {
    std::vector<std::function<void()>> woken;
    {
      const std::lock_guard lock{mutex_};
      woken.swap(waiting_);
      is_waited_for_.store(false);
    }
    for (const auto& resume : woken) resume();
  }

  const std::size_t high_;
  const std::size_t low_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> recording_{0};
  std::atomic<std::uint64_t> written_{0};
  std::atomic<bool> is_waited_for_{false};
  std::atomic<time_point::rep> last_progress_{0};
  std::mutex mutex_;
  std::vector<std::function<void()>> waiting_;
};

/// Bytes that a part holds, counted in a flow while it holds them.
class charge {
 public:
  charge() = default;
  explicit charge(flow& f, std::size_t bytes = 0) : flow_(&f), bytes_(bytes) { f.add(bytes); }
  charge(charge&& other) noexcept
      : flow_(std::exchange(other.flow_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  charge& operator=(charge&& other) noexcept {
    std::swap(flow_, other.flow_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  charge(const charge&) = delete;
  charge& operator=(const charge&) = delete;
  ~charge() {
    if (bytes_ != 0) flow_->subtract(bytes_);
  }

  std::size_t size() const { return bytes_; }

  /// Holds `bytes` from now on.
  void set(std::size_t bytes) {
    if (bytes > bytes_) flow_->add(bytes - bytes_);
    if (bytes < bytes_) flow_->subtract(bytes_ - bytes);
    bytes_ = bytes;
  }

 private:
  flow* flow_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace skein::io
