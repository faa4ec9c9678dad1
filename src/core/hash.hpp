/// One hash for every table of core, and one for texts that are compared across runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skein::core {

/// Spreads `x` over all 64 bits; the high ones are the best. The finaliser of splitmix64
/// (Steele, Lea, Flood 2014), shortened by its last step.
constexpr std::uint64_t hash_of(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  return (x ^ (x >> 27)) * 0x94D049BB133111EBu;
}

/// Both halves of a product of 128 bits in one.
constexpr std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
  __extension__ typedef unsigned __int128 wide;
  const wide product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Part of the hash of every table of the process, so that nobody can choose members that share one
/// place. Set before the first table is created, or never.
inline std::uint64_t table_secret = 0;

/// The place of `x` in a table of `size` places, below 2^32; without a division (Lemire 2019).
///
/// The size takes part in the hash. Otherwise all tables would have their members in the same
/// order, and filling a table from another one would put everything into a single run.
///
/// Checkpoints store the places of their members: for each secret they are the same in every
/// version.
constexpr std::uint32_t place_of(std::uint64_t x, std::uint32_t size, std::uint64_t secret) {
  x ^= size * 0x9E3779B97F4A7C15u;
  x ^= folded_product(x ^ secret, secret << 32 | secret >> 32);
  const std::uint64_t hash = hash_of(x);
  return static_cast<std::uint32_t>(((hash >> 32) * size) >> 32);
}

inline std::uint32_t place_of(std::uint64_t x, std::uint32_t size) {
  return place_of(x, size, table_secret);
}

/// Tells texts apart; never 0. It is stored, so it is the same for the same bytes on every machine
/// and in every version. It is no defence against texts that were chosen to collide.
constexpr std::uint64_t fingerprint_of(std::string_view text) {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u;
  const auto byte = [&](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  };
  std::uint64_t hash = (text.size() + 1) * odd;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    // Compilers turn this into one load.
    hash ^= byte(0) | byte(1) | byte(2) | byte(3) | byte(4) | byte(5) | byte(6) | byte(7);
    hash *= odd;
    hash ^= hash >> 32;
  }
  for (std::size_t i = 0; i != text.size(); ++i) hash ^= byte(i);
  hash = hash_of(hash_of(hash) + odd);
  return hash != 0 ? hash : odd;
}

}  // namespace skein::core
