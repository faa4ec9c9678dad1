#include <gtest/gtest.h>

#include <vector>

#include "core/events/sequence.hpp"
#include "core/events/sequence_rig.hpp"
#include "support/events.hpp"

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using numbers = std::vector<sequence_number>;
using test::numbers_between;

sequence_options options_with(restart_policy policy) {
  sequence_options options;
  options.on_restart = policy;
  return options;
}

/// Source 1 has sent 1..last and has ended.
sequence_rig after_a_stream(sequence_number last, const sequence_options& options = {}) {
  sequence_rig r{options};
  r.open(1);
  r.push(1, numbers_between(1, last));
  r.close(1);
  return r;
}

TEST(Epochs, BeginWhenTheOnlySourceStartsAgain) {
  sequence_rig r = after_a_stream(5);
  r.open(2);
  r.push(2, {1, 2, 3});
  EXPECT_EQ(r.released(1), numbers_between(1, 5));
  EXPECT_EQ(r.released(2), numbers_between(1, 3));
  EXPECT_EQ(r.taken(2), 1);
  r.close(2);
  r.open(3);
  r.push(3, {1, 2});
  EXPECT_EQ(r.released(3), (numbers{1, 2}));
  EXPECT_EQ(r.sequence.epoch(), 3u);
}

TEST(Epochs, BeginAlsoWhenTheFirstNumberDoesNotComeFirst) {
  sequence_rig r = after_a_stream(5);
  r.open(2);
  r.push(2, {3, 2});
  EXPECT_EQ(r.taken(2), 1) << "more must be read to see whether 1 comes";
  EXPECT_EQ(r.sequence.epoch(), 1u);
  r.push(2, {4, 1});
  EXPECT_EQ(r.sequence.epoch(), 2u);
  EXPECT_EQ(r.released(2), numbers_between(1, 4));
  EXPECT_EQ(r.taken(2), 2);
  EXPECT_EQ(r.sequence.counts().duplicate, 0u);
}

TEST(Epochs, BeginForEachOfSeveralStreamsThatWait) {
  sequence_rig r{{}};
  for (const source_id id : {1u, 2u, 3u}) r.open(id);
  for (const source_id id : {1u, 2u, 3u}) r.push(id, numbers_between(1, 4));
  for (const source_id id : {1u, 2u, 3u}) r.close(id);
  for (const epoch_number epoch : {1u, 2u, 3u}) {
    EXPECT_EQ(r.released(epoch), numbers_between(1, 4)) << "epoch " << epoch;
  }
  EXPECT_EQ(r.sequence.epoch(), 3u);
  EXPECT_EQ(r.sequence.counts().duplicate, 0u);
}

TEST(Epochs, BeginForEachOfSeveralStreamsThatEndedWhileTheyWaited) {
  sequence_rig r{{}};
  for (const source_id id : {1u, 2u, 3u, 4u}) {
    r.open(id);
    r.push(id, {3, 1});
    r.push(id, {2, 4});
  }
  for (const source_id id : {4u, 3u, 2u, 1u}) r.close(id);
  for (const epoch_number epoch : {1u, 2u, 3u, 4u}) {
    EXPECT_EQ(r.released(epoch), numbers_between(1, 4)) << "epoch " << epoch;
  }
  EXPECT_EQ(r.sequence.counts().duplicate, 0u);
}

TEST(Epochs, WaitForTheOldSourceToEnd) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 2, 3});
  r.open(2);
  r.push(2, {1, 2});
  EXPECT_EQ(r.taken(2), 0);
  r.push(1, {4, 5});
  EXPECT_EQ(r.sequence.epoch(), 1u);
  r.close(1);
  EXPECT_EQ(r.released(1), numbers_between(1, 5));
  EXPECT_EQ(r.released(2), (numbers{1, 2}));
  EXPECT_EQ(r.taken(2), 1);
}

TEST(Epochs, DoNotWaitForASourceThatHasSaidNothing) {
  sequence_rig r = after_a_stream(5);
  r.open(2);
  r.open(3);
  r.push(3, {1});
  EXPECT_EQ(r.released(2), numbers{1});
}

