/// The follower graph as a table would say it: slow and plainly right.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "core/events/follower_graph.hpp"

namespace skein::test {

class naive_graph {
 public:
  bool follow(core::user_id follower, core::user_id followee) {
    return edges_.insert({follower, followee}).second;
  }
  bool unfollow(core::user_id follower, core::user_id followee) {
    return edges_.erase({follower, followee}) != 0;
  }
  void connect(core::user_id user, core::session_index session) { user_of_[session] = user; }
  void disconnect(core::session_index session) { user_of_.erase(session); }
  void forget_follows() { edges_.clear(); }

  std::set<core::session_index> sessions_of(core::user_id user) const {
    std::set<core::session_index> found;
    for (const auto& [session, owner] : user_of_) {
      if (owner == user) found.insert(session);
    }
    return found;
  }

  std::set<core::session_index> audience_of(core::user_id author) const {
    std::set<core::session_index> found;
    for (const auto& [session, owner] : user_of_) {
      if (edges_.count({owner, author}) != 0) found.insert(session);
    }
    return found;
  }

  const std::set<std::pair<core::user_id, core::user_id>>& edges() const { return edges_; }
  const std::map<core::session_index, core::user_id>& sessions() const { return user_of_; }

 private:
  std::set<std::pair<core::user_id, core::user_id>> edges_;
  std::map<core::session_index, core::user_id> user_of_;
};

/// The members of `set`, which may be null: none.
inline std::set<core::session_index> members_of(const core::session_set* set) {
  std::set<core::session_index> members;
  if (set) set->for_each([&](core::session_index s) { members.insert(s); });
  return members;
}

inline std::set<std::pair<core::user_id, core::user_id>> edges_of(
    const core::follower_graph& graph) {
  std::set<std::pair<core::user_id, core::user_id>> edges;
  graph.for_each_edge([&](core::user_id a, core::user_id b) { edges.insert({a, b}); });
  return edges;
}

}  // namespace skein::test
