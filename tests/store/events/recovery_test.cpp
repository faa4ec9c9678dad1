#include "store/events/recovery.hpp"

#include <gtest/gtest.h>

#include "support/log_rig.hpp"

namespace skein::store {
namespace {

using core::line_ending;

test::edge_set recovered(engine& where) {
  return test::edges_of(recover_graph(where, [](auto, auto) {}));
}

TEST(Recovery, OfAnEmptyLogIsAnEmptyGraph) {
  test::log_rig rig;
  EXPECT_EQ(recovered(*rig.engine), test::edge_set{});
}

TEST(Recovery, FoldsTheWholeLogWithoutACheckpoint) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2", "2|F|3|4", "3|U|1|2", "4|F|1|5"});
  EXPECT_EQ(recovered(*rig.engine), (test::edge_set{{1, 5}, {3, 4}}));
}

TEST(Recovery, BeginsEachEpochWithAnEmptyGraphOrTheOneBefore) {
  for (const bool keep : {false, true}) {
    test::log_rig rig{{}, keep};
    rig.add({"1|F|1|2"});
    rig.begin_epoch();
    rig.add_and_commit({"1|F|3|4"});
    EXPECT_EQ(recovered(*rig.engine),
              keep ? (test::edge_set{{1, 2}, {3, 4}}) : (test::edge_set{{3, 4}}));
    rig.begin_epoch();
    rig.log->commit(true);
    EXPECT_EQ(recovered(*rig.engine), keep ? (test::edge_set{{1, 2}, {3, 4}}) : test::edge_set{});
  }
}

TEST(Recovery, ForgetsTheGraphInAnEpochWithoutEvents) {
  // The graph was not kept at first, and is by a later start.
  test::log_rig rig{{}, false};
  rig.add({"1|F|1|2"});
  rig.begin_epoch();
  rig.log->commit(true);
  event_log later{*rig.engine, {}, true};
  rig.stream.begin_epoch(true);
  later.append(rig.stream.add({"1|F|3|4"}, line_ending::lf, 1), 1);
  later.commit(true);
  EXPECT_EQ(recovered(*rig.engine), (test::edge_set{{3, 4}}));
}

TEST(Recovery, SaysHowFarItHasCome) {
  test::log_rig rig;
  rig.add_and_commit({"1|B"});
  rig.add_and_commit({"2|B"});
  std::vector<std::pair<core::log_position, core::log_position>> told;
  recover_graph(*rig.engine, [&](auto at, auto end) { told.push_back({at, end}); });
  EXPECT_EQ(told, (std::vector<std::pair<core::log_position, core::log_position>>{{4, 8}, {8, 8}}));
}

TEST(Recovery, ReadsNothingBeforeTheLastCheckpoint) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  rig.checkpoint();
  rig.add_and_commit({"2|F|3|4"});
  test::damage(*rig.engine, family::log, position_key(0));
  EXPECT_EQ(recovered(*rig.engine), (test::edge_set{{1, 2}, {3, 4}}));
}

TEST(Recovery, RefusesALogOfWhichTheBeginOfTheGraphIsMissing) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  rig.add_and_commit({"2|F|3|4"});
  test::overwrite(*rig.engine, family::meta, begin_key, encode(log_begin{8, 1, 2, 0}));
  EXPECT_THROW(recovered(*rig.engine), error);
}

TEST(Recovery, RefusesADamagedOrMissingRecord) {
  for (const family f : {family::log, family::index}) {
    for (const bool missing : {false, true}) {
      test::log_rig rig;
      rig.add_and_commit({"1|F|1|2"});
      rig.add_and_commit({"2|F|3|4"});
      rig.add_and_commit({"3|F|3|5"});
      if (missing) {
        test::erase(*rig.engine, f, position_key(8));
      } else {
        test::damage(*rig.engine, f, position_key(8));
      }
      EXPECT_THROW(recovered(*rig.engine), error);
    }
  }
}

TEST(Recovery, RefusesADamagedSlice) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  rig.checkpoint();
  for (const std::string& key : rig.keys(family::graph)) {
    test::damage(*rig.engine, family::graph, key);
  }
  EXPECT_THROW(recovered(*rig.engine), error);
}

