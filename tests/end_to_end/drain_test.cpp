/// Signals: what was read before one still arrives.

#include <csignal>
#include <future>

#include "audience.hpp"

namespace skein::test {
namespace {

class Drain : public testing::TestWithParam<int> {};

TEST_P(Drain, DeliversWhatWasReadAndEndsWell) {
  daemon broker{{{"sequence.gap-timeout", "1h"}}};
  audience users{broker, {1, 2}};
  auto source = broker.source();
  source.send("1|F|1|2\n2|B\n4|S|2\n6|P|1|2\n7|");
  broker.await_counter("received", 4);
  broker.program().signal(GetParam());
  EXPECT_EQ(broker.program().wait(), 0);
  EXPECT_EQ(users[0].receive_all(), "2|B\r\n4|S|2\r\n");
  EXPECT_EQ(users[1].receive_all(), "1|F|1|2\r\n2|B\r\n6|P|1|2\r\n");
  EXPECT_FALSE(users[0].was_reset());
  EXPECT_EQ(source.receive_all(), "");
  const auto totals = broker.totals();
  EXPECT_EQ(totals["missing"], 2u);
  EXPECT_EQ(totals["dropped"], 0u);
  EXPECT_EQ(totals["sources"], 0u);
  EXPECT_EQ(totals["clients"], 0u);
  EXPECT_EQ(broker.lines_with("msg=\"draining\" signal=" + std::to_string(GetParam())), 1u);
  EXPECT_EQ(broker.lines_with("msg=\"ended\" status=0"), 1u);
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
  EXPECT_EQ(broker.totals()["dropped"], 0u);
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
  EXPECT_GT(broker.totals()["dropped"], 0u);
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
  broker.await_counter("received", 10'000);
  const auto totals = broker.stop();
  reader.get();
  sender.get();
  // Everything that was read, in order, without a hole.
  std::string expected;
  for (std::uint64_t n = 1; n <= totals["received"]; ++n) {
    expected += std::to_string(n) + "|P|2|1\r\n";
  }
  EXPECT_TRUE(client.received() == expected) << client.received().size() << " " << expected.size();
  EXPECT_EQ(totals["dropped"], 0u);
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
