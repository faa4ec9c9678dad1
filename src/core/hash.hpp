/// One hash for every table of core.
#pragma once

#include <cstdint>

namespace skein::core {

/// Spreads `x` over all 64 bits; the high ones are the best. The finaliser of splitmix64
/// (Steele, Lea, Flood 2014), shortened by its last step.
constexpr std::uint64_t hash_of(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  return (x ^ (x >> 27)) * 0x94D049BB133111EBu;
}

/// Maps a hash to 0..`size`-1 without a division (Lemire 2019). `size` is below 2^32.
constexpr std::uint32_t slot_of(std::uint64_t hash, std::uint32_t size) {
  return static_cast<std::uint32_t>(((hash >> 32) * size) >> 32);
}

}  // namespace skein::core
