#include "core/events/round.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/naive_round.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using test::portion_for;
using test::portion_of;

TEST(Round, PutsOwnNotificationsBetweenTheBroadcasts) {
  round_builder builder;
  builder.broadcast("b1\n");
  builder.broadcast("b2\n");
  builder.add(7, "n1\n");
  builder.add(7, "n2\n");
  builder.broadcast("b3\n");
  builder.add(7, "n3\n");
  builder.broadcast("b4\n");
  const auto round = builder.seal();
  EXPECT_EQ(portion_for(*round, 7), "b1\nb2\nn1\nn2\nb3\nn3\nb4\n");
  EXPECT_EQ(portion_of(*round, round::broadcasts_only), "b1\nb2\nb3\nb4\n");
  EXPECT_EQ(round->broadcasts(), 4u);
}

TEST(Round, GivesANewSessionOnlyWhatCameAfterIt) {
  round_builder builder;
  builder.broadcast("b1\n");
  builder.join(3);
  builder.add(3, "n1\n");
  builder.broadcast("b2\n");
  const auto round = builder.seal();
  EXPECT_EQ(portion_for(*round, 3), "n1\nb2\n");
  EXPECT_EQ(portion_for(*round, 4), "b1\nb2\n");
}

TEST(Round, IsAnEmptyPortionForASessionThatJoinedAtItsEnd) {
  round_builder builder;
  builder.broadcast("b1\n");
  builder.join(3);
  const auto round = builder.seal();
  EXPECT_EQ(portion_for(*round, 3), "");
}

TEST(Round, MakesAGroupOnlyForThoseWhoNeedOne) {
  round_builder builder;
  builder.join(1);
  EXPECT_EQ(builder.groups(), 0u);
  EXPECT_TRUE(builder.empty());
  builder.add(2, "n\n");
  EXPECT_EQ(builder.groups(), 1u);
  EXPECT_FALSE(builder.empty());
  EXPECT_FALSE(builder.has_broadcasts());
  EXPECT_EQ(builder.seal()->groups().at(0).session, 2u);
  EXPECT_TRUE(builder.empty());
}

TEST(Round, ShowsAPortionInPlaceWhenItCan) {
  round_builder builder;
  const std::string own = "own\n";
  builder.add(1, own);
  builder.add(2, own);
  builder.add(2, own);
  auto round = builder.seal();
  EXPECT_EQ(round->in_one_piece(0).data(), own.data());
  EXPECT_TRUE(round->in_one_piece(1).empty());
  builder.broadcast("b\n");
  builder.add(1, own);
  builder.join(5);
  builder.add(5, own);
  round = builder.seal();
  EXPECT_EQ(round->in_one_piece(round::broadcasts_only), "b\n");
  EXPECT_TRUE(round->in_one_piece(0).empty());
  EXPECT_EQ(round->in_one_piece(1), "own\n");
}

TEST(Round, KeepsTheBlocksAliveThatItPointsInto) {
  round_builder builder;
  auto block = std::make_shared<const std::string>("line\n");
  builder.add(1, *block);
  builder.keep(block);
  const std::weak_ptr<const std::string> watched = block;
  block.reset();
  auto round = builder.seal();
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(portion_of(*round, 0), "line\n");
  round.reset();
  EXPECT_TRUE(watched.expired());
}

TEST(Round, IsForEachSessionTheConcatenationOfWhatItGets) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    round_builder builder;
    test::naive_round model;
    std::vector<session_index> connected;
    session_index next = 0;
    for (int rounds = 0; rounds != 20; ++rounds) {
      const auto lines = std::make_shared<std::vector<std::string>>();
      const int steps = random.between(0, 60);
      lines->reserve(static_cast<std::size_t>(steps));
      builder.keep(lines);
      for (int step = 0; step != steps; ++step) {
        const std::string& line = lines->emplace_back(std::to_string(random.between(0, 1 << 30)) +
                                                      (random.one_in(2) ? "\r\n" : "\n"));
        if (connected.empty() || random.one_in(8)) {
          connected.push_back(next);
          builder.join(next);
          model.connect(next);
          next += random.between<session_index>(1, 3);
        } else if (random.one_in(4)) {
          builder.broadcast(line);
          model.broadcast(line);
        } else {
          const auto to = connected[random.between<std::size_t>(0, connected.size() - 1)];
          builder.add(to, line);
          model.add(to, line);
        }
      }
      const auto round = builder.seal();
      for (const auto& [session, expected] : model.portions()) {
        ASSERT_EQ(portion_for(*round, session), expected);
      }
      for (std::uint32_t i = 0; i != round->groups().size(); ++i) {
        const auto view = round->in_one_piece(i);
        ASSERT_TRUE(view.empty() || view == portion_of(*round, i));
      }
      model.seal();
    }
  }
}

}  // namespace
}  // namespace skein::core
