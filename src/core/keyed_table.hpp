/// Hash tables for keys that strangers choose: names, texts, users.
///
/// The standard hash of a text is the same in every process, and that of a number is the number: so
/// a stranger could choose keys that all share one place. These tables use the secret of the
/// process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/hash.hpp"

namespace skein::core {

constexpr std::uint64_t keyed_hash_of(std::uint64_t x, std::uint64_t secret) {
  return hash_of(x ^ folded_product(x ^ secret, secret << 32 | secret >> 32));
}

constexpr std::uint64_t keyed_hash_of(std::string_view text, std::uint64_t secret) {
  std::uint64_t hash = keyed_hash_of(text.size(), secret);
  const auto take = [&](std::size_t bytes) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i != bytes; ++i) {
      word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
    }
    text.remove_prefix(bytes);
    hash = keyed_hash_of(hash ^ word, secret);
  };
  while (text.size() >= sizeof hash) take(sizeof hash);
  take(text.size());
  return hash;
}

struct keyed_hash {
  std::size_t operator()(std::int64_t x) const {
    return keyed_hash_of(static_cast<std::uint64_t>(x), table_secret);
  }
  std::size_t operator()(const std::string& text) const {
    return keyed_hash_of(std::string_view{text}, table_secret);
  }
};

template <class Key, class Value>
using keyed_map = std::unordered_map<Key, Value, keyed_hash>;

template <class Key>
using keyed_set = std::unordered_set<Key, keyed_hash>;

}  // namespace skein::core
