#include "core/events/follower_graph.hpp"

namespace skein::core {

bool follower_graph::follow(user_id follower, user_id followee) {
  if (!followees_[follower].insert(followee)) return false;
  ++edges_;
  if (const session_set* sessions = sessions_.find(follower)) {
    session_set& audience = audience_[followee];
    sessions->for_each([&](session_index session) { audience.insert(session); });
  }
  return true;
}

bool follower_graph::unfollow(user_id follower, user_id followee) {
  user_set* const followees = followees_.find(follower);
  if (!followees || !followees->erase(followee)) return false;
  --edges_;
  if (followees->empty()) followees_.erase(follower);
  if (const session_set* sessions = sessions_.find(follower)) {
    session_set& audience = *audience_.find(followee);
    sessions->for_each([&](session_index session) { audience.erase(session); });
    if (audience.empty()) audience_.erase(followee);
  }
  return true;
}

void follower_graph::connect(user_id user, session_index session) {
  sessions_[user].insert(session);
  if (const user_set* followees = followees_.find(user)) {
    followees->for_each([&](user_id followee) { audience_[followee].insert(session); });
  }
}

void follower_graph::disconnect(user_id user, session_index session) {
  session_set* const sessions = sessions_.find(user);
  if (!sessions || !sessions->erase(session)) return;
  if (sessions->empty()) sessions_.erase(user);
  if (const user_set* followees = followees_.find(user)) {
    followees->for_each([&](user_id followee) {
      session_set& audience = *audience_.find(followee);
      audience.erase(session);
      if (audience.empty()) audience_.erase(followee);
    });
  }
}

bool follower_graph::follows(user_id follower, user_id followee) const {
  const user_set* const followees = followees_.find(follower);
  return followees && followees->contains(followee);
}

void follower_graph::forget_follows() {
  followees_.clear();
  audience_.clear();
  edges_ = 0;
}

void follower_graph::prefetch_behind(const std::vector<event>& events, std::size_t i) const {
  // First the place of the user, by which the set is found; when that has come, the set.
  constexpr std::size_t to_place = 16;
  constexpr std::size_t to_set = 8;
  const auto changes_followees = [](const event& e) {
    return e.kind == event_kind::follow || e.kind == event_kind::unfollow;
  };
  if (i + to_place < events.size()) {
    const event& e = events[i + to_place];
    if (changes_followees(e)) followees_.prefetch(e.from);
    if (e.kind == event_kind::status_update) audience_.prefetch(e.from);
  }
  if (i + to_set < events.size()) {
    const event& e = events[i + to_set];
    const user_set* const followees = changes_followees(e) ? followees_.find(e.from) : nullptr;
    if (followees) followees->prefetch();
  }
}

std::size_t follower_graph::memory() const {
  std::size_t bytes = followees_.memory() + sessions_.memory() + audience_.memory();
  followees_.for_each([&](user_id, const user_set& s) { bytes += s.memory(); });
  sessions_.for_each([&](user_id, const session_set& s) { bytes += s.memory(); });
  audience_.for_each([&](user_id, const session_set& s) { bytes += s.memory(); });
  return bytes;
}

}  // namespace skein::core
