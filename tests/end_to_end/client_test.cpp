/// Whatever a client does: the daemon lives, everybody else gets exactly what they must.

#include <vector>

#include "audience.hpp"

namespace skein::test {
namespace {

/// Two clients and a source beside the one that misbehaves.
class Client : public testing::Test {
 protected:
  void tell_the_others() {
    const auto lines = broadcasts(next_, next_ + 9);
    next_ += 10;
    source_.send(sent(lines));
    others_.expect(lines);
    others_.await();
  }

  daemon broker_{{{"client.handshake-timeout", "300ms"}}};
  audience others_{broker_, {1, 2}};
  peer source_ = broker_.source();
  std::int64_t next_ = 1;
};

TEST_F(Client, ThatNeverSaysWhoItIsIsToldSoAndClosed) {
  const auto begin = std::chrono::steady_clock::now();
  peer silent{broker_.client_port()};
  tell_the_others();
  EXPECT_EQ(silent.receive_all(), "ERR no user was named in time\r\n");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 300ms);
  EXPECT_FALSE(silent.was_reset());
  EXPECT_EQ(others_.verify()["handshakes_failed"], 1u);
}

TEST_F(Client, ThatSaysHalfOfWhoItIsIsToldSoAndClosed) {
  peer slow{broker_.client_port()};
  slow.send("12");
  tell_the_others();
  EXPECT_EQ(slow.receive_all(), "ERR no user was named in time\r\n");
  EXPECT_EQ(others_.verify()["handshakes_failed"], 1u);
}

TEST_F(Client, ThatNamesNoUserIsToldSoAndClosed) {
  const std::vector<std::string> lines{
      "",    "user", " 1",  "1 ",  "|",    "1|x", "1|-1",
      "1||", "1|1|", "0x1", "1.0", "\xff", "- 1", "9223372036854775808",
      "1\t2"};
  for (const auto& line : lines) {
    peer bad{broker_.client_port()};
    bad.send(line + "\r\n");
    EXPECT_EQ(bad.receive_all().substr(0, 4), "ERR ") << line;
    EXPECT_FALSE(bad.was_reset()) << line;
  }
  tell_the_others();
  EXPECT_EQ(others_.verify()["handshakes_failed"], lines.size());
}

TEST_F(Client, ThatSendsGarbageIsClosed) {
  std::string garbage;
  for (unsigned i = 0; i != 1u << 20; ++i) garbage += static_cast<char>((i * 7919u) >> 3 | 0x80u);
  peer bad{broker_.client_port()};
  try {
    bad.send(garbage);
  } catch (const std::runtime_error&) {  // closed before it could send everything
  }
  bad.receive_all();
  tell_the_others();
  EXPECT_EQ(others_.verify()["handshakes_failed"], 1u);
}

TEST_F(Client, MayTalkOnAfterItHasSaidWhoItIs) {
  auto talker = broker_.client(3);
  talker.send(std::string(1 << 20, 'x') + "\n4\n5|B\n");
  tell_the_others();
  EXPECT_EQ(talker.receive(5),
            "1|B\r\n2|B\r\n3|B\r\n4|B\r\n5|B\r\n6|B\r\n7|B\r\n8|B\r\n9|B\r\n10|B\r\n");
  others_.verify();
}

TEST_F(Client, ThatHalfClosesIsLetGo) {
  auto half = broker_.client(3);
  half.half_close();
  EXPECT_EQ(half.receive_all(), "");
  broker_.await_line("msg=\"client ended\"");
  tell_the_others();
  EXPECT_EQ(others_.verify()["clients_total"], 3u);
}

TEST_F(Client, ThatHalfClosesBeforeItsFirstLineIsLetGo) {
  peer half{broker_.client_port()};
  half.send("12");
  half.half_close();
  EXPECT_EQ(half.receive_all(), "");
  tell_the_others();
  EXPECT_EQ(others_.verify()["handshakes_failed"], 1u);
}

TEST_F(Client, ThatIsResetIsForgotten) {
  auto before = broker_.program().descriptors();
  std::vector<peer> bad;
  for (int i = 0; i != 50; ++i) {
    bad.push_back(broker_.client(3));
    bad.push_back(peer{broker_.client_port()});
  }
  for (auto& client : bad) client.reset();
  tell_the_others();
  await("their descriptors", [&] { return broker_.program().descriptors() == before; });
  tell_the_others();
  others_.verify();
}

TEST_F(Client, ThatIsResetWhileItIsWrittenToHarmsNobody) {
  for (int i = 0; i != 50; ++i) {
    auto bad = broker_.client(3);
    const auto lines = broadcasts(next_, next_ + 199);
    next_ += 200;
    source_.send(sent(lines));
    others_.expect(lines);
    bad.receive(10);
    bad.reset();
  }
  others_.await();
  broker_.await_line("msg=\"client ended\"", 50);
  others_.verify();
}

TEST_F(Client, ThousandThatComeAndGoLeaveNothing) {
  const auto before = broker_.program().descriptors();
  for (int i = 0; i != 1000; ++i) {
    peer passing{broker_.client_port(), 0, "127.0.0.2"};
    if (i % 3 != 0) passing.send("3\r\n");
    if (i % 3 == 2) passing.reset();
  }
  tell_the_others();
  broker_.await_counter("clients_total", 1002);
  await("their descriptors", [&] { return broker_.program().descriptors() == before; });
  broker_.await_exactly("clients", 2);
  tell_the_others();
  EXPECT_EQ(others_.verify()["clients_total"], 1002u);
}

TEST_F(Client, OfOneUserMayConnectTwice) {
  others_.add(1);
  source_.send("1|F|1|2\n2|S|2\n3|P|2|1\n4|B\n");
  others_.expect({"1|F|1|2", "2|S|2", "3|P|2|1", "4|B"});
  others_.await();
  auto third = broker_.client(1);
  third.close();
  broker_.await_line("msg=\"client ended\"");
  source_.send("5|S|2\n");
  others_.expect({"5|S|2"});
  others_.verify();
}

TEST(ClientWithPolicyNewest, ReplacesItsOlderConnection) {
  daemon broker{{{"client.duplicate-policy", "newest"}}};
  audience users{broker, {1}};
  auto older = broker.client(2);
  auto source = broker.source();
  source.send("1|P|1|2\n");
  older.receive(9);
  users.add(2);
  EXPECT_EQ(older.receive_all(), "1|P|1|2\r\n");
  EXPECT_FALSE(older.was_reset());
  source.send("2|P|1|2\n3|B\n");
  users.expect({"2|P|1|2", "3|B"});
  users.verify();
}

TEST(ClientWithLineFeeds, GetsThem) {
  daemon broker{{{"client.line-ending", "lf"}}};
  auto client = broker.client(1);
  auto source = broker.source();
  source.send("1|B\r\n2|P|2|1\n");
  EXPECT_EQ(client.receive(12), "1|B\n2|P|2|1\n");
  broker.stop();
}

TEST(ClientNobodyIsConnectedFor, CostsNothing) {
  daemon broker{{{"event.durability", "none"},
                 {"topic.storage", "memory"}}};  // the store takes memory of its own
  audience users{broker, {1}};
  auto source = broker.source();
  source.send("1|B\n");
  users.expect({"1|B"});
  users.await();
  const auto before = broker.program().peak_memory_kib();
  std::string flood;
  for (int n = 2; n <= 500'000; ++n) {
    flood += std::to_string(n) + "|P|" + std::to_string(n) + "|" + std::to_string(n + 7) + "\n";
  }
  source.send(flood + "500001|B\n");
  users.expect({"500001|B"});
  users.await();
  EXPECT_LT(broker.program().peak_memory_kib(), before + 16384);
  const auto totals = users.verify();
  EXPECT_EQ(totals["notifications_sent"], 2u);
  EXPECT_EQ(totals.text("events_received_by_kind"), "broadcast:2 private:499999");
  EXPECT_EQ(totals.text("notifications_sent_by_kind"), "broadcast:2");
}

TEST(Clients, TenThousandMayIdle) {
  daemon broker;
  audience users{broker, {1}};
  const auto before = broker.program().memory_kib();
  std::vector<peer> idle;
  for (std::size_t i = 0; i != 10'000; ++i) {
    const auto from = "127.0.1." + std::to_string(1 + i / 1000);
    idle.emplace_back(broker.client_port(), 0, from.c_str());
    idle.back().send(std::to_string(i + 2) + "\n");
    // The log is asked now and then, for it has no room for all lines at once.
    if (i % 1000 == 999) broker.await_line("msg=\"client connected\"", i + 2);
  }
  EXPECT_LT(broker.program().memory_kib(), before + 64 * 1024);
  auto source = broker.source();
  source.send("1|F|10001|1\n2|S|1\n3|B\n");
  users.expect({"1|F|10001|1", "2|S|1", "3|B"});
  for (std::size_t i = 0; i != idle.size(); ++i) {
    const std::string expected = i == idle.size() - 1 ? "2|S|1\r\n3|B\r\n" : "3|B\r\n";
    ASSERT_EQ(idle[i].receive(expected.size()), expected) << "client " << i;
  }
  const auto cpu = broker.program().cpu_time();
  idle.clear();
  broker.await_exactly("clients", 1);
  EXPECT_LT((broker.program().cpu_time() - cpu).count(), 5000) << "leaving is cheap";
  const auto totals = users.verify();
  EXPECT_EQ(totals["notifications_sent"], 10'003u);
  EXPECT_EQ(totals["clients_total"], 10'001u);
}

}  // namespace
}  // namespace skein::test
