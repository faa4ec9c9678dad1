#include "core/rate_limiter.hpp"

#include <utility>

namespace skein::core {

std::optional<std::uint64_t> rate_limiter::pass(time_point now) {
  if (!second_ || now - *second_ >= std::chrono::seconds{1}) {
    second_ = now;
    passed_ = 0;
  }
  if (passed_ == per_second_) {
    ++suppressed_;
    return std::nullopt;
  }
  ++passed_;
  return std::exchange(suppressed_, 0);
}

}  // namespace skein::core
