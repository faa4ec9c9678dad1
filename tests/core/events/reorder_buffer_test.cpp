#include "core/events/reorder_buffer.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "support/events.hpp"

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using test::block_of;
using test::numbers_between;
using numbers = std::vector<sequence_number>;

/// A buffer together with what it has released and a clock that stands still.
struct rig {
  explicit rig(const sequence_options& options) : buffer(options, line_ending::crlf) {}

  std::size_t push(const numbers& n) { return buffer.push(block_of(n), 0, now, out); }
  void pass(std::chrono::milliseconds time) {
    now += time;
    buffer.advance(now, out);
  }
  numbers released() const { return test::numbers_of(out); }
  const reorder_counts& counts() const { return buffer.counts(); }

  time_point now = time_point{} + 1h;
  event_block out;
  reorder_buffer buffer;
};

sequence_options options_with(std::int64_t window, std::int64_t max_jump = 1000) {
  sequence_options options;
  options.window = window;
  options.max_jump = max_jump;
  options.gap_timeout = 500ms;
  return options;
}

sequence_options waiting(std::int64_t window) {
  sequence_options options = options_with(window);
  options.on_gap = gap_policy::wait;
  return options;
}

TEST(ReorderBuffer, ReleasesAtOnceWhatIsInOrder) {
  rig r{options_with(10)};
  EXPECT_EQ(r.push({1, 2, 3}), 3u);
  EXPECT_EQ(r.released(), (numbers{1, 2, 3}));
  EXPECT_EQ(r.buffer.next(), 4);
  EXPECT_EQ(r.buffer.next_deadline(), never);
}

TEST(ReorderBuffer, EndsEachTextAsClientsGetIt) {
  for (const auto ending : {line_ending::lf, line_ending::crlf}) {
    reorder_buffer buffer{options_with(10), ending};
    event_block out;
    buffer.push(block_of({2, 1}), 0, time_point{}, out);
    EXPECT_EQ(out.text,
              "1|B" + std::string{text_of(ending)} + "2|B" + std::string{text_of(ending)});
    EXPECT_TRUE(test::texts_are_intact(out, text_of(ending)));
  }
}

TEST(ReorderBuffer, KeepsEveryFieldOfWhatItHolds) {
  rig r{options_with(10)};
  event_block block;
  test::append_line(block, "2|P|-5|77");
  r.buffer.push(block, 0, r.now, r.out);
  block = {};
  r.push({1});
  const event& e = r.out.events.at(1);
  EXPECT_EQ(e.kind, event_kind::private_message);
  EXPECT_EQ(e.from, -5);
  EXPECT_EQ(e.to, 77);
  EXPECT_EQ(r.out.text_of(e), "2|P|-5|77\r\n");
}

TEST(ReorderBuffer, HoldsWhatIsAheadUntilItsGapCloses) {
  rig r{options_with(10)};
  r.push({3, 2, 5});
  EXPECT_TRUE(r.out.events.empty());
  EXPECT_EQ(r.buffer.held(), 3u);
  r.push({1});
  EXPECT_EQ(r.released(), (numbers{1, 2, 3}));
  r.push({4});
  EXPECT_EQ(r.released(), (numbers{1, 2, 3, 4, 5}));
  EXPECT_EQ(r.counts().gaps, 0u);
}

