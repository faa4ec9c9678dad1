/// An ordered map of strings whose former states can be kept: a copy takes constant time and stays
/// as it is while the original changes.
///
/// It is a treap (Seidel, Aragon 1996) whose nodes never change; a change creates new ones on the
/// way from the root, some 2 log2 n. Copies may be used by different threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skein::store {

class persistent_map {
 public:
  struct entry {
    std::string key;
    std::string value;
  };

  void put(std::string_view key, std::string value);
  void erase(std::string_view key);
  /// Erases the keys of [from, to); nothing if `to` is not above `from`.
  void erase_range(std::string_view from, std::string_view to);

  /// Null if there is none. Valid until the key changes, or for as long as a copy from before that
  /// lives.
  const entry* find(std::string_view key) const;

  class walk;

 private:
  struct node;
  using link = std::shared_ptr<const node>;

  static link make(std::shared_ptr<const entry> what, std::uint64_t priority, link left,
                   link right);
  static link join(const link& low, const link& high);
  /// The entries below `key`, and the others.
  static std::pair<link, link> split(const link& tree, std::string_view key);

  link root_;
  std::uint64_t entries_made_ = 0;
};

/// Goes through one state of a map in order.
class persistent_map::walk {
 public:
  explicit walk(const persistent_map& map) : root_(map.root_) {}

  /// Goes to the first key that is not below `key`.
  void seek(std::string_view key);
  /// Goes to the last key that is not above `key`.
  void seek_back(std::string_view key);
  /// \pre at an entry
  void next();
  /// Null after the last entry, before the first one, and before the first seek.
  const entry* at() const;

 private:
  link root_;
  /// The present node on top; below it, the nodes that come after it.
  std::vector<const node*> path_;
};

}  // namespace skein::store
