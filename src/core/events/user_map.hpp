/// A map from users to small values: open addressing, linear probing, no marker for deleted users.
/// Load 0.53 to 0.8. References are valid until the map changes.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "core/events/event.hpp"
#include "core/hash.hpp"

namespace skein::core {

/// `V` is default constructible and movable.
template <class V>
class user_map {
 public:
  std::size_t size() const { return size_; }
  std::size_t memory() const { return slots_.capacity() * sizeof(slot); }

  V* find(user_id user) {
    const std::uint32_t i = index_of(user);
    return i == nowhere ? nullptr : &slots_[i].value;
  }
  const V* find(user_id user) const { return const_cast<user_map*>(this)->find(user); }

  /// Fetches the place of `user` towards the caches; worth it for tables larger than these.
  void prefetch(user_id user) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[home_of(user)]);
  }

  /// The value of `user`, created if there is none.
  V& operator[](user_id user) {
    if (V* const found = find(user)) return *found;
    if ((size_ + 1) * 5 > slots_.size() * 4) rehash((size_ + 1) * 3 / 2 + (size_ + 1) / 3 + 8);
    ++size_;
    return place(user);
  }

  void erase(user_id user) {
    std::uint32_t hole = index_of(user);
    if (hole == nowhere) return;
    --size_;
    for (std::uint32_t i = after(hole); slots_[i].user != no_user; i = after(i)) {
      const std::uint32_t home = home_of(slots_[i].user);
      const bool reaches_hole = hole <= i ? (home <= hole || home > i) : (home <= hole && home > i);
      if (reaches_hole) {
        slots_[hole] = std::move(slots_[i]);
        hole = i;
      }
    }
    slots_[hole] = slot{};
    if (slots_.size() > 64 && size_ < slots_.size() * 3 / 10) rehash(size_ * 3 / 2 + size_ / 3 + 8);
  }

  void clear() {
    std::vector<slot>().swap(slots_);
    size_ = 0;
  }

  /// Places of the table. While this number does not change, every user is at home at the same
  /// place.
  std::uint32_t places() const { return static_cast<std::uint32_t>(slots_.size()); }

  /// Calls `visit(user, value)` for each that is at home in [first, last) of the places.
  template <class F>
  void for_each_at_home(std::uint32_t first, std::uint32_t last, F&& visit) const {
    if (first == last) return;
    std::uint32_t i = first;
    for (std::uint32_t seen = 0; seen != slots_.size(); ++seen, i = after(i)) {
      const slot& s = slots_[i];
      if (s.user == no_user) {
        // No user is further from home than the next free place.
        if (seen + 1 >= last - first) return;
        continue;
      }
      const std::uint32_t home = home_of(s.user);
      if (home >= first && home < last) visit(s.user, s.value);
    }
  }

  /// Calls `visit(user, value)` for each, in arbitrary order.
  template <class F>
  void for_each(F&& visit) const {
    for (const slot& s : slots_) {
      if (s.user != no_user) visit(s.user, s.value);
    }
  }

 private:
  struct slot {
    user_id user = no_user;
    V value{};
  };
  static constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t home_of(user_id user) const {
    return place_of(static_cast<std::uint64_t>(user), static_cast<std::uint32_t>(slots_.size()));
  }
  std::uint32_t after(std::uint32_t i) const { return i + 1 == slots_.size() ? 0 : i + 1; }

  std::uint32_t index_of(user_id user) const {
    if (slots_.empty()) return nowhere;
    for (std::uint32_t i = home_of(user); slots_[i].user != no_user; i = after(i)) {
      if (slots_[i].user == user) return i;
    }
    return nowhere;
  }

  V& place(user_id user) {
    std::uint32_t i = home_of(user);
    while (slots_[i].user != no_user) i = after(i);
    slots_[i].user = user;
    return slots_[i].value;
  }

  void rehash(std::size_t capacity) {
    std::vector<slot> old(capacity);
    old.swap(slots_);
    for (slot& s : old) {
      if (s.user != no_user) place(s.user) = std::move(s.value);
    }
  }

  std::vector<slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace skein::core
