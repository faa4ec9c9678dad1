#include "actors/events/replayer.hpp"

#include <caf/send.hpp>
#include <deque>

#include "store/events/event_log.hpp"
#include "store/events/recovery.hpp"
#include "support/actor_test.hpp"
#include "support/fragile_engine.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using news = session_news::kind;
using kinds = std::vector<session_news::kind>;

class Replayer : public actor_test {
 protected:
  struct peer {
    core::user_id user;
    ticket_number ticket;
    session_record heard;
    session_actor actor;
    const std::string& text() const { return heard.text; }
  };

  void start() {
    actor = system.spawn(
        replayer, std::make_shared<const replayer_environment>(replayer_environment{
                      *engine, core::line_ending::crlf, quota, flow,
                      system.spawn(statistics_stand_in, &statistics), [this] { return wall; }}));
    run();
  }

  /// Each call is a record.
  core::log_position write(lines events, core::epoch_number epoch = 1) {
    const ordered_events block = ordered(flow, events, epoch, log().end());
    log().append(block.events->block, wall);
    log().commit(true);
    return log().end();
  }
  /// A broadcast of this size.
  core::log_position write_large(core::sequence_number number, std::size_t bytes) {
    const std::string line =
        std::string(bytes - 2 - std::to_string(number).size(), '0') + std::to_string(number) + "|B";
    return write({line});
  }
  store::event_log& log() {
    if (!log_) log_.emplace(*engine, store::log_options{}, false);
    return *log_;
  }
  /// Makes the log begin at the last record.
  void cut_before(core::log_position position, std::uint64_t events) {
    const auto changes = engine->new_batch();
    store::checkpoint c;
    c.generation = 1;
    c.from = c.upto = position;
    c.before = events;
    changes->put(store::family::meta, store::checkpoint_key(1), {store::encode(c)});
    changes->put(store::family::meta, store::begin_key,
                 {store::encode(store::log_begin{position, events})});
    changes->erase_range(store::family::log, store::position_key(0), store::position_key(position));
    changes->erase_range(store::family::index, store::position_key(0),
                         store::position_key(position));
    engine->commit(*changes, true);
  }
  void damage(core::log_position record) {
    std::string value = engine->get(store::family::log, store::position_key(record)).value();
    value.back() ^= 1;
    const auto changes = engine->new_batch();
    changes->put(store::family::log, store::position_key(record), {value});
    engine->commit(*changes, true);
  }

  /// Does not run: those who ask without running share a pass.
  peer& want(core::user_id user, core::sequence_number beyond = 0, core::epoch_number epoch = 1,
             core::log_position from = 0) {
    peer& p = peers.emplace_back();
    p.user = user;
    p.ticket = static_cast<ticket_number>(peers.size());
    p.actor = system.spawn(session_stand_in, &p.heard);
    caf::send_as(p.actor, actor, replay_wanted{user, p.ticket, from, epoch, beyond});
    return p;
  }
  void until(peer& p, core::log_position position) {
    caf::send_as(p.actor, actor, replay_until{position});
    run();
  }
  void stop(peer& p) {
    caf::send_as(p.actor, actor, stop_replay{});
    run();
  }
  void grew() {
    caf::anon_send(actor, log_grew{log().end()});
    run();
  }

  std::shared_ptr<test::fragile_engine> engine = std::make_shared<test::fragile_engine>();
  std::optional<store::event_log> log_;
  store::quota quota;
  store::wall_time wall = 1'000'000;
  replayer_actor actor;
  std::deque<peer> peers;
  statistics_record statistics;
};

