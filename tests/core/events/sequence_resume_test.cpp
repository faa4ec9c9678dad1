#include <gtest/gtest.h>

#include <vector>

#include "core/events/sequence.hpp"
#include "core/events/sequence_rig.hpp"
#include "core/hash.hpp"
#include "support/events.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using numbers = std::vector<sequence_number>;
using test::numbers_between;

/// Epoch 3 up to `next`, all of it broadcasts, was interrupted.
sequence_start interrupted_at(sequence_number next) {
  sequence_start start;
  start.epoch = 3;
  start.next = next;
  start.position = 5000;
  start.interrupted = true;
  start.first_event = fingerprint_of("1|B");
  return start;
}

/// The same, but its sources had ended by themselves.
sequence_start over_at(sequence_number next) {
  sequence_start start = interrupted_at(next);
  start.interrupted = false;
  return start;
}

/// More gaps than are remembered, so that the oldest of them are forgotten.
numbers every_other_from(sequence_number first) {
  numbers all;
  for (int i = 0; i != 1200; ++i) all.push_back(first + 2 * i);
  return all;
}

TEST(Resume, GoesOnWhereTheStreamWas) {
  sequence_rig r{{}, interrupted_at(11)};
  EXPECT_EQ(r.sequence.epoch(), 3u);
  EXPECT_EQ(r.sequence.next(), 11);
  r.open(1);
  r.push(1, {11, 12});
  EXPECT_EQ(r.released(3), (numbers{11, 12}));
  EXPECT_EQ(r.taken(1), 1);
}

TEST(Resume, TakesWhatHasComeBeforeForDuplicatesFromAnyNumberOn) {
  for (const sequence_number from : {1, 2, 7, 10}) {
    sequence_rig r{{}, interrupted_at(11)};
    r.open(1);
    r.push(1, numbers_between(from, 15));
    r.pass(500ms);
    EXPECT_EQ(r.released(3), numbers_between(11, 15)) << "from " << from;
    EXPECT_EQ(r.sequence.counts().duplicate, static_cast<std::uint64_t>(11 - from));
    EXPECT_EQ(r.sequence.counts().late, 0u);
    EXPECT_EQ(r.sequence.epoch(), 3u);
    EXPECT_EQ(r.taken(1), 1);
  }
}

TEST(Resume, NeverTakesForLateWhatHasComeBefore) {
  sequence_options options;
  options.on_late = late_policy::deliver;
  sequence_rig r{options, interrupted_at(11)};
  r.open(1);
  r.push(1, every_other_from(12));
  r.pass(500ms);
  const std::size_t released = r.released(3).size();
  r.push(1, numbers_between(1, 10));
  EXPECT_EQ(r.sequence.counts().late, 0u);
  EXPECT_EQ(r.sequence.counts().duplicate, 10u);
  EXPECT_EQ(r.released(3).size(), released);
  r.push(1, {11, 13});
  EXPECT_EQ(r.sequence.counts().late, 2u) << "these have never come";
  EXPECT_EQ(r.released(3).size(), released + 2);
}

TEST(Resume, ForgetsWhatHasComeBeforeWithItsEpoch) {
  sequence_options options;
  options.on_late = late_policy::deliver;
  sequence_rig r{options, interrupted_at(11)};
  r.open(1);
  r.begin_epoch();
  r.push(1, every_other_from(2));
  r.pass(500ms);
  r.push(1, {1});
  EXPECT_EQ(r.sequence.counts().late, 1u);
  EXPECT_EQ(r.released(4).back(), 1);
}

TEST(Repetition, IsNoNewEpoch) {
  sequence_rig r{{}, interrupted_at(11)};
  r.open(1);
  r.push(1, numbers_between(1, 8));
  EXPECT_EQ(r.taken(1), 1) << "it does not contend";
  EXPECT_EQ(r.sequence.next_deadline(), never);
  r.push(1, numbers_between(9, 14));
  EXPECT_EQ(r.released(3), numbers_between(11, 14));
  EXPECT_EQ(r.sequence.epoch(), 3u);
}

TEST(Repetition, MayComeAgainAsLongAsTheStreamIsNotOver) {
  sequence_rig r{{}, interrupted_at(11)};
  r.open(1);
  r.open(2);
  r.push(1, numbers_between(1, 11));
  r.push(2, numbers_between(1, 12));
  r.close(1);
  r.open(3);
  r.push(3, numbers_between(1, 13));
  EXPECT_EQ(r.sequence.epoch(), 3u);
  EXPECT_EQ(r.released(3), numbers_between(11, 13));
}

