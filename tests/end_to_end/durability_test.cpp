/// What each level of durability promises, when the daemon is killed and when it ends in order.

#include "operating.hpp"

namespace skein::test {
namespace {

/// Nothing is committed but what has to be at once.
const daemon::options rare_commits{{"event.commit-interval", "1min"}};

daemon::options rare_commits_at(const std::string& durability) {
  auto options = rare_commits;
  options["event.durability"] = durability;
  return options;
}

class EveryStore : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Durability, EveryStore, testing::Values("async", "sync"),
                         [](const auto& instance) { return std::string{instance.param}; });

TEST(DurabilitySync, LosesNothingThatAnybodyWasTold) {
  daemon broker{rare_commits_at("sync")};
  std::int64_t next = 1;
  for (int life = 1; life <= 4; ++life) {
    auto client = broker.client(1);
    auto source = broker.source();
    source.send(sent(broadcasts(next, next + 50'000)));
    client.receive_until("\n" + std::to_string(next + 1000 * life) + "|B\r\n");
    broker.kill();
    const auto lines = lines_in(client.receive_all());
    const auto end = next + static_cast<std::int64_t>(lines.size());
    EXPECT_EQ(lines, broadcasts(next, end - 1));
    broker.start_again();
    next = static_cast<std::int64_t>(broker.status("next"));
    EXPECT_GE(next, end);
    EXPECT_TRUE(printed(broker.store(), {"replay"}) == sent(broadcasts(1, next - 1)));
  }
}

TEST(DurabilityAsync, KeepsWhatIsOlderThanTheCommitInterval) {
  daemon broker;
  auto source = broker.source();
  source.send("1|F|1|2\n2|S|2\n3|P|2|1\n");
  await_stored(broker, 4);
  broker.kill();
  broker.start_again();
  EXPECT_EQ(broker.status("next"), 4u);
  auto client = broker.durable(1, 0);
  expect_told(client, "2|S|2\r\n3|P|2|1\r\n");
  broker.source().send("4|S|2\n");
  expect_told(client, "4|S|2\r\n");
}

TEST(DurabilityAsync, LosesTheLastIntervalAtMostAndSourcesSendItAgain) {
  daemon broker{rare_commits};
  auto source = broker.source();
  source.send(sent(broadcasts(1, 1000)));
  broker.await_status("next", 1001);
  auto client = broker.durable(1, 0);
  expect_told(client, told(1, 1000));
  acknowledge(client, 1000);
  client.close();
  auto other = broker.durable(2, 0);  // with this cursor everything so far is on disk
  expect_told(other, told(1, 1000));
  auto live = broker.client(3);
  source.send(sent(broadcasts(1001, 2000)));
  expect_told(live, told(1001, 2000));
  broker.kill();
  broker.start_again({{"event.commit-interval", "50ms"}});
  EXPECT_EQ(broker.status("next"), 1001u);
  auto again = broker.durable(1);
  broker.source().send(sent(broadcasts(1, 3000)));
  expect_told(again, told(1001, 3000));
  EXPECT_EQ(broker.stop()["events_duplicate"], 1000u);
  EXPECT_EQ(again.receive_all(), "");
}

TEST(DurabilityAsync, WritesEachMebibyteAlsoWithinTheInterval) {
  daemon broker{rare_commits};
  auto source = broker.source();
  const std::string zeros(1000, '0');
  std::string text;
  for (int n = 1; n <= 5000; ++n) text += zeros + std::to_string(n) + "|B\n";
  source.send(text);
  broker.await_status("next", 5001);
  broker.kill();
  const auto kept = number_of("end", printed(broker.store(), {"store", "info"}));
  EXPECT_LT(kept, text.size());
  EXPECT_GE(kept + (1u << 20), text.size());
  EXPECT_TRUE(printed(broker.store(), {"replay"}) == text.substr(0, kept));
}

TEST(DurabilityNone, LosesEverythingAtEveryEnd) {
  daemon broker{{{"event.durability", "none"}, {"topic.storage", "memory"}}};
  for (const bool killed : {true, false}) {
    SCOPED_TRACE(killed);
    audience users{broker, {1}};
    auto source = broker.source();
    source.send("1|S|2\n2|F|1|2\n3|S|2\n4|B\n");
    users.expect({"1|S|2", "2|F|1|2", "3|S|2", "4|B"});
    users.await();
    EXPECT_EQ(users[0].received(), "3|S|2\r\n4|B\r\n");
    peer durable{broker.client_port()};
    durable.send("1|\n");
    EXPECT_EQ(durable.receive_all(),
              "ERR nothing is stored here, there are no durable sessions\r\n");
    killed ? broker.kill() : static_cast<void>(broker.stop());
    broker.start_again();
  }
  EXPECT_FALSE(std::filesystem::exists(broker.store()));
}

TEST(DurabilityNone, HasNoControlDoorUnlessOneIsNamed) {
  const temporary_directory place;
  const std::string socket = place.path() / "door";
  daemon broker{{{"event.durability", "none"}, {"topic.storage", "memory"}}};
  EXPECT_EQ(operate(broker.store(), {"status"}).err, "skein: no daemon listens at " +
                                                         (broker.store() / "control").string() +
                                                         " (see --directory and --config)\n");
  broker.stop();
  broker.start_again({{"control.socket", socket}});
  auto source = broker.source();
  source.send("1|B\n2|B\n");
  await("both", [&] {
    return run(SKEIN_PATH, {{"epoch", "--socket", socket}}).out == "epoch: 1\nnext: 3\n";
  });
  const auto status = run(SKEIN_PATH, {{"status", "--socket", socket}}).out;
  for (const char* key :
       {"epoch", "next", "held", "sources", "clients", "events_received", "notifications_sent"}) {
    EXPECT_NE(text_of(key, status), "") << key;
  }
  for (const char* key : {"log_begin", "log_end", "log_events", "checkpoints", "inboxes",
                          "store_failing", "store_bytes"}) {
    EXPECT_EQ(text_of(key, status), "") << key;
  }
  const auto backup =
      run(SKEIN_PATH, {{"store", "backup", "--socket", socket, place.path() / "copy"}});
  EXPECT_EQ(backup.status, 1);
  EXPECT_EQ(backup.err, "skein: nothing is stored here\n");
}

TEST_P(EveryStore, LosesNothingByADrain) {
  daemon broker{{{"event.durability", GetParam()}}};
  std::int64_t next = 1;
  for (int life = 1; life <= 3; ++life) {
    auto live = broker.client(2);
    auto client = life == 1 ? broker.durable(1, 0) : broker.durable(1);
    await_heard(client);
    auto source = broker.source();
    source.send(sent(broadcasts(next, next + 20'000)));
    const auto acknowledged = next + 500 * life;
    client.receive_until("\n" + std::to_string(acknowledged) + "|B\r\n");
    acknowledge(client, acknowledged);
    broker.program().signal(SIGTERM);
    const auto lines = lines_in(live.receive_all());
    EXPECT_EQ(broker.program().wait(), 0);
    const auto end = next + static_cast<std::int64_t>(lines.size());
    EXPECT_EQ(lines, broadcasts(next, end - 1));
    broker.start_again();
    EXPECT_EQ(broker.status("next"), static_cast<std::uint64_t>(end));
    auto again = broker.durable(1);
    expect_told(again, told(acknowledged + 1, end - 1));
    acknowledge(again, end - 1);
    broker.stop();
    broker.start_again();
    next = end;
  }
}

TEST_P(EveryStore, MayForgetTheLastAcknowledgementsInAKill) {
  daemon broker{rare_commits_at(GetParam())};
  play(broker, broadcasts(1, 1000), 1001);
  auto client = broker.durable(1, 0);
  expect_told(client, told(1, 1000));
  acknowledge(client, 300);
  auto other = broker.durable(2, 0);  // with this cursor those of others are on disk
  expect_told(other, told(1, 1000));
  acknowledge(client, 900);
  broker.kill();
  broker.start_again();
  auto again = broker.durable(1);
  expect_told(again, told(301, 1000));
}

TEST_P(EveryStore, HasAcknowledgementsOnDiskWithinTheInterval) {
  daemon broker{{{"event.durability", GetParam()}}};
  auto client = broker.durable(1, 0);
  auto source = broker.source();
  source.send(sent(broadcasts(1, 1000)));
  expect_told(client, told(1, 1000));
  acknowledge(client, 900);
  await("the cursor", [&] {
    return number_of("acknowledged", printed(broker.store(), {"inbox", "1"})) == 900;
  });
  broker.kill();
  broker.start_again();
  auto again = broker.durable(1);
  expect_told(again, told(901, 1000));
}

TEST_P(EveryStore, HasANewCursorOnDiskBeforeTheClientIsToldAnything) {
  daemon broker{rare_commits_at(GetParam())};
  play(broker, broadcasts(1, 100), 101);
  auto client = broker.durable(1, 7);
  client.receive_until("\r\n");
  broker.kill();
  EXPECT_EQ(text_of("acknowledged", printed(broker.store(), {"inbox", "1"})), "7");
}

}  // namespace
}  // namespace skein::test