TEST_F(Replayer, TellsWhatWasMissedInOrderThenThatItIsAtTheHead) {
  start();
  write({"1|B", "2|F|1|2", "3|S|2"});
  const auto end = write({"4|P|9|1", "5|U|1|2", "6|S|2", "7|B"});
  peer& one = want(1);
  run();
  EXPECT_EQ(one.text(), "1|B\r\n3|S|2\r\n4|P|9|1\r\n7|B\r\n");
  EXPECT_EQ(one.heard.all.back().ticket, one.ticket);
  EXPECT_EQ(one.heard.all.back().upto, end);
  ASSERT_EQ(one.heard.kinds(), kinds{news::at_head});
  EXPECT_EQ(one.heard.news[0].position, end);
  EXPECT_EQ(one.heard.news[0].ticket, one.ticket);
  until(one, end);
  EXPECT_EQ(one.heard.kinds(), (kinds{news::at_head, news::done}));
  EXPECT_EQ(statistics.counted[core::counter::replays], 1u);
  EXPECT_EQ(statistics.counted[core::counter::notifications_replayed], 4u);
}

TEST_F(Replayer, BeginsBehindWhatTheUserHas) {
  start();
  write({"1|F|1|2", "2|B", "3|B"});
  const auto middle = write({"4|S|2", "5|B"});
  write({"6|B"});
  peer& by_number = want(1, 3);
  peer& by_position = want(1, 3, 1, middle);
  peer& everything = want(1, 6);
  peer& beyond = want(1, 600);
  run();
  EXPECT_EQ(by_number.text(), "4|S|2\r\n5|B\r\n6|B\r\n");
  EXPECT_EQ(by_position.text(), "6|B\r\n");
  EXPECT_EQ(everything.text(), "");
  EXPECT_EQ(everything.heard.kinds(), kinds{news::at_head});
  EXPECT_EQ(beyond.text(), "");
}

TEST_F(Replayer, AnEmptyLogIsAtItsHead) {
  start();
  peer& one = want(1);
  run();
  EXPECT_EQ(one.heard.kinds(), kinds{news::at_head});
  until(one, 0);
  EXPECT_EQ(one.heard.kinds(), (kinds{news::at_head, news::done}));
}

TEST_F(Replayer, ThoseWhoAskTogetherShareAPassEachFromTheirOwnPlace) {
  start();
  for (int i = 1; i <= 50; ++i) write({std::to_string(i) + "|B"});
  std::string all;
  for (int i = 1; i <= 50; ++i) all += std::to_string(i) + "|B\r\n";
  peer& one = want(1);
  peer& two = want(2, 20);
  peer& three = want(3, 49);
  run();
  EXPECT_EQ(one.text(), all);
  EXPECT_EQ(two.text(), all.substr(all.find("21|B")));
  EXPECT_EQ(three.text(), "50|B\r\n");
  EXPECT_EQ(one.heard.portions, 1u);
}

TEST_F(Replayer, AnEpochHasRoundsOfItsOwnAndTheyReachNoFurther) {
  start();
  const auto first = write({"1|F|1|2", "2|S|2"});
  const auto second = write({"1|S|2", "2|B"}, 2);
  peer& one = want(1);
  run();
  ASSERT_EQ(one.heard.portions, 2u);
  EXPECT_EQ(one.heard.all[0].epoch, 1u);
  EXPECT_EQ(one.heard.all[0].upto, first) << "what it has read ahead is not told yet";
  EXPECT_EQ(one.heard.all[0].text, "2|S|2\r\n");
  EXPECT_EQ(one.heard.all[1].epoch, 2u);
  EXPECT_EQ(one.heard.all[1].upto, second);
  EXPECT_EQ(one.heard.all[1].text, "2|B\r\n") << "nobody follows in a new epoch";
}

TEST_F(Replayer, EachGetsEverythingUpToTheirPositionAndNothingBehindIt) {
  start();
  const auto head = write({"1|B"});
  peer& one = want(1);
  peer& two = want(2);
  peer& three = want(3);
  run();
  // All in one record.
  const auto end = write({"2|B", "3|P|9|1", "4|B", "5|P|9|1", "6|B", "7|P|9|2"});
  until(one, head + 4 + 8);
  until(two, head + 4 + 8 + 4);
  EXPECT_EQ(one.text(), "1|B\r\n") << "it waits for three";
  until(three, end);
  EXPECT_EQ(one.text(), "1|B\r\n2|B\r\n3|P|9|1\r\n");
  EXPECT_EQ(two.text(), "1|B\r\n2|B\r\n4|B\r\n");
  EXPECT_EQ(three.text(), "1|B\r\n2|B\r\n4|B\r\n6|B\r\n");
  for (const peer& p : peers) EXPECT_EQ(p.heard.kinds().back(), news::done);
}

