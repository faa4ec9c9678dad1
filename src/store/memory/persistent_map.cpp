#include "store/memory/persistent_map.hpp"

#include <utility>

#include "core/hash.hpp"

namespace skein::store {

struct persistent_map::node {
  std::shared_ptr<const entry> what;
  std::uint64_t priority;  ///< not below that of its children
  link left;
  link right;

  std::string_view key() const { return what->key; }
};

persistent_map::link persistent_map::make(std::shared_ptr<const entry> what, std::uint64_t priority,
                                          link left, link right) {
  return std::make_shared<node>(node{std::move(what), priority, std::move(left), std::move(right)});
}

persistent_map::link persistent_map::join(const link& low, const link& high) {
  if (!low) return high;
  if (!high) return low;
  return low->priority >= high->priority
             ? make(low->what, low->priority, low->left, join(low->right, high))
             : make(high->what, high->priority, join(low, high->left), high->right);
}

std::pair<persistent_map::link, persistent_map::link> persistent_map::split(const link& tree,
                                                                            std::string_view key) {
  if (!tree) return {};
  if (tree->key() < key) {
    auto [low, high] = split(tree->right, key);
    return {make(tree->what, tree->priority, tree->left, std::move(low)), std::move(high)};
  }
  auto [low, high] = split(tree->left, key);
  return {std::move(low), make(tree->what, tree->priority, std::move(high), tree->right)};
}

void persistent_map::put(std::string_view key, std::string value) {
  auto what = std::make_shared<entry>(entry{std::string{key}, std::move(value)});
  const std::string behind = what->key + '\0';
  auto [low, rest] = split(root_, key);
  const link high = split(rest, behind).second;
  const link middle = make(std::move(what), core::hash_of(++entries_made_), {}, {});
  root_ = join(join(low, middle), high);
}

void persistent_map::erase(std::string_view key) {
  if (find(key)) erase_range(key, std::string{key} + '\0');
}

void persistent_map::erase_range(std::string_view from, std::string_view to) {
  if (to <= from) return;
  auto [low, rest] = split(root_, from);
  root_ = join(low, split(rest, to).second);
}

const persistent_map::entry* persistent_map::find(std::string_view key) const {
  const node* at = root_.get();
  while (at && at->key() != key) at = (at->key() < key ? at->right : at->left).get();
  return at ? at->what.get() : nullptr;
}

void persistent_map::walk::seek(std::string_view key) {
  path_.clear();
  for (const node* at = root_.get(); at;) {
    if (at->key() < key) {
      at = at->right.get();
    } else {
      path_.push_back(at);
      at = at->left.get();
    }
  }
}

void persistent_map::walk::seek_back(std::string_view key) {
  const node* last = nullptr;
  for (const node* at = root_.get(); at;) {
    if (at->key() > key) {
      at = at->left.get();
    } else {
      last = at;
      at = at->right.get();
    }
  }
  path_.clear();
  if (last) seek(last->key());
}

void persistent_map::walk::next() {
  const node* at = path_.back()->right.get();
  path_.pop_back();
  for (; at; at = at->left.get()) path_.push_back(at);
}

const persistent_map::entry* persistent_map::walk::at() const {
  return path_.empty() ? nullptr : path_.back()->what.get();
}

}  // namespace skein::store
