#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <tuple>

#include "core/hash.hpp"
#include "store/check.hpp"
#include "store/events/event_log.hpp"
#include "store/events/log_reader.hpp"
#include "store/events/quota.hpp"
#include "store/events/recovery.hpp"
#include "support/log_rig.hpp"
#include "support/temporary_directory.hpp"
#include "support/told.hpp"

namespace skein::store {
namespace {

namespace fs = std::filesystem;
using core::line_ending;
using lines = std::vector<std::string>;

/// A store that an earlier skein has written, with tests/store/fixtures/make.cpp.
struct fixture {
  fixture(int version, bool read_only) {
    const auto kept = "tests/store/fixtures/v" + std::to_string(version);
    fs::copy(fs::path{SKEIN_ROOT} / kept, where, fs::copy_options::recursive);
    engine = open_disk({where, false, read_only});
  }

  test::temporary_directory directory;
  fs::path where = directory.path() / "store";
  std::unique_ptr<class engine> engine;
};

class FixtureOfVersion : public ::testing::TestWithParam<std::tuple<int, bool>>, protected fixture {
 protected:
  FixtureOfVersion() : fixture(std::get<0>(GetParam()), std::get<1>(GetParam())) {}

  int version() const { return std::get<0>(GetParam()); }
};

const lines all_lines{"7|U|3|2\n",  "+08|F|1|9223372036854775807\n",
                      "9|S|2\n",    "10|B\n",
                      "11|F|5|6\n", "12|S|2\n",
                      "13|B\n",     "14|P|1|5\n",
                      "16|U|5|7\n", "1|F|5|1\n",
                      "2|S|1\n",    "3|B\n",
                      "4|U|1|2\n",  "5|S|2\n"};

TEST_P(FixtureOfVersion, HasNoFinding) {
  const check_counts counts = check(*engine, [](const std::string& f) { ADD_FAILURE() << f; });
  EXPECT_EQ(counts.records, 5u);
  EXPECT_EQ(counts.events, 14u);
  EXPECT_EQ(counts.epochs, 2u);
  EXPECT_EQ(counts.checkpoints, 3u);
  EXPECT_EQ(counts.edges, 4u);
  EXPECT_EQ(counts.inboxes, 2u);
}

TEST_P(FixtureOfVersion, HasItsEvents) {
  log_reader log{*engine, line_ending::lf};
  EXPECT_EQ(log.at(), 43u);
  EXPECT_EQ(test::lines_of(log), all_lines);
  EXPECT_EQ(log.at(), 161u);
  EXPECT_EQ(log.time(), 1'700'000'006'000);
  const log_begin begin = read_begin(*engine);
  EXPECT_EQ(begin.position, 43u);
  EXPECT_EQ(begin.before, 6u);
  EXPECT_EQ(begin.next, 7);
  EXPECT_EQ(begin.time, 1'700'000'001'000);
}

TEST_P(FixtureOfVersion, HasItsRecords) {
  struct known {
    core::log_position begin;
    core::epoch_number epoch;
    core::sequence_number next;
    wall_time time;
    std::uint64_t before;
    std::uint32_t events, broadcasts, line_end;
  };
  const std::vector<known> expected{{43, 1, 11, 1'700'000'002'000, 6, 4, 1, 1},
                                    {90, 1, 17, 1'700'000'003'000, 10, 5, 1, 1},
                                    {129, 2, 3, 1'700'000'004'000, 15, 2, 0, 2},
                                    {143, 2, 4, 1'700'000'005'000, 17, 1, 1, 2},
                                    {147, 2, 6, 1'700'000'006'000, 18, 2, 0, 1}};
  for (const known& k : expected) {
    const auto e = entry_at(*engine, k.begin);
    ASSERT_TRUE(e);
    EXPECT_EQ(e->begin, k.begin);
    EXPECT_EQ(e->what.epoch, k.epoch);
    EXPECT_EQ(e->what.next, k.next);
    EXPECT_EQ(e->what.time, k.time);
    EXPECT_EQ(e->what.before, k.before);
    EXPECT_EQ(e->what.events, k.events);
    EXPECT_EQ(e->what.broadcasts, k.broadcasts);
    const std::string key = position_key(k.begin);
    const auto value = engine->get(family::log, key);
    ASSERT_TRUE(value);
    EXPECT_EQ(decode_record(key, *value).line_end, k.line_end);
  }
}

TEST_P(FixtureOfVersion, HasItsEpochs) {
  const auto epochs = read_epochs(*engine);
  ASSERT_EQ(epochs.size(), 2u);
  EXPECT_EQ(epochs[0].begin, 0u);
  EXPECT_FALSE(epochs[0].keeps_graph);
  EXPECT_EQ(epochs[0].first_event, core::fingerprint_of("1|F|1|2"));
  EXPECT_EQ(epochs[0].time, 1'700'000'001'000);
  EXPECT_EQ(epochs[1].begin, 129u);
  EXPECT_TRUE(epochs[1].keeps_graph);
  EXPECT_EQ(epochs[1].first_event, core::fingerprint_of("1|F|5|1"));
  EXPECT_EQ(epochs[1].time, 1'700'000'004'000);
}

TEST_P(FixtureOfVersion, HasItsGraph) {
  using test::edge_set;
  constexpr core::user_id greatest = 9'223'372'036'854'775'807;
  const edge_set at_first{{1, 2}, {3, 2}, {-7, 2}};
  const edge_set then{{1, 2}, {-7, 2}, {1, greatest}};
  const edge_set later{{1, 2}, {-7, 2}, {1, greatest}, {5, 6}, {5, 1}};
  const edge_set at_last{{-7, 2}, {1, greatest}, {5, 6}, {5, 1}};
  EXPECT_EQ(test::edges_of(recover_graph(*engine, [](auto, auto) {})), at_last);
  const auto checkpoints = read_checkpoints(*engine);
  ASSERT_EQ(checkpoints.size(), 3u);
  const std::vector<edge_set> graphs{at_first, then, later};
  const std::vector<core::log_position> positions{43, 90, 147};
  for (std::size_t i = 0; i != 3; ++i) {
    const checkpoint& c = checkpoints[i];
    EXPECT_EQ(c.generation, i + 1);
    EXPECT_EQ(c.epoch, i == 2 ? 2u : 1u);
    EXPECT_EQ(c.from, positions[i]);
    EXPECT_EQ(c.upto, positions[i]);
    EXPECT_EQ(c.edges, graphs[i].size());
    EXPECT_EQ(c.secret, version() == 1 ? 0 : 0x0123'4567'89AB'CDEF);
    core::follower_graph graph;
    EXPECT_TRUE(load(*engine, c, graph));
    EXPECT_EQ(test::edges_of(graph), graphs[i]);
  }
}

TEST_P(FixtureOfVersion, HasItsInboxes) {
  const auto inbox_of = [&](core::user_id user) {
    const std::string key = user_key(user);
    return decode_inbox(key, engine->get(family::inbox, key).value());
  };
  EXPECT_EQ(inbox_of(1).epoch, 2u);
  EXPECT_EQ(inbox_of(1).number, 3);
  EXPECT_EQ(inbox_of(1).time, 1'700'000'006'000);
  EXPECT_EQ(inbox_of(-7).epoch, 1u);
  EXPECT_EQ(inbox_of(-7).number, 3);
  EXPECT_EQ(inbox_of(-7).time, 1'700'000'002'000);
}

TEST_P(FixtureOfVersion, IsReplayed) {
  test::told to;
  replay pass{*engine, line_ending::crlf, to};
  const core::log_position begin = history_begin(*engine);
  EXPECT_EQ(begin, 43u);
  pass.add(0, 1, begin);
  pass.add(1, -7, position_beyond(*engine, 1, 12));
  pass.start();
  EXPECT_EQ(test::run(pass), replay::stepped::at_head);
  EXPECT_EQ(to.lines[0],
            (lines{"9|S|2\r\n", "10|B\r\n", "12|S|2\r\n", "13|B\r\n", "1|F|5|1\r\n", "3|B\r\n"}));
  EXPECT_EQ(to.lines[1], (lines{"13|B\r\n", "3|B\r\n", "5|S|2\r\n"}));
  EXPECT_EQ(missing_before(*engine, 1, 3, begin), "events 4 to 6 are no longer kept");
}

class WritableFixtureOfVersion : public ::testing::TestWithParam<int> {};

TEST_P(WritableFixtureOfVersion, ContinuesTheStream) {
  const fixture opened{GetParam(), false};
  const auto& engine = opened.engine;
  log_options options;
  options.max_events = 8;
  event_log log{*engine, options, true};
  const core::sequence_start start = log.start();
  EXPECT_EQ(start.epoch, 2u);
  EXPECT_EQ(start.next, 6);
  EXPECT_EQ(start.position, 161u);
  EXPECT_FALSE(start.interrupted);
  EXPECT_EQ(start.first_event, core::fingerprint_of("1|F|5|1"));
  EXPECT_EQ(log.next_generation(), 4u);
  core::ordered_block block = test::event_stream{}.add({"6|B"}, line_ending::lf, 0);
  block.epoch = 2;
  block.begin = 161;
  log.append(block, 1'700'000'007'000);
  EXPECT_TRUE(log.trim(1'700'000'007'000));
  log.commit(true);
  EXPECT_EQ(log.begin(), 90u);
  check(*engine, [](const std::string& f) { ADD_FAILURE() << f; });
}

INSTANTIATE_TEST_SUITE_P(Ways, FixtureOfVersion,
                         ::testing::Combine(::testing::Values(1, 2), ::testing::Bool()),
                         [](const auto& way) {
                           return std::to_string(std::get<0>(way.param)) +
                                  (std::get<1>(way.param) ? "ReadOnly" : "ReadWrite");
                         });
INSTANTIATE_TEST_SUITE_P(Versions, WritableFixtureOfVersion, ::testing::Values(1, 2));

}  // namespace
}  // namespace skein::store
