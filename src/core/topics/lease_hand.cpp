#include "core/topics/lease_hand.hpp"

#include <algorithm>
#include <utility>

#include "core/expects.hpp"

namespace skein::core {

std::uint32_t lease_hand::wanted() const {
  const std::size_t there = on_the_way_.size() + held_.size();
  if (awaits_answer_ || lost_ || 2 * there >= window_) return 0;
  return window_ - static_cast<std::uint32_t>(there);
}

void lease_hand::asked() {
  expects(!awaits_answer_, "a topic is asked one thing at a time by a hand");
  awaits_answer_ = true;
}

lease_hand::report lease_hand::given(std::vector<lease_name> leases) {
  expects(awaits_answer_, "a hand is given what it has asked for");
  awaits_answer_ = false;
  report told;
  if (lost_) {
    told.given_back = std::move(leases);
  } else {
    on_the_way_.insert(on_the_way_.end(), leases.begin(), leases.end());
  }
  return told;
}

lease_hand::report lease_hand::taken(std::size_t count) {
  const auto end =
      on_the_way_.begin() + static_cast<std::ptrdiff_t>(std::min(count, on_the_way_.size()));
  report told;
  if (then_ == once_taken::acknowledged) told.acknowledged.assign(on_the_way_.begin(), end);
  if (then_ == once_taken::held) {
    for (auto at = on_the_way_.begin(); at != end; ++at) held_.emplace(at->number, *at);
  }
  on_the_way_.erase(on_the_way_.begin(), end);
  return told;
}

lease_hand::report lease_hand::not_taken() {
  report told;
  told.given_back = std::exchange(on_the_way_, {});
  return told;
}

bool lease_hand::settled(const lease_name& lease) {
  return held_.erase(lease.number) != 0;
}

lease_hand::report lease_hand::lost() {
  lost_ = true;
  report told = not_taken();
  for (const auto& [number, lease] : std::exchange(held_, {})) told.released.push_back(lease);
  return told;
}

}  // namespace skein::core
