/// A set of integers that takes little more memory than its members.
///
/// An empty set is one null pointer. Up to `array_limit` members lie unordered in one exactly
/// grown block; more are an open-addressing table with linear probing at a load of 0.64 to 0.8,
/// shrunk when it falls below 0.3. Members do not move while the set does not change; their order
/// is arbitrary.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <utility>

#include "core/expects.hpp"
#include "core/hash.hpp"

namespace skein::core {

/// `T` is an unsigned integer; its largest value marks free places and cannot be a member.
template <class T>
class compact_set {
 public:
  static constexpr T vacant = std::numeric_limits<T>::max();

  compact_set() = default;
  compact_set(compact_set&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  compact_set& operator=(compact_set&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  compact_set(const compact_set&) = delete;
  compact_set& operator=(const compact_set&) = delete;
  ~compact_set() { std::free(block_); }

  std::uint32_t size() const { return block_ ? block_->size : 0; }
  bool empty() const { return block_ == nullptr; }

  /// Bytes allocated for the members.
  std::size_t memory() const { return block_ ? bytes_for(block_->capacity) : 0; }

  /// Fetches the start of the members towards the caches.
  void prefetch() const {
    if (block_) __builtin_prefetch(block_);
  }

  bool contains(T member) const { return find(member) != nullptr; }

  /// Returns false if it was a member already.
  bool insert(T member) {
    expects(member != vacant, "the vacant value is no member");
    if (find(member)) return false;
    if (!block_) {
      grow_array(first_capacity);
    } else if (!hashed() && block_->size == block_->capacity) {
      if (block_->size < array_limit) {
        grow_array(block_->capacity + array_step);
      } else {
        rehash(table_capacity(block_->size + 1));
      }
    } else if (hashed() && overloaded(block_->size + 1)) {
      rehash(table_capacity(block_->size + 1));
    }
    place(member);
    ++block_->size;
    return true;
  }

  /// Returns false if it was no member.
  bool erase(T member) {
    T* const found = find(member);
    if (!found) return false;
    if (--block_->size == 0) {
      std::free(std::exchange(block_, nullptr));
    } else if (!hashed()) {
      *found = members()[block_->size];
    } else {
      close_hole(static_cast<std::uint32_t>(found - members()));
      if (block_->size <= array_limit / 2) {
        to_array();
      } else if (block_->size < block_->capacity * 3 / 10) {
        rehash(table_capacity(block_->size));
      }
    }
    return true;
  }

  /// Number of places. Each member is at home at one of them for as long as this number stays the
  /// same. All members of an array are at home at the same place.
  std::uint32_t places() const { return !block_ ? 0 : hashed() ? block_->capacity : 1; }

  /// Calls `visit` for each member at home at `place`.
  template <class F>
  void for_each_at_home(std::uint32_t place, F&& visit) const {
    if (!hashed()) return for_each(visit);
    const T* const first = members();
    for (std::uint32_t i = place; first[i] != vacant; i = after(i)) {
      if (home_of(first[i]) == place) visit(first[i]);
    }
  }

  template <class F>
  void for_each(F&& visit) const {
    if (!block_) return;
    const T* const first = members();
    if (!hashed()) {
      for (std::uint32_t i = 0; i != block_->size; ++i) visit(first[i]);
    } else {
      for (std::uint32_t i = 0; i != block_->capacity; ++i) {
        if (first[i] != vacant) visit(first[i]);
      }
    }
  }

 private:
  struct block {
    std::uint32_t size;
    std::uint32_t capacity;
  };

  static constexpr std::uint32_t array_limit = 32;
  /// Steps of 16 bytes, the grain of the allocator.
  static constexpr std::uint32_t array_step = 16 / sizeof(T);
  static constexpr std::uint32_t first_capacity = array_step;

  static std::size_t bytes_for(std::uint32_t capacity) {
    return sizeof(block) + std::size_t{capacity} * sizeof(T);
  }
  static std::uint32_t table_capacity(std::uint32_t size) {
    return size + size / 2 + size / 16 + 8;
  }

  bool hashed() const { return block_->capacity > array_limit; }
  bool overloaded(std::uint32_t size) const {
    return std::uint64_t{size} * 5 > std::uint64_t{block_->capacity} * 4;
  }
  T* members() const { return reinterpret_cast<T*>(block_ + 1); }
  std::uint32_t home_of(T member) const { return place_of(member, block_->capacity); }
  std::uint32_t after(std::uint32_t i) const { return i + 1 == block_->capacity ? 0 : i + 1; }

  T* find(T member) const {
    if (!block_) return nullptr;
    T* const first = members();
    if (!hashed()) {
      for (std::uint32_t i = 0; i != block_->size; ++i) {
        if (first[i] == member) return first + i;
      }
      return nullptr;
    }
    for (std::uint32_t i = home_of(member); first[i] != vacant; i = after(i)) {
      if (first[i] == member) return first + i;
    }
    return nullptr;
  }

  void place(T member) {
    if (!hashed()) {
      members()[block_->size] = member;
      return;
    }
    std::uint32_t i = home_of(member);
    while (members()[i] != vacant) i = after(i);
    members()[i] = member;
  }

  /// Moves later members of the probe sequence back, so that no marker for deleted members is
  /// needed.
  void close_hole(std::uint32_t hole) {
    T* const first = members();
    for (std::uint32_t i = after(hole); first[i] != vacant; i = after(i)) {
      const std::uint32_t home = home_of(first[i]);
      const bool reaches_hole = hole <= i ? (home <= hole || home > i) : (home <= hole && home > i);
      if (reaches_hole) {
        first[hole] = first[i];
        hole = i;
      }
    }
    first[hole] = vacant;
  }

  static block* allocate(std::uint32_t capacity) {
    void* const memory = std::malloc(bytes_for(capacity));
    if (!memory) throw std::bad_alloc{};
    return new (memory) block{0, capacity};
  }

  void grow_array(std::uint32_t capacity) {
    void* const memory = std::realloc(block_, bytes_for(capacity));
    if (!memory) throw std::bad_alloc{};
    const std::uint32_t size = block_ ? static_cast<block*>(memory)->size : 0;
    block_ = new (memory) block{size, capacity};
  }

  void rehash(std::uint32_t capacity) {
    compact_set old{std::move(*this)};
    block_ = allocate(capacity);
    for (std::uint32_t i = 0; i != capacity; ++i) members()[i] = vacant;
    old.for_each([this](T member) { place(member); });
    block_->size = old.block_->size;
  }

  void to_array() {
    compact_set old{std::move(*this)};
    block_ = allocate((old.block_->size + array_step - 1) / array_step * array_step);
    old.for_each([this](T member) { members()[block_->size++] = member; });
  }

  block* block_ = nullptr;
};

}  // namespace skein::core
