#include <gtest/gtest.h>

#include "store/events/log_reader.hpp"
#include "store/events/recovery.hpp"
#include "store/events/replay.hpp"
#include "support/log_rig.hpp"
#include "support/told.hpp"

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
  rig.add_and_commit(broadcasts(1, 90, 100));
  EXPECT_FALSE(rig.log->trim(rig.now));
  EXPECT_FALSE(rig.log->wants_checkpoint(rig.now));
  rig.add_and_commit(broadcasts(91, 20, 100));
  EXPECT_FALSE(rig.log->trim(rig.now));
  EXPECT_TRUE(rig.log->wants_checkpoint(rig.now));
}

/// What is cut is no more than it must be, and no less, whether checkpoints come in time or not.
enum class router { quick, late, dead };

class RetentionWithARouter : public ::testing::TestWithParam<router> {
 protected:
  void retain(test::log_rig& rig) {
    if (GetParam() == router::quick) return rig.retain();
    if (rig.log->trim(rig.now)) rig.log->commit(true);
    if (GetParam() == router::late && ++calls % 13 == 0) rig.checkpoint();
  }

  int calls = 0;
};

TEST_P(RetentionWithARouter, KeepsTheNewestBytes) {
  test::log_rig rig{bytes(80'000)};
  for (core::sequence_number n = 1; n < 10'000; n += 20) {
    rig.add_and_commit(broadcasts(n, 20, 100));
    retain(rig);
    const auto kept = rig.log->end() - rig.log->begin();
    ASSERT_LE(kept, 90'000u);
    ASSERT_GE(kept, std::min<core::log_position>(rig.log->end(), 80'000));
    ASSERT_LE(history_begin(*rig.engine),
              rig.log->end() - std::min<core::log_position>(rig.log->end(), 80'000));
  }
  expect_whole(rig);
}

TEST_P(RetentionWithARouter, KeepsTheNewestEvents) {
  test::log_rig rig{events(800)};
  for (core::sequence_number n = 1; n < 10'000; n += 20) {
    rig.add_and_commit(broadcasts(n, 20));
    retain(rig);
    ASSERT_LE(rig.log->events(), 900u);
    ASSERT_GE(rig.log->events(), std::min<std::uint64_t>(static_cast<std::uint64_t>(n) + 19, 800));
  }
  expect_whole(rig);
}

TEST_P(RetentionWithARouter, KeepsWhatIsYoungEnough) {
  test::log_rig rig{age(80s)};
  const auto start = rig.now;
  for (core::sequence_number n = 1; n < 1'000; ++n) {
    rig.now += 1000;
    rig.add_and_commit(broadcasts(n, 1));
    retain(rig);
    const auto age = rig.now - entry_at(*rig.engine, rig.log->begin())->what.time;
    ASSERT_LE(age, 90'000 + 3'000);
    ASSERT_GE(age, std::min<wall_time>(rig.now - start - 1000, 80'000 - 1000));
  }
  expect_whole(rig);
}

TEST_P(RetentionWithARouter, KnowsTheGraphOfWhatItKeeps) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    test::log_rig rig{events(300), random.one_in(2)};
    test::random_lines make{random, {1, 2, 3, 4, -5, 1'000'000'000'000}};
    core::sequence_number number = 0;
    for (int n = 0; n != 150; ++n) {
      if (random.one_in(30)) {
        rig.begin_epoch();
        number = 0;
      }
      rig.add_and_commit(make.lines(random.between<std::size_t>(1, 25), number));
      retain(rig);
      if (random.one_in(20)) rig.reopen();
    }
    ASSERT_GT(rig.log->begin(), 0u);
    const auto begin = history_begin(*rig.engine);
    test::told to;
    replay pass{*rig.engine, core::line_ending::lf, to};
    for (core::session_index m = 0; m != make.users().size(); ++m) {
      pass.add(m, make.users()[m], begin);
    }
    pass.start();
    ASSERT_EQ(test::run(pass), replay::stepped::at_head);
    for (core::session_index m = 0; m != make.users().size(); ++m) {
      ASSERT_EQ(to.lines[m], rig.stream.told(make.users()[m], begin, ~0ull, "\n"));
    }
    expect_whole(rig);
  }
}

INSTANTIATE_TEST_SUITE_P(Checkpoints, RetentionWithARouter,
                         ::testing::Values(router::quick, router::late, router::dead));

TEST(Retention, KeepsTheNewestOfABurstThatIsLongerThanTheBound) {
  for (const bool with_checkpoint : {false, true}) {
    test::log_rig rig{events(1000)};
    for (core::sequence_number n = 1; n < 20'000; n += 100) rig.add_and_commit(broadcasts(n, 100));
    if (with_checkpoint) rig.checkpoint();
    rig.retain();
    EXPECT_LE(rig.log->events(), 1125u);
    EXPECT_GE(rig.log->events(), 1000u);
    expect_whole(rig);
  }
}

TEST(Retention, SupersedesTheCheckpointThatComesTooLate) {
  test::log_rig rig{events(100)};
  rig.add_and_commit({"1|F|1|2"});
  test::slow_router late = rig.router_at_end();
  late.begin_checkpoint(rig.log->next_generation());
  EXPECT_FALSE(late.continue_checkpoint(*rig.log, 1));
  rig.add_and_commit(broadcasts(2, 50));
  rig.add_and_commit(broadcasts(52, 100));
  EXPECT_TRUE(rig.log->trim(rig.now));
  rig.log->commit(true);
  while (true) {
    const auto made = late.continue_checkpoint(*rig.log, 1);
    if (!made) continue;
    rig.log->put(*made);
    break;
  }
  rig.log->commit(true);
  ASSERT_EQ(rig.log->checkpoints().size(), 1u);
  EXPECT_EQ(rig.log->checkpoints()[0].generation, 2u);
  EXPECT_EQ(rig.log->checkpoints()[0].from, rig.log->begin());
  for (const std::string& key : rig.keys(family::graph)) {
    EXPECT_EQ(place_of_slice(key).generation, 2u);
  }
  EXPECT_EQ(rig.log->next_generation(), 3u);
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
    EXPECT_LE(rig.log->events(), 90u);
  }
  EXPECT_GE(rig.log->events(), 80u);
}

TEST(Retention, StaysWithinItsBoundsAcrossStarts) {
  test::log_rig rig{events(800)};
  for (core::sequence_number n = 1; n < 5'000; n += 20) {
    rig.add_and_commit(broadcasts(n, 20));
    rig.retain();
    rig.reopen();
    EXPECT_LE(rig.log->events(), 900u);
    EXPECT_EQ(rig.log->next(), n + 20);
  }
  expect_whole(rig);
}

TEST(Retention, ForgetsTheEpochsBeforeTheBegin) {
  for (const bool keep_graph : {false, true}) {
    test::log_rig rig{events(100), keep_graph};
    for (int e = 0; e != 300; ++e) {
      rig.begin_epoch();
      rig.begin_epoch();
      rig.add_and_commit({"1|F|1|" + std::to_string(e), "2|B"});
      rig.retain();
    }
    EXPECT_LE(read_epochs(*rig.engine).size(), 60u);
    expect_whole(rig);
    rig.reopen();
    rig.add_and_commit(broadcasts(3, 200));
    rig.retain();
    EXPECT_EQ(read_epochs(*rig.engine).size(), 1u);
    expect_whole(rig);
  }
}

TEST(Retention, KeepsNoEpochOfWhichNothingCame) {
  for (const bool keep_graph : {false, true}) {
    test::log_rig rig{{}, keep_graph};
    rig.add_and_commit({"1|F|1|2"});
    for (int e = 0; e != 100; ++e) rig.begin_epoch();
    rig.add_and_commit({"1|B"});
    EXPECT_EQ(read_epochs(*rig.engine).size(), 2u);
    expect_whole(rig);
  }
}

TEST(Retention, CutsAtTheRecordInWhichACheckpointBegins) {
  test::log_rig rig{events(10)};
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
  rig.now += 11'000;
  EXPECT_FALSE(rig.log->trim(rig.now));
  EXPECT_TRUE(rig.log->wants_checkpoint(rig.now));
  rig.retain();
  EXPECT_FALSE(rig.log->wants_checkpoint(rig.now));
  EXPECT_EQ(rig.log->begin(), 0u);
  rig.now += 72'000;
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
    rig.now += 83'000;
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
  rig.retain();
  rig.now += 60'000;
  rig.retain();
  EXPECT_EQ(rig.log->events(), 1u);
  rig.now += 20'000;
  rig.retain();
  EXPECT_EQ(rig.log->events(), 0u);
}

TEST(Retention, MeasuresAgesHoweverTheClockIsSet) {
  test::log_rig rig{age(80s)};
  wall_time measured = rig.now;
  std::vector<wall_time> came{measured};  // of each number
  const auto play = [&](int seconds) {
    for (; seconds > 0; --seconds) {
      rig.now += 1000;
      measured += 1000;
      rig.add_and_commit(broadcasts(static_cast<core::sequence_number>(came.size()), 1));
      came.push_back(measured);
      if (rig.log->trim(measured)) rig.log->commit(true);
      const std::uint64_t kept = rig.log->events();
      ASSERT_GE(kept, std::min<std::size_t>(came.size() - 1, 79));
      ASSERT_LE(kept, 94u);
    }
  };
  play(60);
  rig.now += 86'400'000;
  play(30);
  rig.now -= 86'400'000;
  play(200);
  rig.now -= 86'400'000;
  play(200);
}

TEST(Retention, TakesNothingForYoungerThanTheStartThoughTheClockWasWrong) {
  test::log_rig rig{age(80s)};
  rig.now += 86'400'000;
  rig.add_and_commit(broadcasts(1, 10));
  rig.now -= 86'400'000;
  rig.reopen();
  rig.retain();
  EXPECT_EQ(rig.log->events(), 10u);
  rig.now += 79'000;
  rig.retain();
  EXPECT_EQ(rig.log->events(), 10u);
  rig.now += 11'000;
  rig.retain();
  EXPECT_EQ(rig.log->events(), 0u);
}

TEST(Retention, ForgetsTheCheckpointsBeforeTheBegin) {
  test::log_rig rig{events(80)};
  for (core::sequence_number n = 1; n < 500; ++n) {
    rig.add({std::to_string(n) + "|F|" + std::to_string(n % 7) + "|" + std::to_string(n % 11)});
    rig.log->commit(true);
    rig.retain();
  }
  const auto checkpoints = read_checkpoints(*rig.engine);
  EXPECT_LE(checkpoints.size(), 12u);
  EXPECT_GE(checkpoints.size(), 9u);
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
  while (rig.log->end() < 890'000) rig.add_and_commit(broadcasts(rig.stream.next(), 10, 100));
  EXPECT_TRUE(rig.log->trim(rig.now));
  EXPECT_GE(rig.log->end() - rig.log->begin(), 800'000u);
  EXPECT_LE(rig.log->end() - rig.log->begin(), 880'000u);
}

TEST(Retention, LeavesTheLogAsItWasUntilTheCommit) {
  test::log_rig rig{events(10)};
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