TEST(Epochs, DoNotBeginWhenTheOldSourceGoesOnForTooLong) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 2, 3});
  r.open(2);
  r.push(2, {1, 2, 4});
  EXPECT_EQ(r.sequence.next_deadline(), r.now + 2000ms);
  r.pass(1999ms);
  EXPECT_EQ(r.taken(2), 0);
  r.pass(1ms);
  EXPECT_EQ(r.sequence.epoch(), 1u);
  EXPECT_EQ(r.taken(2), 1);
  EXPECT_EQ(r.released(), numbers_between(1, 4));
  EXPECT_EQ(r.sequence.counts().duplicate, 2u);
  EXPECT_EQ(r.sequence.next_deadline(), never);
}

TEST(Epochs, GiveUpTheGapsOfTheOldStream) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 3, 6});
  r.close(1);
  r.open(2);
  r.push(2, {1, 2});
  EXPECT_EQ(r.released(1), (numbers{1, 3, 6}));
  EXPECT_EQ(r.released(2), (numbers{1, 2}));
  EXPECT_EQ(r.sequence.counts().gaps, 2u);
}

TEST(Epochs, BeginWithAllSourcesThatStartAgainTogether) {
  sequence_rig r = after_a_stream(5);
  r.open(2);
  r.open(3);
  r.push(3, {2, 4});
  r.push(2, {1, 3});
  EXPECT_EQ(r.released(1), numbers_between(1, 5));
  EXPECT_EQ(r.released(2), numbers_between(1, 4));
  EXPECT_EQ(r.taken(2), 1);
  EXPECT_EQ(r.taken(3), 1);
  EXPECT_EQ(r.sequence.epoch(), 2u);
}

TEST(Epochs, BeginForASourceThatHasEndedMeanwhile) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 2, 3});
  r.open(2);
  r.push(2, {1, 2});
  r.close(2);
  r.close(1);
  EXPECT_EQ(r.released(2), (numbers{1, 2}));
}

TEST(Epochs, DoNotBeginForASourceThatSendsItsLastEventsAgain) {
  sequence_rig r = after_a_stream(100);
  r.open(2);
  r.push(2, {98, 99, 100, 101});
  EXPECT_EQ(r.taken(2), 1);
  r.pass(500ms);
  EXPECT_EQ(r.sequence.epoch(), 1u);
  EXPECT_EQ(r.released(), numbers_between(1, 101));
  EXPECT_EQ(r.sequence.counts().duplicate, 3u);
  r.push(2, {102});
  EXPECT_EQ(r.released(), numbers_between(1, 102));
}

TEST(Epochs, DoNotKeepASourceWaitingForMoreThanAWindow) {
  sequence_options options;
  options.window = 10;
  sequence_rig r = after_a_stream(50, options);
  r.open(2);
  r.push(2, numbers_between(5, 14));
  EXPECT_EQ(r.taken(2), 1);
  r.push(2, {15});
  EXPECT_EQ(r.taken(2), 2);
  EXPECT_EQ(r.sequence.counts().duplicate, 11u);
  EXPECT_EQ(r.sequence.next_deadline(), never);
}

TEST(Epochs, AreNoMatterForASourceThatIsFurtherOnThanTheWindow) {
  sequence_options options;
  options.window = 10;
  sequence_rig r = after_a_stream(50, options);
  r.open(2);
  r.push(2, {11, 51});
  EXPECT_EQ(r.released(), numbers_between(1, 51));
  EXPECT_EQ(r.taken(2), 1);
}

TEST(Epochs, NeverBeginIfToldSo) {
  sequence_rig r = after_a_stream(5, options_with(restart_policy::off));
  r.open(2);
  r.push(2, {1, 2, 6});
  EXPECT_EQ(r.sequence.epoch(), 1u);
  EXPECT_EQ(r.released(), numbers_between(1, 6));
}

