/// Memory that many share.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace skein {

/// Thread safe.
class byte_budget {
 public:
  explicit byte_budget(std::size_t most) : most_(most) {}

  /// Returns whether there was enough left. As long as nothing is taken there always is: what is
  /// larger than the budget is had alone.
  bool take(std::size_t bytes) {
    const std::size_t before = used_.fetch_add(bytes);
    if (before == 0 || before + bytes <= most_) return true;
    used_ -= bytes;
    return false;
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

  /// Returns whether it is as large now; else it is as before.
  bool resize(std::size_t bytes) {
    if (bytes > bytes_ && !of_->take(bytes - bytes_)) return false;
    if (bytes < bytes_) of_->give_back(bytes_ - bytes);
    bytes_ = bytes;
    return true;
  }

 private:
  std::shared_ptr<byte_budget> of_;
  std::size_t bytes_ = 0;
};

}  // namespace skein
