#include "actors/sequencer.hpp"

#include <caf/send.hpp>

#include "actors/source.hpp"
#include "support/actor_test.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;

class Sequencer : public actor_test {
 protected:
  struct peer {
    source_record heard;
    source_actor actor;
  };

  void start(core::sequence_options options = {}) {
    auto environment = std::make_shared<const sequencer_environment>(sequencer_environment{
        options, core::line_ending::crlf, flow, system.spawn(router_stand_in, &router),
        system.spawn(statistics_stand_in, &statistics), 100ms});
    actor = system.spawn(sequencer, environment);
    run();
  }

  void open(core::source_id id) {
    peer& p = peers[id];
    p.heard.id = id;
    p.actor = system.spawn(source_stand_in, &p.heard);
    caf::send_as(p.actor, actor, source_opened{id});
    run();
  }
  void close(core::source_id id) {
    caf::send_as(peers[id].actor, actor, source_closed{id});
    run();
  }
  void push(core::source_id id, lines events) {
    caf::send_as(peers[id].actor, actor, source_events{id, unordered(flow, events)});
    run();
  }
  int taken(core::source_id id) { return peers[id].heard.taken; }

  sequencer_actor actor;
  std::map<core::source_id, peer> peers;
  router_record router;
  statistics_record statistics;
};

TEST_F(Sequencer, PutsTheEventsOfTwoSourcesInOrder) {
  start();
  open(1);
  open(2);
  push(1, {"2|B", "4|B"});
  EXPECT_EQ(router.text(), "");
  push(2, {"3|B", "1|B"});
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n3|B\r\n4|B\r\n");
  push(1, {"6|B", "5|S|1"});
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n3|B\r\n4|B\r\n5|S|1\r\n6|B\r\n");
}

TEST_F(Sequencer, GivesUpAGapExactlyWhenItIsOverdue) {
  start();
  open(1);
  pass(123ms);
  push(1, {"1|B", "3|B"});
  EXPECT_EQ(router.text(), "1|B\r\n");
  pass(499'999'999ns);
  EXPECT_EQ(router.text(), "1|B\r\n");
  pass(1ns);
  EXPECT_EQ(router.text(), "1|B\r\n3|B\r\n");
  pass(100ms);
  EXPECT_EQ(statistics.counted.gaps, 1u);
  EXPECT_EQ(statistics.counted.missing, 1u);
}

TEST_F(Sequencer, EachGapHasItsOwnTime) {
  start();
  open(1);
  push(1, {"2|B"});
  pass(200ms);
  push(1, {"4|B"});
  pass(200ms);
  push(1, {"6|B"});
  pass(99ms);
  EXPECT_EQ(router.text(), "");
  pass(1ms);
  EXPECT_EQ(router.text(), "2|B\r\n");
  pass(199ms);
  EXPECT_EQ(router.text(), "2|B\r\n");
  pass(1ms);
  EXPECT_EQ(router.text(), "2|B\r\n4|B\r\n");
  pass(199ms);
  EXPECT_EQ(router.text(), "2|B\r\n4|B\r\n");
  pass(1ms);
  EXPECT_EQ(router.text(), "2|B\r\n4|B\r\n6|B\r\n");
}

TEST_F(Sequencer, AGapThatClosesInTimeIsNotGivenUp) {
  start();
  open(1);
  push(1, {"2|B"});
  pass(499ms);
  push(1, {"1|B", "4|B"});
  pass(499ms);
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n");
  push(1, {"3|B"});
  pass(1s);
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n3|B\r\n4|B\r\n");
  EXPECT_EQ(statistics.counted.gaps, 0u);
}

TEST_F(Sequencer, GivesUpAGapAtTheWindow) {
  core::sequence_options options;
  options.window = 3;
  start(options);
  open(1);
  push(1, {"4|B"});
  EXPECT_EQ(router.text(), "");
  push(1, {"5|B"});
  EXPECT_EQ(router.text(), "");
  push(1, {"8|B"});
  EXPECT_EQ(router.text(), "4|B\r\n5|B\r\n");
}

