#include "core/events/follower_graph.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "support/naive_graph.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using test::members_of;
using sessions = std::set<session_index>;

void expect_equal(const follower_graph& graph, const test::naive_graph& model,
                  const std::vector<user_id>& users) {
  ASSERT_EQ(graph.edges(), model.edges().size());
  ASSERT_EQ(test::edges_of(graph), model.edges());
  for (const user_id user : users) {
    // Nothing is kept for nobody: an empty set would be memory for a user who is not there.
    const session_set* const own = graph.sessions_of(user);
    const session_set* const audience = graph.audience_of(user);
    ASSERT_TRUE(!own || !own->empty());
    ASSERT_TRUE(!audience || !audience->empty());
    ASSERT_EQ(members_of(own), model.sessions_of(user));
    ASSERT_EQ(members_of(audience), model.audience_of(user));
  }
}

TEST(FollowerGraph, ListsASessionUnderAnAuthorExactlyIfItsUserFollowsHim) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    follower_graph graph;
    test::naive_graph model;
    constexpr user_id greatest = std::numeric_limits<user_id>::max();
    std::vector<user_id> users{0,         -1,         -2,         -3,         greatest,
                               -greatest, 0xFFFFFFFE, 0xFFFFFFFF, 0x100000000};
    const auto count = random.between<std::size_t>(12, 60);
    while (users.size() < count) users.push_back(static_cast<user_id>(users.size()));
    const auto anyone = [&] { return users[random.between<std::size_t>(0, users.size() - 1)]; };
    for (int step = 0; step != 4000; ++step) {
      const user_id a = anyone();
      const user_id b = anyone();
      const auto session = random.between<session_index>(0, 40);
      switch (random.between(0, 9)) {
        case 0:
        case 1:
        case 2:
        case 3:
          ASSERT_EQ(graph.follow(a, b), model.follow(a, b));
          break;
        case 4:
        case 5:
          ASSERT_EQ(graph.unfollow(a, b), model.unfollow(a, b));
          break;
        case 6:
        case 7:
        case 8:
          if (const auto found = model.sessions().find(session); found != model.sessions().end()) {
            graph.disconnect(found->second, session);
            model.disconnect(session);
          } else {
            graph.connect(a, session);
            model.connect(a, session);
          }
          break;
        default:
          if (random.one_in(40)) {
            graph.forget_follows();
            model.forget_follows();
          }
      }
      ASSERT_EQ(graph.follows(a, b), model.edges().count({a, b}) != 0);
      if (step % 100 == 0) {
        ASSERT_NO_FATAL_FAILURE(expect_equal(graph, model, users));
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_equal(graph, model, users));
  }
}

TEST(FollowerGraph, KnowsEveryUserThatALineCanName) {
  // Enough of them that the set of the follower is a table, with the borders of both widths.
  follower_graph graph;
  test::naive_graph model;
  constexpr user_id greatest = std::numeric_limits<user_id>::max();
  for (const user_id center : {user_id{0}, user_id{0xFFFFFFFF}, greatest - 50, -greatest + 50}) {
    for (user_id offset = -50; offset <= 50; ++offset) {
      ASSERT_TRUE(graph.follow(1, center + offset)) << center + offset;
      ASSERT_FALSE(graph.follow(1, center + offset)) << center + offset;
      model.follow(1, center + offset);
    }
  }
  EXPECT_EQ(test::edges_of(graph), model.edges());
  for (const auto& [follower, followee] : model.edges()) {
    ASSERT_TRUE(graph.unfollow(follower, followee)) << followee;
  }
  EXPECT_EQ(graph.edges(), 0u);
}

TEST(FollowerGraph, KeepsFollowsOfThoseWhoAreAway) {
  follower_graph graph;
  graph.follow(1, 2);
  EXPECT_EQ(graph.audience_of(2), nullptr);
  graph.connect(1, 0);
  EXPECT_EQ(members_of(graph.audience_of(2)), sessions{0});
  graph.disconnect(1, 0);
  EXPECT_EQ(graph.audience_of(2), nullptr);
  EXPECT_TRUE(graph.follows(1, 2));
}

TEST(FollowerGraph, ListsEverySessionOfAFollower) {
  follower_graph graph;
  graph.connect(1, 0);
  graph.follow(1, 2);
  graph.connect(1, 5);
  EXPECT_EQ(members_of(graph.sessions_of(1)), (sessions{0, 5}));
  EXPECT_EQ(members_of(graph.audience_of(2)), (sessions{0, 5}));
  graph.disconnect(1, 0);
  EXPECT_EQ(members_of(graph.audience_of(2)), sessions{5});
  graph.unfollow(1, 2);
  EXPECT_EQ(graph.audience_of(2), nullptr);
}

TEST(FollowerGraph, LetsAUserFollowHimself) {
  follower_graph graph;
  graph.connect(1, 3);
  EXPECT_TRUE(graph.follow(1, 1));
  EXPECT_EQ(members_of(graph.audience_of(1)), sessions{3});
  EXPECT_TRUE(graph.unfollow(1, 1));
  EXPECT_EQ(graph.edges(), 0u);
}

TEST(FollowerGraph, ForgetsFollowsButNotWhoIsConnected) {
  follower_graph graph;
  graph.connect(1, 0);
  graph.follow(1, 2);
  graph.forget_follows();
  EXPECT_EQ(graph.edges(), 0u);
  EXPECT_EQ(graph.audience_of(2), nullptr);
  EXPECT_EQ(members_of(graph.sessions_of(1)), sessions{0});
  graph.follow(1, 2);
  EXPECT_EQ(members_of(graph.audience_of(2)), sessions{0});
}

TEST(FollowerGraph, IgnoresTheEndOfASessionItDoesNotKnow) {
  follower_graph graph;
  graph.connect(1, 0);
  graph.follow(1, 2);
  graph.disconnect(1, 7);
  graph.disconnect(3, 0);
  EXPECT_EQ(members_of(graph.audience_of(2)), sessions{0});
}

TEST(FollowerGraph, CostsNothingForAUserWhoFollowsNobodyAnyMore) {
  follower_graph graph;
  for (user_id u = 0; u != 10'000; ++u) graph.follow(u, u + 1);
  for (user_id u = 0; u != 10'000; ++u) graph.unfollow(u, u + 1);
  EXPECT_EQ(graph.edges(), 0u);
  EXPECT_LT(graph.memory(), 4096u);
}

// Iterating a table yields the order of its hashes. Filling another table in that order must not
// make one long run of it: with the hash of both tables the same, each of these would take minutes.
TEST(FollowerGraph, ConnectsAUserWhoFollowsVeryMany) {
  follower_graph graph;
  constexpr user_id followees = 300'000;
  for (user_id u = 0; u != followees; ++u) graph.follow(-1, u);
  graph.connect(-1, 0);
  EXPECT_EQ(members_of(graph.audience_of(followees - 1)), sessions{0});
  graph.disconnect(-1, 0);
  EXPECT_EQ(graph.audience_of(followees - 1), nullptr);
}

TEST(FollowerGraph, IsBuiltAgainFromItsOwnEdges) {
  follower_graph graph;
  constexpr user_id users = 300'000;
  for (user_id u = 0; u != users; ++u) graph.follow(u, u * 7);
  for (user_id u = 0; u != users; ++u) graph.follow(-1, u);
  follower_graph copy;
  graph.for_each_edge([&](user_id a, user_id b) { copy.follow(a, b); });
  EXPECT_EQ(copy.edges(), graph.edges());
}

}  // namespace
}  // namespace skein::core
