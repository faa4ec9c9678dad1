/// Epochs across ends and beginnings of the daemon, and those that the operator begins.

#include "operating.hpp"

namespace skein::test {
namespace {

const std::vector<std::string> stream{"1|F|1|2", "2|S|2", "3|B"};

struct place {
  std::uint64_t epoch, next;
};
bool operator==(const place& a, const place& b) {
  return a.epoch == b.epoch && a.next == b.next;
}
std::ostream& operator<<(std::ostream& to, const place& p) {
  return to << "(" << p.epoch << ", " << p.next << ")";
}

place place_of(const daemon& broker, const std::vector<std::string>& command = {"epoch"}) {
  const auto said = printed(broker.store(), command);
  return {number_of("epoch", said), number_of("next", said)};
}

void await_place(const daemon& broker, const place& p) {
  await("a place", [&] { return broker.status("epoch") == p.epoch; });
  broker.await_status("next", p.next);
}

/// A source sends the lines and leaves; they begin or continue this epoch.
void play_to(daemon& broker, const std::vector<std::string>& lines, const place& p) {
  peer{broker.source_port()}.send(sent(lines));
  await_place(broker, p);
  await_end_of_sources(broker);
}

/// The stream was going on.
void kill_in_the_middle(daemon& broker) {
  await_stored(broker, broker.status("next"));
  broker.kill();
}

TEST(EpochAfterACleanEnd, BeginsWithOneAndAnEmptyGraph) {
  daemon broker;
  play_to(broker, stream, {1, 4});
  for (int idle = 0; idle != 2; ++idle) {
    broker.stop();
    broker.start_again();
    EXPECT_EQ(place_of(broker), (place{1, 4}));
    EXPECT_EQ(broker.lines_with("interrupted=false"), 1u);
  }
  auto client = broker.client(1);
  play_to(broker, {"4|S|2"}, {1, 5});
  play_to(broker, {"1|F|1|2", "2|U|1|2", "3|S|2", "4|B"}, {2, 5});
  expect_told(client, "4|S|2\r\n4|B\r\n");
  broker.stop();
  broker.start_again();
  auto other = broker.client(1);
  play_to(broker, {"1|S|2", "2|B"}, {3, 3});
  expect_told(other, "2|B\r\n");
}

TEST(EpochAfterAnInterruption, IsRepeatedByTheSameFirstEvent) {
  for (const bool killed : {true, false}) {
    SCOPED_TRACE(killed);
    daemon broker;
    auto source = broker.source();
    source.send(sent(stream));
    broker.await_status("next", 4);
    killed ? kill_in_the_middle(broker) : static_cast<void>(broker.stop());
    // To be idle in between does not end the stream.
    broker.start_again();
    broker.stop();
    broker.start_again();
    EXPECT_EQ(broker.lines_with("interrupted=true"), 1u);
    auto client = broker.client(1);
    auto lines = stream;
    lines.insert(lines.end(), {"4|S|2", "5|B"});
    play_to(broker, lines, {1, 6});
    expect_told(client, "4|S|2\r\n5|B\r\n");
    // Now it has come to its end.
    play_to(broker, {"1|F|1|2", "2|B"}, {2, 3});
    expect_told(client, "2|B\r\n");
    const auto totals = broker.stop();
    EXPECT_EQ(totals["events_duplicate"], 3u);
    EXPECT_EQ(totals["epochs"], 1u);
  }
}

TEST(EpochAfterAnInterruption, IsRepeatedByManySourcesInAnyOrder) {
  daemon broker;
  auto source = broker.source();
  source.send("1|F|1|2\n" + sent(broadcasts(2, 300)));
  broker.await_status("next", 301);
  kill_in_the_middle(broker);
  broker.start_again();
  auto client = broker.client(1);
  auto odd = broker.source();
  auto even = broker.source();
  std::string odds, evens;
  for (int n = 400; n > 1; --n) (n % 2 == 0 ? evens : odds) += std::to_string(n) + "|B\n";
  even.send(evens);
  odd.send(odds + "1|F|1|2\n401|S|2\n");
  expect_told(client, told(301, 400) + "401|S|2\r\n");
  EXPECT_EQ(place_of(broker), (place{1, 402}));
  EXPECT_EQ(broker.stop()["events_duplicate"], 300u);
}

TEST(EpochAfterAnInterruption, BeginsAnewWithAnotherFirstEvent) {
  for (const char* first : {"01|F|1|2", "1|F|1|3", "1|B"}) {
    SCOPED_TRACE(first);
    daemon broker;
    auto source = broker.source();
    source.send(sent(stream));
    broker.await_status("next", 4);
    kill_in_the_middle(broker);
    broker.start_again();
    auto client = broker.client(1);
    play_to(broker, {first, "2|U|1|2", "3|S|2", "4|P|1|1"}, {2, 5});
    client.receive_until("4|P|1|1\r\n");
    EXPECT_EQ(client.received().find("S"), std::string::npos);
    EXPECT_EQ(broker.stop()["events_duplicate"], 0u);
  }
}

TEST(EpochAfterAnInterruption, BeginsAnewIfItsFirstEventNeverCame) {
  daemon broker{{{"sequence.gap-timeout", "1ms"}}};
  play_to(broker, {"500|F|1|2", "501|B"}, {1, 502});
  kill_in_the_middle(broker);
  broker.start_again();
  auto client = broker.client(1);
  play_to(broker, {"1|S|2", "2|B"}, {2, 3});
  expect_told(client, "2|B\r\n");
}

TEST(EpochAfterAnInterruption, IsWhatThePolicySays) {
  daemon broker{{{"sequence.gap-timeout", "1ms"}}};
  auto source = broker.source();
  source.send(sent(stream));
  broker.await_status("next", 4);
  kill_in_the_middle(broker);
  broker.start_again({{"sequence.on-restart", "continue"}});
  auto client = broker.client(1);
  play_to(broker, {"1|B", "2|B", "3|B", "4|S|2"}, {1, 5});
  expect_told(client, "4|S|2\r\n");
  broker.stop();
  broker.start_again({{"sequence.on-restart", "always"}});
  auto other = broker.client(1);
  play_to(broker, {"5|S|2", "6|B"}, {2, 7});
  expect_told(other, "6|B\r\n");
}

TEST(EpochNew, BeginsOneForSourcesThatAreConnected) {
  daemon broker;
  auto client = broker.client(1);
  auto source = broker.source();
  for (std::uint64_t epoch = 1; epoch <= 3; ++epoch) {
    source.send("1|S|2\n2|F|1|2\n3|S|2\n");
    expect_told(client, "3|S|2\r\n");
    EXPECT_EQ(place_of(broker), (place{epoch, 4}));
    EXPECT_EQ(printed(broker.store(), {"epoch", "new"}),
              "epoch: " + std::to_string(epoch + 1) + "\nnext: 1\n");
  }
  EXPECT_EQ(broker.stop()["events_duplicate"], 0u);
}

TEST(EpochNew, BeginsOneWithoutSourcesAndEmptyOnesToo) {
  daemon broker;
  EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{2, 1}));
  play_to(broker, stream, {2, 4});
  EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{3, 1}));
  EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{4, 1}));
  broker.kill();
  broker.start_again();
  EXPECT_EQ(place_of(broker), (place{4, 1}));
  auto client = broker.client(1);
  play_to(broker, stream, {4, 4});
  expect_told(client, "2|S|2\r\n3|B\r\n");
  await_stored(broker, 4);
  EXPECT_EQ(number_of("findings", printed(broker.store(), {"store", "check"})), 0u);
}

