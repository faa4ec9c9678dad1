/// How much is kept of the log, how much is served of it, and what is said about the rest.

#include <algorithm>

#include "operating.hpp"

namespace skein::test {
namespace {

daemon::options bounded(const daemon::options& bounds) {
  daemon::options options{{"event.commit-interval", "5ms"}};
  options.insert(bounds.begin(), bounds.end());
  return options;
}

std::uint64_t bytes_in_log(const daemon& broker) {
  return broker.status("log_end") - broker.status("log_begin");
}

/// Sends so many lines at a time, an eighth of the bound or a little more; returns when all of them
/// are on disk. `line` gives the text behind the number, `length` that of the log.
template <class line_function, class length_function>
void send_slowly(daemon& broker, std::int64_t first, std::int64_t last, std::int64_t eighth,
                 line_function line, length_function length, std::uint64_t bound) {
  peer source{broker.source_port()};
  bool full = false;
  for (auto n = first; n <= last; n += eighth) {
    std::string text;
    for (auto i = n; i != n + eighth; ++i) text += std::to_string(i) + line(i) + "\n";
    source.send(text);
    await_stored(broker, static_cast<std::uint64_t>(n + eighth));
    const auto now = length();
    full |= now >= bound;
    ASSERT_LE(now, bound / 8 * 9 + bound / 64);
    ASSERT_GE(now, full ? bound : 0);
  }
  ASSERT_TRUE(full);
}

/// The same with a bound of events.
template <class line_function>
void send_slowly(daemon& broker, std::int64_t first, std::int64_t last, std::uint64_t bound,
                 line_function line) {
  send_slowly(
      broker, first, last, static_cast<std::int64_t>(bound / 8), line,
      [&] { return broker.status("log_events"); }, bound);
}

/// The number of the first event in the log, once what was cut is cut on disk.
std::int64_t first_kept(const daemon& broker) {
  std::string info;
  await("the cut on disk", [&] {
    info = printed(broker.store(), {"store", "info"});
    return number_of("begin", info) == broker.status("log_begin");
  });
  const auto log = printed(broker.store(), {"replay"});
  EXPECT_EQ(number_of("end", info) - number_of("begin", info), log.size());
  EXPECT_EQ(number_of("events", info),
            static_cast<std::uint64_t>(std::count(log.begin(), log.end(), '\n')));
  EXPECT_EQ(text_of("findings", printed(broker.store(), {"store", "check"})), "0");
  return std::stoll(log);
}

std::string no_longer_kept(std::int64_t first, std::int64_t last) {
  return "ERR events " + std::to_string(first) + " to " + std::to_string(last) +
         " are no longer kept\r\n";
}

TEST(Retention, KeepsTheNewestEventsWithinTheBound) {
  daemon broker{bounded({{"event.max-events", "1000"}})};
  auto away = broker.durable(1, 0);
  await_heard(away);
  away.close();
  send_slowly(broker, 1, 5000, 1000, [](auto) { return "|B"; });
  const auto first = first_kept(broker);
  EXPECT_GT(first, 1);
  EXPECT_EQ(printed(broker.store(), {"replay"}), sent(broadcasts(first, 5000)));
  const auto inbox = printed(broker.store(), {"inbox", "1"});
  EXPECT_EQ(number_of("pending", inbox), static_cast<std::uint64_t>(5001 - first));
  EXPECT_EQ(text_of("missing", inbox),
            "events 1 to " + std::to_string(first - 1) + " are no longer kept");

  const auto missed = no_longer_kept(1, first - 1);
  auto back = broker.durable(1);
  expect_told(back, missed + told(first, 5000));
  acknowledge(back, 4990);
  broker.source().send("5001|B\n");
  expect_told(back, told(5001, 5001));
  broker.stop();
  EXPECT_EQ(back.receive_all(), "");
  broker.start_again();
  auto again = broker.durable(1);
  expect_told(again, told(4991, 5001));
}

TEST(Retention, KeepsTheNewestBytesWithinTheBound) {
  constexpr std::uint64_t bound = 1u << 20;
  daemon broker{bounded({{"event.max-bytes", std::to_string(bound)}})};
  const std::string line = "|P|" + std::string(1300, '0') + "1|2";
  send_slowly(
      broker, 1'000'001, 1'003'000, 100, [&](auto) { return line; },
      [&] { return bytes_in_log(broker); }, bound);
  const auto first = first_kept(broker);
  auto user = broker.durable(2, 1'000'000);
  user.receive_until("\r\n");
  EXPECT_EQ(lines_in(user.received()).front() + "\r\n", no_longer_kept(1'000'001, first - 1));
}

TEST(Retention, KeepsNothingForLongerThanTheAge) {
  daemon broker{bounded({{"event.max-age", "200ms"}})};
  auto away = broker.durable(1, 0);
  await_heard(away);
  away.close();
  play(broker, {"1|F|1|2", "2|S|2", "3|B"}, 4);
  broker.await_status("log_events", 0);
  await("the cut on disk", [&] { return printed(broker.store(), {"replay"}).empty(); });
  EXPECT_EQ(text_of("next", printed(broker.store(), {"store", "info"})), "4");
  broker.kill();
  broker.start_again();
  EXPECT_EQ(broker.status("next"), 4u);
  auto back = broker.durable(1);
  expect_told(back, no_longer_kept(1, 3));
  broker.source().send("4|S|2\n");
  expect_told(back, "4|S|2\r\n");
}

TEST(Retention, IsCountedAlsoWhenNothingComes) {
  daemon broker{bounded({{"event.max-age", "200ms"}})};
  play(broker, {"1|B"}, 2);
  broker.await_status("log_events", 0);
  broker.await_counter("cuts", 1);
}

TEST(Retention, KeepsTheGraphOfWhatIsCutOff) {
  daemon broker{bounded({{"event.max-events", "800"}})};
  auto away = broker.durable(1, 0);
  await_heard(away);
  away.close();
  // In each hundred: 1 begins to follow somebody for ever, and 5 and 6 for the time of 50 events.
  const auto line = [](std::int64_t n) -> std::string {
    const auto hundred = std::to_string(1000 + n / 100);
    switch (n % 100) {
      case 1:
        return "|F|1|" + hundred;
      case 20:
        return "|F|1|5";
      case 70:
        return "|U|1|5";
      default:
        return n % 2 == 0 ? "|S|5" : "|S|" + std::to_string(1000 + n % 13);
    }
  };
  const auto is_told = [](std::int64_t n) {
    const auto place = n % 100;
    if (place == 1 || place == 20 || place == 70) return false;
    if (n % 2 == 0) return place > 20 && place < 70;
    return n % 13 <= n / 100;
  };
  send_slowly(broker, 1, 4000, 800, line);
  for (const bool killed : {true, false}) {
    const auto first = first_kept(broker);
    ASSERT_GT(first, 1500) << "most follows are cut off";
    std::string expected = no_longer_kept(1, first - 1);
    for (auto n = first; n <= 4000; ++n) {
      if (is_told(n)) expected += std::to_string(n) + line(n) + "\r\n";
    }
    auto back = broker.durable(1);
    expect_told(back, expected);
    await_heard(back);
    EXPECT_EQ(back.received(), "");
    killed ? broker.kill() : static_cast<void>(broker.stop());
    broker.start_again();
  }
  auto live = broker.client(1);
  broker.source().send("4001|S|1000\n4002|S|1040\n4003|S|5\n4004|S|1039\n4005|B\n");
  expect_told(live, "4001|S|1000\r\n4004|S|1039\r\n4005|B\r\n");
}

TEST(Retention, TellsOfAnEarlierStreamThatIsCutOff) {
  daemon broker{bounded({{"event.max-events", "800"}})};
  play(broker, broadcasts(1, 20), 21);
  auto away = broker.durable(1, 17);
  expect_told(away, told(18, 20));
  away.close();
  broker.command("epoch new");
  send_slowly(broker, 1, 3000, 800, [](auto) { return "|B"; });
  const auto first = first_kept(broker);
  ASSERT_GT(first, 1);
  auto back = broker.durable(1);
  expect_told(back, "ERR the events after 17 of an earlier stream are no longer kept\r\n" +
                        told(first, 3000));
}

TEST(Retention, GivesRoomOnDiskBack) {
  daemon broker{bounded({{"event.max-bytes", "4MiB"}})};
  const std::string zeros(4000, '0');
  auto source = broker.source();
  std::uint64_t most = 0;
  for (std::int64_t n = 1; n <= 90'000; n += 1000) {
    std::string text;
    for (auto i = n; i != n + 1000; ++i) text += zeros + std::to_string(i) + "|P|1|2\n";
    source.send(text);
    most = std::max(most, broker.status("store_bytes"));
  }
  broker.await_status("next", 90'001);
  // 360 MB went through; the bound and what RocksDB keeps in its write-ahead log are less.
  EXPECT_LT(most, 260u << 20);
  await("the last cut", [&] { return bytes_in_log(broker) <= (4u << 20) / 8 * 9 + (1u << 17); });
  broker.stop();
  broker.start_again();
  EXPECT_GE(bytes_in_log(broker), 4u << 20);
}

TEST(Retention, KeepsTheNewestOfABurst) {
  daemon broker{bounded({{"event.max-events", "10000"}})};
  std::string burst;
  for (std::int64_t n = 1; n <= 200'000; ++n) {
    burst += std::to_string(n) + (n % 10 == 0 ? "|F|" + std::to_string(n % 977) + "|7\n" : "|B\n");
  }
  peer source{broker.source_port()};
  source.send(burst);
  await_stored(broker, 200'001);
  await("the last cut", [&] { return broker.status("log_events") <= 11'250 + 5'000; });
  EXPECT_GE(broker.status("log_events"), 10'000u);
  auto user = broker.durable(1, 190'000);
  user.receive_until("\r\n199999|B\r\n");
  EXPECT_EQ(user.received().substr(0, 10), "190001|B\r\n");
}

// --- quotas ---

/// A user for whom broadcasts 1..100 wait.
void let_wait(daemon& broker) {
  auto away = broker.durable(1, 0);
  await_heard(away);
  play(broker, broadcasts(1, 100), 101);
  await_stored(broker, 101);
}

/// Is told this and then what is live; until something later is acknowledged, again and again.
void expect_served(daemon& broker, const std::string& error, const std::string& text) {
  for (int times = 0; times != 2; ++times) {
    auto back = broker.durable(1);
    expect_told(back, "ERR " + error + " are dropped, they exceed the quota\r\n" + text);
    await_heard(back);
    EXPECT_EQ(back.received(), "");
  }
  auto back = broker.durable(1);
  back.receive_until("quota\r\n");
  await_heard(back);
  play(broker, {"101|B"}, 102);
  back.receive_until("101|B\r\n");
  acknowledge(back, 101);
  auto again = broker.durable(1);
  play(broker, {"102|B"}, 103);
  expect_told(again, "102|B\r\n");
}

TEST(Quota, ServesTheNewestEvents) {
  daemon broker{{{"inbox.max-events", "10"}}};
  let_wait(broker);
  EXPECT_EQ(text_of("pending", printed(broker.store(), {"inbox", "1"})), "100");
  expect_served(broker, "the oldest 90 of 100 events", told(91, 100));
}

TEST(Quota, ServesTheNewestBytes) {
  // 91|B to 99|B with their line ends, 100|B, and not quite 90|B.
  daemon broker{{{"inbox.max-bytes", std::to_string(9 * 5 + 6 + 4)}}};
  let_wait(broker);
  expect_served(broker, "the oldest 90 of 100 events", told(91, 100));
}

TEST(Quota, OfTheTighterBoundCounts) {
  daemon broker{{{"inbox.max-bytes", "1000"}, {"inbox.max-events", "3"}}};
  let_wait(broker);
  expect_served(broker, "the oldest 97 of 100 events", told(98, 100));
}

TEST(Quota, MayDropAll) {
  for (const auto& [name, value] :
       daemon::options{{"inbox.max-events", "99"}, {"inbox.max-bytes", "491"}}) {
    SCOPED_TRACE(name);
    daemon broker{{{name, value}, {"inbox.overflow-policy", "drop-all"}}};
    let_wait(broker);
    expect_served(broker, "all 100 events", "");
  }
}

TEST(Quota, ThatIsNotExceededIsNotHeardOf) {
  // 9 events of 4 bytes, 90 of 5, one of 6.
  for (const char* policy : {"drop-oldest", "drop-all"}) {
    daemon broker{{{"inbox.max-events", "100"},
                   {"inbox.max-bytes", "492"},
                   {"inbox.max-age", "1h"},
                   {"inbox.overflow-policy", policy}}};
    let_wait(broker);
    auto back = broker.durable(1);
    expect_told(back, told(1, 100));
  }
}

TEST(Quota, DropsWhatIsTooOldWithEitherPolicy) {
  for (const char* policy : {"drop-oldest", "drop-all"}) {
    daemon broker{{{"inbox.overflow-policy", policy}}};
    let_wait(broker);
    broker.stop();
    broker.start_again({{"inbox.max-age", "1ms"}, {"inbox.max-events", "50"}});
    auto back = broker.durable(1);
    expect_told(back, "ERR 100 events older than 1 ms are dropped, they exceed the quota\r\n");
    await_heard(back);
    EXPECT_EQ(back.received(), "");
    EXPECT_EQ(text_of("pending", printed(broker.store(), {"inbox", "1"})), "100");
    broker.stop();
    // Nothing of the log is deleted for it.
    broker.start_again({{"inbox.max-age", "0"}, {"inbox.max-events", "0"}});
    auto all = broker.durable(1);
    expect_told(all, told(1, 100));
  }
}

}  // namespace
}  // namespace skein::test