TEST(Repetition, EndsTheContentionOfASourceThatSendsItLater) {
  sequence_rig r{{}, interrupted_at(11)};
  r.open(1);
  r.push(1, {3, 2});
  EXPECT_EQ(r.sequence.held(), 2u);
  EXPECT_NE(r.sequence.next_deadline(), never);
  r.push(1, {4, 1});
  EXPECT_EQ(r.sequence.next_deadline(), never);
  EXPECT_EQ(r.sequence.counts().duplicate, 4u);
  EXPECT_EQ(r.taken(1), 2);
  r.push(1, {12, 11});
  EXPECT_EQ(r.released(3), (numbers{11, 12}));
}

TEST(Repetition, OfOneSourceEndsTheContentionOfTheOthers) {
  // The one that tells may be new, or be known to be no contender.
  for (const bool known : {false, true}) {
    sequence_rig r{{}, interrupted_at(11)};
    r.open(1);
    r.open(2);
    r.open(3);
    r.push(1, {4, 12});
    r.push(2, {3, 14});
    if (known) r.push(3, {11});
    EXPECT_EQ(r.sequence.counts().duplicate, 0u);
    r.push(3, {1, 2, 11, 13});
    EXPECT_EQ(r.released(3), numbers_between(11, 14));
    EXPECT_EQ(r.sequence.next_deadline(), never);
    EXPECT_EQ(r.sequence.epoch(), 3u);
    for (const source_id id : {1u, 2u}) EXPECT_EQ(r.taken(id), 1) << id;
  }
}

TEST(Repetition, DoesNotEndTheContentionOfANewStream) {
  sequence_rig r{{}, interrupted_at(11)};
  r.open(1);
  r.push(1, {1, 2});
  r.open(2);
  r.push_lines(2, {"1|F|1|2", "2|B"});
  EXPECT_EQ(r.taken(2), 0) << "it waits for the end of the old stream";
  r.open(3);
  r.push(3, {1, 11});
  EXPECT_EQ(r.taken(2), 0);
  r.close(1);
  EXPECT_EQ(r.sequence.epoch(), 3u);
  r.close(3);
  EXPECT_EQ(r.sequence.epoch(), 4u);
  EXPECT_EQ(r.released(3), numbers{11});
  EXPECT_EQ(r.released(4), (numbers{1, 2}));
}

// Source 1 begins within the window, 2 goes on, 3 starts a new stream; then 1 turns out to be of
// the old one.
TEST(Repetition, LeavesANewStreamToWaitForTheOldOne) {
  sequence_rig r{{}, interrupted_at(21)};
  for (const source_id id : {1u, 2u, 3u}) r.open(id);
  r.push(1, {5});
  r.push(2, {21});
  r.push_lines(3, {"1|F|1|2", "2|B"});
  r.push(1, {1, 22});
  EXPECT_EQ(r.released(3), (numbers{21, 22}));
  EXPECT_EQ(r.taken(3), 0);
  r.close(1);
  r.close(2);
  EXPECT_EQ(r.released(4), (numbers{1, 2}));
  EXPECT_EQ(r.sequence.counts().duplicate, 2u);
}

TEST(Repetition, IsOnlyWhatHasTheTextOfTheFirstEvent) {
  sequence_rig r{{}, interrupted_at(11)};
  r.open(1);
  r.push_lines(1, {"1|F|1|2", "2|B"});
  EXPECT_EQ(r.sequence.epoch(), 4u);
  EXPECT_EQ(r.released(4), (numbers{1, 2}));
}

TEST(Repetition, IsNotKnownIfTheFirstEventHasNeverCome) {
  sequence_start start = interrupted_at(11);
  start.first_event = 0;
  sequence_rig r{{}, start};
  r.open(1);
  r.push(1, {1, 2});
  EXPECT_EQ(r.sequence.epoch(), 4u);
}

TEST(Repetition, IsANewEpochIfTheStreamWasOver) {
  sequence_rig r{{}, over_at(11)};
  r.open(1);
  r.push(1, {1, 2});
  EXPECT_EQ(r.sequence.epoch(), 4u);
  EXPECT_EQ(r.released(4), (numbers{1, 2}));
}

TEST(Repetition, IsANewEpochAfterANewEpoch) {
  sequence_rig r{{}, interrupted_at(11)};
  r.open(1);
  r.push_lines(1, {"1|F|1|2", "2|B"});
  r.open(2);
  r.push(2, {1});
  EXPECT_EQ(r.taken(2), 0) << "it contends";
  r.close(1);
  EXPECT_EQ(r.sequence.epoch(), 5u);
}

