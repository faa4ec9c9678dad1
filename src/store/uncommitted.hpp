/// What was changed and is not committed: the newest value of each key.
///
/// Values are taken in generations, which are committed in their order. A value that was taken
/// stays until its generation is committed, unless a newer one has come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "core/expects.hpp"

namespace skein::store {

template <class Key, class Value>
class uncommitted {
 public:
  struct change {
    Value value;
    std::uint64_t generation;  ///< in which it is, or will be, taken
  };
  using map = std::map<Key, change>;

  const Value* find(const Key& key) const {
    const auto found = all_.find(key);
    return found == all_.end() ? nullptr : &found->second.value;
  }

  const map& all() const { return all_; }

  void set(const Key& key, Value value) {
    const auto [at, is_new] = all_.try_emplace(key, change{{}, 0});
    if (is_new || at->second.generation != generation_) waiting_.push_back(key);
    at->second = {std::move(value), generation_};
  }

  /// Forgets the value, if it was not taken yet; a value that was taken must not be asked for any
  /// more. Returns whether it forgot one.
  bool drop(const Key& key) {
    const auto found = all_.find(key);
    if (found == all_.end() || found->second.generation != generation_) return false;
    all_.erase(found);
    return true;
  }
  /// The same for all of [from, to).
  void drop(const Key& from, const Key& to) {
    for (auto at = all_.lower_bound(from); at != all_.end() && at->first < to;) {
      at = at->second.generation == generation_ ? all_.erase(at) : std::next(at);
    }
  }

  /// Calls `f(key, value)` for what was not taken yet, perhaps more than once.
  template <class F>
  void take(F&& f) {
    for (const Key& key : waiting_) {
      const auto found = all_.find(key);
      if (found != all_.end() && found->second.generation == generation_) {
        f(key, std::as_const(found->second.value));
      }
    }
    taken_.push_back(std::exchange(waiting_, {}));
    ++generation_;
  }

  /// The oldest generation that was taken is committed now. Calls `f(key, value)` for each value
  /// that is removed from here, in any order.
  template <class F>
  void committed(F&& f) {
    core::expects(!taken_.empty(), "only what was taken is committed");
    const std::uint64_t done = generation_ - taken_.size();
    for (const Key& key : taken_.front()) {
      const auto found = all_.find(key);
      if (found == all_.end() || found->second.generation != done) continue;
      f(key, std::move(found->second.value));
      all_.erase(found);
    }
    taken_.pop_front();
  }

 private:
  map all_;
  std::uint64_t generation_ = 1;  ///< the next to be taken
  std::vector<Key> waiting_;      ///< some more than once, some dropped since
  std::deque<std::vector<Key>> taken_;
};

}  // namespace skein::store
