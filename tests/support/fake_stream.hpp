/// A connection whose other side is the test.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "io/stream.hpp"

namespace skein {

/// Everything said is read in the same pieces, everything written is kept. Not thread safe.
class fake_stream final : public io::stream {
 public:
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  // --- the other side ---

  /// Sends bytes that one read gets, if it has room for them.
  void says(std::string bytes) {
    incoming_.push_back(std::move(bytes));
    fire_readable();
  }
  /// Sends bytes that lie with what is not read by now, as over a socket.
  void says_on(const std::string& bytes) {
    if (incoming_.empty()) incoming_.emplace_back();
    incoming_.back() += bytes;
    fire_readable();
  }
  /// Sends no more.
  void ends() {
    ended_ = true;
    fire_readable();
  }
  /// The connection is lost.
  void breaks() {
    broken_ = true;
    fire_readable();
    fire_writable();
  }
  /// Writes fail; nothing else tells.
  void breaks_writing() { writing_broken_ = true; }

  /// From now on reads so many bytes, then no more.
  void takes(std::size_t bytes) {
    room_ = bytes;
    if (room_ != 0) fire_writable();
  }
  void takes_all() { takes(no_limit); }

  /// Each write takes at most so many bytes.
  void limit_writes(std::size_t bytes) { largest_write_ = bytes; }

  // --- what became of it ---

  const std::string& heard() const { return heard_; }
  std::optional<ending> closed() const { return closed_; }
  /// Whether something was said that nobody has read.
  bool unread() const { return !incoming_.empty(); }
  bool awaits_reading() const { return awaits_reading_; }
  bool awaits_writing() const { return awaits_writing_; }
  std::size_t reads() const { return reads_; }
  std::size_t reading_awaited() const { return reading_awaited_; }  ///< times
  /// Times readiness was awaited by somebody who awaited it already.
  std::size_t awaited_twice() const { return awaited_twice_; }

  /// Tells that it is ready, whether it is or not.
  void wake_reader() { observer_->readable(); }
  void wake_writer() { observer_->writable(); }

  // --- io::stream ---

  io::io_result read(char* to, std::size_t size) override {
    using what = io::io_result::status;
    ++reads_;
    if (broken_) return {what::failed, 0};
    if (closed_) return {what::ended, 0};
    if (incoming_.empty()) return {ended_ ? what::ended : what::would_block, 0};
    std::string& next = incoming_.front();
    const std::size_t bytes = std::min(size, next.size());
    std::memcpy(to, next.data(), bytes);
    next.erase(0, bytes);
    if (next.empty()) incoming_.pop_front();
    return {what::ok, bytes};
  }

  io::io_result write(std::string_view bytes) override {
    using what = io::io_result::status;
    if (broken_ || writing_broken_ || closed_) return {what::failed, 0};
    const std::size_t taken = std::min({bytes.size(), room_, largest_write_});
    if (taken == 0) return {what::would_block, 0};
    heard_.append(bytes.substr(0, taken));
    if (room_ != no_limit) room_ -= taken;
    return {what::ok, taken};
  }

  void observe(std::unique_ptr<io::readiness> observer) override {
    observer_ = std::move(observer);
  }

  void await_readable() override {
    ++reading_awaited_;
    if (std::exchange(awaits_reading_, true)) ++awaited_twice_;
    if (!incoming_.empty() || ended_ || broken_ || closed_) fire_readable();
  }
  void await_writable() override {
    if (std::exchange(awaits_writing_, true)) ++awaited_twice_;
    if (room_ != 0 || broken_ || closed_) fire_writable();
  }

  /// As a shutdown does, it ends what is waited for.
  void close(ending how) override {
    if (closed_) return;
    closed_ = how;
    fire_readable();
    fire_writable();
  }

  std::string peer() const override { return "peer"; }

 private:
  void fire_readable() {
    if (std::exchange(awaits_reading_, false)) observer_->readable();
  }
  void fire_writable() {
    if (std::exchange(awaits_writing_, false)) observer_->writable();
  }

  std::unique_ptr<io::readiness> observer_;
  std::deque<std::string> incoming_;
  bool ended_ = false;
  bool broken_ = false;
  bool writing_broken_ = false;
  std::size_t room_ = no_limit;
  std::size_t largest_write_ = no_limit;
  std::string heard_;
  std::optional<ending> closed_;
  bool awaits_reading_ = false;
  bool awaits_writing_ = false;
  std::size_t reads_ = 0;
  std::size_t reading_awaited_ = 0;
  std::size_t awaited_twice_ = 0;
};

}  // namespace skein
