#include <gtest/gtest.h>

#include "store/log_reader.hpp"
#include "store/recovery.hpp"
#include "store/replay.hpp"
#include "support/log_rig.hpp"

namespace skein::store {
namespace {

using namespace std::chrono_literals;
using test::broadcasts;

log_options bytes(std::uint64_t most) {
  log_options options;
  options.max_bytes = most;
  return options;
}

log_options events(std::uint64_t most) {
  log_options options;
  options.max_events = most;
  return options;
}

log_options age(std::chrono::milliseconds most) {
  log_options options;
  options.max_age = most;
  return options;
}

/// The begin of the log is what it says, and everything from there on is there.
void expect_whole(const test::log_rig& rig) {
  const log_begin begin = read_begin(*rig.engine);
  EXPECT_EQ(begin.position, rig.log->begin());
  std::uint64_t before = 0;
  core::sequence_number next = 1;
  test::event_stream::item const* last = nullptr;
  std::vector<std::string> expected;
  for (const auto& i : rig.stream.items()) {
    if (i.position >= begin.position) {
      expected.push_back(i.line + "\n");
      continue;
    }
    ++before;
    if (last && last->epoch != i.epoch) next = 1;
    next = std::max(next, i.e.sequence + 1);
    last = &i;
  }
  EXPECT_EQ(begin.before, before);
  EXPECT_EQ(begin.next, next);
  EXPECT_EQ(begin.time, last ? last->time : 0);
  log_reader log{*rig.engine, core::line_ending::lf};
  EXPECT_EQ(test::lines_of(log), expected);
  EXPECT_FALSE(log.lost());
  EXPECT_EQ(rig.log->events(), expected.size());
  EXPECT_EQ(test::edges_of(recover_graph(*rig.engine, [](auto, auto) {})), rig.stream.edges());
}

TEST(Retention, KeepsEverythingWithinTheBounds) {
  test::log_rig rig{bytes(100'000)};
  rig.add_and_commit(broadcasts(1, 100, 100));
  EXPECT_FALSE(rig.log->wants_checkpoint(rig.now));
  EXPECT_FALSE(rig.log->trim(rig.now));
  rig.add_and_commit(broadcasts(101, 30, 100));
  EXPECT_TRUE(rig.log->wants_checkpoint(rig.now));
  EXPECT_FALSE(rig.log->trim(rig.now));
}

TEST(Retention, CutsNothingWithoutACheckpoint) {
  test::log_rig rig{bytes(1000)};
  rig.add_and_commit(broadcasts(1, 100, 100));
  EXPECT_FALSE(rig.log->trim(rig.now));
  EXPECT_EQ(rig.log->begin(), 0u);
}

TEST(Retention, NeverExceedsItsBytes) {
  test::log_rig rig{bytes(80'000)};
  for (core::sequence_number n = 1; n < 20'000; n += 20) {
    rig.add_and_commit(broadcasts(n, 20, 100));
    EXPECT_LE(rig.log->end() - rig.log->begin(), 80'000u);
    rig.retain();
  }
  EXPECT_GE(rig.log->end() - rig.log->begin(), 40'000u);
  expect_whole(rig);
}

TEST(Retention, NeverExceedsItsEvents) {
  test::log_rig rig{events(800)};
  for (core::sequence_number n = 1; n < 20'000; n += 20) {
    rig.add_and_commit(broadcasts(n, 20));
    EXPECT_LE(rig.log->events(), 800u);
    rig.retain();
  }
  EXPECT_GE(rig.log->events(), 400u);
  expect_whole(rig);
}

TEST(Retention, NeverExceedsItsAge) {
  test::log_rig rig{age(80s)};
  for (core::sequence_number n = 1; n < 2'000; ++n) {
    rig.now += 1000;
    rig.add_and_commit(broadcasts(n, 1));
    EXPECT_LE(rig.now - entry_at(*rig.engine, rig.log->begin())->what.time, 80'000);
    rig.retain();
  }
  EXPECT_GE(rig.now - entry_at(*rig.engine, rig.log->begin())->what.time, 40'000);
  expect_whole(rig);
}

TEST(Retention, TakesTheTightestOfItsBounds) {
  log_options options = bytes(1'000'000);
  options.max_events = 80;
  options.max_age = 1h;
  test::log_rig rig{options};
  for (core::sequence_number n = 1; n < 500; ++n) {
    rig.add_and_commit(broadcasts(n, 1));
    rig.retain();
    EXPECT_LE(rig.log->events(), 80u);
  }
}

TEST(Retention, StaysWithinItsBoundsAcrossStarts) {
  test::log_rig rig{events(800)};
  for (core::sequence_number n = 1; n < 5'000; n += 20) {
    rig.add_and_commit(broadcasts(n, 20));
    rig.retain();
    rig.reopen();
    EXPECT_LE(rig.log->events(), 800u);
    EXPECT_EQ(rig.log->next(), n + 20);
  }
  expect_whole(rig);
}

TEST(Retention, CutsAtTheRecordInWhichACheckpointBegins) {
  test::log_rig rig{events(16)};
  rig.add_and_commit(broadcasts(1, 3));
  rig.add_and_commit(broadcasts(4, 3));
  test::slow_router router{{}, 1, 0};
  router.route(rig.stream, 5);  // in the middle of the second record
  make_checkpoint(*rig.log, router);
  rig.add_and_commit(broadcasts(7, 10));
  EXPECT_TRUE(rig.log->trim(rig.now));
  rig.log->commit(true);
  EXPECT_EQ(rig.log->begin(), rig.stream.items()[3].position);
  EXPECT_EQ(history_begin(*rig.engine), rig.stream.items()[5].position);
  expect_whole(rig);
}

TEST(Retention, EndsWithAnEmptyLogWhenNothingIsYoungEnough) {
  test::log_rig rig{age(80s)};
  rig.add_and_commit({"1|F|1|2", "2|B"});
  rig.log->put(7, {1, 2, rig.now});
  EXPECT_FALSE(rig.log->wants_checkpoint(rig.now));
  rig.now += 10'000;
  EXPECT_TRUE(rig.log->wants_checkpoint(rig.now));
  rig.retain();
  EXPECT_FALSE(rig.log->wants_checkpoint(rig.now));
  EXPECT_EQ(rig.log->begin(), 0u);
  rig.now += 70'000;
  rig.retain();
  EXPECT_EQ(rig.log->begin(), rig.log->end());
  EXPECT_TRUE(rig.keys(family::log).empty());
  EXPECT_FALSE(rig.log->wants_checkpoint(rig.now + 1'000'000));
  expect_whole(rig);
  rig.reopen();
  const core::sequence_start start = rig.log->start();
  EXPECT_EQ(start.next, 3);
  EXPECT_EQ(start.position, 12u);
  EXPECT_EQ(start.epoch, 1u);
  EXPECT_NE(start.first_event, 0u);
  rig.add_and_commit({"3|S|2"});
  EXPECT_FALSE(rig.log->trim(rig.now + 1000));
  expect_whole(rig);
}

TEST(Retention, ForgetsNotThatAnEmptyLogIsOver) {
  for (const bool over : {false, true}) {
    test::log_rig rig{age(80s)};
    rig.add_and_commit({"1|B"});
    if (over) rig.log->mark_over();
    rig.now += 80'000;
    rig.retain();
    ASSERT_EQ(rig.log->events(), 0u);
    rig.reopen();
    EXPECT_EQ(rig.log->start().interrupted, !over);
  }
}

TEST(Retention, KnowsTheAgeOfWhatCameAfterTheLogWasEmpty) {
  test::log_rig rig{age(80s)};
  rig.add_and_commit({"1|B"});
  rig.now += 100'000;
  rig.retain();
  ASSERT_EQ(rig.log->events(), 0u);
  rig.now += 100'000;
  rig.add_and_commit({"2|B"});
  rig.now += 60'000;
  rig.retain();
  EXPECT_EQ(rig.log->events(), 1u);
  rig.now += 20'000;
  rig.retain();
  EXPECT_EQ(rig.log->events(), 0u);
}

TEST(Retention, CutsNothingForAClockThatJumpsBackwards) {
  test::log_rig rig{age(80s)};
  for (core::sequence_number n = 1; n < 60; ++n) {
    rig.now += 1000;
    rig.add_and_commit(broadcasts(n, 1));
    rig.retain();
  }
  rig.now -= 500'000;
  rig.add_and_commit(broadcasts(60, 1));
  rig.retain();
  EXPECT_EQ(rig.log->events(), 60u);
  rig.now += 500'000;
  for (core::sequence_number n = 61; n < 300; ++n) {
    rig.now += 1000;
    rig.add_and_commit(broadcasts(n, 1));
    rig.retain();
    EXPECT_LE(rig.now - entry_at(*rig.engine, rig.log->begin())->what.time, 80'000);
  }
  expect_whole(rig);
}

TEST(Retention, ForgetsTheCheckpointsBeforeTheBegin) {
  test::log_rig rig{events(80)};
  for (core::sequence_number n = 1; n < 500; ++n) {
    rig.add({std::to_string(n) + "|F|" + std::to_string(n % 7) + "|" + std::to_string(n % 11)});
    rig.log->commit(true);
    rig.retain();
  }
  const auto checkpoints = read_checkpoints(*rig.engine);
  EXPECT_LE(checkpoints.size(), 10u);
  EXPECT_GE(checkpoints.size(), 6u);
  std::size_t at = 0;
  for (const std::string& key : rig.keys(family::graph)) {
    const generation_number generation = place_of_slice(key).generation;
    while (at != checkpoints.size() && checkpoints[at].generation < generation) ++at;
    ASSERT_NE(at, checkpoints.size());
    EXPECT_EQ(checkpoints[at].generation, generation);
  }
  for (const checkpoint& c : checkpoints) EXPECT_GE(c.from, rig.log->begin());
  EXPECT_EQ(history_begin(*rig.engine), checkpoints.front().upto);
}

TEST(Retention, KeepsOfManyCheckpointsWhatTheCutsNeed) {
  // As for a large log, of which many are made only so that a start is quick.
  test::log_rig rig{bytes(800'000)};
  for (core::sequence_number n = 1; n < 6000; n += 10) {
    rig.add_and_commit(broadcasts(n, 10, 100));
    rig.checkpoint();
    const auto& kept = rig.log->checkpoints();
    EXPECT_LE(kept.size(), 18u);
    for (std::size_t i = 1; i < kept.size(); ++i) {
      EXPECT_LT(kept[i].from - kept[i - 1].from, 100'000u);
    }
    EXPECT_EQ(kept.back().from, rig.log->end());
  }
  EXPECT_GE(rig.log->checkpoints().size(), 6u);
  rig.reopen();
  EXPECT_GE(rig.log->checkpoints().size(), 6u);
  while (rig.log->end() < 790'000) rig.add_and_commit(broadcasts(rig.stream.next(), 10, 100));
  EXPECT_TRUE(rig.log->trim(rig.now));
  EXPECT_GT(rig.log->end() - rig.log->begin(), 590'000u);
  EXPECT_LE(rig.log->end() - rig.log->begin(), 700'000u);
}

TEST(Retention, LeavesTheLogAsItWasUntilTheCommit) {
  test::log_rig rig{events(16)};
  rig.add_and_commit(broadcasts(1, 10));
  rig.checkpoint();
  rig.add_and_commit(broadcasts(11, 10));
  EXPECT_TRUE(rig.log->trim(rig.now));
  EXPECT_FALSE(rig.log->trim(rig.now));
  EXPECT_EQ(rig.keys(family::log).size(), 2u);
  rig.reopen();
  EXPECT_EQ(rig.log->events(), 20u);
  EXPECT_EQ(rig.log->checkpoints().size(), 1u);
  EXPECT_TRUE(rig.log->trim(rig.now));
  rig.log->commit(true);
  EXPECT_EQ(rig.keys(family::log).size(), 1u);
  expect_whole(rig);
}

TEST(Retention, MakesACheckpointForAQuickStart) {
  for (const std::uint32_t size : {(256u << 20) - 1, 256u << 20}) {
    test::log_rig rig{bytes(std::uint64_t{1} << 40)};
    entry large;
    large.events = 1;
    large.bytes = size;
    const std::string key = position_key(0);
    test::overwrite(*rig.engine, family::index, key, encode_head(key, large));
    rig.reopen();
    EXPECT_EQ(rig.log->wants_checkpoint(rig.now), size == 256u << 20);
  }
}

}  // namespace
}  // namespace skein::store
