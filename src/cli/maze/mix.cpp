#include "cli/maze/mix.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace skein::cli {

using core::event_kind;

namespace {

constexpr std::uint32_t whole = 10'000;
constexpr int tries = 16;

constexpr std::array<std::pair<mix, const char*>, 4> names{
    {{mix::maze, "maze"}, {mix::fan, "fan"}, {mix::a, "A"}, {mix::b, "B"}}};

}  // namespace

const char* name_of(mix m) {
  for (const auto& [value, name] : names) {
    if (value == m) return name;
  }
  return "?";
}

std::optional<mix> mix_named(std::string_view name) {
  for (const auto& [value, known] : names) {
    if (name == known) return value;
  }
  return std::nullopt;
}

mix_rules rules_of(mix m) {
  // Shares in the order follow, unfollow, broadcast, private message, status update.
  switch (m) {
    case mix::maze:
      return {{1500, 1500, 1, 1499, 5500}, 0, false, false};
    case mix::fan:
      return {{0, 0, 0, 3500, 6500}, 10, false, true};
    case mix::a:
      return {{1000, 1000, 500, 1500, 6000}, 4, true, true};
    case mix::b:
      return {{1000, 1000, 10, 1990, 6000}, 4, true, true};
  }
  return {};
}

event_maker::event_maker(mix m, std::uint32_t users, std::vector<std::uint32_t> connected,
                         std::uint64_t seed)
    : rules_{rules_of(m)}, users_{users}, connected_{std::move(connected)}, random_{seed} {}

made_event event_maker::next() {
  if (auto first = next_first_follow()) return *first;
  for (;;) {
    if (auto made = make(draw_kind())) return *made;
  }
}

std::optional<made_event> event_maker::next_first_follow() {
  while (rules_.first_followers > 0 && first_user_ <= users_) {
    // Users that may be connected themselves cannot follow themselves, hence one less.
    const auto possible = static_cast<std::uint32_t>(connected_.size() - 1);
    if (first_made_ < std::min(rules_.first_followers, possible)) {
      for (;;) {
        const auto from = connected_[random_.below(static_cast<std::uint32_t>(connected_.size()))];
        if (from != first_user_ && edges_.insert({from, first_user_})) {
          ++first_made_;
          return made_event{event_kind::follow, from, first_user_};
        }
      }
    }
    ++first_user_;
    first_made_ = 0;
  }
  return std::nullopt;
}

event_kind event_maker::draw_kind() {
  auto drawn = random_.below(whole);
  for (std::size_t kind = 0; kind + 1 < core::event_kinds; ++kind) {
    if (drawn < rules_.share[kind]) return static_cast<event_kind>(kind);
    drawn -= rules_.share[kind];
  }
  return event_kind::status_update;
}

std::optional<made_event> event_maker::make_follow() {
  for (int i = 0; i < tries; ++i) {
    const edge e{any_user(), any_user()};
    if (e.from != e.to && edges_.insert(e)) return made_event{event_kind::follow, e.from, e.to};
  }
  return std::nullopt;
}

std::optional<made_event> event_maker::make_unfollow() {
  if (edges_.size() == 0) return std::nullopt;
  const auto e = edges_.take_random(random_);
  return made_event{event_kind::unfollow, e.from, e.to};
}

std::optional<made_event> event_maker::make(event_kind kind) {
  if (rules_.hold_graph && (kind == event_kind::follow || kind == event_kind::unfollow)) {
    const auto wanted = std::size_t{rules_.first_followers} * users_;
    return edges_.size() <= wanted ? make_follow() : make_unfollow();
  }
  switch (kind) {
    case event_kind::follow:
      return make_follow();
    case event_kind::unfollow:
      return make_unfollow();
    case event_kind::broadcast:
      return made_event{event_kind::broadcast, 0, 0};
    case event_kind::private_message: {
      const auto from = any_user();
      const auto to = rules_.private_to_connected
                          ? connected_[random_.below(static_cast<std::uint32_t>(connected_.size()))]
                          : any_user();
      return made_event{event_kind::private_message, from, to};
    }
    case event_kind::status_update:
      return made_event{event_kind::status_update, any_user(), 0};
  }
  return std::nullopt;
}

std::vector<std::uint32_t> choose_users(std::uint32_t count, std::uint32_t users,
                                        std::uint64_t seed) {
  std::vector<std::uint32_t> all(users);
  std::iota(all.begin(), all.end(), 1U);
  random_source random{seed};
  for (std::uint32_t i = 0; i < count; ++i) {
    std::swap(all[i], all[i + random.below(users - i)]);
  }
  all.resize(count);
  return all;
}

}  // namespace skein::cli