TEST(Recovery, LoadsWhatSomeUsersFollow) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    test::log_rig rig;
    std::vector<std::string> lines;
    const auto users = random.between<core::user_id>(1, 100);
    for (auto n = random.between(0, 300); n > 0; --n) {
      lines.push_back(std::to_string(lines.size() + 1) + "|F|" +
                      std::to_string(random.between(-users, users)) + "|" +
                      std::to_string(random.between(-users, users)));
    }
    rig.add_and_commit(lines);
    rig.checkpoint();
    const checkpoint c = rig.log->checkpoints().back();
    std::vector<core::user_id> some;
    for (auto n = random.between(0, 30); n > 0; --n) some.push_back(random.between(-120, 120));
    core::follower_graph graph;
    ASSERT_TRUE(load(*rig.engine, c, some, graph));
    test::edge_set expected;
    for (const auto& edge : rig.stream.edges()) {
      if (std::count(some.begin(), some.end(), edge.first) != 0) expected.insert(edge);
    }
    EXPECT_EQ(test::edges_of(graph), expected);
    core::follower_graph all;
    ASSERT_TRUE(load(*rig.engine, c, all));
    EXPECT_EQ(test::edges_of(all), rig.stream.edges());
  }
}

TEST(Recovery, LoadsNoCheckpointThatWasGivenUp) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  for (int i = 0; i != 3; ++i) {
    rig.add_and_commit(test::broadcasts(rig.stream.next(), 1));
    rig.checkpoint();
  }
  // There are but the first and the last.
  checkpoint gone = rig.log->checkpoints().front();
  ASSERT_EQ(rig.log->checkpoints().size(), 2u);
  ++gone.generation;
  core::follower_graph graph;
  EXPECT_FALSE(load(*rig.engine, gone, graph));
  EXPECT_FALSE(load(*rig.engine, gone, {1}, graph));
}

TEST(Recovery, MissesNoSlice) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2"});
  rig.checkpoint();
  test::erase(*rig.engine, family::graph, rig.keys(family::graph).front());
  core::follower_graph graph;
  const checkpoint c = rig.log->checkpoints().back();
  std::vector<core::user_id> everyone;
  for (core::user_id u = 0; u != 200; ++u) everyone.push_back(u);
  EXPECT_THROW(load(*rig.engine, c, everyone, graph), error);
  EXPECT_THROW(load(*rig.engine, c, graph), error);
}

/// A stream, its log, and a router that is behind and makes checkpoints meanwhile.
TEST(Recovery, EqualsTheGraphOfTheWholeStreamHoweverCheckpointsWereMade) {
  int restarts = 0, cuts = 0, checkpoints = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    log_options options;
    if (random.one_in(2)) options.max_events = random.between<std::uint64_t>(50, 400);
    const bool keep_graph = random.one_in(3);
    test::log_rig rig{options, keep_graph};
    std::vector<core::user_id> users;
    for (auto n = random.between(2, 60); n > 0; --n) users.push_back(random.between(-100, 100));
    test::random_lines make{random, users};
    test::slow_router router{{}, 1, 0};
    core::sequence_number number = 0;
    for (int step = 0; step != 300; ++step) {
      rig.now += random.between(0, 5);
      switch (random.between(0, 9)) {
        case 0:
          if (!random.one_in(6)) break;
          rig.stream.begin_epoch(keep_graph);
          number = 0;
          if (random.one_in(2)) rig.add({});
          break;
        case 1:
        case 2:
          rig.add(make.lines(random.between<std::size_t>(1, 12), number),
                  random.one_in(2) ? line_ending::lf : line_ending::crlf);
          break;
        case 3:
          rig.log->commit(false);
          if (rig.log->trim(rig.now)) {
            ++cuts;
            rig.log->commit(false);
          }
          break;
        case 4:
          if (!random.one_in(20)) break;
          // A new start: the router has what is stored.
          rig.add({});
          rig.log->commit(true);
          restarts += router.restarts();
          router = test::slow_router{recover_graph(*rig.engine, [](auto, auto) {}),
                                     rig.log->epoch(), rig.log->end()};
          ASSERT_EQ(test::edges_of(router.graph()), rig.stream.edges());
          rig.reopen();
          break;
        case 5:
          if (!router.is_at_checkpoint()) router.begin_checkpoint(rig.log->next_generation());
          break;
        case 6:
        case 7:
          router.route(rig.stream, random.between<std::size_t>(0, 20));
          break;
        default:
          if (!router.is_at_checkpoint()) break;
          if (const auto made =
                  router.continue_checkpoint(*rig.log, random.between<std::uint32_t>(1, 20))) {
            rig.log->commit(false);
            rig.log->put(*made);
            rig.log->commit(false);
            ++checkpoints;
          }
      }
    }
    rig.add({});
    rig.log->commit(false);
    restarts += router.restarts();
    ASSERT_EQ(recovered(*rig.engine), rig.stream.edges());
  }
  // It was about something.
  EXPECT_GT(restarts, 20);
  EXPECT_GT(cuts, 100);
  EXPECT_GT(checkpoints, 500);
}

}  // namespace
}  // namespace skein::store