TEST_F(Replayer, ASessionThatIsToldUpToTheHeadIsDoneAtOnce) {
  start();
  const auto head = write({"1|B"});
  peer& one = want(1);
  run();
  write({"2|B"});
  until(one, head);
  EXPECT_EQ(one.text(), "1|B\r\n");
  EXPECT_EQ(one.heard.kinds().back(), news::done);
}

TEST_F(Replayer, WaitsForTheLogToGrowUpToTheirPosition) {
  start();
  const auto head = write({"1|B"});
  peer& one = want(1);
  run();
  until(one, head + 8);
  EXPECT_EQ(one.heard.kinds(), kinds{news::at_head});
  write({"2|B"});
  grew();
  EXPECT_EQ(one.text(), "1|B\r\n2|B\r\n");
  EXPECT_EQ(one.heard.kinds(), kinds{news::at_head});
  write({"3|B"});
  write({"4|B"});
  grew();
  EXPECT_EQ(one.text(), "1|B\r\n2|B\r\n3|B\r\n");
  EXPECT_EQ(one.heard.kinds(), (kinds{news::at_head, news::done}));
}

TEST_F(Replayer, OneWhoIsAheadOfTheLogBeginsWhenItHasGrown) {
  start();
  const auto head = write({"1|B"});
  peer& one = want(1, 1, 1, head + 4);
  run();
  EXPECT_TRUE(one.heard.news.empty());
  write({"2|B"});
  write({"3|B"});
  grew();
  EXPECT_EQ(one.text(), "3|B\r\n");
  EXPECT_EQ(one.heard.kinds(), kinds{news::at_head});
}

