/// Clients that come back and get what they have missed.

#include <atomic>
#include <future>
#include <limits>

#include "resuming.hpp"

namespace skein::test {
namespace {

TEST(DurableClient, GetsWhatItHasMissed) {
  daemon broker;
  auto client = broker.durable(1, 0);
  auto source = broker.source();
  source.send(sent(broadcasts(1, 10)));
  expect_told(client, told(1, 10));
  acknowledge(client, 4);
  client.close();
  source.send(sent(broadcasts(11, 20)));
  auto again = broker.durable(1);
  expect_told(again, told(5, 20));
  source.send(sent(broadcasts(21, 30)));
  expect_told(again, told(21, 30));
  broker.stop();
  EXPECT_EQ(again.receive_all(), "");
}

TEST(DurableClient, GetsOnlyWhatIsItsOwn) {
  daemon broker;
  broker.durable(1, 0).receive_now();
  auto source = broker.source();
  source.send("1|F|1|2\n2|S|2\n3|P|2|1\n4|P|1|2\n5|F|3|1\n6|U|1|2\n7|S|2\n8|F|1|4\n9|S|4\n10|B\n");
  broker.await_status("next", 11);
  auto client = broker.durable(1, 0);
  expect_told(client, "2|S|2\r\n3|P|2|1\r\n5|F|3|1\r\n9|S|4\r\n10|B\r\n");
  source.send("11|S|2\n12|S|4\n");
  expect_told(client, "12|S|4\r\n");
  broker.stop();
  EXPECT_EQ(client.receive_all(), "");
}

TEST(DurableClient, ThatIsNewGetsWhatComesFromThenOn) {
  daemon broker;
  play(broker, broadcasts(1, 100), 101);
  auto client = broker.durable(1);
  await_heard(client);
  play(broker, broadcasts(101, 200), 201);
  client.receive_until("200|B\r\n");
  const auto got = lines_in(client.take_received());
  EXPECT_GT(std::stoi(got.front()), 100);
  EXPECT_EQ(got, broadcasts(std::stoi(got.front()), 200)) << "from some event on, every one";
  acknowledge(client, 150);
  client.close();
  auto again = broker.durable(1);
  expect_told(again, told(151, 200));
  broker.stop();
}

TEST(DurableClient, GoesOnAfterACleanRestart) {
  daemon broker;
  auto client = broker.durable(1, 0);
  auto source = broker.source();
  source.send(sent(broadcasts(1, 1000)));
  expect_told(client, told(1, 1000));
  acknowledge(client, 600);
  broker.stop();
  EXPECT_EQ(client.receive_all(), "");
  broker.start_again();
  auto again = broker.durable(1);
  expect_told(again, told(601, 1000));
  broker.source().send(sent(broadcasts(1001, 1100)));
  expect_told(again, told(1001, 1100));
  broker.stop();
  EXPECT_EQ(again.receive_all(), "");
}

TEST(DurableClient, GoesOnAfterAKill) {
  for (const char* durability : {"async", "sync"}) {
    SCOPED_TRACE(durability);
    daemon broker{{{"event.durability", durability}}};
    auto client = broker.durable(1, 0);
    auto source = broker.source();
    source.send(sent(broadcasts(1, 1000)));
    expect_told(client, told(1, 1000));
    acknowledge(client, 600);
    // It gets these from the log, where the acknowledgement is then, too.
    auto other = broker.durable(2, 0);
    expect_told(other, told(1, 1000));
    broker.command("epoch new");
    broker.kill();
    broker.start_again();
    auto again = broker.durable(1);
    expect_told(again, told(601, 1000));
    broker.source().send(sent(broadcasts(1, 10)));
    expect_told(again, told(1, 10));
    broker.stop();
    EXPECT_EQ(again.receive_all(), "");
  }
}

TEST(DurableClient, MayHaveSeveralConnections) {
  daemon broker;
  auto one = broker.durable(1, 0);
  auto source = broker.source();
  source.send(sent(broadcasts(1, 10)));
  expect_told(one, told(1, 10));
  auto other = broker.durable(1);
  expect_told(other, told(1, 10));
  auto live = broker.client(1);
  source.send(sent(broadcasts(11, 20)));
  expect_told(one, told(11, 20));
  expect_told(other, told(11, 20));
  expect_told(live, told(11, 20));
  acknowledge(other, 7);
  other.close();
  auto third = broker.durable(1);
  expect_told(third, told(8, 20));
  broker.stop();
  for (peer* client : {&one, &third, &live}) EXPECT_EQ(client->receive_all(), "");
}

TEST(DurableClient, NeverLosesAnAcknowledgementToAnOlderOneOfAnotherConnection) {
  daemon broker;
  auto quick = broker.durable(1, 0);
  auto source = broker.source();
  source.send(sent(broadcasts(1, 10)));
  expect_told(quick, told(1, 10));
  auto slow = broker.durable(1);
  expect_told(slow, told(1, 10));
  acknowledge(quick, 9);
  acknowledge(slow, 3);
  auto again = broker.durable(1);
  expect_told(again, told(10, 10));
  broker.stop();
}

TEST(DurableClient, ReplacesItsOlderConnectionWithPolicyNewest) {
  daemon broker{{{"client.duplicate-policy", "newest"}}};
  auto older = broker.durable(1, 0);
  auto source = broker.source();
  source.send(sent(broadcasts(1, 10)));
  expect_told(older, told(1, 10));
  acknowledge(older, 5);
  auto newer = broker.durable(1);
  EXPECT_EQ(older.receive_all(), "");
  expect_told(newer, told(6, 10));
  source.send(sent(broadcasts(11, 20)));
  expect_told(newer, told(11, 20));
  broker.stop();
}

TEST(DurableClient, IsToldWhatIsWrongWithAnAcknowledgement) {
  daemon broker;
  auto client = broker.durable(1, 0);
  auto source = broker.source();
  source.send(sent(broadcasts(1, 10)));
  expect_told(client, told(1, 10));
  acknowledge(client, 5);
  client.send("A|11\n");
  expect_told(client, "ERR A|11 is beyond what was sent, it is ignored\r\n");
  client.send("A|9223372036854775807\n");
  expect_told(client, "ERR A|9223372036854775807 is beyond what was sent, it is ignored\r\n");
  const std::vector<std::string> garbage{"",     "A",    "A|",   "A|x",   "A|-1",
                                         "A|1 ", " A|1", "a|1",  "B|1",   "A|1|",
                                         "A||1", "7",    "\xff", "A|1.5", "A|9223372036854775808"};
  for (const auto& line : garbage) {
    client.send(line + "\n");
    expect_told(client, "ERR an acknowledgement is A| and a number\r\n");
  }
  client.send(std::string(100'000, 'A') + "\n");
  expect_told(client, "ERR an acknowledgement is A| and a number\r\n");
  // Neither said nor done.
  client.send("A|5\nA|3\nA|0\nA|5\r\n");
  source.send("11|B\n");
  expect_told(client, told(11, 11));
  client.close();
  auto again = broker.durable(1);
  expect_told(again, told(6, 11));
  broker.stop();
  EXPECT_EQ(again.receive_all(), "");
}

TEST(DurableClient, MaySpeakInTinyFragments) {
  daemon broker;
  play(broker, broadcasts(1, 200), 201);
  peer client{broker.client_port()};
  for (const char c : std::string{"1|0\r\n"}) client.send(std::string{c});
  expect_told(client, told(1, 200));
  for (int n = 1; n <= 100; ++n) {
    for (const char c : "A|" + std::to_string(n) + "\r\n") client.send(std::string{c});
  }
  await_heard(client);
  auto again = broker.durable(1);
  expect_told(again, told(101, 200));
  broker.stop();
}

TEST(DurableClient, MaySayEverythingAtOnce) {
  daemon broker;
  play(broker, broadcasts(1, 10'000), 10'001);
  // The acknowledgements come before anything is sent: they are of nothing.
  peer eager{broker.client_port()};
  eager.send("1|0\nA|3\n");
  eager.receive_until("10000|B\r\n");
  std::string acknowledgements;
  for (int n = 1; n <= 9'000; ++n) acknowledgements += "A|" + std::to_string(n) + "\n";
  eager.take_received();
  eager.send(acknowledgements);
  await_heard(eager);
  EXPECT_EQ(eager.received(), "");
  auto again = broker.durable(1);
  expect_told(again, told(9'001, 10'000));
  broker.stop();
}

TEST(DurableClient, MayAskForAnyNumberThatHasCome) {
  daemon broker;
  play(broker, broadcasts(1, 100), 101);
  auto first = broker.durable(1, 90);
  expect_told(first, told(91, 100));
  auto all = broker.durable(1, 0);
  expect_told(all, told(1, 100));
  auto none = broker.durable(1, 100);
  await_heard(none);
  play(broker, broadcasts(101, 120), 121);
  expect_told(none, told(101, 120));
  broker.command("epoch new");
  play(broker, broadcasts(1, 5), 6);
  for (peer* client : {&first, &all, &none}) client->receive_until("\r\n5|B\r\n");
  expect_told(none, told(1, 5));
  broker.stop();
}

TEST(DurableClient, ThatAsksForANumberThatHasNotComeIsToldAndGoesOnBehindItsCursor) {
  daemon broker;
  play(broker, broadcasts(1, 5), 6);
  auto known = broker.durable(7, 0);
  expect_told(known, told(1, 5));
  acknowledge(known, 4);
  known.close();
  broker.command("epoch new");
  play(broker, broadcasts(1, 3), 4);
  auto ahead = broker.durable(7, 5);
  expect_told(ahead, "ERR 7|5 is beyond the end of the stream, it is ignored\r\n" + told(5, 5) +
                         told(1, 3));
  auto unknown = broker.durable(8, 1'000'000);
  expect_told(unknown, "ERR 8|1000000 is beyond the end of the stream, it is ignored\r\n");
  await_heard(unknown);
  play(broker, broadcasts(4, 5), 6);
  expect_told(ahead, told(4, 5));
  expect_told(unknown, told(4, 5));
  ahead.close();
  unknown.close();
  auto again = broker.durable(7);
  expect_told(again, told(5, 5) + told(1, 5));
  auto unknown_again = broker.durable(8);
  expect_told(unknown_again, told(4, 5));
  broker.stop();
}

TEST(DurableClient, WhatItAsksForIsWhereItGoesOnFrom) {
  daemon broker;
  play(broker, broadcasts(1, 100), 101);
  auto client = broker.durable(1, 0);
  expect_told(client, told(1, 100));
  acknowledge(client, 80);
  client.close();
  auto back = broker.durable(1, 30);
  expect_told(back, told(31, 100));
  back.close();
  auto again = broker.durable(1);
  expect_told(again, told(31, 100));
  broker.stop();
}

TEST(DurableClient, ThatDoesNotReadGetsEverythingLaterAndHarmsNobody) {
  daemon broker;
  audience others{broker, {2, 3}};
  auto lazy = broker.durable(1, 0, 4096);
  auto source = broker.source();
  const std::string zeros(2000, '0');
  std::string expected;
  for (int n = 1; n <= 30'000; n += 500) {
    std::vector<std::string> piece;
    for (int i = n; i != n + 500; ++i) piece.push_back(zeros + std::to_string(i) + "|B");
    source.send(sent(piece));
    others.expect(piece);
    others.await();
    expected += sent(piece, "\r\n");
  }
  EXPECT_LT(broker.program().peak_memory_kib(), 320u << 10);
  lazy.receive(expected.size());
  EXPECT_TRUE(lazy.received() == expected);
  const auto totals = others.verify();
  EXPECT_EQ(totals["notifications_dropped"], 0u);
  EXPECT_EQ(totals["overflows"], 0u);
  EXPECT_EQ(lazy.receive_all().size(), expected.size());
}

TEST(DurableClient, ManyWhoReadAtTheirOwnPaceGetEverythingInOrder) {
  daemon broker;
  std::vector<peer> clients;
  for (int user = 1; user <= 20; ++user) clients.push_back(broker.durable(user, 0, 4096));
  std::string expected, flood;
  for (int n = 1; n <= 50'000; ++n) {
    flood += std::string(100, '0') + std::to_string(n) + "|B\n";
    expected += std::string(100, '0') + std::to_string(n) + "|B\r\n";
  }
  auto source = broker.source();
  auto sender = std::async(std::launch::async, [&] { source.send(flood); });
  for (std::size_t got = 0; got < expected.size(); got += expected.size() / 50) {
    // Every other one reads a fiftieth; the others do not yet.
    for (std::size_t i = 0; i < clients.size(); i += 2) clients[i].receive(got);
  }
  sender.get();
  for (auto& client : clients) {
    client.receive(expected.size());
    EXPECT_TRUE(client.received() == expected);
  }
  broker.stop();
  for (auto& client : clients) EXPECT_EQ(client.receive_all().size(), expected.size());
}

TEST(DurableClient, ComesAndGoesWhileEventsFlowAndMissesNothing) {
  daemon broker;
  constexpr int last = 200'000;
  std::string flood;
  for (int n = 1; n <= last; ++n) flood += std::to_string(n) + "|B\n";
  broker.durable(1, 0).receive_now();
  auto source = broker.source();
  auto sender = std::async(std::launch::async, [&] { source.send(flood); });
  std::int64_t acknowledged = 0;
  for (int sessions = 1; acknowledged != last; ++sessions) {
    auto client = broker.durable(1, sessions == 1 ? std::optional<std::int64_t>{0} : std::nullopt);
    // Sometimes little, so that it leaves while it is replayed; sometimes until it is live.
    client.receive_until("\n");
    for (int i = 0; i != sessions % 7; ++i) client.receive_now();
    const auto got = lines_in(client.received());
    const auto front = std::stoll(got.front());
    ASSERT_EQ(front, acknowledged + 1) << "session " << sessions;
    ASSERT_EQ(got, broadcasts(front, front + static_cast<std::int64_t>(got.size()) - 1));
    acknowledged = std::stoll(got.back());
    client.take_received();
    acknowledge(client, acknowledged);
    if (sessions % 3 == 0) client.reset();
  }
  sender.get();
  broker.stop();
}

TEST(DurableClient, GetsEachEventOnceHoweverManyComeBackTogetherWhileEventsFlow) {
  daemon broker;
  auto source = broker.source();
  source.send(sent(broadcasts(1, 20'000)));
  std::atomic<bool> stop{false};
  auto sender = std::async(std::launch::async, [&] {
    std::int64_t next = 20'001;
    for (; !stop && next <= 60'000; ++next)
      source.send(std::to_string(next) + (next % 5 == 0 ? "|P|9|7\n" : "|B\n"));
    return next - 1;
  });
  // They share passes over the log, and each leaves its pass at a place of its own.
  std::vector<peer> clients;
  for (int i = 0; i != 200; ++i) clients.push_back(broker.durable(7, 0));
  for (auto& client : clients) client.receive_until("\n20500|");
  stop = true;
  const auto last = sender.get();
  for (auto& client : clients) {
    client.receive_until("\n" + std::to_string(last) + "|");
    const auto got = lines_in(client.received());
    for (std::size_t i = 0; i != got.size(); ++i) {
      ASSERT_EQ(std::stoull(got[i]), i + 1) << "behind " << (i == 0 ? "nothing" : got[i - 1]);
    }
  }
  broker.stop();
}

TEST(DurableClient, IsClosedInOrderWhileItIsReplayedAndTheDaemonEnds) {
  daemon broker;
  std::string flood;
  for (int n = 1; n <= 300'000; ++n) flood += std::to_string(n) + "|B\n";
  {
    auto source = broker.source();
    source.send(flood);
  }
  broker.await_status("next", 300'001);
  auto client = broker.durable(1, 0, 4096);
  client.receive_until("1000|B\r\n");
  auto reader = std::async(std::launch::async, [&] { client.receive_all(); });
  broker.stop();
  reader.get();
  const auto got = lines_in(client.received());
  EXPECT_EQ(got, broadcasts(1, static_cast<std::int64_t>(got.size())));
  EXPECT_EQ(client.received().find("ERR"), std::string::npos);
  broker.start_again();
  auto again = broker.durable(1);
  again.receive(told(1, 300'000).size());
  EXPECT_TRUE(again.received() == told(1, 300'000));
  broker.stop();
}

TEST(DurableClient, IsRefusedInOneLineWhereNothingIsStored) {
  daemon broker{{{"event.durability", "none"}, {"topic.storage", "memory"}}};
  audience users{broker, {2}};
  for (const char* line : {"1|\n", "1|7\n"}) {
    peer client{broker.client_port()};
    client.send(line);
    EXPECT_EQ(client.receive_all(),
              "ERR nothing is stored here, there are no durable sessions\r\n");
    EXPECT_FALSE(client.was_reset());
  }
  {
    auto source = broker.source();
    source.send("1|B\n");
    users.expect({"1|B"});
  }
  users.verify();
  EXPECT_FALSE(std::filesystem::exists(broker.store())) << "nothing is on disk";
}

TEST(DurableClient, ThatIsResetAgainAndAgainLeavesNothing) {
  daemon broker;
  play(broker, broadcasts(1, 20'000), 20'001);
  audience others{broker, {2}};
  const auto before = broker.program().descriptors();
  for (int i = 0; i != 300; ++i) {
    auto client = broker.durable(1, 0, i % 2 == 0 ? 4096 : 0);
    if (i % 3 == 0) client.receive_until("\n");
    if (i % 3 == 1) client.send("A|5\n");
    client.reset();
  }
  await("their descriptors", [&] { return broker.program().descriptors() == before; });
  auto client = broker.durable(1, 0);
  expect_told(client, told(1, 20'000));
  others.verify();
}

// --- many ---

TEST(TenThousandDurableClients, WhoComeBackAtOnceGetExactlyWhatTheyMissed) {
  allow_many_descriptors();
  constexpr std::int64_t users = 10'000;
  daemon broker{{{"log.level", "info"}}};
  {
    std::vector<peer> clients;
    for (std::int64_t user = 1; user <= users; ++user) clients.push_back(broker.durable(user, 0));
    auto source = broker.source();
    source.send("1|B\n");
    for (auto& client : clients) expect_told(client, "1|B\r\n");
    for (std::size_t i = 0; i < clients.size(); i += 2) clients[i].send("A|1\n");
    broker.await_counter("acknowledgements", users / 2);
  }
  broker.await_status("clients", 0);
  const auto before = broker.program().memory_kib();

  std::vector<std::string> missed(users + 1);
  for (std::int64_t user = 2; user <= users; user += 2) missed[user] = "1|B\r\n";
  std::string lines;
  std::int64_t n = 1;
  const auto add = [&](const std::string& text) {
    lines += std::to_string(++n) + text + "\n";
    return std::to_string(n) + text + "\r\n";
  };
  for (std::int64_t user = 1; user <= users; ++user) {
    const std::string name = std::to_string(user);
    for (std::int64_t i = 0; i != user % 4; ++i) missed[user] += add("|P|7|" + name);
    if (user % 100 == 0) add("|F|" + name + "|20000");  // who is followed is nobody here
    if (user % 1000 == 0) {
      const auto status = add("|S|20000");
      for (std::int64_t follower = 100; follower <= user; follower += 100) {
        missed[follower] += status;
      }
      const auto all = add("|B");
      for (auto& text : missed) text += all;
    }
  }
  play(broker, {lines.substr(0, lines.size() - 1)}, static_cast<std::uint64_t>(n + 1));

  std::vector<peer> clients;
  for (std::int64_t user = 1; user <= users; ++user) clients.push_back(broker.durable(user));
  const std::string end = std::to_string(n + 1) + "|B";
  play(broker, {end}, static_cast<std::uint64_t>(n + 2));
  for (std::int64_t user = 1; user <= users; ++user) {
    expect_told(clients[static_cast<std::size_t>(user - 1)], missed[user] + end + "\r\n");
  }
  std::cout << users << " clients: " << before << " KiB before, at most "
            << broker.program().peak_memory_kib() << " KiB\n";
  broker.stop();
  for (auto& client : clients) EXPECT_EQ(client.receive_all(), "");
}

// --- clients that acknowledge what they should not ---

TEST(Acknowledgement, ThatIsCutOffCountsForNothing) {
  daemon broker;
  play(broker, broadcasts(1, 20), 21);
  for (const bool reset : {false, true}) {
    auto client = broker.durable(1, 0);
    expect_told(client, told(1, 20));
    acknowledge(client, 5);
    client.send("A|1");
    if (reset) {
      client.reset();
    } else {
      client.half_close();
      EXPECT_EQ(client.receive_all(), "");
    }
    broker.await_status("clients", 0);
    auto again = broker.durable(1);
    expect_told(again, told(6, 20));
  }
  broker.stop();
}

TEST(Acknowledgement, OfWhatOnlyAnEarlierConnectionWasSentIsRefused) {
  daemon broker;
  play(broker, broadcasts(1, 20), 21);
  auto earlier = broker.durable(1, 0);
  expect_told(earlier, told(1, 20));
  earlier.close();
  auto client = broker.durable(1, 18);
  expect_told(client, told(19, 20));
  client.close();
  auto last = broker.durable(1, 10);
  expect_told(last, told(11, 20));
  last.send("A|7\n");
  await_heard(last);
  last.close();
  // The cursor is where it was set.
  auto again = broker.durable(1);
  expect_told(again, told(11, 20));
  broker.stop();
}

TEST(Acknowledgement, ThatIsRepeatedInTheNextEpochMovesNothing) {
  daemon broker;
  auto client = broker.durable(1, 0);
  play(broker, broadcasts(1, 5), 6);
  expect_told(client, told(1, 5));
  acknowledge(client, 5);
  broker.command("epoch new");
  play(broker, broadcasts(1, 10), 11);
  client.receive_until("10|B\r\n");
  client.take_received();
  acknowledge(client, 5);
  client.close();
  auto again = broker.durable(1);
  expect_told(again, told(1, 10));
  broker.stop();
}

TEST(Acknowledgement, MayNameTheEpoch) {
  daemon broker;
  const auto connect = [&](const std::string& first_line) {
    peer client{broker.client_port()};
    client.send(first_line + "\n");
    return client;
  };
  play(broker, broadcasts(1, 5), 6);
  auto client = connect("1|1.2");
  expect_told(client, "E|1\r\n" + told(3, 5));
  broker.command("epoch new");
  play(broker, broadcasts(1, 10), 11);
  expect_told(client, "E|2\r\n" + told(1, 10));
  const std::string barrier = "ERR an acknowledgement is A|, an epoch, a dot and a number\r\n";
  client.send("A|1.5\nA|1.5\nA|5\n");
  expect_told(client, barrier);
  client.close();
  auto all = connect("1|.");
  expect_told(all, "E|2\r\n" + told(1, 10));
  all.send("A|1.4\nA|2.7\nA|2.11\n");
  expect_told(all, "ERR A|2.11 is beyond what was sent, it is ignored\r\n");
  all.close();
  auto rest = connect("1|.");
  expect_told(rest, "E|2\r\n" + told(8, 10));
  auto back = connect("1|1.4");
  expect_told(back, "E|1\r\n" + told(5, 5) + "E|2\r\n" + told(1, 10));
  auto ahead = connect("1|2.11");
  expect_told(ahead, "ERR 1|2.11 is beyond the end of the stream, it is ignored\r\nE|1\r\n" +
                         told(5, 5) + "E|2\r\n" + told(1, 10));
  broker.stop();
}

}  // namespace
}  // namespace skein::test
