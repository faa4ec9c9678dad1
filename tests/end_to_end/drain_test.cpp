/// Signals: what was read before one still arrives.

#include <csignal>
#include <future>

#include "audience.hpp"
#include "resuming.hpp"

namespace skein::test {
namespace {

class Drain : public testing::TestWithParam<int> {};

TEST_P(Drain, WithoutALogDeliversWhatWasReadAndEndsWell) {
  daemon broker{{{"sequence.gap-timeout", "1h"}, {"event.durability", "none"}}};
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|F|1|2\n2|B\n4|S|2\n6|P|1|2\n7|");
  broker.await_counter("events_received", 4);
  broker.program().signal(GetParam());
  EXPECT_EQ(broker.program().wait(), 0);
  EXPECT_EQ(users[0].receive_all(), "2|B\r\n4|S|2\r\n");
  EXPECT_EQ(users[1].receive_all(), "1|F|1|2\r\n2|B\r\n6|P|1|2\r\n");
  EXPECT_FALSE(users[0].was_reset());
  EXPECT_EQ(source.receive_all(), "");
  EXPECT_TRUE(source.was_reset()) << "so that it does not believe that all was read";
  const auto totals = broker.totals();
  EXPECT_EQ(totals["events_missing"], 2u);
  EXPECT_EQ(totals["notifications_dropped"], 0u);
  EXPECT_EQ(totals["sources"], 0u);
  EXPECT_EQ(totals["clients"], 0u);
  EXPECT_EQ(broker.lines_with("msg=\"draining\" signal=" + std::to_string(GetParam())), 1u);
  EXPECT_EQ(broker.lines_with("msg=\"ended\" status=0"), 1u);
}

TEST_P(Drain, TellsAndKeepsNothingBeyondAGapAndEndsWell) {
  for (const char* const level : {"async", "sync"}) {
    daemon broker{{{"sequence.gap-timeout", "1h"}, {"event.durability", level}}};
    auto user = broker.client(2);
    auto source = broker.source();
    source.send("1|F|1|2\n2|B\n4|S|2\n6|P|1|2\n7|");
    broker.await_status("held", 2);
    broker.program().signal(GetParam());
    EXPECT_EQ(broker.program().wait(), 0);
    EXPECT_EQ(user.receive_all(), "1|F|1|2\r\n2|B\r\n");
    const auto totals = broker.totals();
    EXPECT_EQ(totals["events_missing"], 0u);
    EXPECT_EQ(totals["events_unfinished"], 2u);
    EXPECT_EQ(totals["events_lost"], 0u);
    EXPECT_EQ(broker.lines_with("msg=\"unfinished: events that wait for others are not kept\" "
                                "events=2 epoch=1 next=3"),
              1u);
    broker.start_again();
    auto again = broker.client(2);
    auto repeating = broker.source();
    repeating.send("3|B\n4|B\n5|B\n6|P|1|2\n");
    expect_told(again, "3|B\r\n4|B\r\n5|B\r\n6|P|1|2\r\n");
  }
}

TEST_P(Drain, IsCutShortByASecondSignal) {
  daemon broker{{{"drain-timeout", "1h"}}};
  audience users{broker, {1}};
  auto slow = broker.client(2, 4096);
  auto source = broker.source();
  const std::string line = std::string(3990, '0');
  for (int n = 1; n <= 3000; ++n) source.send(line + std::to_string(n) + "|P|1|2\n");
  source.send("3001|B\n");
  users.expect({"3001|B"});
  users.await();
  broker.program().signal(GetParam());
  broker.await_line("msg=\"draining\"");
  EXPECT_EQ(users[0].receive_all(), "3001|B\r\n");
  EXPECT_TRUE(broker.program().lives()) << "it waits for the one who does not read";
  broker.program().signal(GetParam());
  EXPECT_EQ(broker.program().wait(5s), 128 + GetParam());
}

INSTANTIATE_TEST_SUITE_P(By, Drain, testing::Values(SIGINT, SIGTERM), [](const auto& instance) {
  return instance.param == SIGINT ? "SIGINT" : "SIGTERM";
});

TEST(DrainBesideAHalfSentRequest, LosesNothingAndKnowsThatTheStreamWasOver) {
  daemon broker{{{"event.durability", "sync"}}};
  peer program{broker.http_port()};
  program.send("GET /ready HTTP/1.1\r\nHos");
  auto user = broker.client(1);
  {
    auto source = broker.source();
    source.send("1|B\n2|B\n");
  }
  expect_told(user, "1|B\r\n2|B\r\n");
  broker.await_status("sources", 0);
  broker.stop();
  EXPECT_EQ(broker.lines_with("the drain timeout is over"), 0u);
  EXPECT_NE(program.receive_all().find("503 Service Unavailable"), std::string::npos);
  broker.start_again();
  auto again = broker.client(1);
  auto next = broker.source();
  next.send("1|B\n2|P|2|1\n");
  expect_told(again, "1|B\r\n2|P|2|1\r\n");
}

TEST(DrainOfASlowReader, GoesOnUntilItHasEverything) {
  daemon broker{{{"client.max-outbox", "64MiB"}}};
  audience users{broker, {1}};
  auto slow = broker.client(2, 4096);
  auto source = broker.source();
  std::string expected;
  for (int n = 1; n <= 5000; ++n) {
    expected += std::string(3990, '0') + std::to_string(n) + "|P|1|2\r\n";
  }
  source.send(expected + "5001|B\n");
  expected += "5001|B\r\n";
  users.expect({"5001|B"});
  users.await();
  broker.program().signal(SIGTERM);
  broker.await_line("msg=\"draining\"");
  slow.receive_all();
  EXPECT_TRUE(slow.received() == expected) << slow.received().size() << " of " << expected.size();
  EXPECT_FALSE(slow.was_reset());
  EXPECT_EQ(broker.program().wait(), 0);
  EXPECT_EQ(broker.totals()["notifications_dropped"], 0u);
}

TEST(DrainOfOneWhoDoesNotRead, EndsWithTheDrainTimeout) {
  daemon broker{{{"drain-timeout", "300ms"}}};
  audience users{broker, {1}};
  auto slow = broker.client(2, 4096);
  auto source = broker.source();
  for (int n = 1; n <= 3000; ++n) {
    source.send(std::string(3990, '0') + std::to_string(n) + "|P|1|2\n");
  }
  source.send("3001|B\n");
  users.expect({"3001|B"});
  users.await();
  const auto begin = std::chrono::steady_clock::now();
  broker.program().signal(SIGTERM);
  EXPECT_EQ(broker.program().wait(), 0);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 300ms);
  EXPECT_EQ(users[0].receive_all(), "3001|B\r\n");
  EXPECT_EQ(broker.lines_with("the drain timeout is over, the rest is dropped"), 1u);
  EXPECT_EQ(broker.lines_with("level=error"), 0u) << broker.program().err();
  EXPECT_GT(broker.totals()["notifications_dropped"], 0u);
}

TEST(DrainWhileAFloodComesIn, Ends) {
  daemon broker;
  auto client = broker.client(1);
  auto source = broker.source();
  std::string flood;
  for (int n = 1; n <= 2'000'000; ++n) flood += std::to_string(n) + "|P|2|1\n";
  auto sender = std::async(std::launch::async, [&] {
    try {
      source.send(flood);
    } catch (const std::runtime_error&) {  // the daemon has ended
    }
  });
  auto reader = std::async(std::launch::async, [&] { client.receive_all(); });
  broker.await_counter("events_received", 10'000);
  const auto totals = broker.stop();
  reader.get();
  sender.get();
  // Everything that was read, in order, without a hole.
  std::string expected;
  for (std::uint64_t n = 1; n <= totals["events_received"]; ++n) {
    expected += std::to_string(n) + "|P|2|1\r\n";
  }
  EXPECT_TRUE(client.received() == expected) << client.received().size() << " " << expected.size();
  EXPECT_EQ(totals["notifications_dropped"], 0u);
}

TEST(BrokenPipes, NeverKill) {
  daemon broker;
  audience users{broker, {1}};
  broker.program().signal(SIGPIPE);
  auto source = broker.source();
  for (int i = 0; i != 20; ++i) {
    auto leaving = broker.client(2);
    leaving.reset();
    source.send(std::to_string(2 * i + 1) + "|P|1|2\n" + std::to_string(2 * i + 2) + "|B\n");
    users.expect({std::to_string(2 * i + 2) + "|B"});
  }
  users.verify();
}

}  // namespace
}  // namespace skein::test
