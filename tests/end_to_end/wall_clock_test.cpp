/// A wall clock that is set while the daemon runs, or between its lives.

#include "wall_clock.hpp"

#include <array>
#include <ctime>
#include <optional>

#include "support/program.hpp"

namespace skein::test {
namespace {

class WallClock : public testing::Test {
 protected:
  /// The next broadcasts; returns when they are on disk, at the latest by a commit under this time.
  void send(daemon& broker, std::int64_t count) {
    auto source = broker.source();
    source.send(sent(broadcasts(next, next + count - 1)));
    next += count;
    broker.await_status("next", static_cast<std::uint64_t>(next));
    auto observer = broker.durable(99, next - 2);
    expect_told(observer, told(next - 1, next - 1));
  }

  wall_clock clock;
  std::int64_t next = 1;
};

TEST_F(WallClock, MayJumpBackAndDropsNothing) {
  daemon broker{{{"event.max-age", "2h"},
                 {"inbox.max-age", "1h"},
                 {"event.commit-interval", "5ms"},
                 {"sequence.gap-timeout", "10ms"}},
                clock.how()};
  broker.durable(1, 0).receive_now();
  std::string all;
  bool killed = false;
  for (const std::int64_t time : {0l, -day, 0l, -2 * day, -day}) {
    SCOPED_TRACE(time);
    auto live = broker.durable(2, next - 1);
    await_heard(live);
    clock.set(time);
    for (int i = 0; i != 2; ++i) {
      const auto lines = told(next, next + 99);
      send(broker, 100);
      expect_told(live, lines);
      all += lines;
      ++next;  // a gap, which is given up in spite of the clock
    }
    --next;
    auto back = broker.durable(1);
    expect_told(back, all);
    killed = !killed;
    killed ? broker.kill() : static_cast<void>(broker.stop());
    broker.start_again();
    EXPECT_EQ(broker.status("next"), static_cast<std::uint64_t>(next));
    EXPECT_EQ(broker.status("log_begin"), 0u);
    auto again = broker.durable(1);
    expect_told(again, all);
  }
  EXPECT_EQ(broker.stop()["cuts"], 0u);
}

TEST_F(WallClock, DropsNothingByAJumpBeforeTheNextStart) {
  daemon broker{{{"event.max-age", "2h"}, {"event.commit-interval", "5ms"}}, clock.how()};
  broker.durable(1, 0).receive_now();
  send(broker, 100);
  for (const std::int64_t time : {day, 0l, -day, day}) {
    SCOPED_TRACE(time);
    clock.set(time);
    send(broker, 100);
    auto back = broker.durable(1);
    expect_told(back, told(1, next - 1));
  }
  broker.stop();
  clock.set(2 * day);
  broker.start_again();
  broker.await_status("log_events", 0);
  auto again = broker.durable(1);
  send(broker, 100);
  expect_told(again, "ERR events 1 to 500 are no longer kept\r\n" + told(501, 600));
  broker.stop();
}

TEST_F(WallClock, DecidesWhatIsTooOldForAnInbox) {
  daemon broker{{{"inbox.max-age", "1h"}, {"event.commit-interval", "5ms"}}, clock.how()};
  broker.durable(1, 0).receive_now();
  send(broker, 100);
  clock.set(day);
  send(broker, 100);
  for (int i = 0; i != 2; ++i) {
    clock.set(day);
    auto later = broker.durable(1);
    expect_told(later,
                "ERR 100 events older than 3600000 ms are dropped, they exceed the quota\r\n" +
                    told(101, 200));
    for (const std::int64_t time : {0l, -day}) {
      clock.set(time);
      auto earlier = broker.durable(1);
      expect_told(earlier, told(1, 200));
    }
    broker.kill();
    broker.start_again();
  }
  broker.stop();
}

// --- topics ---

/// Of RFC 3339, so many seconds from what is right.
std::string time_from_now(std::int64_t seconds) {
  const std::time_t at = std::time(nullptr) + seconds;
  std::tm parts{};
  ::gmtime_r(&at, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

class TopicTimes : public testing::Test {
 protected:
  void begin(std::int64_t wrong_by) {
    clock.set(wrong_by);
    broker.emplace(daemon::options{}, clock.how());
    client.emplace(*broker);
    client->create("t", "{}");
    client->subscribe("t", "s");
  }
  std::string publish(const std::string& payload, const std::string& more) {
    return outcomes_in(client->post(
        "/v1/topics/t/messages",
        "{\"payload\":" + json_text(payload) + (more.empty() ? "" : ",") + more + "}"));
  }
  std::string delayed() {
    return std::to_string(
        client->get("/v1/topics/t/delayed").json().at("messages").as_array().size());
  }

  wall_clock clock;
  std::optional<daemon> broker;
  std::optional<program> client;
};

TEST_F(TopicTimes, MayBeSetAfterTheStart) {
  begin(-day);
  EXPECT_EQ(publish("due", "\"deliver_at\":\"" + time_from_now(-3600) + "\""), "delayed");
  EXPECT_EQ(publish("far", "\"deliver_at\":\"" + time_from_now(3600) + "\""), "delayed");
  EXPECT_EQ(publish("gone", "\"expires_at\":\"" + time_from_now(-3600) + "\""), "published");
  EXPECT_EQ(publish("kept", "\"expires_at\":\"" + time_from_now(3600) + "\""), "published");
  EXPECT_EQ(client->drain("t", "s"), "gone kept");
  EXPECT_EQ(publish("gone", "\"expires_at\":\"" + time_from_now(-3600) + "\""), "published");
  EXPECT_EQ(publish("kept", "\"expires_at\":\"" + time_from_now(3600) + "\""), "published");
  clock.set(0);
  EXPECT_EQ(client->drain("t", "s"), "kept due");
  EXPECT_EQ(delayed(), "1");
}

TEST_F(TopicTimes, IsLookedAtWhileSomebodyWaits) {
  begin(-day);
  EXPECT_EQ(publish("due", "\"deliver_at\":\"" + time_from_now(-3600) + "\""), "delayed");
  program waiter{*broker};
  waiter.begin({"POST", "/v1/topics/t/subscribers/s/lease", R"({"wait_ms":50000})"});
  clock.set(0);
  EXPECT_EQ(waiter.end().json().at_pointer("/deliveries/0/payload").as_string(), "due");
}

TEST_F(TopicTimes, MayBeSetBetweenTwoLives) {
  for (const std::int64_t wrong : {-day, day}) {
    begin(wrong);
    clock.set(0);
    EXPECT_EQ(publish("delayed", R"("delay_ms":3600000)"), "delayed");
    EXPECT_EQ(publish("kept", R"("ttl_ms":3600000)"), "published");
    for (const std::int64_t at_start : {std::int64_t{0}, -2 * day}) {
      broker->stop();
      clock.set(at_start);
      broker->start_again();
      clock.set(0);
      client.emplace(*broker);
      EXPECT_EQ(delayed(), "1");
      EXPECT_EQ(client->number("/v1/topics/t/subscribers/s", "pending"), 1u);
    }
    EXPECT_EQ(client->drain("t", "s"), "kept");
    EXPECT_EQ(delayed(), "1");
    client.reset();
    broker.reset();
  }
}

TEST_F(TopicTimes, DoesNotChangeWhatIsMeasured) {
  begin(0);
  EXPECT_EQ(publish("delayed", R"("delay_ms":3600000)"), "delayed");
  EXPECT_EQ(publish("leased", R"("ttl_ms":3600000)"), "published");
  const auto leased = client->lease("t", "s");
  EXPECT_EQ(publish("waits", R"("ttl_ms":3600000)"), "published");
  for (const std::int64_t time : {2 * day, -2 * day}) {
    clock.set(time);
    EXPECT_EQ(client->settle("extend", "t", "s", leases_of(leased), R"("lease_ms":60000)"), "done");
    EXPECT_EQ(delayed(), "1");
  }
  clock.set(day);
  client->ack("t", "s", leased);
  EXPECT_EQ(client->drain("t", "s"), "waits");
}

}  // namespace
}  // namespace skein::test
