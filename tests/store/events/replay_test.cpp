#include "store/events/replay.hpp"

#include <gtest/gtest.h>

#include "support/log_rig.hpp"
#include "support/told.hpp"
#include "support/unreadable_engine.hpp"

namespace skein::store {
namespace {

using core::line_ending;
using lines = std::vector<std::string>;
using stepped = replay::stepped;

TEST(Replay, TellsWhatConcernsAUser) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2", "2|F|3|1", "3|S|2", "4|S|3", "5|P|9|1", "6|P|1|9", "7|B",
                      "8|U|1|2", "9|S|2", "10|U|3|1"});
  test::told to;
  replay pass{*rig.engine, line_ending::crlf, to};
  pass.add(0, 1, 0);
  pass.start();
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_EQ(to.lines[0], (lines{"2|F|3|1\r\n", "3|S|2\r\n", "5|P|9|1\r\n", "7|B\r\n"}));
  EXPECT_EQ(pass.at(), rig.log->end());
}

TEST(Replay, TellsEachMemberFromTheirOwnPositionOn) {
  test::log_rig rig;
  rig.add_and_commit({"1|B", "2|B", "3|B", "4|B"});
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.add(1, 2, 8);
  pass.add(2, 2, 16);
  pass.start();
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_EQ(to.lines[0].size(), 4u);
  EXPECT_EQ(to.lines[1], (lines{"3|B\n", "4|B\n"}));
  EXPECT_EQ(to.lines[2], lines{});
  EXPECT_EQ(to.begun.size(), 3u);
}

TEST(Replay, TellsNothingBeforeThePositionWhenAPassBeginsWithinARecord) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|7|8", "2|S|8", "3|S|8", "4|S|8"});
  test::slow_router router{{}, 1, 0};
  router.route(rig.stream, 2);
  make_checkpoint(*rig.log, router);
  const core::log_position from = rig.log->checkpoints().back().upto;
  ASSERT_EQ(from, rig.stream.items()[2].position);
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 7, from);
  pass.start();
  EXPECT_EQ(pass.at(), from);
  pass.end_at(0, rig.stream.items()[3].position);
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_EQ(to.lines[0], lines{"3|S|8\n"});
}

TEST(Replay, IsAtTheHeadOfAnEmptyLog) {
  test::log_rig rig;
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.start();
  EXPECT_EQ(pass.step(), stepped::at_head);
  EXPECT_EQ(to.begun.size(), 1u);
  rig.add_and_commit({"1|P|2|1"});
  EXPECT_EQ(pass.step(), stepped::at_head);
  pass.refresh();
  EXPECT_EQ(pass.step(), stepped::routed);
  EXPECT_EQ(to.lines[0], lines{"1|P|2|1\n"});
}

TEST(Replay, WaitsForThoseWhoArePastTheHead) {
  test::log_rig rig;
  rig.add_and_commit({"1|B"});
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 1, 8);
  pass.start();
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_TRUE(to.begun.empty());
  rig.add_and_commit({"2|B", "3|B"});
  pass.refresh();
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_EQ(to.lines[0], lines{"3|B\n"});
}

TEST(Replay, SaysWhereAnEpochEndsBeforeItGoesOn) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  rig.stream.begin_epoch(false);
  rig.add_and_commit({"1|B", "2|S|2"});
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.add(1, 1, 8);
  pass.start();
  EXPECT_EQ(pass.step(), stepped::routed);
  EXPECT_EQ(pass.step(), stepped::epoch_ends);
  EXPECT_EQ(pass.epoch(), 1u);
  EXPECT_EQ(pass.at(), 8u);
  // What comes next is read already, but not told.
  EXPECT_TRUE(to.lines.empty());
  pass.end_at(1, 12);
  EXPECT_EQ(pass.step(), stepped::routed);
  EXPECT_EQ(pass.epoch(), 2u);
  EXPECT_EQ(to.lines[0], lines{"1|B\n"});
  EXPECT_EQ(to.lines[1], lines{"1|B\n"});
  EXPECT_EQ(pass.at(), 18u);
}

TEST(Replay, KeepsTheGraphForEpochsThatDo) {
  test::log_rig rig{{}, true};
  rig.add_and_commit({"1|F|1|2"});
  rig.begin_epoch();
  rig.begin_epoch();
  rig.add_and_commit({"1|S|2"});
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.start();
  while (pass.step() != stepped::at_head) {
  }
  EXPECT_EQ(to.lines[0], lines{"1|S|2\n"});
  EXPECT_EQ(pass.epoch(), 3u);
}

TEST(Replay, KnowsEpochsThatBeganAfterItDid) {
  test::log_rig rig{{}, true};
  rig.add_and_commit({"1|F|1|2"});
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.start();
  EXPECT_EQ(test::run(pass), stepped::at_head);
  rig.stream.begin_epoch(true);
  rig.add_and_commit({"1|S|2"});
  pass.refresh();
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_EQ(to.lines[0], lines{"1|S|2\n"});
}

