#include "actors/events/follow_list.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace skein {
namespace {

using direction = api::list_follows::direction;

/// All pages, one behind the other.
std::set<core::user_id> all(const core::follower_graph& graph, core::user_id user, direction which,
                            std::uint32_t most, int& pages) {
  std::set<core::user_id> found;
  api::list_follows asked;
  asked.user = user;
  asked.which = which;
  asked.most = most;
  do {
    ++pages;
    const api::answer answer = list_follows(graph, asked);
    const auto* const page = std::get_if<api::follow_list>(&answer);
    if (!page) {
      ADD_FAILURE() << "refused";
      return found;
    }
    EXPECT_LE(page->users.size(), most);
    for (const core::user_id u : page->users) EXPECT_TRUE(found.insert(u).second) << u;
    asked.after = page->next;
  } while (!asked.after.empty());
  return found;
}

TEST(FollowList, HasEveryFollowerOnceThoughAPageLooksAtFewPlaces) {
  core::follower_graph graph;
  std::set<core::user_id> followers;
  for (core::user_id u = -10'000; u != 10'000; ++u) {
    graph.follow(u, u % 7 == 0 ? 1 : 2);
    if (u % 7 == 0) followers.insert(u);
  }
  int pages = 0;
  EXPECT_EQ(all(graph, 1, direction::followers, 1'000'000, pages), followers);
  EXPECT_GE(pages, static_cast<int>(graph.places() / 4096));
  EXPECT_EQ(all(graph, 1, direction::followers, 3, pages), followers);
}

TEST(FollowList, HasEveryFolloweeOnceHoweverManyThereAre) {
  for (const core::user_id many : {10, 4000, 50'000}) {
    core::follower_graph graph;
    std::set<core::user_id> followees;
    for (core::user_id u = -many; u != many; ++u) {
      graph.follow(1, u * 3);
      followees.insert(u * 3);
    }
    for (const std::uint32_t most : {7u, 1'000'000u}) {
      int pages = 0;
      EXPECT_EQ(all(graph, 1, direction::followees, most, pages), followees) << many;
    }
  }
}

TEST(FollowList, RefusesACursorOfAnotherTable) {
  core::follower_graph graph;
  for (core::user_id u = 0; u != 20'000; ++u) graph.follow(u, 1);
  api::list_follows asked;
  asked.user = 1;
  asked.which = direction::followers;
  asked.most = 10;
  const auto next = std::get<api::follow_list>(list_follows(graph, asked)).next;
  asked.after = "1" + next;
  EXPECT_TRUE(std::holds_alternative<api::refused>(list_follows(graph, asked)));
  asked.after = next;
  for (core::user_id u = 20'000; u != 60'000; ++u) graph.follow(u, 1);
  EXPECT_TRUE(std::holds_alternative<api::refused>(list_follows(graph, asked)));
}

}  // namespace
}  // namespace skein
