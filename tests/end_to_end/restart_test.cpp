/// A stream that starts again at 1.

#include <algorithm>
#include <random>

#include "audience.hpp"

namespace skein::test {
namespace {

/// Sends a stream and leaves.
void play(daemon& broker, const std::vector<std::string>& lines) {
  peer source{broker.source_port()};
  source.send(sent(lines));
}

TEST(Restart, TwiceBeginsNewEpochsWithAnEmptyGraph) {
  daemon broker;
  audience users{broker, {1, 2}};
  for (std::size_t epoch = 1; epoch <= 3; ++epoch) {
    play(broker, {"1|S|2", "2|F|1|2", "3|S|2", "4|B"});
    users.expect_restart();
    users.expect({"1|S|2", "2|F|1|2", "3|S|2", "4|B"});
    users.await();
    broker.await_line("msg=\"source ended\"", epoch);
  }
  const auto totals = users.verify();
  EXPECT_EQ(totals["epochs"], 2u);
  EXPECT_EQ(totals["received"], 12u);
  for (const char* key : {"late", "duplicate", "missing"}) EXPECT_EQ(totals[key], 0u) << key;
}

TEST(Restart, MayFollowTheEndAtOnce) {
  daemon broker;
  audience users{broker, {1, 2}};
  constexpr int times = 200;
  for (int epoch = 0; epoch != times; ++epoch) {
    play(broker, {"1|S|2", "2|F|1|2", "3|S|2", "4|B"});
    users.expect_restart();
    users.expect({"1|S|2", "2|F|1|2", "3|S|2", "4|B"});
  }
  const auto totals = users.verify();
  EXPECT_EQ(totals["epochs"], static_cast<std::uint64_t>(times - 1));
  for (const char* key : {"late", "duplicate", "missing"}) EXPECT_EQ(totals[key], 0u) << key;
}

TEST(Restart, MayBeShuffled) {
  daemon broker;
  audience users{broker, {1, 2}};
  const auto lines = broadcasts(1, 1000);
  std::mt19937 random{7};
  for (int epoch = 0; epoch != 50; ++epoch) {
    auto shuffled = lines;
    for (auto batch = shuffled.begin(); batch != shuffled.end(); batch += 100) {
      std::shuffle(batch, batch + 100, random);
    }
    play(broker, shuffled);
    users.expect(lines);
  }
  const auto totals = users.verify();
  EXPECT_EQ(totals["epochs"], 49u);
  for (const char* key : {"late", "duplicate", "missing"}) EXPECT_EQ(totals[key], 0u) << key;
}

TEST(Restart, WaitsForWhatTheOldConnectionStillHolds) {
  daemon broker;
  audience users{broker, {1, 2}};
  std::vector<std::string> lines;
  for (int n = 1; n <= 100'000; ++n) {
    lines.push_back(std::to_string(n) + (n % 1000 == 0 ? "|B" : "|P|123456789|987654321"));
  }
  for (int epoch = 0; epoch != 4; ++epoch) {
    play(broker, lines);
    users.expect(lines);
  }
  const auto totals = users.verify();
  EXPECT_EQ(totals["received"], 400'000u);
  EXPECT_EQ(totals["epochs"], 3u);
  for (const char* key : {"late", "duplicate", "missing"}) EXPECT_EQ(totals[key], 0u) << key;
}

TEST(Restart, GivesUpTheGapsOfTheOldStream) {
  daemon broker{{{"sequence.gap-timeout", "1h"}}};
  audience users{broker, {1, 2}};
  play(broker, {"1|B", "2|B", "4|B"});
  play(broker, {"1|P|1|2", "2|B"});
  users.expect({"1|B", "2|B", "4|B", "1|P|1|2", "2|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["epochs"], 1u);
  EXPECT_EQ(totals["missing"], 1u);
}

TEST(Restart, OfASourceThatWasResetIsOne) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|B\n2|B\n");
  users.expect({"1|B", "2|B"});
  users.await();
  source.reset();
  play(broker, {"1|B", "2|B"});
  users.expect({"1|B", "2|B"});
  EXPECT_EQ(users.verify()["epochs"], 1u);
}

TEST(Restart, GoesOnWhereTheLastSourceEnded) {
  daemon broker;
  audience users{broker, {1, 2}};
  play(broker, {"1|F|1|2", "2|B"});
  play(broker, {"3|S|2", "4|B"});
  users.expect({"1|F|1|2", "2|B", "3|S|2", "4|B"});
  EXPECT_EQ(users.verify()["epochs"], 0u);
}

TEST(Restart, IsNoneWhenTheSequenceGoesOnForEver) {
  daemon broker{{{"sequence.on-restart", "continue"}}};
  audience users{broker, {1, 2}};
  play(broker, {"1|F|1|2", "2|B"});
  users.expect({"1|F|1|2", "2|B"});
  users.await();
  play(broker, {"1|B", "2|B", "3|S|2", "4|B"});
  users.expect({"3|S|2", "4|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["epochs"], 0u);
  EXPECT_EQ(totals["duplicate"], 2u);
}

TEST(Restart, MayBeEachTimeAFirstSourceComes) {
  daemon broker{{{"sequence.on-restart", "always"}, {"sequence.gap-timeout", "50ms"}}};
  audience users{broker, {1, 2}};
  play(broker, {"1|F|1|2", "2|B"});
  users.expect({"1|F|1|2", "2|B"});
  users.await();
  broker.await_line("msg=\"source ended\"");
  play(broker, {"3|S|2", "4|B"});
  users.expect_restart();
  users.expect({"3|S|2", "4|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["epochs"], 1u);
  EXPECT_EQ(totals["missing"], 2u);
}

TEST(Restart, MayKeepTheGraph) {
  daemon broker{{{"sequence.keep-graph", "true"}}};
  audience users{broker, {1, 2}};
  play(broker, {"1|F|1|2", "2|B"});
  broker.await_line("msg=\"source ended\"");
  play(broker, {"1|S|2", "2|B"});
  users.expect({"1|F|1|2", "2|B", "1|S|2", "2|B"});
  EXPECT_EQ(users.verify()["epochs"], 1u);
}

}  // namespace
}  // namespace skein::test
