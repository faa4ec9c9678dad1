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
  EXPECT_EQ(totals["events_received"], 12u);
  for (const char* key : {"events_late", "events_duplicate", "events_missing"})
    EXPECT_EQ(totals[key], 0u) << key;
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
  for (const char* key : {"events_late", "events_duplicate", "events_missing"})
    EXPECT_EQ(totals[key], 0u) << key;
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
  for (const char* key : {"events_late", "events_duplicate", "events_missing"})
    EXPECT_EQ(totals[key], 0u) << key;
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
  EXPECT_EQ(totals["events_received"], 400'000u);
  EXPECT_EQ(totals["epochs"], 3u);
  for (const char* key : {"events_late", "events_duplicate", "events_missing"})
    EXPECT_EQ(totals[key], 0u) << key;
}

TEST(Restart, GivesUpTheGapsOfTheOldStream) {
  daemon broker{{{"sequence.gap-timeout", "1h"}}};
  audience users{broker, {1, 2}};
  play(broker, {"1|B", "2|B", "4|B"});
  users.expect({"1|B", "2|B"});
  // Nothing else says which of two connections is read first.
  users.await();
  play(broker, {"1|P|1|2", "2|B"});
  users.expect({"4|B", "1|P|1|2", "2|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["epochs"], 1u);
  EXPECT_EQ(totals["events_missing"], 1u);
}

TEST(Restart, OfASourceThatWasResetIsOneIfItsFirstEventIsAnother) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|F|1|2\n2|B\n");
  users.expect({"1|F|1|2", "2|B"});
  users.await();
  source.reset();
  play(broker, {"1|S|2", "2|B"});
  users.expect_restart();
  users.expect({"1|S|2", "2|B"});
  EXPECT_EQ(users.verify()["epochs"], 1u);
}

TEST(Restart, OfASourceThatWasResetIsNoneIfItRepeats) {
  daemon broker;
  audience users{broker, {1, 2}};
  std::vector<std::string> lines{"1|F|1|2"};
  for (int reset = 0; reset != 3; ++reset) {
    auto source = broker.source();
    lines.push_back(std::to_string(lines.size() + 1) + "|S|2");
    source.send(sent(lines));
    if (reset == 0) users.expect({lines.front()});
    users.expect({lines.back()});
    users.await();
    source.reset();
    broker.await_line("msg=\"source ended\"", static_cast<std::size_t>(reset) + 1);
  }
  play(broker, lines);
  broker.await_line("msg=\"source ended\"", 4);
  // This one had ended by itself.
  play(broker, lines);
  users.expect_restart();
  users.expect(lines);
  const auto totals = users.verify();
  EXPECT_EQ(totals["epochs"], 1u);
  EXPECT_EQ(totals["events_duplicate"], 2u + 3u + 4u);
}

TEST(Restart, IsNotHeldUpByAConnectionThatIsSilent) {
  daemon broker{{{"sequence.restart-wait", "100ms"}}};
  audience users{broker, {7}};
  auto gone = broker.source();
  gone.send("1|P|1|7\n2|P|1|7\n");
  users.expect({"1|P|1|7", "2|P|1|7"});
  users.await();
  auto successor = broker.source();
  successor.send("1|P|2|7\n2|P|2|7\n3|P|2|7\n");
  users.expect({"1|P|2|7", "2|P|2|7", "3|P|2|7"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["epochs"], 1u);
  EXPECT_EQ(totals["events_duplicate"], 0u);
}

TEST(Restart, IsNoneOfAMachineThatIsGoneAndRepeats) {
  daemon broker{{{"source.keep-alive", "1s"}}};
  audience users{broker, {2}};
  auto gone = broker.source();
  gone.send("1|P|1|2\n2|B\n");
  users.expect({"1|P|1|2", "2|B"});
  users.await();
  if (!gone.vanish()) GTEST_SKIP() << "this takes CAP_NET_ADMIN";
  broker.await_line("why=\"connection lost\"");
  play(broker, {"1|P|1|2", "2|B", "3|B"});
  users.expect({"3|B"});
  EXPECT_EQ(users.verify()["epochs"], 0u);
}

TEST(Restart, IsNoneByOneLineBesideAnIdleSource) {
  daemon broker{{{"sequence.restart-wait", "100ms"}}};
  audience users{broker, {1, 7}};
  auto idle = broker.source();
  idle.send("1|F|1|7\n2|B\n");
  users.expect({"1|F|1|7", "2|B"});
  users.await();
  for (std::size_t stray = 1; stray <= 3; ++stray) {
    play(broker, {"1|P|7|2932"});
    broker.await_exactly("events_duplicate", stray);
  }
  idle.send("3|S|7\n");
  users.expect({"3|S|7"});
  EXPECT_EQ(users.verify()["epochs"], 0u);
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
  EXPECT_EQ(totals["events_duplicate"], 2u);
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
  EXPECT_EQ(totals["events_missing"], 2u);
}

TEST(Restart, IsNoneByAConnectionThatSaysNothing) {
  daemon broker{{{"sequence.on-restart", "always"}}};
  audience users{broker, {1}};
  play(broker, {"1|F|1|2", "2|B"});
  users.expect({"1|F|1|2", "2|B"});
  users.await();
  for (int check = 0; check != 3; ++check) broker.source();
  broker.await_line("msg=\"source ended\"", 4);
  EXPECT_EQ(broker.status("epoch"), 1u);
  auto watching = broker.source();
  play(broker, {"1|F|1|3", "2|S|2", "3|S|3"});
  users.expect_restart();
  users.expect({"1|F|1|3", "2|S|2", "3|S|3"});
  EXPECT_EQ(users.verify()["epochs"], 1u);
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
