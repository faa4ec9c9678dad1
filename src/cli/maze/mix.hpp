/// What a generated stream is made of: the event mixes of `skein maze`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/maze/edge_set.hpp"
#include "cli/maze/random.hpp"
#include "core/events/event.hpp"

namespace skein::cli {

enum class mix { maze, fan, a, b };

const char* name_of(mix m);
std::optional<mix> mix_named(std::string_view name);

/// How often each kind comes, in 1/10,000, and how a mix treats the graph.
struct mix_rules {
  std::array<std::uint32_t, core::event_kinds> share{};  ///< by event_kind, sums to 10,000
  std::uint32_t first_followers = 0;  ///< connected followers each user gets before all else
  bool hold_graph = false;            ///< follow and unfollow keep the number of edges where it is
  bool private_to_connected = false;  ///< private messages go to connected users only
};

mix_rules rules_of(mix m);

/// An event before it has a number. Users are 1..users; fields its kind does not use are 0.
struct made_event {
  core::event_kind kind = core::event_kind::broadcast;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

/// Makes the events of a mix one by one, all from one seed. A follow is never of oneself nor of an
/// existing pair, an unfollow always removes an existing pair; where that is impossible another
/// kind is drawn.
class event_maker {
 public:
  /// `users` at least 1; `connected` not empty, distinct, each in 1..users.
  event_maker(mix m, std::uint32_t users, std::vector<std::uint32_t> connected, std::uint64_t seed);

  made_event next();

 private:
  std::optional<made_event> next_first_follow();
  core::event_kind draw_kind();
  std::optional<made_event> make_follow();
  std::optional<made_event> make_unfollow();
  std::optional<made_event> make(core::event_kind kind);
  std::uint32_t any_user() { return 1 + random_.below(users_); }

  mix_rules rules_;
  std::uint32_t users_;
  std::vector<std::uint32_t> connected_;
  random_source random_;
  edge_set edges_;
  std::uint32_t first_user_ = 1;  ///< whose first followers are being made
  std::uint32_t first_made_ = 0;  ///< how many they have
};

/// `count` distinct users of 1..users, in random order, from the seed.
std::vector<std::uint32_t> choose_users(std::uint32_t count, std::uint32_t users,
                                        std::uint64_t seed);

}  // namespace skein::cli