TEST(Replay, EndsAMemberAtOnceWhoHasComeFarEnough) {
  test::log_rig rig;
  rig.add_and_commit({"1|B", "2|B"});
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.add(1, 1, 0, 4);
  pass.start();
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_EQ(to.lines[1], lines{"1|B\n"});
  EXPECT_EQ(to.active.size(), 1u);
  pass.end_at(0, 100);
  EXPECT_EQ(to.active.size(), 1u);
  pass.end_at(0, 8);
  EXPECT_TRUE(to.active.empty());
  EXPECT_TRUE(pass.empty());
}

TEST(Replay, TellsNothingToThoseWhoWereRemoved) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  rig.add_and_commit({"2|S|2"});
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  for (const core::session_index m : {0u, 1u, 2u}) pass.add(m, 1, 0);
  pass.start();
  EXPECT_EQ(pass.step(), stepped::routed);
  pass.remove(1);
  pass.remove(1);
  pass.remove(77);
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_EQ(to.lines[0], lines{"2|S|2\n"});
  EXPECT_EQ(to.lines[1], lines{});
  EXPECT_EQ(to.lines[2], lines{"2|S|2\n"});
}

TEST(Replay, DoesNotReadRecordsWithNothingForAnybody) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  for (core::sequence_number n = 2; n != 100; ++n) {
    const std::string number = std::to_string(n);
    rig.add_and_commit({number + "|S|50", number + "|P|1|60", number + "|F|70|2"});
  }
  rig.add_and_commit({"100|S|2"});
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.start();
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_EQ(to.lines[0], lines{"100|S|2\n"});
  EXPECT_LE(to.blocks, 4u);
}