TEST(ReorderBuffer, JoinsAStreamThatHasLongBegun) {
  rig r{options_with(10, 1000)};
  r.push({500'002, 500'001, 500'003});
  EXPECT_EQ(r.counts().beyond, 0u);
  r.pass(500ms);
  EXPECT_EQ(r.released(), (numbers{500'001, 500'002, 500'003}));
  EXPECT_EQ(r.counts().missing, 500'000u);
  r.push({900'000, 900'001});
  EXPECT_EQ(r.counts().beyond, 2u) << "only at the beginning";
}

TEST(ReorderBuffer, JoinsAStreamAlsoWhenItsNumbersComeOneByOne) {
  rig r{options_with(10, 1000)};
  r.push({700'000});
  r.push({500'001});
  EXPECT_EQ(r.buffer.next(), 1) << "nothing confirms either";
  r.push({500'002});
  r.pass(500ms);
  EXPECT_EQ(r.released(), (numbers{500'001, 500'002}));
  EXPECT_EQ(r.counts().beyond, 1u);
}

TEST(ReorderBuffer, DoesNotBelieveOneNumberFarAheadHoweverOftenItComes) {
  rig r{options_with(10, 1000)};
  r.push({500'001, 500'001});
  r.push({500'001, 1, 2});
  EXPECT_EQ(r.released(), (numbers{1, 2}));
  r.pass(500ms);
  EXPECT_EQ(r.counts().duplicate, 2u);
  EXPECT_EQ(r.counts().beyond, 1u);
  EXPECT_EQ(r.buffer.next(), 3);
}

TEST(ReorderBuffer, KeepsHeldTextsBeyondTheLifeOfTheirBlock) {
  rig r{options_with(5000, 5000)};
  // More than one size of ring, so that held events move.
  for (sequence_number n = 2000; n != 1; --n) {
    auto block = std::make_unique<event_block>(block_of({n}));
    r.buffer.push(*block, 0, r.now, r.out);
    block->text.assign(block->text.size(), '!');
  }
  r.push({1});
  EXPECT_EQ(r.released(), numbers_between(1, 2000));
  EXPECT_TRUE(test::texts_are_intact(r.out, "\r\n"));
}

TEST(ReorderBuffer, WaitsForANumberExactlyAWindowBehind) {
  rig r{options_with(10)};
  r.push({11});
  EXPECT_EQ(r.counts().gaps, 0u);
  r.push({1});
  EXPECT_EQ(r.buffer.next(), 2);
  r.push({12});
  EXPECT_EQ(r.counts().gaps, 0u);
  EXPECT_EQ(r.buffer.held(), 2u);
}

TEST(ReorderBuffer, GivesUpAGapThatIsFurtherBehindThanTheWindow) {
  rig r{options_with(10)};
  r.push({12, 11});
  EXPECT_EQ(r.buffer.next(), 2);
  EXPECT_EQ(r.counts().gaps, 1u);
  EXPECT_EQ(r.counts().missing, 1u);
  EXPECT_TRUE(r.out.events.empty());
  r.push(numbers_between(2, 10));
  EXPECT_EQ(r.released(), numbers_between(2, 12));
}

TEST(ReorderBuffer, ReleasesWhatIsBehindAGapThatTheWindowEnded) {
  rig r{options_with(10)};
  r.push({3, 4, 8, 14});
  EXPECT_EQ(r.released(), (numbers{3, 4}));
  EXPECT_EQ(r.buffer.next(), 5);
  r.push({30, 29});
  EXPECT_EQ(r.released(), (numbers{3, 4, 8, 14}));
  EXPECT_EQ(r.buffer.next(), 20);
  EXPECT_EQ(r.counts().gaps, 4u);
  EXPECT_EQ(r.counts().missing, 2u + 3u + 5u + 5u);
}

TEST(ReorderBuffer, TakesWhatIsNextOnceAGapIsGivenUpForIt) {
  rig r{options_with(1)};
  r.push({2, 3, 4, 6});
  EXPECT_EQ(r.released(), (numbers{2, 3, 4}));
  r.push({7});
  EXPECT_EQ(r.released(), (numbers{2, 3, 4, 6, 7}));
  EXPECT_EQ(r.buffer.next(), 8);
}

TEST(AJump, OfOneNumberMovesNothing) {
  rig r{options_with(10, 1'000'000)};
  r.push({1, 2, 900'000});
  EXPECT_EQ(r.buffer.next(), 3);
  r.push(numbers_between(3, 5000));
  EXPECT_EQ(r.released(), numbers_between(1, 5000));
  EXPECT_EQ(r.buffer.held(), 1u);
  r.pass(500ms);
  EXPECT_EQ(r.counts().beyond, 1u);
  EXPECT_EQ(r.counts().gaps, 0u);
  EXPECT_EQ(r.buffer.held(), 0u);
  EXPECT_EQ(r.buffer.next_deadline(), never);
}

TEST(AJump, IsNotBelievedHoweverOftenItComes) {
  rig r{options_with(10)};
  r.push({1, 200, 200});
  r.push({200, 2});
  EXPECT_EQ(r.released(), (numbers{1, 2}));
  EXPECT_EQ(r.counts().duplicate, 2u);
}

TEST(AJump, IsBelievedWhenAnotherNumberNearItComes) {
  for (const sequence_number other : {191, 199, 201, 209}) {
    rig r{options_with(10)};
    r.push({1, 200});
    r.push({other});
    EXPECT_EQ(r.buffer.next(), std::max<sequence_number>(other, 200) - 10) << other;
    EXPECT_EQ(r.counts().missing, static_cast<std::uint64_t>(r.buffer.next() - 2));
    r.pass(500ms);
    EXPECT_EQ(r.released(), (numbers{1, std::min<sequence_number>(other, 200),
                                     std::max<sequence_number>(other, 200)}));
    EXPECT_EQ(r.counts().beyond, 0u);
    EXPECT_TRUE(test::texts_are_intact(r.out, "\r\n"));
  }
  for (const sequence_number other : {189, 211}) {
    rig r{options_with(10)};
    r.push({1, 200, other});
    EXPECT_EQ(r.buffer.next(), 2) << other;
    r.pass(500ms);
    EXPECT_EQ(r.counts().beyond, 2u);
  }
}

TEST(AJump, IsBelievedWithAllThatIsSetAsideNearIt) {
  rig r{options_with(10)};
  r.push({1, 200, 212, 206});
  EXPECT_EQ(r.buffer.next(), 202) << "200 is further behind 212 than the window";
  r.pass(500ms);
  EXPECT_EQ(r.released(), (numbers{1, 200, 206, 212}));
}

TEST(AJump, IsBelievedBesideWhatWaits) {
  rig r{options_with(10)};
  r.push({15, 8});
  EXPECT_EQ(r.buffer.next(), 5);
  rig other{options_with(10)};
  other.push({8, 15});
  EXPECT_EQ(other.buffer.next(), 5);
}

TEST(AJump, IsTakenUpWhenTheWindowComesToIt) {
  rig r{options_with(10)};
  event_block block;
  test::append_line(block, "15|S|1");
  r.buffer.push(block, 0, r.now, r.out);
  block = {};
  r.push(numbers_between(1, 4));
  r.push({16, 15});
  EXPECT_EQ(r.counts().duplicate, 1u) << "the first one counts";
  EXPECT_EQ(r.counts().gaps, 1u);
  r.push(numbers_between(6, 14));
  EXPECT_EQ(r.released(), (numbers{1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}));
  EXPECT_EQ(r.out.text_of(r.out.events[13]), "15|S|1\r\n");
}

TEST(AJump, KeepsItsTimeWhenItIsTakenUp) {
  rig r{options_with(10)};
  r.push({12});
  r.pass(100ms);
  r.push({1, 2});
  EXPECT_EQ(r.buffer.next_deadline(), r.now + 400ms);
  r.pass(400ms);
  EXPECT_EQ(r.released(), (numbers{1, 2, 12}));
  EXPECT_EQ(r.counts().beyond, 0u);
}

TEST(AJump, IsRefusedOnItsOwnTimeWhateverElseIsOverdue) {
  rig r{options_with(10)};
  r.push({1, 200});
  r.pass(100ms);
  r.push({4});
  r.pass(400ms);
  EXPECT_EQ(r.counts().beyond, 1u);
  EXPECT_EQ(r.released(), numbers{1});
  r.pass(100ms);
  EXPECT_EQ(r.released(), (numbers{1, 4}));
}

TEST(AJump, MakesRoomForANewerOne) {
  rig r{options_with(10, 1'000'000)};
  r.push({1});
  for (sequence_number n = 1; n <= 65; ++n) r.push({1000 * n});
  EXPECT_EQ(r.buffer.held(), 64u);
  EXPECT_EQ(r.counts().beyond, 1u);
  r.push({1001});
  EXPECT_EQ(r.buffer.next(), 2) << "1000 is the one that has gone";
  r.push({65'001});
  EXPECT_EQ(r.buffer.next(), 64'991);
}

TEST(AJump, IsRefusedWithTheEndOfItsEpoch) {
  rig r{options_with(10)};
  r.push({1, 4, 200});
  r.buffer.release_all(r.out);
  EXPECT_EQ(r.released(), (numbers{1, 4}));
  EXPECT_EQ(r.counts().beyond, 1u);
}

TEST(ReorderBuffer, GivesUpAGapOnlyWhenOverdue) {
  rig r{options_with(10)};
  r.push({2});
  EXPECT_EQ(r.buffer.next_deadline(), r.now + 500ms);
  r.pass(499ms);
  EXPECT_TRUE(r.out.events.empty());
  r.pass(1ms);
  EXPECT_EQ(r.released(), numbers{2});
  EXPECT_EQ(r.buffer.next_deadline(), never);
}

TEST(ReorderBuffer, MeasuresEachGapByTheOldestEventBehindIt) {
  rig r{options_with(20)};
  r.push({5});
  r.pass(100ms);
  r.push({2, 9});
  r.pass(400ms);
  // 5 is overdue, and what lies before it goes with it; 9 came later.
  EXPECT_EQ(r.released(), (numbers{2, 5}));
  EXPECT_EQ(r.buffer.next_deadline(), r.now + 100ms);
  r.pass(100ms);
  EXPECT_EQ(r.released(), (numbers{2, 5, 9}));
}

TEST(ReorderBuffer, DoesNotRestartTheTimeOfAGapWhenMoreArrives) {
  rig r{options_with(20)};
  r.push({2});
  const auto deadline = r.buffer.next_deadline();
  for (sequence_number n = 4; n != 12; n += 2) {
    r.pass(50ms);
    r.push({n});
    EXPECT_EQ(r.buffer.next_deadline(), deadline);
  }
}

TEST(ReorderBuffer, ForgetsTheTimeOfWhatIsNoLongerHeld) {
  rig r{options_with(20)};
  r.push({2});
  r.pass(100ms);
  r.push({4});
  r.push({1});
  EXPECT_EQ(r.released(), (numbers{1, 2}));
  EXPECT_EQ(r.buffer.next_deadline(), r.now + 500ms);
}

TEST(ReorderBuffer, ForgetsTheTimeOfWhatItWasToldNotToWaitFor) {
  rig r{options_with(20)};
  r.push({3});
  r.pass(100ms);
  r.push({6});
  r.buffer.expect(4, r.out);
  EXPECT_EQ(r.released(), numbers{3});
  EXPECT_EQ(r.buffer.next_deadline(), r.now + 500ms);
  r.pass(499ms);
  EXPECT_EQ(r.released(), numbers{3});
}

TEST(ReorderBuffer, TellsLateFromDuplicate) {
  rig r{options_with(10)};
  r.push({1, 4});
  r.pass(500ms);
  EXPECT_EQ(r.counts().missing, 2u);
  r.push({2, 2, 1, 4, 3, 3});
  EXPECT_EQ(r.counts().late, 2u);
  EXPECT_EQ(r.counts().duplicate, 4u);
  EXPECT_EQ(r.released(), (numbers{1, 4}));
}

TEST(ReorderBuffer, CountsADuplicateOfWhatItHoldsAndKeepsTheFirst) {
  rig r{options_with(10)};
  event_block block;
  test::append_line(block, "2|S|1");
  test::append_line(block, "2|S|2");
  r.buffer.push(block, 0, r.now, r.out);
  r.push({2, 1});
  EXPECT_EQ(r.counts().duplicate, 2u);
  EXPECT_EQ(r.released(), (numbers{1, 2}));
  EXPECT_EQ(r.out.text_of(r.out.events[1]), "2|S|1\r\n");
}

TEST(ReorderBuffer, DeliversLateEventsIfToldToButNoDuplicates) {
  sequence_options options = options_with(10);
  options.on_late = late_policy::deliver;
  rig r{options};
  r.push({3});
  r.pass(500ms);
  r.push({2, 2, 4, 1, 3});
  EXPECT_EQ(r.released(), (numbers{3, 2, 4, 1}));
  EXPECT_EQ(r.counts().late, 2u);
  EXPECT_EQ(r.counts().duplicate, 2u);
  EXPECT_TRUE(test::texts_are_intact(r.out, "\r\n"));
}

TEST(ReorderBuffer, RefusesWhatIsFurtherAheadThanTheLargestJump) {
  rig r{options_with(10, 100)};
  r.push({1, 103, 104});
  EXPECT_EQ(r.counts().beyond, 2u);
  EXPECT_EQ(r.buffer.next(), 2);
  r.push({102, 101});
  EXPECT_EQ(r.counts().beyond, 2u);
  EXPECT_EQ(r.buffer.next(), 92);
}

TEST(ReorderBuffer, SurvivesTheGreatestNumber) {
  constexpr auto greatest = std::numeric_limits<sequence_number>::max();
  rig r{options_with(10, greatest)};
  r.push({greatest - 1, greatest - 2, greatest});
  r.pass(500ms);
  r.push({greatest, 5});
  // It has no successor, so it is refused.
  EXPECT_EQ(r.released(), (numbers{greatest - 2, greatest - 1}));
  EXPECT_EQ(r.counts().beyond, 2u);
  EXPECT_EQ(r.buffer.next(), greatest);
}

TEST(ReorderBuffer, RemembersAsManyGapsAsItSays) {
  rig r{options_with(2, 1'000'000)};
  // 1,024 gaps of one number each: 1, 3, 5, ...
  for (sequence_number n = 2; n <= 2 * 1024; n += 2) r.push({n});
  r.pass(500ms);
  EXPECT_EQ(r.counts().gaps, 1024u);
  r.push({1});
  EXPECT_EQ(r.counts().late, 1u);
  r.push({1});
  EXPECT_EQ(r.counts().duplicate, 1u);
}

TEST(ReorderBuffer, TakesWhatItHasForgottenForLate) {
  rig r{options_with(2, 1'000'000)};
  for (sequence_number n = 2; n <= 2 * 2000; n += 2) r.push({n});
  r.push({2});
  EXPECT_EQ(r.counts().late, 1u);
}

TEST(ReorderBuffer, RemembersNoMoreHoweverOftenLateEventsSplitAGap) {
  rig r{options_with(1, 1'000'000)};
  r.push({100'000, 100'001});
  for (sequence_number n = 2; n <= 2 * 5000; n += 2) r.push({n});
  EXPECT_EQ(r.counts().late, 5000u);
  r.push({2 * 5000});
  EXPECT_EQ(r.counts().duplicate, 1u);
  r.push({2});
  EXPECT_EQ(r.counts().late, 5001u) << "forgotten, so it cannot be told from a late one";
}

TEST(ReorderBufferThatWaits, StopsAtTheWindowAndGoesOnFromThere) {
  rig r{waiting(5)};
  const event_block block = block_of({2, 6, 7, 3});
  EXPECT_EQ(r.buffer.push(block, 0, r.now, r.out), 2u);
  EXPECT_EQ(r.buffer.held(), 2u);
  EXPECT_EQ(r.buffer.push(block, 2, r.now, r.out), 2u);
  r.push({1});
  EXPECT_EQ(r.buffer.push(block, 2, r.now, r.out), 4u);
  r.push({4, 5});
  EXPECT_EQ(r.released(), numbers_between(1, 7));
  EXPECT_TRUE(test::texts_are_intact(r.out, "\r\n"));
}

TEST(ReorderBufferThatWaits, DoesNotStopAtOneNumberAheadOfTheWindow) {
  rig r{waiting(5)};
  EXPECT_EQ(r.push({1, 900, 2, 3}), 4u);
  EXPECT_EQ(r.released(), (numbers{1, 2, 3}));
  r.pass(24h);
  EXPECT_EQ(r.buffer.held(), 1u) << "nothing is given up";
  EXPECT_EQ(r.push({901, 4}), 0u) << "two are believed";
  r.push(numbers_between(4, 900));
  EXPECT_EQ(r.released(), numbers_between(1, 900));
  EXPECT_EQ(r.counts().duplicate, 1u);
}

TEST(ReorderBufferThatWaits, StopsWhenTooMuchIsSetAside) {
  rig r{waiting(5)};
  numbers far{1};
  for (sequence_number n = 1; n <= 65; ++n) far.push_back(10 * n);
  EXPECT_EQ(r.push(far), 65u);
}

TEST(ReorderBufferThatWaits, GivesNothingUpHoweverLongItTakes) {
  rig r{waiting(5)};
  r.push({2});
  EXPECT_EQ(r.buffer.next_deadline(), never);
  r.pass(24h);
  EXPECT_TRUE(r.out.events.empty());
  EXPECT_EQ(r.counts().gaps, 0u);
}

TEST(ReorderBufferThatWaits, StillRefusesWhatIsFurtherAheadThanTheLargestJump) {
  rig r{waiting(5)};
  EXPECT_EQ(r.push({5000, 2}), 2u);
  EXPECT_EQ(r.counts().beyond, 1u);
}

TEST(ReorderBuffer, ReleasesAllInOrderAtTheEnd) {
  rig r{options_with(20)};
  r.push({4, 2, 9});
  r.buffer.release_all(r.out);
  EXPECT_EQ(r.released(), (numbers{2, 4, 9}));
  EXPECT_EQ(r.buffer.held(), 0u);
  EXPECT_EQ(r.buffer.next_deadline(), never);
  EXPECT_EQ(r.counts().gaps, 3u);
}

TEST(ReorderBuffer, StartsAgainWithoutMemoryOfTheGapsBefore) {
  rig r{options_with(20)};
  r.push({4});
  r.buffer.release_all(r.out);
  r.buffer.restart();
  r.out = {};
  r.push({1, 2, 3, 4});
  EXPECT_EQ(r.released(), numbers_between(1, 4));
  r.push({2});
  EXPECT_EQ(r.counts().late, 0u);
  EXPECT_EQ(r.counts().duplicate, 1u);
}

TEST(ReorderBuffer, TakesAnEmptyBlock) {
  rig r{options_with(20)};
  EXPECT_EQ(r.push({}), 0u);
  EXPECT_EQ(r.buffer.next_deadline(), never);
}

}  // namespace
}  // namespace skein::core
