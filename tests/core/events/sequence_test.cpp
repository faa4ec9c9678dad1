#include "core/events/sequence.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/events/sequence_rig.hpp"
#include "support/events.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using numbers = std::vector<sequence_number>;
using test::numbers_between;

TEST(Sequence, PutsTheEventsOfSeveralSourcesInOneOrder) {
  sequence_rig r{{}};
  r.open(1);
  r.open(2);
  r.push(1, {1, 3, 5});
  r.push(2, {2, 4, 6});
  EXPECT_EQ(r.released(), numbers_between(1, 6));
  EXPECT_EQ(r.taken(1), 1);
  EXPECT_EQ(r.taken(2), 1);
  EXPECT_EQ(r.sequence.counts().gaps, 0u);
}

TEST(Sequence, DropsWhatTwoSourcesBothSend) {
  sequence_rig r{{}};
  r.open(1);
  r.open(2);
  r.push(1, {1, 2, 3});
  r.push(2, {4, 2, 3, 5});
  r.push(1, {4, 5, 6});
  EXPECT_EQ(r.released(), numbers_between(1, 6));
  EXPECT_EQ(r.sequence.counts().duplicate, 4u);
}

TEST(Sequence, GoesOnWithTheNextSourceWhereTheLastOneEnded) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 2, 3});
  r.close(1);
  r.open(2);
  r.push(2, {4, 5});
  EXPECT_EQ(r.released(), numbers_between(1, 5));
  EXPECT_EQ(r.sequence.epoch(), 1u);
}

TEST(Sequence, GivesAGapUpByTime) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 3});
  EXPECT_EQ(r.sequence.next_deadline(), r.now + 500ms);
  r.pass(499ms);
  EXPECT_EQ(r.released(), numbers{1});
  r.pass(1ms);
  EXPECT_EQ(r.released(), (numbers{1, 3}));
  EXPECT_EQ(r.sequence.next_deadline(), never);
}

TEST(Sequence, TakesWhatASourceSentBeforeItEnded) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {2, 3});
  r.close(1);
  r.open(2);
  r.push(2, {1});
  EXPECT_EQ(r.released(), (numbers{1, 2, 3}));
}

TEST(Sequence, TakesAnEmptyBlock) {
  for (const auto policy : {gap_policy::skip, gap_policy::wait}) {
    sequence_options options;
    options.on_gap = policy;
    sequence_rig r{options};
    r.open(1);
    r.push(1, {});
    EXPECT_EQ(r.taken(1), 1);
    r.push(1, {1});
    EXPECT_EQ(r.released(), numbers{1});
  }
}

TEST(Sequence, ReleasesAllAtTheEnd) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {5, 2});
  r.release_all();
  EXPECT_EQ(r.released(), (numbers{2, 5}));
  EXPECT_EQ(r.sequence.held(), 0u);
}

TEST(Sequence, CountsAsHeldWhateverWaits) {
  sequence_options options;
  options.window = 5;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  r.open(1);
  r.push(1, {1, 3, 20, 21});
  EXPECT_EQ(r.sequence.held(), 3u) << "3 behind a gap, the others in a parked block";
  r.open(2);
  r.push(2, {1, 2});
  EXPECT_EQ(r.sequence.held(), 5u) << "and those of a contender";
}

TEST(Sequence, IgnoresTheEndOfASourceItDoesNotKnow) {
  sequence_rig r{{}};
  r.close(9);
  EXPECT_EQ(r.sequence.next_deadline(), never);
}