TEST_F(Sequencer, CountsLateDuplicateAndRefusedEvents) {
  core::sequence_options options;
  options.max_jump = 2000;
  start(options);
  open(1);
  push(1, {"2|B"});
  pass(500ms);
  push(1, {"1|B", "2|B", "3|B", "3|B", "9999|B", "5|B", "5|B"});
  pass(1s);
  EXPECT_EQ(statistics.counted.late, 1u);
  EXPECT_EQ(statistics.counted.duplicate, 3u);
  EXPECT_EQ(statistics.counted.beyond, 1u);
  EXPECT_EQ(statistics.counted.gaps, 2u);
  EXPECT_EQ(router.text(), "2|B\r\n3|B\r\n5|B\r\n");
}

TEST_F(Sequencer, AStreamThatStartsAgainIsANewEpoch) {
  start();
  open(1);
  push(1, {"1|B", "2|B"});
  close(1);
  open(2);
  push(2, {"2|S|1", "1|S|1"});
  EXPECT_EQ(router.text(1), "1|B\r\n2|B\r\n");
  EXPECT_EQ(router.text(2), "1|S|1\r\n2|S|1\r\n");
  pass(100ms);
  EXPECT_EQ(statistics.counted.epochs, 1u);
}

TEST_F(Sequencer, AStartFromOneBesideALivingSourceIsNone) {
  core::sequence_options options;
  options.restart_wait = 2s;
  start(options);
  open(1);
  push(1, {"1|B", "2|B"});
  open(2);
  push(2, {"1|B", "2|B"});
  pass(1999ms);
  push(1, {"3|B"});
  pass(3s);
  EXPECT_EQ(router.text(1), "1|B\r\n2|B\r\n3|B\r\n");
  EXPECT_EQ(router.text(2), "");
  EXPECT_EQ(statistics.counted.duplicate, 2u);
  EXPECT_EQ(taken(2), 1);
}

TEST_F(Sequencer, GivesCreditBackToTheSourceThatSent) {
  start();
  open(1);
  open(2);
  push(1, {"1|B"});
  push(2, {"2|B"});
  push(2, {"3|B"});
  EXPECT_EQ(taken(1), 1);
  EXPECT_EQ(taken(2), 2);
}

TEST_F(Sequencer, HeldEventsCostNoCredit) {
  start();
  open(1);
  push(1, {"2|B"});
  EXPECT_EQ(taken(1), 1);
}

TEST_F(Sequencer, GivesCreditBackWhenTheRouterHasTakenTheBlock) {
  router.takes = false;
  start();
  open(1);
  open(2);
  push(1, {"1|B"});
  push(2, {"2|B"});
  push(2, {"4|B"});
  EXPECT_EQ(taken(1), 0);
  EXPECT_EQ(taken(2), 1) << "what is held has not gone to the router";
  caf::anon_send(router.sender, block_taken{});
  run();
  EXPECT_EQ(taken(1), 1);
  EXPECT_EQ(taken(2), 1);
  caf::anon_send(router.sender, block_taken{});
  run();
  EXPECT_EQ(taken(2), 2);
}

TEST_F(Sequencer, GivesNothingUpBeforeEverySourceHasCaughtUp) {
  start();
  open(1);
  open(2);
  peers[2].heard.catches_up = false;
  push(1, {"2|B"});
  pass(10s);
  EXPECT_EQ(router.text(), "");
  EXPECT_EQ(peers[2].heard.asked, 1);
  push(2, {"1|B", "4|B"});
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n");
  caf::anon_send(actor, caught_up{2});
  pass(499ms);
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n");
  pass(1ms);
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n") << "it is asked again";
  caf::anon_send(actor, caught_up{2});
  run();
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n4|B\r\n");
}

TEST_F(Sequencer, ASourceThatEndsNeedNotCatchUp) {
  start();
  open(1);
  open(2);
  peers[2].heard.catches_up = false;
  push(1, {"2|B"});
  pass(1s);
  EXPECT_EQ(router.text(), "");
  close(2);
  EXPECT_EQ(router.text(), "2|B\r\n");
}

TEST_F(Sequencer, ASourceWhoseBlocksItKeepsNeedNotCatchUp) {
  core::sequence_options options;
  options.restart_wait = 2s;
  start(options);
  open(1);
  push(1, {"1|B", "2|B"});
  open(2);
  peers[2].heard.catches_up = false;  // it has no credit left
  for (int i = 0; i != source_state::credit_limit; ++i) push(2, {"1|B", "3|B"});
  EXPECT_EQ(taken(2), 0);
  pass(2s);
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n3|B\r\n");
  EXPECT_EQ(taken(2), source_state::credit_limit);
}

