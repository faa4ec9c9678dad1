/// The existing follows of a generated stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cli/maze/random.hpp"

namespace skein::cli {

/// Who follows whom.
struct edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

/// A set of edges that adds, finds and removes a random one in constant time. Pairs of (0, 0) are
/// not allowed (users count from 1). Membership is open addressing with linear probing; an erased
/// place is closed by shifting back (Knuth, The Art of Computer Programming 6.4, algorithm R).
class edge_set {
 public:
  edge_set() : slots_(1024, 0) {}

  std::size_t size() const { return edges_.size(); }

  /// False if the edge was there already.
  bool insert(edge e) {
    const auto key = key_of(e);
    auto i = home(key);
    for (; slots_[i] != 0; i = (i + 1) & mask()) {
      if (slots_[i] == key) return false;
    }
    slots_[i] = key;
    edges_.push_back(e);
    if (edges_.size() * 2 > slots_.size()) grow();
    return true;
  }

  /// Removes and returns an edge, each with the same chance; the set must not be empty.
  edge take_random(random_source& random) {
    const auto i = random.below(static_cast<std::uint32_t>(edges_.size()));
    const auto taken = edges_[i];
    edges_[i] = edges_.back();
    edges_.pop_back();
    erase(key_of(taken));
    return taken;
  }

 private:
  static std::uint64_t key_of(edge e) { return (std::uint64_t{e.from} << 32U) | e.to; }
  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t home(std::uint64_t key) const {
    const auto mixed = (key ^ (key >> 29U)) * 0x9e3779b97f4a7c15U;
    return (mixed ^ (mixed >> 32U)) & mask();
  }

  void erase(std::uint64_t key) {
    auto hole = home(key);
    while (slots_[hole] != key) hole = (hole + 1) & mask();
    for (auto i = (hole + 1) & mask(); slots_[i] != 0; i = (i + 1) & mask()) {
      const auto wanted = home(slots_[i]);
      if (((i - wanted) & mask()) >= ((i - hole) & mask())) {
        slots_[hole] = slots_[i];
        hole = i;
      }
    }
    slots_[hole] = 0;
  }

  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (const auto e : edges_) {
      auto i = home(key_of(e));
      while (slots_[i] != 0) i = (i + 1) & mask();
      slots_[i] = key_of(e);
    }
  }

  std::vector<edge> edges_;
  std::vector<std::uint64_t> slots_;  ///< keys, 0 is free; at most half full
};

}  // namespace skein::cli
