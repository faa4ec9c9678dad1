#include "io/connection_places.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace skein::io {

struct connection_places::state {
  struct door {
    std::size_t most;
    std::size_t kept;  ///< for it alone
    std::size_t open = 0;

    /// Of what others might have as well.
    std::size_t beyond() const { return open > kept ? open - kept : 0; }
  };

  bool may_open(const door& d) const {
    if (d.open == d.most) return false;
    if (d.open < d.kept) return true;
    std::size_t taken = 0;
    for (const door& other : doors) taken += other.beyond();
    return taken < shared;
  }

  std::mutex mutex;
  std::vector<door> doors;
  std::size_t shared = 0;
};

connection_places::connection_places(std::size_t total, std::vector<std::size_t> most)
    : state_(std::make_shared<state>()) {
  constexpr std::size_t part = 8;
  state_->shared = total;
  for (const std::size_t m : most) {
    const std::size_t kept = std::min({m, total / part, state_->shared});
    state_->doors.push_back({m, kept});
    state_->shared -= kept;
  }
}

connection_places::place connection_places::take(door_number door) {
  const std::lock_guard lock{state_->mutex};
  state::door& d = state_->doors.at(door);
  if (!state_->may_open(d)) return nullptr;
  ++d.open;
  return {&d, [of = state_](state::door* left) {
            const std::lock_guard leaving{of->mutex};
            --left->open;
          }};
}

std::size_t connection_places::most(door_number door) const {
  const state::door& d = state_->doors.at(door);
  return std::min(d.most, d.kept + state_->shared);
}

}  // namespace skein::io