TEST_F(Sequencer, ASourceWhoseBlocksItKeepsWhileItCatchesUpIsNotWaitedFor) {
  start();
  open(1);
  push(1, {"1|B", "2|B", "4|B"});
  open(2);
  peers[2].heard.catches_up = false;
  pass(500ms);
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n");
  for (int i = 0; i != source_state::credit_limit; ++i) push(2, {"1|B"});
  pass(500ms);
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n4|B\r\n");
}

TEST_F(Sequencer, WhenToldToWaitHoldsBackCreditBeyondTheWindow) {
  core::sequence_options options;
  options.window = 3;
  options.on_gap = core::gap_policy::wait;
  start(options);
  open(1);
  open(2);
  push(1, {"3|B", "9|B"});
  push(1, {"8|B"});
  pass(10s);
  EXPECT_EQ(router.text(), "");
  EXPECT_EQ(taken(1), 0);
  push(2, {"1|B", "2|B", "5|B"});
  EXPECT_EQ(taken(2), 1);
  EXPECT_EQ(taken(1), 0);
  push(2, {"4|B", "6|B", "7|B"});
  EXPECT_EQ(taken(2), 2);
  EXPECT_EQ(taken(1), 2);
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n3|B\r\n4|B\r\n5|B\r\n6|B\r\n7|B\r\n8|B\r\n9|B\r\n");
}

TEST_F(Sequencer, WhenToldToWaitLosesOnlyWhatIsBehindTheGapAtTheEnd) {
  core::sequence_options options;
  options.on_gap = core::gap_policy::wait;
  start(options);
  open(1);
  push(1, {"1|B", "3|B"});
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(router.text(), "1|B\r\n");
}

TEST_F(Sequencer, DrainReleasesWhatIsHeldAnswersAndEnds) {
  start();
  open(1);
  push(1, {"1|B", "3|B", "6|B"});
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(router.text(), "1|B\r\n3|B\r\n6|B\r\n");
  EXPECT_EQ(statistics.counted.gaps, 2u);
  EXPECT_EQ(statistics.counted.missing, 3u);
  EXPECT_TRUE(has_ended(actor));
  pass(1s);
  EXPECT_FALSE(timer_is_left());
}

TEST_F(Sequencer, ReleasesContendersAtTheEnd) {
  start();
  open(1);
  push(1, {"1|B", "2|B"});
  open(2);
  push(2, {"1|S|1", "3|S|1"});
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n3|S|1\r\n");
}

TEST_F(Sequencer, LeavesNoTimerWhenNothingWaits) {
  start();
  open(1);
  push(1, {"2|B"});
  push(1, {"1|B"});
  pass(1s);
  EXPECT_FALSE(timer_is_left());
}

TEST_F(Sequencer, HasOneTimerForEachDeadlineHoweverManyWereSet) {
  core::sequence_options options;
  options.restart_wait = 2s;
  start(options);
  open(1);
  push(1, {"1|B"});
  open(2);
  push(2, {"1|B"});  // may be a restart until 2 s have passed
  for (const std::string_view gap : {"3|B", "5|B", "7|B"}) {
    push(1, {gap});
    pass(600ms);
  }
  // From now on there is always a gap that waits.
  for (const std::string_view gap : {"9|B", "11|B", "13|B", "15|B", "17|B", "19|B"}) {
    push(1, {gap});
    pass(100ms);
  }
  const std::size_t before = timers_fired();
  push(1, {"21|B"});
  pass(99ms);
  EXPECT_LE(timers_fired() - before, 2u);  // a deadline and a report
}

TEST_F(Sequencer, ReportsNothingWhenNothingWentWrong) {
  start();
  open(1);
  push(1, {"1|B"});
  pass(1s);
  EXPECT_EQ(statistics.reports, 0u);
}

TEST_F(Sequencer, WhatItKeepsHoldsNobodyUp) {
  core::sequence_options options;
  options.window = 3;
  options.on_gap = core::gap_policy::wait;
  start(options);
  open(1);
  push(1, {"9|B"});
  EXPECT_EQ(taken(1), 0);
  EXPECT_EQ(flow.bytes(), 0u);
}

}  // namespace
}  // namespace skein
