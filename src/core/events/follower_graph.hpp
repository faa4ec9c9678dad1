/// Who follows whom, and which connected sessions follow an author.
///
/// Each follower's followees are one compact set; nothing is kept per followee. Next to it, for
/// connected followers only, lies the reverse: author -> sessions. So a status update costs its
/// deliveries however many followers are away, and a user who follows nobody costs nothing.
///
/// Invariant: a session of user u is listed under author a exactly if u follows a and the session
/// is connected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/compact_set.hpp"
#include "core/events/event.hpp"
#include "core/events/user_map.hpp"

namespace skein::core {

/// Index of a connected session, dense and reused; below 2^32-1.
using session_index = std::uint32_t;
using session_set = compact_set<session_index>;

/// A set of users: those of 0..2^32-2 take 4 bytes each, others 8.
class user_set {
 public:
  std::size_t size() const { return std::size_t{narrow_.size()} + wide_.size(); }
  bool empty() const { return narrow_.empty() && wide_.empty(); }
  std::size_t memory() const { return narrow_.memory() + wide_.memory(); }
  bool contains(user_id user) const {
    return fits(user) ? narrow_.contains(narrowed(user)) : wide_.contains(widened(user));
  }
  bool insert(user_id user) {
    return fits(user) ? narrow_.insert(narrowed(user)) : wide_.insert(widened(user));
  }
  bool erase(user_id user) {
    return fits(user) ? narrow_.erase(narrowed(user)) : wide_.erase(widened(user));
  }
  void prefetch() const {
    narrow_.prefetch();
    wide_.prefetch();
  }
  /// As those of a `compact_set`.
  std::uint64_t places() const { return std::uint64_t{narrow_.places()} + wide_.places(); }
  template <class F>
  void for_each_at_home(std::uint64_t home, F&& visit) const {
    if (home < narrow_.places()) {
      narrow_.for_each_at_home(static_cast<std::uint32_t>(home),
                               [&](std::uint32_t user) { visit(static_cast<user_id>(user)); });
    } else {
      wide_.for_each_at_home(
          static_cast<std::uint32_t>(home - narrow_.places()),
          [&](std::uint64_t user) { visit(static_cast<user_id>(user ^ widening)); });
    }
  }
  template <class F>
  void for_each(F&& visit) const {
    narrow_.for_each([&](std::uint32_t user) { visit(static_cast<user_id>(user)); });
    wide_.for_each([&](std::uint64_t user) { visit(static_cast<user_id>(user ^ widening)); });
  }

 private:
  static bool fits(user_id user) { return user >= 0 && user < compact_set<std::uint32_t>::vacant; }
  static std::uint32_t narrowed(user_id user) { return static_cast<std::uint32_t>(user); }
  /// Takes `no_user`, and nobody else, to the free marker of a set.
  static constexpr std::uint64_t widening = compact_set<std::uint64_t>::vacant >> 1;
  static std::uint64_t widened(user_id user) { return static_cast<std::uint64_t>(user) ^ widening; }

  compact_set<std::uint32_t> narrow_;
  compact_set<std::uint64_t> wide_;
};

class follower_graph {
 public:
  /// Returns false if `follower` followed `followee` already.
  bool follow(user_id follower, user_id followee);

  /// Returns false if `follower` did not follow `followee`.
  bool unfollow(user_id follower, user_id followee);

  /// A session of `user` connects. `session` is not connected.
  void connect(user_id user, session_index session);

  /// A session of `user` ends. Costs the number of users that `user` follows.
  void disconnect(user_id user, session_index session);

  /// The connected sessions of `user`, or null.
  const session_set* sessions_of(user_id user) const { return sessions_.find(user); }

  /// The connected sessions of the followers of `author`, or null.
  const session_set* audience_of(user_id author) const { return audience_.find(author); }

  bool follows(user_id follower, user_id followee) const;

  /// Whom `follower` follows, or null.
  const user_set* followees_of(user_id follower) const { return followees_.find(follower); }

  /// Forgets who follows whom; connected sessions stay.
  void forget_follows();

  std::size_t edges() const { return edges_; }

  /// Bytes allocated, without the allocator's own.
  std::size_t memory() const;

  /// Calls `visit(follower, followee)` for each edge, in arbitrary order.
  template <class F>
  void for_each_edge(F&& visit) const {
    followees_.for_each([&](user_id follower, const user_set& followees) {
      followees.for_each([&](user_id followee) { visit(follower, followee); });
    });
  }

  /// The graph in slices: every follower is at home at one of the places, and stays there for as
  /// long as the number of places is the same.
  std::uint32_t places() const { return followees_.places(); }

  /// Calls `visit(follower, followees)` for each follower at home in [first, last).
  template <class F>
  void for_each_follower(std::uint32_t first, std::uint32_t last, F&& visit) const {
    followees_.for_each_at_home(first, last, visit);
  }

  /// Fetches towards the caches what the events after `i` will need; called for each `i` in turn.
  void prefetch_behind(const std::vector<event>& events, std::size_t i) const;

 private:
  user_map<user_set> followees_;
  user_map<session_set> sessions_;
  user_map<session_set> audience_;
  std::size_t edges_ = 0;
};

}  // namespace skein::core