TEST(Replay, GoesOnBehindDamage) {
  test::log_rig rig;
  rig.add_and_commit({"1|B"});
  rig.add_and_commit({"2|B"});
  rig.add_and_commit({"3|B"});
  test::damage(*rig.engine, family::log, position_key(4));
  test::told to;
  replay pass{*rig.engine, line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.start();
  int damaged = 0;
  EXPECT_EQ(test::run(pass, &damaged), stepped::at_head);
  EXPECT_EQ(damaged, 1);
  EXPECT_EQ(to.lines[0], (lines{"1|B\n", "3|B\n"}));
}

TEST(Replay, IsLostWhenWhatComesNextIsCutOff) {
  log_options options;
  options.max_events = 8;
  test::log_rig rig{options};
  rig.add_and_commit(test::broadcasts(1, 8));
  test::told to;
  replay behind{*rig.engine, line_ending::lf, to};
  behind.add(0, 1, 0);
  behind.start();
  test::told later;
  replay late{*rig.engine, line_ending::lf, later};
  late.add(0, 1, 4);
  rig.checkpoint();
  rig.add_and_commit(test::broadcasts(9, 8));
  ASSERT_TRUE(rig.log->trim(rig.now));
  rig.log->commit(true);
  EXPECT_EQ(behind.step(), stepped::lost);
  EXPECT_EQ(behind.step(), stepped::lost);
  late.start();
  EXPECT_EQ(late.step(), stepped::lost);
  EXPECT_TRUE(later.begun.empty());
}

TEST(Replay, KeepsNothingOpenAtTheHead) {
  test::log_rig rig;
  rig.add_and_commit({"1|B"});
  test::unreadable_engine engine{*rig.engine};
  test::told to;
  replay pass{engine, line_ending::lf, to};
  pass.add(0, 1, 0);
  pass.start();
  EXPECT_EQ(test::run(pass), stepped::at_head);
  EXPECT_EQ(engine.cursors, 0);
  pass.refresh();
  EXPECT_EQ(engine.cursors, 0);
}

TEST(Replay, LooksForEpochsOnceHoweverManyThereAre) {
  for (const bool keep_graph : {false, true}) {
    test::log_rig rig{{}, keep_graph};
    for (int e = 0; e != 300; ++e) {
      rig.add_and_commit({"1|F|1|2", "2|S|2"});
      rig.begin_epoch();
    }
    test::unreadable_engine engine{*rig.engine};
    test::told to;
    replay pass{engine, line_ending::lf, to};
    pass.add(0, 1, 0);
    pass.start();
    const int before = engine.walks_of_meta;
    EXPECT_EQ(test::run(pass), stepped::at_head);
    EXPECT_LE(engine.walks_of_meta - before, 1);
    EXPECT_EQ(to.lines[0].size(), 300u);
  }
}

TEST(HistoryBegin, IsTheFirstPositionOfWhichTheGraphIsKnown) {
  log_options options;
  options.max_events = 10;
  test::log_rig rig{options};
  EXPECT_EQ(history_begin(*rig.engine), 0u);
  rig.add_and_commit(test::broadcasts(1, 10));
  EXPECT_EQ(history_begin(*rig.engine), 0u);
  rig.checkpoint();
  rig.add_and_commit(test::broadcasts(11, 10));
  rig.log->trim(rig.now);
  rig.log->commit(true);
  EXPECT_EQ(history_begin(*rig.engine), rig.log->begin());
  // An epoch that begins with an empty graph is as good, if the checkpoint is not there.
  const core::log_position end = rig.log->end();
  rig.begin_epoch();
  rig.log->commit(true);
  test::erase(*rig.engine, family::meta, checkpoint_key(1));
  EXPECT_EQ(history_begin(*rig.engine), end);
  test::erase(*rig.engine, family::meta, epoch_key(2));
  EXPECT_THROW(history_begin(*rig.engine), error);
}

/// What each of some members is told, by one pass, equals what the stream had for them.
class ReplayAtRandom : public ::testing::TestWithParam<int> {};

TEST_P(ReplayAtRandom, TellsExactlyWhatTheWholeStreamHadForThem) {
  const int seeds = 150;
  std::size_t told_lines = 0, skipped = 0, cuts = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    log_options options;
    if (random.one_in(2)) options.max_events = random.between<std::uint64_t>(100, 400);
    const bool keep_graph = random.one_in(2);
    test::log_rig rig{options, keep_graph};
    std::vector<core::user_id> users;
    for (core::user_id u = 0; u != GetParam(); ++u) users.push_back(u * 31 - GetParam());
    test::random_lines make{random, users};
    if (random.one_in(2)) make.broadcasts = 0;
    test::slow_router router{{}, 1, 0};
    core::sequence_number number = 0;
    const auto write = [&] {
      if (random.one_in(15)) {
        rig.stream.begin_epoch(keep_graph);
        number = 0;
        if (random.one_in(2)) rig.add({});
      }
      rig.add(make.lines(random.between<std::size_t>(1, 20), number),
              random.one_in(2) ? line_ending::lf : line_ending::crlf);
      if (random.one_in(2)) rig.log->commit(false);
      router.route(rig.stream, random.between<std::size_t>(0, 20));
      if (router.is_at_checkpoint()) {
        if (const auto made = router.continue_checkpoint(*rig.log, 25)) {
          rig.log->commit(false);
          rig.log->put(*made);
        }
      } else if (random.one_in(8)) {
        router.begin_checkpoint(rig.log->next_generation());
      }
      if (random.one_in(5)) {
        rig.log->commit(false);
        if (rig.log->trim(rig.now)) ++cuts;
        rig.log->commit(false);
      }
    };
    for (auto n = random.between(5, 60); n > 0; --n) write();
    rig.log->commit(false);

    struct member {
      core::user_id user;
      core::log_position from, until = ~core::log_position{0};
    };
    const core::log_position begin = history_begin(*rig.engine);
    const auto& items = rig.stream.items();
    const auto some_position = [&] {
      if (random.one_in(5)) return begin;
      if (random.one_in(10)) return rig.stream.end();
      return std::max(begin, items[random.between<std::size_t>(0, items.size() - 1)].position);
    };
    std::vector<member> members;
    for (auto n = random.between(1, GetParam()); n > 0; --n) {
      members.push_back({random.one_in(20) ? 123'456 : make.user(), some_position()});
      if (random.one_in(5)) members.back().until = some_position();
    }
    const auto ending = random.one_in(2) ? line_ending::lf : line_ending::crlf;
    test::told to;
    replay pass{*rig.engine, ending, to};
    for (std::size_t m = 0; m != members.size(); ++m) {
      const auto index = static_cast<core::session_index>(m);
      pass.add(index, members[m].user, members[m].from, members[m].until);
    }
    pass.start();
    bool grows = random.one_in(2);
    bool lost = false;
    for (;;) {
      const core::log_position at = pass.at();
      const stepped what = pass.step();
      ASSERT_GE(pass.at(), at);
      if (what == stepped::lost) {
        lost = true;
        break;
      }
      if (random.one_in(6)) {
        const auto m = random.between<std::size_t>(0, members.size() - 1);
        // Not before what was told already.
        const core::log_position until = std::max(pass.at(), some_position());
        members[m].until = std::min(members[m].until, until);
        pass.end_at(static_cast<core::session_index>(m), members[m].until);
      }
      if (random.one_in(10)) pass.refresh();
      if (what != stepped::at_head) continue;
      if (!grows) break;
      grows = random.one_in(3);
      for (auto n = random.between(1, 10); n > 0; --n) write();
      rig.log->commit(false);
      pass.refresh();
    }
    for (std::size_t m = 0; m != members.size(); ++m) {
      const auto expected =
          rig.stream.told(members[m].user, members[m].from, std::min(members[m].until, pass.at()),
                          core::text_of(ending));
      const auto index = static_cast<core::session_index>(m);
      ASSERT_EQ(to.lines[index], expected) << "member " << m << " from " << members[m].from;
      told_lines += expected.size();
    }
    if (!lost) {
      ASSERT_EQ(pass.at(), rig.stream.end());
    }
    skipped += rig.keys(family::log).size() > to.blocks ? 1 : 0;
  }
  EXPECT_GT(told_lines, 1000u);
  EXPECT_GT(cuts, 50u);
  if (GetParam() < 20) {
    EXPECT_GT(skipped, 10u);
  }
}

// With some hundred users more is asked for than a filter is worth.
INSTANTIATE_TEST_SUITE_P(Users, ReplayAtRandom, ::testing::Values(3, 12, 60, 700));

}  // namespace
}  // namespace skein::store
