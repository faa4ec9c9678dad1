#include "actors/events/follow_list.hpp"

#include <algorithm>
#include <charconv>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace skein {

namespace {

/// What one call looks at; a good deal less than a millisecond for the router.
constexpr std::uint64_t places_a_call = 1u << 12;
/// This many followees are sorted for each page.
constexpr std::size_t most_sorted = 1u << 12;

/// A cursor is valid in this process: another process has another order.
std::uint64_t process_tag() {
  static const std::uint64_t tag = std::random_device{}();
  return tag;
}

api::answer stale(const char* detail) {
  api::refused r;
  r.why = api::refused::reason::stale_cursor;
  r.detail = detail;
  return r;
}

/// Numbers with dots between.
template <class T>
std::vector<T> numbers_in(std::string_view text) {
  std::vector<T> all;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    T number{};
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || (rest != end && *rest != '.')) return {};
    all.push_back(number);
    at = rest == end ? end : rest + 1;
  }
  return all;
}

/// A page of those whom `for_each_at(place, visit)` visits. The cursor: process, size of the table,
/// the place in it, how many were told of those at home there.
template <class ForEachAt>
api::answer list_by_places(const api::list_follows& asked, std::uint64_t places,
                           ForEachAt&& for_each_at) {
  std::uint64_t place = 0;
  std::size_t told = 0;
  if (!asked.after.empty()) {
    const auto after = numbers_in<std::uint64_t>(asked.after);
    if (after.size() != 4) return stale("`after` is not a cursor from an earlier answer");
    if (after[0] != process_tag() || after[1] != places || after[2] > places) {
      return stale("the graph has changed its size: list from the beginning");
    }
    place = after[2];
    told = after[3];
  }
  api::follow_list page;
  const auto go_on_at = [&](std::uint64_t next, std::size_t skip) {
    page.next = std::to_string(process_tag()) + "." + std::to_string(places) + "." +
                std::to_string(next) + "." + std::to_string(skip);
  };
  std::vector<core::user_id> here;
  for (std::uint64_t seen = 0; place != places; ++place, ++seen) {
    if (seen == places_a_call) {
      go_on_at(place, 0);
      break;
    }
    here.clear();
    for_each_at(place, [&](core::user_id user) { here.push_back(user); });
    std::sort(here.begin(), here.end());
    for (std::size_t i = std::exchange(told, 0); i < here.size(); ++i) {
      if (page.users.size() == asked.most) {
        go_on_at(place, i);
        return page;
      }
      page.users.push_back(here[i]);
    }
  }
  return page;
}

api::answer list_followees(const core::follower_graph& graph, const api::list_follows& asked) {
  const core::user_set* const all = graph.followees_of(asked.user);
  if (all && all->size() > most_sorted) {
    return list_by_places(asked, all->places(), [&](std::uint64_t place, auto&& visit) {
      all->for_each_at_home(place, visit);
    });
  }
  const auto after = numbers_in<core::user_id>(asked.after);
  if (!asked.after.empty() && after.size() != 1)
    return stale("`after` is not a cursor from an earlier answer");
  api::follow_list page;
  if (all) {
    all->for_each([&](core::user_id user) {
      if (after.empty() || user > after[0]) page.users.push_back(user);
    });
  }
  const std::size_t most = std::min<std::size_t>(asked.most, page.users.size());
  const bool more = most < page.users.size();
  std::partial_sort(page.users.begin(), page.users.begin() + static_cast<std::ptrdiff_t>(most),
                    page.users.end());
  page.users.resize(most);
  if (more && most != 0) page.next = std::to_string(page.users.back());
  return page;
}

api::answer list_followers(const core::follower_graph& graph, const api::list_follows& asked) {
  return list_by_places(asked, graph.places(), [&](std::uint64_t place, auto&& visit) {
    const auto at = static_cast<std::uint32_t>(place);
    graph.for_each_follower(at, at + 1, [&](core::user_id follower, const auto& followees) {
      if (followees.contains(asked.user)) visit(follower);
    });
  });
}

}  // namespace

api::answer list_follows(const core::follower_graph& graph, const api::list_follows& asked) {
  return asked.which == api::list_follows::direction::followees ? list_followees(graph, asked)
                                                                : list_followers(graph, asked);
}

}  // namespace skein