TEST_F(Replayer, TheLogMayGrowWhileItReads) {
  start();
  for (int i = 1; i <= 100; ++i) write_large(i, 30'000);
  peer& one = want(1);
  one.heard.holds = true;
  run();
  EXPECT_TRUE(one.heard.news.empty());
  const auto end = write({"101|B"});
  grew();
  one.heard.holds = false;
  one.heard.held.clear();
  run();
  ASSERT_EQ(one.heard.kinds(), kinds{news::at_head});
  EXPECT_LE(one.heard.news[0].position, end);
  until(one, end);
  EXPECT_EQ(one.heard.kinds().back(), news::done);
  EXPECT_EQ(one.text().size(), 100 * 30'002u + 7);
}

TEST_F(Replayer, APassWaitsWhileASessionHoldsItsRound) {
  start();
  for (int i = 1; i <= 100; ++i) write_large(i, 30'000);
  peer& slow = want(1);
  peer& quick = want(2);
  slow.heard.holds = true;
  run();
  EXPECT_EQ(slow.heard.portions, 1u);
  EXPECT_EQ(quick.heard.portions, 1u);
  EXPECT_LT(slow.text().size(), 600'000u);
  EXPECT_GT(flow.bytes(), 0u);
  while (!slow.heard.held.empty()) {
    const std::size_t portions = slow.heard.portions;
    slow.heard.held.clear();
    run();
    EXPECT_LE(slow.heard.portions, portions + 1);
  }
  EXPECT_EQ(slow.text().size(), 100 * 30'002u);
  EXPECT_EQ(quick.text(), slow.text());
  EXPECT_EQ(slow.heard.kinds(), kinds{news::at_head});
}

TEST_F(Replayer, AnotherPassGoesOnWhileOneIsHeld) {
  start();
  for (int i = 1; i <= 100; ++i) write_large(i, 30'000);
  peer& slow = want(1);
  slow.heard.holds = true;
  run();
  peer& quick = want(2);
  run();
  EXPECT_EQ(quick.heard.kinds(), kinds{news::at_head});
  EXPECT_TRUE(slow.heard.news.empty());
  slow.heard.held.clear();
}

TEST_F(Replayer, SeesThatTheLogHasGrownWhileItRead) {
  start();
  peer& one = want(1);
  run();
  for (int i = 10; i != 50; ++i) write({std::to_string(i) + "|B"});
  const auto last = log().end() + 5;
  caf::send_as(one.actor, actor, replay_until{last});
  run_some(2, [](std::size_t) { return 0; });
  EXPECT_EQ(write({"50|B"}), last);
  caf::anon_send(actor, log_grew{last});
  run();
  EXPECT_EQ(one.heard.kinds(), (kinds{news::at_head, news::done}));
}

TEST_F(Replayer, WhoHoldsARoundIsToldThatOthersWait) {
  start();
  for (int i = 1; i <= 100; ++i) write_large(i, 30'000);
  for (std::size_t i = 0; i != replayer_state::most_passes; ++i) {
    want(1).heard.holds = true;
    run();
  }
  pass(1s);
  EXPECT_TRUE(peers[0].heard.news.empty());
  peer& late = want(2);
  pass(replayer_state::hurry_interval);
  EXPECT_EQ(peers[0].heard.kinds(), kinds{news::hurry});
  EXPECT_EQ(peers[3].heard.kinds(), kinds{news::hurry});
  EXPECT_EQ(late.heard.portions, 0u);
  peers[3].heard.held.clear();
  stop(peers[3]);
  EXPECT_EQ(late.heard.kinds(), kinds{news::at_head});
  pass(1s);
  EXPECT_EQ(peers[0].heard.news.size(), 1u);
  EXPECT_FALSE(timer_is_left());
  for (peer& p : peers) p.heard.held.clear();
}

// --- who goes ---

TEST_F(Replayer, WhoGoesBeforeThePassBeginsIsNotServed) {
  start();
  write({"1|B"});
  peer& one = want(1);
  peer& two = want(2);
  caf::send_as(one.actor, actor, stop_replay{});
  run();
  EXPECT_EQ(one.text(), "");
  EXPECT_TRUE(one.heard.news.empty());
  EXPECT_EQ(two.text(), "1|B\r\n");
}

TEST_F(Replayer, WhoGoesWhileItReadsHoldsNobodyUp) {
  start();
  for (int i = 1; i <= 100; ++i) write_large(i, 30'000);
  peer& one = want(1);
  peer& two = want(2);
  one.heard.holds = true;
  run();
  stop(one);
  EXPECT_EQ(two.heard.portions, 1u) << "its round is still held";
  one.heard.held.clear();
  run();
  EXPECT_EQ(one.heard.portions, 1u);
  EXPECT_EQ(two.text().size(), 100 * 30'002u);
  EXPECT_EQ(two.heard.kinds(), kinds{news::at_head});
}

TEST_F(Replayer, WhoGoesAtTheHeadHoldsNobodyUp) {
  for (const bool is_lost : {false, true}) {
    SCOPED_TRACE(is_lost);
    start();
    peers.clear();
    peer& one = want(1);
    peer& two = want(2);
    run();
    write({"1|B"});
    until(two, log().end());
    EXPECT_EQ(two.heard.kinds(), kinds{news::at_head});
    if (is_lost) {
      caf::anon_send(actor, session_lost{caf::actor_cast<caf::actor>(one.actor)});
      run();
    } else {
      stop(one);
    }
    EXPECT_EQ(two.heard.kinds(), (kinds{news::at_head, news::done}));
    EXPECT_EQ(one.heard.kinds(), kinds{news::at_head});
  }
}

TEST_F(Replayer, WhoGoesAfterTheyHaveAnsweredHoldsNobodyUp) {
  start();
  const auto head = write({"1|B"});
  peer& one = want(1);
  peer& two = want(2);
  run();
  until(one, head + 100);
  stop(one);
  until(two, head);
  EXPECT_EQ(two.heard.kinds(), (kinds{news::at_head, news::done}));
  EXPECT_EQ(one.heard.kinds(), kinds{news::at_head});
}

TEST_F(Replayer, WhoGoesAndComesAgainBeginsAnew) {
  start();
  write({"1|B"});
  peer& one = want(1);
  run();
  stop(one);
  caf::send_as(one.actor, actor, replay_wanted{1, 9, 0, 1, 0});
  run();
  EXPECT_EQ(one.text(), "1|B\r\n1|B\r\n");
  EXPECT_EQ(one.heard.all.back().ticket, 9u);
  EXPECT_EQ(one.heard.kinds(), (kinds{news::at_head, news::at_head}));
}

TEST_F(Replayer, AStrangerWhoStopsChangesNothing) {
  start();
  write({"1|B"});
  peer& one = want(1);
  run();
  session_record heard;
  const auto stranger = system.spawn(session_stand_in, &heard);
  caf::send_as(stranger, actor, stop_replay{});
  caf::send_as(stranger, actor, replay_until{0});
  run();
  EXPECT_TRUE(heard.news.empty());
  until(one, log().end());
  EXPECT_EQ(one.heard.kinds(), (kinds{news::at_head, news::done}));
  fail(caf::actor_cast<caf::strong_actor_ptr>(stranger));
}

TEST_F(Replayer, MoreThanThePassesThereAreWaitAndThenShareOne) {
  start();
  for (int i = 1; i <= 20; ++i) write_large(i, 30'000);
  std::vector<peer*> busy;
  for (std::size_t i = 0; i != replayer_state::most_passes; ++i) {
    busy.push_back(&want(1));
    run();
  }
  peer& late = want(2);
  run();
  peer& later = want(3);
  run();
  EXPECT_EQ(late.heard.portions, 0u);
  until(*busy[2], log().end());
  EXPECT_EQ(late.heard.kinds(), kinds{news::at_head});
  EXPECT_EQ(later.heard.kinds(), kinds{news::at_head});
  EXPECT_EQ(late.text().size(), 20 * 30'002u);
}

// --- what cannot be told ---

TEST_F(Replayer, ADamagedRecordIsToldAndTheRestGoesOn) {
  start();
  const auto first = write({"1|B"});
  write({"2|B"});
  write({"3|B"});
  damage(first);
  peer& one = want(1);
  run();
  EXPECT_EQ(one.text(), "1|B\r\n3|B\r\n");
  EXPECT_EQ(one.heard.kinds(), (kinds{news::missing, news::at_head}));
  EXPECT_NE(one.heard.news[0].text.find("damaged"), std::string::npos);
  until(one, log().end());
  EXPECT_EQ(one.heard.kinds().back(), news::done);
}

TEST_F(Replayer, WhatIsNotKeptAnyMoreIsTold) {
  start();
  write({"1|B", "2|B"});
  const auto begin = write({"3|B", "4|B"});
  write({"5|B", "6|B"});
  cut_before(begin, 4);
  peer& one = want(1);
  peer& two = want(2, 4);
  peer& three = want(3, 5);
  run();
  EXPECT_EQ(one.text(), "5|B\r\n6|B\r\n");
  EXPECT_EQ(one.heard.kinds(), (kinds{news::missing, news::at_head}));
  EXPECT_NE(one.heard.news[0].text.find("no longer kept"), std::string::npos);
  EXPECT_EQ(two.text(), "5|B\r\n6|B\r\n");
  EXPECT_EQ(two.heard.kinds(), kinds{news::at_head});
  EXPECT_EQ(three.text(), "6|B\r\n");
  EXPECT_EQ(three.heard.kinds(), kinds{news::at_head});
}

TEST_F(Replayer, WhoIsTooSlowForTheLogIsToldThatItFailed) {
  start();
  for (int i = 1; i <= 60; ++i) write_large(i, 30'000);
  peer& one = want(1);
  one.heard.holds = true;
  run();
  cut_before(log().end(), 60);
  one.heard.holds = false;
  one.heard.held.clear();
  run();
  EXPECT_LT(one.text().size(), 600'000u);
  EXPECT_EQ(one.heard.kinds(), kinds{news::failed});
}

TEST_F(Replayer, WhoWaitsAtAHeadThatIsCutOffIsToldThatItFailed) {
  start();
  write({"1|B"});
  peer& one = want(1);
  run();
  const auto begin = write({"2|B"});
  write({"3|B"});
  cut_before(begin, 2);
  until(one, log().end());
  EXPECT_EQ(one.text(), "1|B\r\n");
  EXPECT_EQ(one.heard.kinds(), (kinds{news::at_head, news::failed}));
  peer& two = want(2);
  run();
  EXPECT_EQ(two.text(), "3|B\r\n");
}

TEST_F(Replayer, BeyondTheQuotaTheOldestAreLeftOutAndThatIsTold) {
  quota.max_events = 2;
  start();
  write({"1|B", "2|B", "3|B"});
  peer& one = want(1);
  peer& two = want(2, 1);
  run();
  EXPECT_EQ(one.text(), "2|B\r\n3|B\r\n");
  EXPECT_EQ(one.heard.kinds(), (kinds{news::missing, news::at_head}));
  EXPECT_EQ(two.text(), "2|B\r\n3|B\r\n");
  EXPECT_EQ(two.heard.kinds(), kinds{news::at_head});
}

TEST_F(Replayer, AStoreThatCannotBeReadFailsThoseWhoAskedAndNobodyElse) {
  start();
  write({"1|B"});
  engine->reading_fails = true;
  peer& one = want(1);
  run();
  EXPECT_EQ(one.heard.kinds(), kinds{news::failed});
  engine->reading_fails = false;
  peer& two = want(2);
  run();
  EXPECT_EQ(two.heard.kinds(), kinds{news::at_head});
}

TEST_F(Replayer, AStoreThatCannotBeReadOnFailsItsPassOnly) {
  start();
  write({"1|B"});
  peer& one = want(1);
  run();
  engine->reading_fails = true;
  until(one, log().end() + 4);
  EXPECT_EQ(one.heard.kinds(), (kinds{news::at_head, news::failed}));
  engine->reading_fails = false;
  peer& two = want(2);
  run();
  EXPECT_EQ(two.heard.kinds(), kinds{news::at_head});
  EXPECT_FALSE(has_ended(actor));
}

TEST_F(Replayer, AStoreThatIsClosedForTheMomentIsWaitedFor) {
  start();
  const auto first = write({"1|B"});
  peer& one = want(1);
  run();
  engine->fails = true;
  EXPECT_THROW(engine->recover(), store::error);
  peer& two = want(2);
  until(one, first + 4);
  pass(10 * replayer_state::retry_interval);
  EXPECT_EQ(one.heard.kinds(), kinds{news::at_head});
  EXPECT_TRUE(two.heard.news.empty());
  engine->fails = false;
  engine->recover();
  write({"2|B"});
  pass(replayer_state::retry_interval);
  EXPECT_EQ(one.heard.kinds(), (kinds{news::at_head, news::done}));
  EXPECT_EQ(two.text(), "1|B\r\n2|B\r\n");
  EXPECT_EQ(statistics.counted[core::counter::replays], 2u);
}

TEST_F(Replayer, DrainEndsAtOnce) {
  start();
  write({"1|B"});
  peer& one = want(1);
  run();
  EXPECT_EQ(one.heard.kinds(), kinds{news::at_head});
  EXPECT_TRUE(drains(actor));
  EXPECT_TRUE(has_ended(actor));
}

}  // namespace
}  // namespace skein