TEST(Repetition, IsNoMatterUnderOtherPolicies) {
  sequence_options options;
  options.on_restart = restart_policy::off;
  sequence_rig never_again{options, interrupted_at(11)};
  never_again.open(1);
  never_again.push_lines(1, {"1|F|1|2", "11|B"});
  EXPECT_EQ(never_again.released(3), numbers{11});

  options.on_restart = restart_policy::every_time;
  sequence_rig every_time{options, interrupted_at(11)};
  every_time.open(1);
  every_time.push(1, {1, 2});
  EXPECT_EQ(every_time.released(4), (numbers{1, 2}));
}

TEST(Repetition, OfABrokenConnectionIsNoNewEpoch) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, numbers_between(1, 5));
  r.close(1, source_end::broken);
  r.open(2);
  r.push(2, numbers_between(1, 3));
  r.close(2, source_end::broken);
  r.open(3);
  r.push(3, numbers_between(1, 8));
  r.close(3);
  EXPECT_EQ(r.released(), numbers_between(1, 8));
  EXPECT_EQ(r.sequence.epoch(), 1u);
  EXPECT_TRUE(r.sequence.over());
  r.open(4);
  r.push(4, {1, 2});
  EXPECT_EQ(r.released(2), (numbers{1, 2})) << "now it has ended by itself";
}

TEST(Repetition, OfARequestDoesNoHarmHoweverOftenItIsMade) {
  sequence_rig r{{}};
  source_id id = 0;
  const auto post = [&](const numbers& n) {
    r.open(++id, source_kind::request);
    r.push(id, n);
    r.close(id);
  };
  for (int i = 0; i != 3; ++i) post({1, 2, 3});
  for (int i = 0; i != 3; ++i) post({4, 5});
  post({1, 2, 3});
  r.open(++id);
  r.push(id, {6});
  r.close(id);
  post({1, 2, 3});
  EXPECT_EQ(r.released(), numbers_between(1, 6));
  EXPECT_EQ(r.sequence.epoch(), 1u);
}

TEST(Repetition, IsKnownOfAStreamWhoseFirstEventWasHeld) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {3, 2});
  r.push(1, {1});
  r.close(1, source_end::broken);
  r.open(2);
  r.push(2, {1, 2, 3, 4});
  EXPECT_EQ(r.released(), numbers_between(1, 4));
}

TEST(Repetition, IsKnownOfAFirstEventThatCameLate) {
  sequence_options options;
  options.on_late = late_policy::deliver;
  sequence_rig r{options};
  r.open(1);
  r.push(1, {2});
  r.pass(500ms);
  r.push(1, {1});
  r.close(1, source_end::broken);
  r.open(2);
  r.push(2, {1, 2, 3});
  EXPECT_EQ(r.sequence.epoch(), 1u);
  EXPECT_EQ(r.released(), (numbers{2, 1, 3}));
}

TEST(Repetition, IsNoneOfAStreamThatNobodyBrokeOffWithSomethingNew) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, numbers_between(1, 5));
  r.close(1);
  // A connection that sends nothing, or nothing new, interrupts nothing.
  r.open(2);
  r.close(2, source_end::broken);
  r.open(3);
  r.push(3, {5});
  r.pass(500ms);
  r.close(3, source_end::broken);
  EXPECT_TRUE(r.sequence.over());
  r.open(4);
  r.push(4, {1, 2});
  EXPECT_EQ(r.sequence.epoch(), 2u);
}

TEST(Repetition, IsNoneBecauseAConnectionOfAnEarlierEpochBreaks) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, numbers_between(1, 5));
  r.pass(1h);
  r.open(2);
  r.push_lines(2, {"1|S|1", "2|S|1"});
  r.pass(0ms);
  ASSERT_EQ(r.sequence.epoch(), 2u);
  r.close(1, source_end::broken);
  r.close(2);
  EXPECT_TRUE(r.sequence.over());
}

TEST(RepetitionAtRandom, IsExactForSeveralSourcesInAnyOrder) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    const sequence_number last = 400;
    sequence_options options;
    options.window = last;
    const auto next = random.between<sequence_number>(2, last);
    sequence_rig r{options, interrupted_at(next)};
    const auto count = random.between<source_id>(1, 4);
    std::vector<numbers> shares(count);
    for (sequence_number n = 1; n <= last; ++n) {
      shares[random.between<std::size_t>(0, count - 1)].push_back(n);
    }
    for (source_id s = 0; s != count; ++s) r.open(s);
    for (std::size_t sent = 0; sent != last;) {
      const auto s = random.between<std::size_t>(0, count - 1);
      const auto n = std::min(random.between<std::size_t>(0, 20), shares[s].size());
      const auto end = shares[s].begin() + static_cast<std::ptrdiff_t>(n);
      r.push(s, numbers(shares[s].begin(), end));
      shares[s].erase(shares[s].begin(), end);
      sent += n;
    }
    for (source_id s = 0; s != count; ++s) r.close(s);
    ASSERT_EQ(r.released(3), numbers_between(next, last));
    ASSERT_EQ(r.sequence.epoch(), 3u);
    ASSERT_EQ(r.sequence.counts().duplicate, static_cast<std::uint64_t>(next - 1));
    ASSERT_TRUE(r.sequence.over());
  }
}

