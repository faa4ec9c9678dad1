/// Says of a key that it is certainly not among those put in, or that it probably is.
///
/// A split block Bloom filter (Putze, Sanders, Singler 2007; as in Apache Parquet): a key sets one
/// bit in each of eight 32-bit words of one block of 32 bytes. The high half of a key, which is a
/// hash, chooses the block, five bits from the low end on each word's bit. At 16 bits a key about
/// one in a thousand absent keys passes for present.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/hash.hpp"

namespace skein::core {

class key_filter {
 public:
  static constexpr std::size_t block_bytes = 32;
  static constexpr std::size_t bits_per_key = 16;

  /// The filter of `keys`, hashes; a multiple of `block_bytes`, empty if there are none.
  static std::string of(const std::uint64_t* keys, std::size_t count) {
    const std::size_t blocks = (count * bits_per_key + block_bytes * 8 - 1) / (block_bytes * 8);
    std::string filter(blocks * block_bytes, '\0');
    for (std::size_t k = 0; k != count; ++k) {
      const std::uint64_t key = keys[k];
      char* const block = filter.data() + place(key, blocks);
      std::uint64_t pairs[4];
      std::memcpy(pairs, block, block_bytes);
      for (int i = 0; i != 4; ++i) pairs[i] |= bits(key, i);
      std::memcpy(block, pairs, block_bytes);
    }
    return filter;
  }

  /// Whether `key` may be among those that `filter` was made of.
  static bool may_contain(std::string_view filter, std::uint64_t key) {
    const std::size_t blocks = filter.size() / block_bytes;
    if (blocks == 0) return false;
    std::uint64_t pairs[4];
    std::memcpy(pairs, filter.data() + place(key, blocks), block_bytes);
    bool all = true;
    for (int i = 0; i != 4; ++i) all &= (bits(key, i) & ~pairs[i]) == 0;
    return all;
  }

 private:
  static std::size_t place(std::uint64_t key, std::size_t blocks) {
    return static_cast<std::size_t>(((key >> 32) * blocks) >> 32) * block_bytes;
  }
  /// Of two words at once; as they lie in memory on a little-endian machine.
  static std::uint64_t bits(std::uint64_t key, int pair) {
    const std::uint64_t low = key >> (10 * pair);
    return std::uint64_t{1} << (low & 31) | std::uint64_t{1} << (32 + (low >> 5 & 31));
  }
};

}  // namespace skein::core
