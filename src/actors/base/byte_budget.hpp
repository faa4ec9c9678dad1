/// Memory that many share.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace skein {

/// Thread safe.
class byte_budget {
 public:
  explicit byte_budget(std::size_t most) : most_(most) {}

  /// Returns whether there was enough left. While others have taken nothing there always is: what
  /// is larger than the budget can be taken alone.
  /// \param own  bytes that the caller has taken before
  bool take(std::size_t bytes, std::size_t own = 0) {
    const std::size_t before = used_.fetch_add(bytes);
    if (before == own || before + bytes <= most_) return true;
    used_ -= bytes;
    return false;
  }

  /// Takes up to this much, but at most a quarter of what is left, so that many callers at a time
  /// leave something for others. Returns how much.
  std::size_t take_up_to(std::size_t bytes) {
    std::size_t before = used_;
    std::size_t taken = 0;
    do {
      taken = before < most_ ? std::min(bytes, (most_ - before) / 4) : 0;
    } while (taken != 0 && !used_.compare_exchange_weak(before, before + taken));
    return taken;
  }
  void give_back(std::size_t bytes) { used_ -= bytes; }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> used_{0};
};

/// One's share, given back with it.
class budget_share {
 public:
  explicit budget_share(std::shared_ptr<byte_budget> of) : of_(std::move(of)) {}
  budget_share(budget_share&& from) noexcept
      : of_(from.of_), bytes_(std::exchange(from.bytes_, 0)) {}
  budget_share& operator=(budget_share&&) = delete;
  ~budget_share() { of_->give_back(bytes_); }

  std::size_t bytes() const { return bytes_; }

  /// Becomes larger by up to so much, as far as there is enough left.
  void extend(std::size_t most) { bytes_ += of_->take_up_to(most); }

  /// Returns whether it is as large now; else it is as before.
  bool resize(std::size_t bytes) {
    if (bytes > bytes_ && !of_->take(bytes - bytes_)) return false;
    if (bytes < bytes_) of_->give_back(bytes_ - bytes);
    bytes_ = bytes;
    return true;
  }

  /// The same, as if it were given back and taken anew: so it may become larger than the budget, if
  /// it is alone.
  bool replace(std::size_t bytes) {
    if (bytes <= bytes_) return resize(bytes);
    if (!of_->take(bytes - bytes_, bytes_)) return false;
    bytes_ = bytes;
    return true;
  }

 private:
  std::shared_ptr<byte_budget> of_;
  std::size_t bytes_ = 0;
};

}  // namespace skein