TEST(EpochNew, ReleasesWhatWaitsBehindAGap) {
  daemon broker{{{"sequence.gap-timeout", "1h"}}};
  auto client = broker.client(1);
  auto source = broker.source();
  source.send("1|B\n3|B\n6|B\n");
  broker.await_status("held", 2);
  EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{2, 1}));
  source.send("1|B\n");
  expect_told(client, "1|B\r\n3|B\r\n6|B\r\n1|B\r\n");
  const auto totals = broker.stop();
  EXPECT_EQ(totals["gaps"], 2u);
  EXPECT_EQ(totals["events_missing"], 3u);
}

TEST(EpochNew, ReleasesWhatASourceAheadOfTheWindowHolds) {
  daemon broker{{{"sequence.gap-policy", "wait"}, {"sequence.window", "10"}}};
  auto client = broker.client(1);
  auto source = broker.source();
  source.send("1|B\n" + sent(broadcasts(3, 100)));
  broker.await_status("held", 98);
  EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{2, 1}));
  source.send("1|B\n");
  expect_told(client, "1|B\r\n" + told(3, 100) + "1|B\r\n");
}

TEST(EpochNew, TakesInASourceThatHasStartedAgain) {
  daemon broker{{{"sequence.restart-wait", "1h"}}};
  auto client = broker.client(1);
  auto older = broker.source();
  older.send("1|F|1|2\n2|S|2\n");
  expect_told(client, "2|S|2\r\n");
  auto newer = broker.source();
  newer.send("1|S|2\n2|B\n");
  broker.await_status("held", 2);
  EXPECT_EQ(place_of(broker, {"epoch", "new"}).epoch, 2u);
  older.send("3|B\n");
  expect_told(client, "2|B\r\n3|B\r\n");
  EXPECT_EQ(broker.stop()["epochs"], 1u);
}