TEST(SequenceThatWaits, KeepsABlockAheadOfTheWindowAndDoesNotAcknowledgeIt) {
  sequence_options options;
  options.window = 5;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  r.open(1);
  r.open(2);
  r.push(1, {2, 3, 20, 21});
  EXPECT_EQ(r.taken(1), 0);
  // Another source closes the gap.
  r.push(2, numbers_between(1, 10));
  EXPECT_EQ(r.taken(2), 1);
  EXPECT_EQ(r.taken(1), 0);
  r.push(2, numbers_between(11, 14));
  EXPECT_EQ(r.taken(1), 0) << "20 is within the window of 15, 21 is not";
  r.push(2, {15});
  EXPECT_EQ(r.taken(1), 1);
  r.push(2, numbers_between(16, 19));
  EXPECT_EQ(r.taken(1), 1);
  EXPECT_EQ(r.released(), numbers_between(1, 21));
  EXPECT_TRUE(r.texts_are_intact());
}

TEST(SequenceThatWaits, LetsTwoParkedSourcesFreeEachOther) {
  sequence_options options;
  options.window = 2;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  for (source_id s : {1u, 2u, 3u}) r.open(s);
  r.push(1, {2, 4, 7, 10});
  r.push(2, {3, 5, 8, 11, 6, 9, 12});
  EXPECT_EQ(r.taken(1) + r.taken(2), 0);
  r.push(3, {1});
  EXPECT_EQ(r.released(), numbers_between(1, 5)) << "4 of the one frees 5 of the other";
  EXPECT_EQ(r.taken(2), 0);
  // 7 and 8 are held by now, 10 is alone; then 9, which stands behind 11, frees all the rest.
  r.push(3, {6});
  EXPECT_EQ(r.released(), numbers_between(1, 12));
  EXPECT_EQ(r.taken(1), 1);
  EXPECT_EQ(r.taken(2), 1);
}

TEST(SequenceThatWaits, StillTakesTheParkedBlockOfASourceThatEnded) {
  sequence_options options;
  options.window = 5;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  r.open(1);
  r.push(1, {7, 8});
  r.close(1);
  EXPECT_TRUE(r.released().empty());
  r.open(2);
  r.push(2, numbers_between(1, 6));
  EXPECT_EQ(r.released(), numbers_between(1, 8));
}

TEST(SequenceThatWaits, GivesNoGapUpAtTheEnd) {
  sequence_options options;
  options.window = 5;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  r.open(1);
  r.push(1, {1, 3});
  r.release_all();
  EXPECT_EQ(r.released(), numbers{1});
  EXPECT_EQ(r.sequence.held(), 1u);
}

TEST(SequenceAtRandom, IsExactForAnySplitOfTheStreamOverSources) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    sequence_options options;
    options.on_gap = gap_policy::wait;
    options.window = random.between<std::int64_t>(1, 50);
    // Before the first of a stream has come, a source may look as if it started again.
    options.on_restart = restart_policy::off;
    sequence_rig r{options};
    const auto count = random.between<source_id>(1, 5);
    std::vector<numbers> shares(count);
    const sequence_number last = 2000;
    for (sequence_number n = 1; n <= last; ++n) {
      shares[random.between<std::size_t>(0, count - 1)].push_back(n);
    }
    std::vector<std::size_t> sent(count);
    std::vector<std::ptrdiff_t> blocks(count);
    for (source_id s = 0; s != count; ++s) r.open(s);
    for (;;) {
      // As a source does: the next block only when the last one was taken.
      std::vector<source_id> ready;
      for (source_id s = 0; s != count; ++s) {
        if (r.taken(s) == blocks[s] && sent[s] != shares[s].size()) ready.push_back(s);
      }
      if (ready.empty()) break;
      const source_id s = ready[random.between<std::size_t>(0, ready.size() - 1)];
      const std::size_t n =
          std::min(random.between<std::size_t>(1, 60), shares[s].size() - sent[s]);
      const auto first = shares[s].begin() + static_cast<std::ptrdiff_t>(sent[s]);
      r.push(s, numbers(first, first + static_cast<std::ptrdiff_t>(n)));
      sent[s] += n;
      ++blocks[s];
    }
    ASSERT_EQ(r.released(), numbers_between(1, last));
    ASSERT_TRUE(r.texts_are_intact());
  }
}

}  // namespace
}  // namespace skein::core
