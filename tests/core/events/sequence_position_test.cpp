#include <gtest/gtest.h>

#include <vector>

#include "core/events/sequence.hpp"
#include "core/events/sequence_rig.hpp"
#include "support/events.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using numbers = std::vector<sequence_number>;
using test::numbers_between;

/// Each block begins where the one before it ended, each event where the text before it ended.
void expect_no_hole(const sequence_rig& r, log_position from = 0) {
  log_position position = from;
  for (const ordered_block& block : r.blocks()) {
    ASSERT_EQ(block.begin, position);
    for (std::size_t i = 0; i != block.events.size(); ++i) {
      ASSERT_EQ(block.position_of(i), position);
      position += block.events[i].length - text_of(block.ending).size() + 1;
    }
    ASSERT_EQ(block.position_of(block.events.size()), position);
    ASSERT_EQ(block.end(), position);
  }
  ASSERT_EQ(r.sequence.position(), position);
}

TEST(Positions, CountOneByteForEachLineEnding) {
  for (const auto ending : {line_ending::lf, line_ending::crlf}) {
    sequence_rig r{{}, {}, ending};
    r.open(1);
    r.push(1, {1, 2, 3});
    ASSERT_EQ(r.blocks().size(), 1u);
    const ordered_block& block = r.blocks().front();
    EXPECT_EQ(block.ending, ending);
    EXPECT_EQ(block.position_of(0), 0u);
    EXPECT_EQ(block.position_of(1), 4u);
    EXPECT_EQ(block.position_of(2), 8u);
    EXPECT_EQ(block.end(), 12u);
    EXPECT_EQ(r.sequence.position(), 12u);
  }
}

TEST(Positions, GoOnFromTheStart) {
  sequence_start start;
  start.next = 4;
  start.position = 1000;
  sequence_rig r{{}, start, line_ending::crlf};
  EXPECT_EQ(r.sequence.position(), 1000u);
  r.open(1);
  r.push(1, {4, 5});
  EXPECT_EQ(r.blocks().front().begin, 1000u);
  EXPECT_EQ(r.sequence.position(), 1008u);
}

TEST(Positions, DoNotBeginAnewWithAnEpoch) {
  sequence_rig r{{}, {}, line_ending::crlf};
  r.open(1);
  r.push(1, {1, 2, 4});
  r.close(1);
  r.open(2);
  r.push(2, {1, 2});
  ASSERT_EQ(r.sequence.epoch(), 2u);
  EXPECT_EQ(r.blocks().back().begin, 12u);
  EXPECT_EQ(r.sequence.position(), 20u);
  expect_no_hole(r);
}

TEST(Positions, CountLateEventsThatAreDelivered) {
  sequence_options options;
  options.on_late = late_policy::deliver;
  sequence_rig r{options};
  r.open(1);
  r.push(1, {2});
  r.pass(500ms);
  r.push(1, {1, 3});
  EXPECT_EQ(r.released(), (numbers{2, 1, 3}));
  expect_no_hole(r);
}

TEST(Positions, AreKeptWhenAnOutputIsPassedAgain) {
  sequence s{{}, line_ending::lf};
  sequence_output first;
  sequence_output second;
  s.open(1, source_kind::connection);
  s.push(1, test::shared_block_of({1}), {}, first);
  s.push(1, test::shared_block_of({2}), {}, first);
  EXPECT_EQ(first.blocks.size(), 1u);
  s.push(1, test::shared_block_of({3}), {}, second);
  s.push(1, test::shared_block_of({4}), {}, first);
  ASSERT_EQ(first.blocks.size(), 2u);
  EXPECT_EQ(first.blocks[0].end(), second.blocks[0].begin);
  EXPECT_EQ(second.blocks[0].end(), first.blocks[1].begin);
}

TEST(Positions, HaveNoHoleWhateverComes) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    sequence_options options;
    options.window = random.between<std::int64_t>(1, 20);
    options.on_gap = random.between(0, 1) == 0 ? gap_policy::skip : gap_policy::wait;
    options.on_late = random.between(0, 1) == 0 ? late_policy::drop : late_policy::deliver;
    sequence_start start;
    start.position = random.between<log_position>(0, 1'000'000);
    start.next = random.between<sequence_number>(1, 30);
    sequence_rig r{options, start, random.between(0, 1) == 0 ? line_ending::lf : line_ending::crlf};
    r.open(1);
    r.open(2);
    for (int i = 0; i != 100; ++i) {
      numbers n(random.between<std::size_t>(0, 20));
      for (sequence_number& x : n)
        x = std::max<sequence_number>(1,
                                      r.sequence.next() + random.between<sequence_number>(-5, 15));
      r.push(random.between<source_id>(1, 2), n);
      if (random.between(0, 9) == 0) r.pass(500ms);
      if (random.between(0, 30) == 0) r.begin_epoch();
    }
    r.release_all();
    expect_no_hole(r, start.position);
    EXPECT_TRUE(r.texts_are_intact());
  }
}

TEST(Positions, OfBlocksBeyondOneMebibyteAreContiguous) {
  sequence_rig r{{}, {}, line_ending::crlf};
  r.open(1);
  r.push(1, numbers_between(1, 400'000));
  r.push(1, numbers_between(400'001, 400'010));
  expect_no_hole(r);
}

// A reader that wants events must not be woken for none.
TEST(Blocks, AreNotPutOutWithoutEventsOrANewEpoch) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {3, 2});
  r.push(1, {});
  r.push(1, {2});
  EXPECT_TRUE(r.blocks().empty());
  r.push(1, {1});
  EXPECT_EQ(r.blocks().size(), 1u);
  r.push(1, {1});
  r.release_all();
  EXPECT_EQ(r.blocks().size(), 1u);
}

}  // namespace
}  // namespace skein::core