TEST(Over, IsAStreamWhoseSourcesHaveEnded) {
  sequence_rig r{{}};
  EXPECT_FALSE(r.sequence.over()) << "it has not begun";
  r.open(1);
  r.open(2);
  r.push(1, {1, 2});
  r.push(2, {3});
  r.close(1);
  EXPECT_FALSE(r.sequence.over());
  r.close(2);
  EXPECT_TRUE(r.sequence.over());
  r.open(3);
  EXPECT_TRUE(r.sequence.over()) << "who has sent nothing is nobody";
  r.push(3, {4});
  EXPECT_FALSE(r.sequence.over());
  r.close(3);
  EXPECT_TRUE(r.sequence.over());
}

TEST(Over, IsAStreamWhoseSourceIsConnectedThatBroughtNothingNew) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 2, 3});
  r.close(1);
  r.open(2);
  r.push(2, {2});
  r.pass(1s);
  EXPECT_TRUE(r.sequence.over());
  r.push(2, {3, 4});
  EXPECT_FALSE(r.sequence.over());
  r.begin_epoch();
  r.open(3);
  r.push(3, {1});
  r.close(3);
  EXPECT_TRUE(r.sequence.over()) << "what the other one brought was of an epoch before";
}

TEST(Over, IsNoStreamOfWhichSomethingIsHeld) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 3});
  r.close(1);
  EXPECT_FALSE(r.sequence.over());
  r.pass(500ms);
  EXPECT_TRUE(r.sequence.over());
}

TEST(Over, IsNoStreamOfWhichSomethingIsParked) {
  sequence_options options;
  options.window = 5;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  r.open(1);
  r.push(1, {1, 20});
  r.close(1);
  EXPECT_FALSE(r.sequence.over());
  r.open(2);
  r.push(2, numbers_between(2, 19));
  r.close(2);
  EXPECT_TRUE(r.sequence.over());
}

TEST(Over, IsNoStreamWithAContender) {
  sequence_rig r{{}, over_at(11)};
  EXPECT_TRUE(r.sequence.over());
  r.open(1);
  r.push(1, {5});
  r.close(1);
  EXPECT_FALSE(r.sequence.over());
  r.pass(500ms);
  EXPECT_TRUE(r.sequence.over());
}

TEST(Over, IsNoNewEpochOfWhichNothingHasCome) {
  sequence_rig r{{}, over_at(11)};
  r.begin_epoch();
  EXPECT_FALSE(r.sequence.over());
}

TEST(Over, IsNoInterruptedStreamBeforeASourceHasSentSomethingAgain) {
  sequence_rig r{{}, interrupted_at(11)};
  EXPECT_FALSE(r.sequence.over());
  r.pass(1h);
  r.release_all();
  EXPECT_FALSE(r.sequence.over());
  r.open(1);
  r.push(1, {});
  r.close(1);
  EXPECT_FALSE(r.sequence.over()) << "who has sent nothing tells nothing";
  r.open(2);
  r.push(2, {1, 2});
  EXPECT_EQ(r.sequence.epoch(), 3u) << "it is still interrupted";
}

TEST(Over, IsAnInterruptedStreamAfterDuplicatesOnly) {
  sequence_rig r{{}, interrupted_at(11)};
  r.open(1);
  r.push(1, {1, 2, 3});
  EXPECT_FALSE(r.sequence.over());
  r.close(1);
  EXPECT_TRUE(r.sequence.over());
  r.open(2);
  r.push(2, {1, 2});
  EXPECT_EQ(r.sequence.epoch(), 4u) << "whoever starts at 1 after the end starts a new stream";
  EXPECT_EQ(r.released(4), (numbers{1, 2}));
}

TEST(Over, IsAnInterruptedStreamWhoseHeldEventsWereReleased) {
  sequence_rig r{{}, interrupted_at(11)};
  r.open(1);
  r.push(1, {1, 12});
  r.close(1);
  EXPECT_FALSE(r.sequence.over());
  r.open(2);
  r.push(2, {1});
  EXPECT_EQ(r.sequence.epoch(), 3u);
  r.close(2);
  r.pass(500ms);
  EXPECT_TRUE(r.sequence.over());
}

}  // namespace
}  // namespace skein::core
