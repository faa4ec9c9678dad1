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

/// The place of `x` in a table of `size` places, below 2^32; without a division (Lemire 2019).
///
/// The size takes part in the hash. Otherwise all tables would have their members in one order, and
/// filling one from another would make a single run of all that was filled in so far.
constexpr std::uint32_t place_of(std::uint64_t x, std::uint32_t size) {
  const std::uint64_t hash = hash_of(x ^ (size * 0x9E3779B97F4A7C15u));
  return static_cast<std::uint32_t>(((hash >> 32) * size) >> 32);
}

}  // namespace skein::core