TEST(EpochNew, IsOnDiskBeforeTheAnswer) {
  daemon broker{{{"event.commit-interval", "1min"}, {"sequence.gap-timeout", "1h"}}};
  std::string all;
  for (std::uint64_t epoch = 1; epoch <= 4; ++epoch) {
    auto source = broker.source();
    source.send("1|B\n2|S|2\n4|B\n");  // always the same, and yet no repetition
    broker.await_status("held", 1);
    all += "1|B\n2|S|2\n4|B\n";
    EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{epoch + 1, 1}));
    broker.kill();
    broker.start_again();
    EXPECT_EQ(place_of(broker), (place{epoch + 1, 1}));
    EXPECT_EQ(printed(broker.store(), {"replay"}), all);
  }
}

TEST(EpochNew, IsSeenByADurableUserAsNumbersThatBeginAgain) {
  daemon broker;
  auto client = broker.durable(1, 0);
  auto source = broker.source();
  source.send(sent(broadcasts(1, 5)));
  expect_told(client, told(1, 5));
  acknowledge(client, 3);
  broker.command("epoch new");
  source.send(sent(broadcasts(1, 4)));
  expect_told(client, told(1, 4));
  auto same = broker.durable(1);
  expect_told(same, told(4, 5) + told(1, 4));
  acknowledge(same, 5);
  acknowledge(same, 2);
  broker.stop();
  broker.start_again();
  auto again = broker.durable(1);
  expect_told(again, told(3, 4));
}

TEST(KeptGraph, IsTheSameAfterARestart) {
  daemon broker{{{"sequence.keep-graph", "true"}}};
  play_to(broker, {"1|F|1|2", "2|F|1|3", "3|F|4|3"}, {1, 4});
  EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{2, 1}));
  play_to(broker, {"1|U|1|3", "2|F|1|5"}, {2, 3});
  EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{3, 1}));
  const std::vector<std::string> probe{"1|S|2", "2|S|3", "3|S|5"};
  broker.kill();
  // What is kept was decided when the epoch began.
  broker.start_again({{"sequence.keep-graph", "false"}});
  auto one = broker.client(1);
  auto four = broker.client(4);
  play_to(broker, probe, {3, 4});
  expect_told(one, "1|S|2\r\n3|S|5\r\n");
  expect_told(four, "2|S|3\r\n");
  EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{4, 1}));
  play_to(broker, {"1|S|2", "2|F|1|7", "3|S|7"}, {4, 4});
  expect_told(one, "3|S|7\r\n");
  await_stored(broker, 4);
  broker.kill();
  broker.start_again({{"sequence.keep-graph", "true"}});
  EXPECT_EQ(place_of(broker, {"epoch", "new"}), (place{5, 1}));
  auto again = broker.client(1);
  play_to(broker, {"1|S|2", "2|S|7"}, {5, 3});
  expect_told(again, "2|S|7\r\n");
}

}  // namespace
}  // namespace skein::test
