#include "store/events/log_reader.hpp"

#include <gtest/gtest.h>

#include "support/failing_call_engine.hpp"
#include "support/log_rig.hpp"
#include "support/unreadable_engine.hpp"

namespace skein::store {
namespace {

using core::line_ending;
using lines = std::vector<std::string>;

/// Five records of two events each, [0, 8), [8, 16), ...
class LogReader : public ::testing::Test {
 protected:
  LogReader() {
    for (const int n : {1, 3, 5, 7, 8}) rig.add_and_commit(test::broadcasts(n, 2));
  }

  /// Where the records begin that it gives; those that are damaged by their negative end.
  std::vector<std::int64_t> records_of(log_reader& log, const log_reader::filter& wanted = {}) {
    std::vector<std::int64_t> found;
    for (int calls = 0; calls != 100; ++calls) {
      try {
        const auto block = log.next(wanted);
        if (!block) return found;
        EXPECT_EQ(log.at(), block->end());
        found.push_back(static_cast<std::int64_t>(block->begin));
      } catch (const error& e) {
        EXPECT_EQ(e.what_kind(), error::kind::corrupted);
        found.push_back(-static_cast<std::int64_t>(log.at()));
      }
    }
    ADD_FAILURE() << "it does not end";
    return found;
  }

  test::log_rig rig;
};

using positions = std::vector<std::int64_t>;

TEST_F(LogReader, ReadsEveryRecordInOrder) {
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(log.at(), 0u);
  EXPECT_EQ(records_of(log), (positions{0, 8, 16, 24, 32}));
  EXPECT_EQ(log.at(), 40u);
  EXPECT_EQ(log.time(), rig.now);
  EXPECT_FALSE(log.lost());
  EXPECT_FALSE(log.next());
}

TEST_F(LogReader, BeginsWithTheRecordThatHoldsAPosition) {
  for (const auto& [position, expected] : std::vector<std::pair<core::log_position, positions>>{
           {8, {8, 16, 24, 32}}, {15, {8, 16, 24, 32}}, {16, {16, 24, 32}}, {39, {32}}, {40, {}}}) {
    log_reader log{*rig.engine, line_ending::lf};
    log.seek(position);
    EXPECT_EQ(log.at(), position);
    EXPECT_EQ(records_of(log), expected);
    EXPECT_EQ(log.at(), 40u);
  }
}

TEST_F(LogReader, SeeksBackAndForth) {
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(records_of(log).size(), 5u);
  log.seek(17);
  EXPECT_EQ(log.next()->begin, 16u);
  log.seek(0);
  EXPECT_EQ(log.next()->begin, 0u);
  EXPECT_EQ(log.next()->begin, 8u);
}

TEST_F(LogReader, PassesOverWhatIsNotWanted) {
  log_reader log{*rig.engine, line_ending::lf};
  std::vector<core::log_position> asked;
  const auto found = records_of(log, [&](const entry& e) {
    asked.push_back(log.at());
    return e.before == 2 || e.before == 6;
  });
  EXPECT_EQ(found, (positions{8, 24}));
  EXPECT_EQ(asked, (std::vector<core::log_position>{0, 8, 16, 24, 32}));
  EXPECT_EQ(log.at(), 40u);
}

TEST_F(LogReader, DoesNotReadWhatIsNotWanted) {
  test::damage(*rig.engine, family::log, position_key(8));
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(records_of(log, [](const entry& e) { return e.before != 2; }),
            (positions{0, 16, 24, 32}));
}

TEST_F(LogReader, SeesWhatIsNewWhenItIsRefreshed) {
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(records_of(log).size(), 5u);
  rig.add_and_commit({"11|B"});
  EXPECT_FALSE(log.next());
  log.refresh();
  EXPECT_EQ(records_of(log), positions{40});
  log.refresh();
  EXPECT_EQ(records_of(log), positions{});
  rig.add_and_commit({"12|B"});
  rig.add_and_commit({"13|B"});
  log.refresh();
  EXPECT_EQ(records_of(log), (positions{45, 50}));
}

TEST_F(LogReader, ReadsOnInTheMiddleWhenItIsRefreshed) {
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(log.next()->begin, 0u);
  log.refresh();
  EXPECT_EQ(records_of(log), (positions{8, 16, 24, 32}));
}

TEST_F(LogReader, ReadsAnEmptyLog) {
  test::log_rig empty;
  log_reader log{*empty.engine, line_ending::lf};
  EXPECT_FALSE(log.next());
  EXPECT_FALSE(log.lost());
  empty.add_and_commit({"1|B"});
  log.refresh();
  EXPECT_EQ(records_of(log), positions{0});
}

TEST_F(LogReader, KeepsNothingOpenAtTheEnd) {
  test::unreadable_engine engine{*rig.engine};
  log_reader log{engine, line_ending::lf};
  EXPECT_TRUE(log.next());
  EXPECT_EQ(engine.cursors, 2);
  EXPECT_EQ(records_of(log).size(), 4u);
  EXPECT_EQ(engine.cursors, 0);
  log.refresh();
  EXPECT_EQ(engine.cursors, 0);
}

TEST_F(LogReader, IsLostBeforeWhereTheLogBegins) {
  test::erase(*rig.engine, family::log, position_key(0));
  test::erase(*rig.engine, family::index, position_key(0));
  test::overwrite(*rig.engine, family::meta, begin_key, encode(log_begin{8, 2, 3, rig.now}));
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(records_of(log).size(), 4u);
  log.seek(4);
  EXPECT_FALSE(log.next());
  EXPECT_TRUE(log.lost());
  log.refresh();
  EXPECT_FALSE(log.next());
  log.seek(8);
  EXPECT_FALSE(log.lost());
  EXPECT_EQ(records_of(log).size(), 4u);
}

TEST_F(LogReader, IsLostWhenAllThatWasThereIsCutOff) {
  const core::log_position end = rig.log->end();
  for (core::log_position record = 0; record != end; record += 8) {
    test::erase(*rig.engine, family::index, position_key(record));
  }
  test::overwrite(*rig.engine, family::meta, begin_key, encode(log_begin{end, 10, 11, rig.now}));
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_FALSE(log.next());
  EXPECT_FALSE(log.lost());
  log.seek(end - 8);
  EXPECT_FALSE(log.next());
  EXPECT_TRUE(log.lost());
}

TEST_F(LogReader, IsLostWhereARecordIsMissing) {
  test::erase(*rig.engine, family::index, position_key(16));
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(records_of(log), (positions{0, 8}));
  EXPECT_TRUE(log.lost());
  EXPECT_EQ(log.at(), 16u);
}

TEST_F(LogReader, IsLostWhenTheLogIsCutWhileItReads) {
  // The index was read before the cut, the record would be after it.
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_TRUE(log.next());
  log_reader late{*rig.engine, line_ending::lf};
  const auto cut = [&](const entry& e) {
    if (e.before == 2) {
      test::erase(*rig.engine, family::log, position_key(8));
      test::overwrite(*rig.engine, family::meta, begin_key, encode(log_begin{16, 4, 5, rig.now}));
    }
    return true;
  };
  EXPECT_TRUE(late.next(cut));
  EXPECT_TRUE(late.next(cut));  // its view of the log is as old as that of the index
  log.seek(8);
  EXPECT_FALSE(log.next());
  EXPECT_TRUE(log.lost());
}

TEST_F(LogReader, GoesOnBehindADamagedRecord) {
  test::damage(*rig.engine, family::log, position_key(8));
  test::damage(*rig.engine, family::log, position_key(16));
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(records_of(log), (positions{0, -16, -24, 24, 32}));
  EXPECT_FALSE(log.lost());
}

TEST_F(LogReader, GoesOnBehindAMissingRecord) {
  test::erase(*rig.engine, family::log, position_key(8));
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(records_of(log), (positions{0, -16, 16, 24, 32}));
}

TEST_F(LogReader, GoesOnBehindADamagedEntry) {
  test::damage(*rig.engine, family::index, position_key(8));
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(records_of(log), (positions{0, -9, 16, 24, 32}));
  log.seek(12);
  EXPECT_EQ(records_of(log), (positions{-13, 16, 24, 32}));
}

TEST_F(LogReader, GoesOnBehindADamagedLastEntryWhenThereIsMore) {
  test::damage(*rig.engine, family::index, position_key(32));
  log_reader log{*rig.engine, line_ending::lf};
  EXPECT_EQ(records_of(log), (positions{0, 8, 16, 24, -33}));
  log.refresh();
  EXPECT_EQ(records_of(log), positions{});
  rig.add_and_commit({"11|B"});
  log.refresh();
  EXPECT_EQ(records_of(log), positions{40});
  EXPECT_FALSE(log.lost());
}

TEST_F(LogReader, GoesOnBehindABlockOfRecordsThatCannotBeRead) {
  test::unreadable_engine engine{*rig.engine};
  engine.unreadable = {{family::log, position_key(8)}, {family::log, position_key(16)}};
  log_reader log{engine, line_ending::lf};
  EXPECT_EQ(records_of(log), (positions{0, -16, -24, 24, 32}));
}

TEST_F(LogReader, GoesOnSomewhereBehindEntriesThatCannotBeRead) {
  test::log_rig large;
  for (core::sequence_number n = 1; n <= 64; ++n) {
    large.add_and_commit(test::broadcasts(n, 1, 16'384));
  }
  for (const int first : {0, 1, 20, 63}) {
    test::unreadable_engine engine{*large.engine};
    for (int i = first; i != std::min(first + 3, 64); ++i) {
      engine.unreadable.insert(
          {family::index, position_key(static_cast<core::log_position>(i) * 16'384)});
    }
    log_reader log{engine, line_ending::lf};
    const auto found = records_of(log);
    std::size_t read = 0;
    for (const auto f : found) read += f > 0 || f == 0 ? 1 : 0;
    EXPECT_GE(read, first == 63 ? 63u : 58u);
    EXPECT_LE(found.size() - read, 3u);
    EXPECT_GE(found.size() - read, 1u);
    EXPECT_FALSE(log.lost());
  }
}

TEST_F(LogReader, EndsWhereNoEntryCanBeReadAnyMore) {
  test::unreadable_engine engine{*rig.engine};
  for (const core::log_position p : {16, 24, 32}) {
    engine.unreadable.insert({family::index, position_key(p)});
  }
  log_reader log{engine, line_ending::lf};
  const auto found = records_of(log);
  EXPECT_GE(found.size(), 3u);
  EXPECT_EQ(found[0], 0);
  EXPECT_EQ(found[1], 8);
  EXPECT_LT(found.back(), 0);
}

TEST_F(LogReader, SaysWhenTheStoreFailsAndGoesOnAfterwards) {
  test::unreadable_engine engine{*rig.engine};
  engine.unreadable = {{family::index, position_key(8)}};
  engine.what = error::kind::failed;
  log_reader log{engine, line_ending::lf};
  EXPECT_TRUE(log.next());
  for (int i = 0; i != 3; ++i) {
    EXPECT_THROW(log.next(), error);
    EXPECT_EQ(engine.cursors, 0);
  }
  engine.unreadable.clear();
  EXPECT_EQ(records_of(log), (positions{8, 16, 24, 32}));
}

TEST_F(LogReader, LosesNothingWhereAnyCallFailsForTheMoment) {
  log_reader whole{*rig.engine, line_ending::lf};
  const positions all = records_of(whole);
  for (std::uint64_t n = 1;; ++n) {
    test::failing_call_engine engine{{rig.engine.get(), [](auto*) {}}};
    log_reader log{engine, line_ending::lf};
    engine.fail(n, 1, error::kind::closed);
    positions read;
    for (bool ended = false; !ended;) {
      try {
        for (auto block = log.next(); block; block = log.next()) {
          read.push_back(static_cast<std::int64_t>(block->begin));
        }
        ended = true;
      } catch (const error&) {
      }
    }
    EXPECT_EQ(read, all) << "call " << n;
    if (engine.failures() == 0) break;
  }
}

TEST(LogIndex, FindsTheRecordThatHoldsAPosition) {
  test::log_rig rig;
  EXPECT_FALSE(entry_at(*rig.engine, 5));
  EXPECT_FALSE(last_entry(*rig.engine));
  EXPECT_EQ(log_index{*rig.engine}.end(), 0u);
  rig.add_and_commit({"1|B", "2|B"});
  rig.add_and_commit({"3|B"});
  EXPECT_EQ(entry_at(*rig.engine, 0)->begin, 0u);
  EXPECT_EQ(entry_at(*rig.engine, 7)->end, 8u);
  EXPECT_EQ(entry_at(*rig.engine, 8)->begin, 8u);
  EXPECT_EQ(entry_at(*rig.engine, 1000)->begin, 8u);
  EXPECT_EQ(last_entry(*rig.engine)->what.next, 4);
  EXPECT_EQ(log_index{*rig.engine}.end(), 12u);
}

TEST(LogIndex, FindsTheFirstRecordOfWhichSomethingIsTrue) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    test::log_rig rig;
    const auto records = random.between<std::uint64_t>(0, 40);
    std::vector<core::log_position> begins;
    for (std::uint64_t r = 0; r != records; ++r) {
      begins.push_back(rig.stream.end());
      rig.add_and_commit(test::broadcasts(rig.stream.next(), random.between<std::size_t>(1, 9)));
    }
    // Records that are missing are not found, and do no other harm.
    std::vector<core::log_position> there;
    for (const auto begin : begins) {
      if (seed % 3 == 0 && random.one_in(3)) {
        test::erase(*rig.engine, family::index, position_key(begin));
      } else {
        there.push_back(begin);
      }
    }
    log_index index{*rig.engine};
    for (core::log_position p = 0; p <= rig.stream.end() + 1; ++p) {
      std::uint64_t before = 0;
      for (const auto& i : rig.stream.items()) before += i.position < p ? 1 : 0;
      const auto found = index.first([&](const entry& e) { return e.before >= before; });
      const auto expected = std::find_if(there.begin(), there.end(), [&](auto b) {
        return entry_at(*rig.engine, b)->what.before >= before;
      });
      ASSERT_EQ(found.has_value(), expected != there.end());
      if (found) {
        ASSERT_EQ(found->begin, *expected);
      }
    }
  }
}

TEST(PositionBeyond, IsThatOfTheFirstEventBeyondForEveryPlace) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    test::random_lines make{random, {1, 2, 3}};
    test::log_rig rig;
    core::sequence_number number = 0;
    for (auto n = random.between(0, 60); n > 0; --n) {
      if (random.one_in(8)) {
        rig.stream.begin_epoch(false);
        if (random.one_in(2)) rig.add({});
        number = 0;
        if (random.one_in(2)) continue;
      }
      rig.add(make.lines(random.between<std::size_t>(1, 6), number),
              random.one_in(2) ? line_ending::lf : line_ending::crlf);
      if (random.one_in(2)) rig.log->commit(false);
    }
    rig.add({});
    rig.log->commit(false);
    for (core::epoch_number epoch = 1; epoch <= rig.stream.epoch_now() + 1; ++epoch) {
      for (core::sequence_number n = 0; n <= 150; ++n) {
        ASSERT_EQ(position_beyond(*rig.engine, epoch, n), rig.stream.position_beyond(epoch, n))
            << epoch << ", " << n;
      }
      const auto greatest = std::numeric_limits<core::sequence_number>::max();
      ASSERT_EQ(position_beyond(*rig.engine, epoch, greatest),
                rig.stream.position_beyond(epoch, greatest));
    }
  }
}

TEST(PositionBeyond, IsTheBeginOfARecordThatCannotBeRead) {
  test::log_rig rig;
  rig.add_and_commit({"1|B", "2|B"});
  rig.add_and_commit({"3|B", "4|B"});
  EXPECT_EQ(position_beyond(*rig.engine, 1, 3), 12u);
  test::damage(*rig.engine, family::log, position_key(8));
  EXPECT_EQ(position_beyond(*rig.engine, 1, 3), 8u);
  test::erase(*rig.engine, family::log, position_key(8));
  EXPECT_EQ(position_beyond(*rig.engine, 1, 3), 8u);
}

TEST(BlockOf, RefusesTextsThatAreNoEvents) {
  for (const char* text : {"1|B", "1|B\nx\n", "1|B\n\n", "x\n", "1|B\n2|B\n3|B\n", ""}) {
    record r;
    r.events = 2;
    r.text = text;
    EXPECT_THROW(block_of(0, r, line_ending::lf), error) << text;
  }
  record r;
  r.events = 1;
  r.line_end = 2;
  r.text = "\n";
  EXPECT_THROW(block_of(0, r, line_ending::lf), error);
}

}  // namespace
}  // namespace skein::store