TEST(EpochsEveryTime, BeginWithTheFirstEventOfASourceThatIsTheOnlyOne) {
  sequence_rig r = after_a_stream(5, options_with(restart_policy::every_time));
  EXPECT_EQ(r.sequence.epoch(), 1u) << "the first source of all starts no new one";
  r.open(2);
  r.open(3);
  EXPECT_EQ(r.sequence.epoch(), 1u);
  r.push(2, {1, 2});
  EXPECT_EQ(r.sequence.epoch(), 2u);
  r.push(3, {3});
  EXPECT_EQ(r.released(2), (numbers{1, 2, 3}));
  r.close(2);
  r.close(3);
  r.open(4);
  r.push(4, {6});
  EXPECT_EQ(r.sequence.epoch(), 3u) << "whatever its number";
}

TEST(EpochsEveryTime, DoNotBeginWithAConnectionThatSaysNothing) {
  sequence_rig r = after_a_stream(5, options_with(restart_policy::every_time));
  for (source_id s = 2; s != 6; ++s) {
    r.open(s);
    r.push(s, {});
    r.close(s, s % 2 == 0 ? source_end::finished : source_end::broken);
  }
  EXPECT_EQ(r.sequence.epoch(), 1u);
  EXPECT_EQ(r.blocks().size(), 1u);
}

TEST(EpochsEveryTime, BeginBesideAConnectionThatSaysNothing) {
  sequence_rig r{options_with(restart_policy::every_time)};
  r.open(1);
  for (source_id s = 2; s != 5; ++s) {
    r.open(s);
    r.push(s, {1, 2});
    r.close(s);
    EXPECT_EQ(r.sequence.epoch(), s - 1);
  }
}

TEST(EpochsEveryTime, HaveAllSourcesThatCameBeforeTheFirstEvent) {
  sequence_rig r = after_a_stream(5, options_with(restart_policy::every_time));
  r.open(2);
  r.open(3);
  r.push(2, {1, 2});
  r.close(2);
  r.open(4);
  r.push(3, {3});
  r.push(4, {4});
  EXPECT_EQ(r.released(2), numbers_between(1, 4));
  EXPECT_EQ(r.sequence.epoch(), 2u);
}

TEST(Epochs, TakeAlongNoParkedBlockOfTheOldStream) {
  for (const auto policy : {restart_policy::every_time, restart_policy::automatic}) {
    sequence_options options = options_with(policy);
    options.window = 5;
    options.on_gap = gap_policy::wait;
    sequence_rig r{options};
    r.open(1);
    r.push(1, {1, 3, 20, 21, 40});
    r.close(1);
    r.open(2);
    r.push(2, {1, 2, 3});
    EXPECT_EQ(r.released(1), (numbers{1, 3, 20, 21, 40}));
    EXPECT_EQ(r.released(2), (numbers{1, 2, 3}));
  }
}

TEST(Epochs, TakeAlongNoParkedBlockEvenIfNothingElseHasCome) {
  sequence_options options = options_with(restart_policy::every_time);
  options.window = 5;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  r.open(1);
  r.push(1, {20});
  r.close(1);
  r.open(2);
  r.push(2, numbers_between(1, 20));
  EXPECT_EQ(r.released(1), numbers{20});
  EXPECT_EQ(r.released(2), numbers_between(1, 20));
}

TEST(Epochs, ReleaseParkedBlocksOfTheOldStreamInOrder) {
  sequence_options options;
  options.window = 5;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  r.open(1);
  r.open(2);
  r.push(1, {1, 40, 41});
  r.push(2, {20, 42, 21});
  r.close(1);
  r.close(2);
  r.open(3);
  r.push(3, {1});
  EXPECT_EQ(r.released(1), (numbers{1, 20, 40, 41, 42}));
  EXPECT_EQ(r.sequence.counts().late, 1u);
  EXPECT_EQ(r.released(2), numbers{1});
}

// It is not known yet whether 3 starts the stream again. While it may not, it may have what all
// others wait for.
TEST(Epochs, GiveNoGapUpThatAnUndecidedSourceMayClose) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 2, 3, 6});
  r.pass(100ms);
  r.open(3);
  r.push(3, {3, 4, 5});
  r.pass(400ms);
  r.pass(100ms);
  EXPECT_EQ(r.released(), numbers_between(1, 6));
  EXPECT_EQ(r.sequence.counts().gaps, 0u);
  EXPECT_EQ(r.sequence.next_deadline(), never);
}

