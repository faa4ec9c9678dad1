/// Which users an event concerns, as keys: a search for the events of one user asks for these.
#pragma once

#include <cstdint>

#include "core/events/event.hpp"
#include "core/hash.hpp"

namespace skein::core {

enum class concern : std::uint8_t {
  told,      ///< follows and private messages, by whom they are sent to
  author,    ///< status updates, by whom they come from
  follower,  ///< follows and unfollows, by whom they come from
};

/// Keys are stored: they are the same on every machine and in every version.
constexpr std::uint64_t key_of(concern what, user_id user) {
  const std::uint64_t x = hash_of(static_cast<std::uint64_t>(user) +
                                  (static_cast<std::uint64_t>(what) + 1) * 0x9E3779B97F4A7C15u);
  return x ^ (x >> 31);
}

inline constexpr std::size_t most_keys_of_an_event = 2;

/// Writes the keys of `e` to `out`, which has room for the largest number of keys, and returns
/// their number: 0 for a broadcast, which concerns everybody. Kinds come in no order, so this does
/// not branch.
inline std::size_t write_keys(const event& e, std::uint64_t* out) {
  constexpr bool has_told[event_kinds] = {true, false, false, true, false};
  constexpr bool has_from[event_kinds] = {true, true, false, false, true};
  constexpr concern of_from[event_kinds] = {concern::follower, concern::follower, concern::author,
                                            concern::author, concern::author};
  const auto kind = static_cast<std::size_t>(e.kind);
  std::size_t n = 0;
  out[n] = key_of(concern::told, e.to);
  n += has_told[kind] ? 1 : 0;
  out[n] = key_of(of_from[kind], e.from);
  n += has_from[kind] ? 1 : 0;
  return n;
}

}  // namespace skein::core
