#include "actors/events/sequencer.hpp"

#include <caf/send.hpp>
#include <sstream>

#include "doors/lines/source.hpp"
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

  enum class stored { no, async, sync };

  void start(core::sequence_options options = {}, stored where = stored::no,
             const core::sequence_start& begin = {}) {
    recorded_by =
        where == stored::no ? recorder_actor{} : system.spawn(recorder_stand_in, &recorder);
    auto environment = std::make_shared<const sequencer_environment>(sequencer_environment{
        options, core::line_ending::crlf, flow, system.spawn(router_stand_in, &router), recorded_by,
        where == stored::sync, system.spawn(statistics_stand_in, &statistics), 100ms});
    actor = system.spawn(sequencer, environment, begin);
    run();
  }

  void open(core::source_id id, core::source_kind kind = core::source_kind::connection) {
    peer& p = peers[id];
    p.heard.id = id;
    p.actor = system.spawn(source_stand_in, &p.heard);
    caf::send_as(p.actor, actor, source_opened{id, kind});
    run();
  }
  void close(core::source_id id, core::source_end how = core::source_end::finished) {
    caf::send_as(peers[id].actor, actor, source_closed{id, how});
    run();
  }
  void push(core::source_id id, lines events) {
    caf::send_as(peers[id].actor, actor, source_events{id, unordered(flow, events)});
    run();
  }
  int taken(core::source_id id) { return peers[id].heard.taken; }

  sequencer_actor actor;
  recorder_actor recorded_by;
  std::map<core::source_id, peer> peers;
  router_record router;
  recorder_record recorder;
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
  EXPECT_EQ(statistics.counted[core::counter::gaps], 1u);
  EXPECT_EQ(statistics.counted[core::counter::events_missing], 1u);
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
  EXPECT_EQ(statistics.counted[core::counter::gaps], 0u);
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