// What it has sent behind what was read may be what is missing.
TEST(Epochs, GiveNoGapUpBeforeAnUndecidedSourceCouldBeReadOn) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 2, 3});
  r.open(3);
  r.push(3, {1, 2, 3});
  r.push(1, {5});
  r.pass(500ms);
  EXPECT_EQ(r.taken(3), 1) << "now it is read on";
  EXPECT_LE(r.sequence.next_deadline(), r.now);
  r.push(3, {4});
  r.pass(0ms);
  EXPECT_EQ(r.released(), numbers_between(1, 5));
}

TEST(Epochs, BeginAlsoIfTheOldSourceSentANumberFarAhead) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 2, 900'000});
  r.open(2);
  r.push(2, {1, 2, 3});
  r.pass(500ms);
  EXPECT_EQ(r.sequence.counts().beyond, 1u);
  r.close(1);
  EXPECT_EQ(r.released(2), (numbers{1, 2, 3}));
  EXPECT_EQ(r.sequence.counts().duplicate, 0u);
}

TEST(Epochs, EndUndecidedWithTheDaemon) {
  sequence_rig r = after_a_stream(5);
  r.open(2);
  r.push(2, {4, 5, 6});
  r.release_all();
  EXPECT_EQ(r.released(), numbers_between(1, 6));
}

TEST(EpochsByOrder, ReleaseWhatIsHeldOfTheOldOne) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 3, 6});
  r.begin_epoch();
  EXPECT_EQ(r.released(1), (numbers{1, 3, 6}));
  EXPECT_EQ(r.sequence.epoch(), 2u);
  EXPECT_EQ(r.sequence.held(), 0u);
  EXPECT_EQ(r.sequence.next_deadline(), never);
  r.push(1, {1, 2});
  EXPECT_EQ(r.released(2), (numbers{1, 2}));
}

TEST(EpochsByOrder, ReleaseWhatIsParkedOfTheOldOne) {
  sequence_options options;
  options.window = 5;
  options.on_gap = gap_policy::wait;
  sequence_rig r{options};
  r.open(1);
  r.push(1, {1, 20, 40});
  r.close(1);
  r.begin_epoch();
  EXPECT_EQ(r.released(1), (numbers{1, 20, 40}));
  EXPECT_EQ(r.taken(1), 1);
  r.open(2);
  r.push(2, {1});
  EXPECT_EQ(r.released(2), numbers{1});
}

TEST(EpochsByOrder, TakeTheContendersAlong) {
  sequence_rig r{{}};
  r.open(1);
  r.push(1, {1, 2, 3});
  r.open(2);
  r.push(2, {1, 2});
  r.begin_epoch();
  EXPECT_EQ(r.released(1), numbers_between(1, 3));
  EXPECT_EQ(r.released(2), (numbers{1, 2}));
  EXPECT_EQ(r.taken(2), 1);
  EXPECT_EQ(r.sequence.epoch(), 2u);
  EXPECT_EQ(r.sequence.next_deadline(), never);
}

TEST(EpochsByOrder, AreSaidEvenWithoutEvents) {
  sequence_rig r = after_a_stream(5);
  r.begin_epoch();
  r.begin_epoch();
  ASSERT_EQ(r.blocks().size(), 3u);
  for (const epoch_number epoch : {2u, 3u}) {
    EXPECT_EQ(r.blocks()[epoch - 1].epoch, epoch);
    EXPECT_TRUE(r.blocks()[epoch - 1].events.empty());
    EXPECT_EQ(r.blocks()[epoch - 1].begin, r.sequence.position());
  }
}

TEST(EpochsEveryTime, AreSaidEvenIfNothingOfThemIsReleased) {
  sequence_rig r = after_a_stream(5, options_with(restart_policy::every_time));
  r.open(2);
  r.push(2, {3});
  ASSERT_EQ(r.blocks().size(), 2u);
  EXPECT_EQ(r.blocks().back().epoch, 2u);
  EXPECT_TRUE(r.blocks().back().events.empty());
}

}  // namespace
}  // namespace skein::core
