#include "store/events/event_log.hpp"

#include <gtest/gtest.h>

#include "core/hash.hpp"
#include "store/events/log_reader.hpp"
#include "support/faulty_disk.hpp"
#include "support/log_rig.hpp"

namespace skein::store {
namespace {

using core::line_ending;
using test::broadcasts;
using lines = std::vector<std::string>;

/// The texts of the records, in their order.
lines texts_of_records(const test::log_rig& rig) {
  lines texts;
  const auto at = rig.engine->walk(family::log);
  for (at->seek(""); at->valid(); at->next()) {
    texts.emplace_back(decode_record(at->key(), at->value()).text);
  }
  return texts;
}

void expect_start(const event_log& log, core::epoch_number epoch, core::sequence_number next,
                  core::log_position position, bool interrupted) {
  const core::sequence_start start = log.start();
  EXPECT_EQ(start.epoch, epoch);
  EXPECT_EQ(start.next, next);
  EXPECT_EQ(start.position, position);
  EXPECT_EQ(start.interrupted, interrupted);
}

TEST(EventLog, BeginsANewStreamInAnEmptyStore) {
  const test::log_rig rig;
  expect_start(*rig.log, 1, 1, 0, false);
  EXPECT_EQ(rig.log->start().first_event, 0u);
  EXPECT_EQ(rig.log->gathered(), 0u);
}

TEST(EventLog, GoesOnWhereTheCommittedEnds) {
  test::log_rig rig;
  rig.add_and_commit({"1|B", "2|S|7"});
  rig.add({"3|B"});
  rig.reopen();
  expect_start(*rig.log, 1, 3, 10, true);
  EXPECT_EQ(rig.log->events(), 2u);
  EXPECT_EQ(rig.log->start().first_event, core::fingerprint_of("1|B"));
}

TEST(EventLog, ExpectsWhatIsBehindTheHighestNumber) {
  test::log_rig rig;
  rig.add_and_commit({"1|B", "9|B", "4|B"});
  EXPECT_EQ(rig.log->next(), 10);
  rig.reopen();
  EXPECT_EQ(rig.log->start().next, 10);
}

TEST(EventLog, GathersSmallBlocksInOneRecord) {
  test::log_rig rig;
  rig.add({"1|B"});
  rig.add({"2|B", "3|B"});
  rig.add_and_commit({"4|B"});
  rig.add_and_commit({"5|B"});
  EXPECT_EQ(texts_of_records(rig), (lines{"1|B\n2|B\n3|B\n4|B\n", "5|B\n"}));
  EXPECT_EQ(rig.keys(family::index), rig.keys(family::log));
}

TEST(EventLog, SplitsLargeBlocksAtLines) {
  test::log_rig rig;
  rig.add({"1|B"});
  rig.add_and_commit(broadcasts(2, 3000, 100));
  const lines texts = texts_of_records(rig);
  EXPECT_GE(texts.size(), 4u);
  std::string all;
  for (const std::string& text : texts) {
    EXPECT_LE(text.size(), (64u << 10) + 100u);
    EXPECT_EQ(text.back(), '\n');
    all += text;
  }
  EXPECT_EQ(all.size(), 300'004u);
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(test::lines_of(log).size(), 3001u);
}

TEST(EventLog, KeepsALineThatIsLongerThanARecord) {
  test::log_rig rig;
  rig.add_and_commit(broadcasts(1, 3, 65'000));
  EXPECT_EQ(rig.log->end(), 195'000u);
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(test::lines_of(log).size(), 3u);
}

TEST(EventLog, CountsALineEndAsOneByte) {
  test::log_rig rig;
  rig.add({"1|B", "2|B"}, line_ending::crlf);
  rig.add_and_commit({"3|B"}, line_ending::crlf);
  EXPECT_EQ(rig.log->end(), 12u);
  rig.reopen();
  rig.add({"4|B"}, line_ending::lf);
  rig.add_and_commit({"5|B"}, line_ending::crlf);
  EXPECT_EQ(rig.log->end(), 20u);
  EXPECT_EQ(texts_of_records(rig), (lines{"1|B\r\n2|B\r\n3|B\r\n", "4|B\n", "5|B\r\n"}));
  EXPECT_EQ(rig.keys(family::log), (lines{position_key(0), position_key(12), position_key(16)}));
  for (const line_ending ending : {line_ending::lf, line_ending::crlf}) {
    log_reader log{*rig.engine, ending};
    lines expected;
    for (const char* line : {"1|B", "2|B", "3|B", "4|B", "5|B"}) {
      expected.push_back(std::string{line} + std::string{core::text_of(ending)});
    }
    EXPECT_EQ(test::lines_of(log), expected);
  }
}

TEST(EventLog, BeginsARecordWithEachEpoch) {
  test::log_rig rig;
  rig.add({"1|B", "2|B"});
  rig.stream.begin_epoch(false);
  rig.add({"1|S|4"});
  rig.log->commit(true);
  EXPECT_EQ(texts_of_records(rig), (lines{"1|B\n2|B\n", "1|S|4\n"}));
  rig.reopen();
  expect_start(*rig.log, 2, 2, 14, true);
  EXPECT_EQ(rig.log->start().first_event, core::fingerprint_of("1|S|4"));
  const auto epochs = read_epochs(*rig.engine);
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_EQ(epochs[0].begin, 0u);
  EXPECT_EQ(epochs[0].first_event, core::fingerprint_of("1|B"));
  EXPECT_EQ(epochs[1].begin, 8u);
  EXPECT_EQ(epochs[1].time, rig.now);
}

TEST(EventLog, ExpectsNumberOneInAnEpochWithoutEvents) {
  test::log_rig rig;
  rig.add_and_commit({"1|B", "2|B"});
  rig.begin_epoch();
  rig.begin_epoch();
  rig.log->commit(true);
  expect_start(*rig.log, 3, 1, 8, true);
  rig.reopen();
  expect_start(*rig.log, 3, 1, 8, true);
  EXPECT_EQ(rig.log->start().first_event, 0u);
  rig.add_and_commit({"4|B"});
  rig.reopen();
  expect_start(*rig.log, 3, 5, 12, true);
  EXPECT_EQ(rig.log->start().first_event, 0u);
}

TEST(EventLog, MayBeginWithALaterEpoch) {
  test::log_rig rig{{}, true};
  rig.begin_epoch();
  rig.log->commit(true);
  rig.reopen();
  expect_start(*rig.log, 2, 1, 0, true);
  const auto epochs = read_epochs(*rig.engine);
  ASSERT_EQ(epochs.size(), 1u);
  EXPECT_FALSE(epochs[0].keeps_graph);
}

TEST(EventLog, SaysWhichEpochsKeepTheGraph) {
  test::log_rig rig{{}, true};
  rig.add({"1|B"});
  rig.begin_epoch();
  rig.log->commit(true);
  const auto epochs = read_epochs(*rig.engine);
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_FALSE(epochs[0].keeps_graph);
  EXPECT_TRUE(epochs[1].keeps_graph);
}

TEST(EventLog, TakesTheFingerprintOfTheTextWithoutItsEnd) {
  for (const line_ending ending : {line_ending::lf, line_ending::crlf}) {
    test::log_rig rig;
    rig.add_and_commit({"3|B", "+01|S|5"}, ending);
    rig.reopen();
    EXPECT_EQ(rig.log->start().first_event, core::fingerprint_of("+01|S|5"));
    rig.add_and_commit({"1|B"}, ending);  // late: it is not the first that came
    rig.reopen();
    EXPECT_EQ(rig.log->start().first_event, core::fingerprint_of("+01|S|5"));
  }
}

TEST(EventLog, RemembersThatTheStreamIsOver) {
  test::log_rig rig;
  rig.add({"1|B"});
  rig.log->mark_over();
  rig.log->commit(true);
  EXPECT_FALSE(rig.log->start().interrupted);
  rig.reopen();
  EXPECT_FALSE(rig.log->start().interrupted);
  rig.add_and_commit({"2|B"});
  EXPECT_TRUE(rig.log->start().interrupted);
  rig.reopen();
  EXPECT_TRUE(rig.log->start().interrupted);
}

TEST(EventLog, IsNotOverOnceAnEpochHasBegun) {
  test::log_rig rig;
  rig.add({"1|B"});
  rig.log->mark_over();
  rig.log->commit(true);
  rig.begin_epoch();
  rig.log->commit(true);
  EXPECT_TRUE(rig.log->start().interrupted);
  rig.reopen();
  EXPECT_TRUE(rig.log->start().interrupted);
}

TEST(EventLog, IsNotOverWhenTheEndWasNotCommitted) {
  test::log_rig rig;
  rig.add_and_commit({"1|B"});
  rig.log->mark_over();
  rig.reopen();
  EXPECT_TRUE(rig.log->start().interrupted);
}

TEST(EventLog, CommitsNothingTwice) {
  test::log_rig rig;
  rig.add_and_commit({"1|B"});
  EXPECT_EQ(rig.log->gathered(), 0u);
  test::erase(*rig.engine, family::log, position_key(0));
  rig.log->commit(true);
  EXPECT_TRUE(rig.keys(family::log).empty());
}

TEST(EventLog, RemembersHowFarUsersHaveAcknowledged) {
  test::log_rig rig;
  EXPECT_FALSE(rig.log->inbox_of(-7));
  rig.log->put(-7, {2, 30, 5});
  rig.log->put(7, {1, 1, 6});
  rig.log->commit(true);
  rig.reopen();
  const auto found = rig.log->inbox_of(-7);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->epoch, 2u);
  EXPECT_EQ(found->number, 30);
  EXPECT_EQ(found->time, 5);
  test::damage(*rig.engine, family::inbox, user_key(7));
  EXPECT_THROW(rig.log->inbox_of(7), error);
}

TEST(EventLog, NeverLetsTimeFall) {
  test::log_rig rig;
  rig.now = 5000;
  rig.add_and_commit({"1|B"});
  rig.now = 3000;
  rig.add_and_commit({"2|B"});
  rig.reopen();
  rig.now = 4000;
  rig.add_and_commit({"3|B"});
  rig.now = 6000;
  rig.add_and_commit({"4|B"});
  for (const auto& [position, time] : std::vector<std::pair<core::log_position, wall_time>>{
           {0, 5000}, {4, 5000}, {8, 5000}, {12, 6000}}) {
    EXPECT_EQ(entry_at(*rig.engine, position)->what.time, time);
  }
}

TEST(EventLog, EndsAnUnfinishedCheckpointOfTheRunBefore) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  rig.checkpoint();
  test::slow_router router = rig.router_at_end();
  router.begin_checkpoint(rig.log->next_generation());
  ASSERT_FALSE(router.continue_checkpoint(*rig.log, 1));
  ASSERT_FALSE(router.continue_checkpoint(*rig.log, 1));
  rig.log->commit(true);
  ASSERT_EQ(place_of_slice(rig.keys(family::graph).back()).generation, 2u);
  rig.reopen();
  EXPECT_EQ(rig.log->next_generation(), 2u);
  rig.log->commit(true);
  EXPECT_EQ(place_of_slice(rig.keys(family::graph).back()).generation, 1u);
  EXPECT_EQ(rig.log->checkpoints().size(), 1u);
}

TEST(EventLog, KeepsNoSliceOfACheckpointThatBeganAnew) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2", "2|F|3|4"});
  test::slow_router router = rig.router_at_end();
  router.begin_checkpoint(1);
  ASSERT_FALSE(router.continue_checkpoint(*rig.log, 3));
  ASSERT_FALSE(router.continue_checkpoint(*rig.log, 3));
  rig.log->commit(true);
  ASSERT_EQ(rig.keys(family::graph).size(), 2u);
  rig.stream.begin_epoch(false);  // whose graph is empty
  rig.add_and_commit({"1|B"});
  router.route(rig.stream, 10);
  make_checkpoint(*rig.log, router);
  EXPECT_TRUE(rig.keys(family::graph).empty());
}

TEST(EventLog, LosesNothingWhenACommitFails) {
  test::faulty_disk disk;
  test::log_rig rig;
  rig.reopen(disk.open());
  rig.add_and_commit({"1|B", "2|B"});
  rig.begin_epoch();
  rig.add({"1|F|1|2"});
  rig.log->put(7, {2, 1, 5});
  disk.fail_next(2);
  EXPECT_THROW(rig.log->commit(true), error);
  EXPECT_NE(rig.log->gathered(), 0u);
  EXPECT_EQ(log_index{*rig.engine}.end(), 8u);
  rig.add({"2|S|2"});
  rig.log->recover();
  EXPECT_THROW(rig.log->commit(true), error);
  rig.add({"3|B"}, line_ending::crlf);
  rig.log->mark_over();
  rig.log->recover();
  rig.log->commit(true);
  EXPECT_EQ(rig.log->gathered(), 0u);
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(test::lines_of(log), (lines{"1|B\n", "2|B\n", "1|F|1|2\n", "2|S|2\n", "3|B\n"}));
  rig.reopen();
  expect_start(*rig.log, 2, 4, 26, false);
  EXPECT_EQ(rig.log->inbox_of(7)->number, 1);
}

TEST(EventLog, CutsAfterAFailureWhatItWouldHaveCut) {
  log_options options;
  options.max_events = 10;
  test::faulty_disk disk;
  test::log_rig rig{options};
  rig.reopen(disk.open());
  rig.add_and_commit(broadcasts(1, 10));
  rig.checkpoint();
  rig.add_and_commit(broadcasts(11, 10));
  ASSERT_TRUE(rig.log->trim(rig.now));
  disk.fail_next(1);
  EXPECT_THROW(rig.log->commit(true), error);
  rig.add(broadcasts(21, 1));
  EXPECT_FALSE(rig.log->trim(rig.now));
  rig.log->recover();
  rig.log->commit(true);
  EXPECT_EQ(rig.log->events(), 11u);
  rig.reopen();
  EXPECT_EQ(rig.log->events(), 11u);
  EXPECT_EQ(rig.log->next(), 22);
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(test::lines_of(log).size(), 11u);
}

TEST(EventLog, IsAfterACrashWhatItWasAfterSomeCommit) {
  for (std::size_t kept = 0; kept <= 6; ++kept) {
    test::faulty_disk disk;
    test::log_rig rig;
    rig.reopen(disk.open());
    rig.add_and_commit({"1|B"});
    std::vector<core::sequence_start> starts{rig.log->start()};
    for (int n = 2; n <= 7; ++n) {
      if (n == 5) rig.begin_epoch();
      rig.add({std::to_string(n) + "|B"});
      if (n == 4) rig.log->mark_over();
      rig.log->commit(false);
      starts.push_back(rig.log->start());
    }
    disk.crash(kept);
    rig.reopen(disk.open());
    const core::sequence_start start = rig.log->start(), expected = starts[kept];
    EXPECT_EQ(start.epoch, expected.epoch);
    EXPECT_EQ(start.next, expected.next);
    EXPECT_EQ(start.position, expected.position);
    EXPECT_EQ(start.interrupted, expected.interrupted);
    EXPECT_EQ(start.first_event, expected.first_event);
  }
}

}  // namespace
}  // namespace skein::store
