/// A wall clock that is set while the daemon runs, or between its lives.

#include "wall_clock.hpp"

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

TEST_F(WallClock, MayJumpForwardAndDropsOnlyWhatIsOldThen) {
  daemon broker{{{"event.max-age", "2h"}, {"event.commit-interval", "5ms"}}, clock.how()};
  broker.durable(1, 0).receive_now();
  send(broker, 100);
  clock.set(day);
  broker.await_status("log_events", 0);
  auto live = broker.durable(1);
  send(broker, 100);
  const std::string missed = "ERR events 1 to 100 are no longer kept\r\n";
  expect_told(live, missed + told(101, 200));
  for (const std::int64_t time : {0l, -day, day}) {
    SCOPED_TRACE(time);
    clock.set(time);
    send(broker, 100);
    expect_told(live, told(next - 100, next - 1));
    auto back = broker.durable(1);
    expect_told(back, missed + told(101, next - 1));
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

}  // namespace
}  // namespace skein::test