TEST_F(Sequencer, RefusesANumberFarAheadThatNothingConfirmsInTime) {
  start();
  open(1);
  push(1, {"1|B", "2|B", "900000|B"});
  pass(499'999'999ns);
  push(1, {"3|B"});
  pass(1s);
  push(1, {"4|B"});
  pass(1s);
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n3|B\r\n4|B\r\n");
  EXPECT_EQ(statistics.counted[core::counter::events_beyond], 1u);
  EXPECT_EQ(statistics.counted[core::counter::gaps], 0u);
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
  EXPECT_EQ(statistics.counted[core::counter::events_late], 1u);
  EXPECT_EQ(statistics.counted[core::counter::events_duplicate], 3u);
  EXPECT_EQ(statistics.counted[core::counter::events_beyond], 1u);
  EXPECT_EQ(statistics.counted[core::counter::gaps], 2u);
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
  EXPECT_EQ(statistics.counted[core::counter::epochs], 1u);
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
  EXPECT_EQ(statistics.counted[core::counter::events_duplicate], 2u);
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

TEST_F(Sequencer, ASourceIsAskedAgainForWhatHasBecomeOverdueSinceItCaughtUp) {
  start();
  open(1);
  open(2);
  peers[2].heard.catches_up = false;
  push(1, {"1|B", "3|B"});
  pass(500ms);
  push(1, {"5|B"});
  pass(1s);
  peers[1].heard.catches_up = false;
  caf::send_as(peers[2].actor, actor, caught_up{2});
  run();
  EXPECT_EQ(router.text(), "1|B\r\n3|B\r\n");
  pass(1ms);
  EXPECT_EQ(peers[1].heard.asked, 2);
  push(1, {"4|B"});
  EXPECT_EQ(router.text(), "1|B\r\n3|B\r\n4|B\r\n5|B\r\n");
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
  EXPECT_EQ(taken(2), source_state::credit_limit) << "it may be read on";
  peers[2].heard.catches_up = true;
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
  push(1, {"3|B", "9|B", "10|B"});
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
  EXPECT_EQ(router.text(),
            "1|B\r\n2|B\r\n3|B\r\n4|B\r\n5|B\r\n6|B\r\n7|B\r\n8|B\r\n9|B\r\n10|B\r\n");
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
  EXPECT_EQ(statistics.counted[core::counter::gaps], 2u);
  EXPECT_EQ(statistics.counted[core::counter::events_missing], 3u);
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
  push(1, {"9|B", "10|B"});
  EXPECT_EQ(taken(1), 0);
  EXPECT_EQ(flow.bytes(), 0u);
}

// --- with a log ---

TEST_F(Sequencer, EventsGoToTheLogAndToTheRouter) {
  start({}, stored::async);
  open(1);
  push(1, {"2|B", "1|B"});
  EXPECT_EQ(recorder.text(), "1|B\r\n2|B\r\n");
  EXPECT_EQ(router.text(), "1|B\r\n2|B\r\n");
  EXPECT_EQ(taken(1), 1);
}

TEST_F(Sequencer, AtLevelSyncEventsGoToTheLogOnly) {
  start({}, stored::sync);
  open(1);
  push(1, {"1|B"});
  EXPECT_EQ(recorder.text(), "1|B\r\n");
  EXPECT_EQ(router.text(), "");
  EXPECT_EQ(taken(1), 0);
  caf::anon_send(actor, block_taken{});  // the router's, by way of the log
  run();
  EXPECT_EQ(taken(1), 1);
}

TEST_F(Sequencer, GoesOnWhereTheLogEnds) {
  core::sequence_start begin;
  begin.epoch = 3;
  begin.next = 17;
  begin.position = 1000;
  begin.interrupted = true;
  start({}, stored::async, begin);
  open(1);
  push(1, {"17|B", "16|B", "18|B"});
  EXPECT_EQ(recorder.text(3), "17|B\r\n18|B\r\n");
  EXPECT_EQ(recorder.blocks.at(0).begin, 1000u);
  push(1, {"19|B"});
  EXPECT_EQ(recorder.blocks.at(1).begin, 1010u);
  pass(100ms);
  EXPECT_EQ(statistics.counted[core::counter::epochs], 0u);
  EXPECT_EQ(statistics.counted[core::counter::events_duplicate], 1u);
}

TEST_F(Sequencer, ANewEpochIsAnsweredWhenItIsOnDisk) {
  start({}, stored::async);
  open(1);
  push(1, {"1|B"});
  std::optional<core::epoch_number> begun;
  system.spawn([&](caf::event_based_actor* self) {
    self->request(actor, caf::infinite, begin_epoch{}).then([&](epoch_begun e) {
      begun = e.epoch;
    });
  });
  run();
  ASSERT_EQ(recorder.flushes.size(), 1u);
  EXPECT_FALSE(begun);
  ASSERT_EQ(recorder.blocks.size(), 2u) << "the epoch is in the log before anything of it";
  EXPECT_EQ(recorder.blocks[1].epoch, 2u);
  EXPECT_EQ(recorder.blocks[1].text, "");
  caf::anon_send(recorded_by, commit_due{});
  run();
  EXPECT_EQ(begun, 2u);
  push(1, {"1|S|1"});
  EXPECT_EQ(router.text(2), "1|S|1\r\n");
}

TEST_F(Sequencer, WithoutALogANewEpochIsAnsweredAtOnce) {
  start();
  open(1);
  push(1, {"1|B", "3|B"});
  std::optional<core::epoch_number> begun;
  system.spawn([&](caf::event_based_actor* self) {
    self->request(actor, caf::infinite, begin_epoch{}).then([&](epoch_begun e) {
      begun = e.epoch;
    });
  });
  run();
  EXPECT_EQ(begun, 2u);
  EXPECT_EQ(router.text(1), "1|B\r\n3|B\r\n");
  push(1, {"1|S|1"});
  EXPECT_EQ(router.text(2), "1|S|1\r\n");
}

TEST_F(Sequencer, TellsWhereItIs) {
  start();
  open(1);
  push(1, {"1|B", "3|B"});
  std::optional<status> told;
  system.spawn([&](caf::event_based_actor* self) {
    self->request(actor, caf::infinite, status_wanted{}).then([&](const status& s) { told = s; });
  });
  run();
  ASSERT_TRUE(told);
  const decltype(told->facts) facts{
      {"epoch", 1}, {"next", 2}, {"held", 1}, {"gap_ms", 0}, {"sources", 1}};
  EXPECT_EQ(told->facts, facts);
}

TEST_F(Sequencer, TheStreamIsOverOnlyIfEverySourceHasEndedByItself) {
  start({}, stored::async);
  open(1);
  push(1, {"1|B"});
  close(1);
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(recorder.over, 1);
}

TEST_F(Sequencer, AConnectionThatHasSentNothingDoesNotKeepAStreamFromBeingOver) {
  start({}, stored::async);
  open(1);
  push(1, {"1|B"});
  close(1);
  open(2);
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(recorder.over, 1);
}

TEST_F(Sequencer, AStreamThatIsCutOrHeldBackOrHasNotBegunIsNotOver) {
  for (const int how : {0, 1, 2}) {
    SCOPED_TRACE(how);
    start({}, stored::async);
    open(1);
    if (how == 0) push(1, {"1|B"});
    if (how == 1) push(1, {"1|B", "3|B"});
    close(1, how == 0 ? core::source_end::broken : core::source_end::finished);
    EXPECT_TRUE(drains(actor));
    EXPECT_EQ(recorder.over, 0);
    peers.clear();
  }
}

TEST_F(Sequencer, WhatWasCutInAnEarlierEpochDoesNotKeepAStreamFromBeingOver) {
  start({}, stored::async);
  open(1);
  push(1, {"1|B"});
  close(1, core::source_end::broken);
  open(2);
  push(2, {"1|S|1"});
  close(2);
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(recorder.text(2), "1|S|1\r\n");
  EXPECT_EQ(recorder.over, 1);
}

TEST_F(Sequencer, WaitsForAGapForEverButSaysOnceWhatIsMissingAndSinceWhen) {
  std::ostringstream out;
  log::start(log_level::warn, out);
  core::sequence_options options;
  options.on_gap = core::gap_policy::wait;
  options.window = 10;
  start(options);
  open(1);
  push(1, {"1|B", "100|B", "101|B"});
  pass(options.gap_timeout - 1ms);
  std::optional<status> told;
  const auto ask = [&] {
    system.spawn([&](caf::event_based_actor* self) {
      self->request(actor, caf::infinite, status_wanted{}).then([&](const status& s) { told = s; });
    });
    run();
    return std::map<std::string, std::uint64_t>{told->facts.begin(), told->facts.end()}["gap_ms"];
  };
  EXPECT_EQ(ask(), 499u);
  pass(10s);
  EXPECT_EQ(ask(), 10'499u);
  EXPECT_FALSE(timer_is_left());
  log::stop();
  const std::string said =
      "msg=\"events wait for others that are missing\" epoch=1 missing=2 to=99 ";
  const auto first = out.str().find(said);
  EXPECT_NE(first, std::string::npos) << out.str();
  EXPECT_EQ(out.str().find(said, first + 1), std::string::npos);
}

TEST_F(Sequencer, DrainKeepsNothingBeyondAGapThatASourceMayStillFill) {
  for (const bool ended : {false, true}) {
    for (const auto level : {stored::async, stored::sync}) {
      SCOPED_TRACE(ended);
      recorder = {};
      start({}, level);
      open(1);
      push(1, {"1|B", "3|B"});
      if (ended) close(1);
      EXPECT_TRUE(drains(actor));
      EXPECT_EQ(recorder.text(), "1|B\r\n");
      EXPECT_EQ(recorder.over, 0);
      run();
      EXPECT_EQ(statistics.counted[core::counter::events_unfinished], 1u);
      statistics = {};
      peers.clear();
    }
  }
}

TEST_F(Sequencer, DrainDecidesNothingAboutASourceThatHasStartedAgain) {
  start({}, stored::sync);
  open(1);
  push(1, {"1|B", "2|B"});
  open(2);
  push(2, {"1|S|1", "2|S|1", "3|S|1"});
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(recorder.text(1), "1|B\r\n2|B\r\n");
  EXPECT_EQ(recorder.text(2), "");
}

TEST_F(Sequencer, WithoutALogWhatWaitsGoesOutAtTheEnd) {
  start();
  open(1);
  push(1, {"1|B", "3|B"});
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(router.text(), "1|B\r\n3|B\r\n");
}

}  // namespace
}  // namespace skein
