#include "actors/events/router.hpp"

#include <caf/send.hpp>
#include <deque>
#include <map>
#include <set>

#include "support/actor_test.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;

class Router : public actor_test {
 protected:
  struct peer {
    core::user_id user;
    session_record heard;
    session_actor actor;
    const std::string& text() const { return heard.text; }
  };

  void start(duplicate_policy on_duplicate = duplicate_policy::all, bool keep_graph = false,
             routed_so_far so_far = {}) {
    auto environment = std::make_shared<const router_environment>(
        router_environment{10ms, on_duplicate, keep_graph, flow,
                           system.spawn(statistics_stand_in, &statistics), 100ms});
    actor = system.spawn(router, environment, std::make_shared<routed_so_far>(std::move(so_far)));
    recorded_by = system.spawn(recorder_stand_in, &recorder);
    run();
  }

  /// Does not run: what is sent without running comes within one round.
  peer& join(core::user_id user) {
    peer& p = peers.emplace_back();
    p.user = user;
    p.actor = system.spawn(session_stand_in, &p.heard);
    caf::send_as(p.actor, actor, skein::join{user, 0, std::nullopt});
    return p;
  }
  /// Joins when everything before `from` has been routed.
  peer& join_from(core::user_id user, core::log_position from) {
    peer& p = peers.emplace_back();
    p.user = user;
    p.actor = system.spawn(session_stand_in, &p.heard);
    caf::send_as(p.actor, actor, skein::join{user, static_cast<ticket_number>(peers.size()), from});
    return p;
  }
  /// Like `send`, but where the last one ended.
  void go_on(lines events, core::epoch_number epoch = 1) {
    const ordered_events block = ordered(flow, events, epoch, end);
    end = end_of(block);
    caf::anon_send(actor, block);
  }
  void leave(peer& p) { caf::send_as(p.actor, actor, skein::leave{p.user}); }
  void send(lines events, core::epoch_number epoch = 1) {
    caf::anon_send(actor, ordered(flow, events, epoch));
  }
  /// Time for the next round to start at once.
  void settle() { pass(20ms); }

  core::counts::value sent(core::event_kind kind) const {
    return statistics.counted.at(core::counter::notifications_sent, static_cast<std::size_t>(kind));
  }

  router_actor actor;
  std::deque<peer> peers;
  statistics_record statistics;
  recorder_record recorder;
  recorder_actor recorded_by;
  core::log_position end = 0;
};

TEST_F(Router, TellsEachSessionExactlyItsLinesInOrder) {
  start();
  peer& one = join(1);
  peer& two = join(2);
  peer& three = join(3);
  send({"1|B", "2|F|1|2", "3|P|3|1", "4|S|2", "5|F|3|2", "6|B", "7|S|2", "8|U|1|2", "9|S|2",
        "10|P|1|3"});
  run();
  EXPECT_EQ(one.text(), "1|B\r\n3|P|3|1\r\n4|S|2\r\n6|B\r\n7|S|2\r\n");
  EXPECT_EQ(two.text(), "1|B\r\n2|F|1|2\r\n5|F|3|2\r\n6|B\r\n");
  EXPECT_EQ(three.text(), "1|B\r\n6|B\r\n7|S|2\r\n9|S|2\r\n10|P|1|3\r\n");
  pass(100ms);
  EXPECT_EQ(sent(core::event_kind::broadcast), 6u);
  EXPECT_EQ(sent(core::event_kind::follow), 2u);
  EXPECT_EQ(sent(core::event_kind::unfollow), 0u);
  EXPECT_EQ(sent(core::event_kind::private_message), 2u);
  EXPECT_EQ(sent(core::event_kind::status_update), 4u);
}

TEST_F(Router, TellsNobodyWhoIsNotConcerned) {
  start();
  peer& one = join(1);
  send({"1|F|2|3", "2|U|1|2", "3|P|1|2", "4|S|1", "5|S|7"});
  settle();
  EXPECT_EQ(one.heard.portions, 0u);
}

TEST_F(Router, FollowsOfUsersWhoAreAwayCount) {
  start();
  send({"1|F|1|2", "2|F|1|3", "3|U|1|3"});
  peer& one = join(1);
  send({"4|S|2", "5|S|3"});
  run();
  EXPECT_EQ(one.text(), "4|S|2\r\n");
  leave(one);
  send({"6|S|2", "7|U|1|2"});
  settle();
  peer& again = join(1);
  send({"8|S|2"});
  settle();
  EXPECT_EQ(again.text(), "");
  EXPECT_EQ(one.text(), "4|S|2\r\n");
}

TEST_F(Router, EveryConnectionOfAUserGetsEverything) {
  start();
  peer& first = join(1);
  peer& second = join(1);
  send({"1|F|2|1", "2|B", "3|P|2|1", "4|F|1|2", "5|S|2"});
  run();
  EXPECT_EQ(first.text(), "1|F|2|1\r\n2|B\r\n3|P|2|1\r\n5|S|2\r\n");
  EXPECT_EQ(second.text(), first.text());
  leave(first);
  settle();
  send({"6|S|2"});
  settle();
  EXPECT_EQ(first.text(), "1|F|2|1\r\n2|B\r\n3|P|2|1\r\n5|S|2\r\n");
  EXPECT_EQ(second.text(), first.text() + "6|S|2\r\n");
  EXPECT_FALSE(first.heard.replaced);
}

TEST_F(Router, TheNewestConnectionReplacesTheOlderOne) {
  start(duplicate_policy::newest);
  peer& first = join(1);
  peer& other = join(2);
  send({"1|B"});
  run();
  peer& second = join(1);
  send({"2|P|2|1", "3|B"});
  settle();
  EXPECT_TRUE(first.heard.replaced);
  EXPECT_FALSE(second.heard.replaced);
  EXPECT_FALSE(other.heard.replaced);
  EXPECT_EQ(first.text(), "1|B\r\n");
  EXPECT_EQ(second.text(), "2|P|2|1\r\n3|B\r\n");
  leave(first);  // it had not known yet
  send({"4|P|2|1"});
  settle();
  EXPECT_EQ(second.text(), "2|P|2|1\r\n3|B\r\n4|P|2|1\r\n");
}

TEST_F(Router, ANewcomerGetsOnlyWhatComesAfterItJoined) {
  start();
  peer& one = join(1);
  send({"1|B", "2|P|1|2", "3|B"});
  peer& two = join(2);
  send({"4|P|1|2", "5|B"});
  peer& three = join(3);
  run();
  EXPECT_EQ(one.heard.portions, 1u) << "all within one round";
  EXPECT_EQ(one.text(), "1|B\r\n3|B\r\n5|B\r\n");
  EXPECT_EQ(two.text(), "4|P|1|2\r\n5|B\r\n");
  EXPECT_EQ(three.text(), "");
  send({"6|B"});
  settle();
  EXPECT_EQ(two.text(), "4|P|1|2\r\n5|B\r\n6|B\r\n");
  EXPECT_EQ(three.text(), "6|B\r\n");
}

TEST_F(Router, APlaceUsedAgainWithinARoundLeaksNothing) {
  start();
  peer& one = join(1);
  peer& two = join(2);
  send({"1|P|2|1", "2|B"});
  leave(one);
  peer& three = join(3);
  send({"3|P|2|3"});
  leave(three);
  peer& four = join(4);
  send({"4|P|2|4", "5|B", "6|P|2|1", "7|P|2|3"});
  run();
  EXPECT_EQ(one.text(), "");
  EXPECT_EQ(three.text(), "");
  EXPECT_EQ(two.text(), "2|B\r\n5|B\r\n");
  EXPECT_EQ(four.text(), "4|P|2|4\r\n5|B\r\n");
  settle();
  // The places are free by now.
  peer& five = join(5);
  peer& six = join(6);
  send({"8|P|1|5", "9|B", "10|P|1|6"});
  settle();
  EXPECT_EQ(five.text(), "8|P|1|5\r\n9|B\r\n");
  EXPECT_EQ(six.text(), "9|B\r\n10|P|1|6\r\n");
  EXPECT_EQ(four.text(), "4|P|2|4\r\n5|B\r\n9|B\r\n");
  EXPECT_EQ(one.text() + three.text(), "");
}

TEST_F(Router, ComingAndGoingBetweenRoundsMixesNobodyUp) {
  start();
  for (int i = 0; i != 50; ++i) {
    peer& odd = join(2 * i + 1);
    peer& even = join(2 * i + 2);
    send({"1|B"});
    if (i % 3 == 0) settle();
    leave(odd);
    if (i % 5 == 0) settle();
    send({"2|S|7", "3|B"});
    settle();
    EXPECT_EQ(even.text(), "1|B\r\n3|B\r\n");
    leave(even);
  }
}

TEST_F(Router, AnUnknownSessionThatLeavesOrIsLostChangesNothing) {
  start();
  peer& one = join(1);
  peer& two = join(2);
  leave(two);
  leave(two);
  caf::send_as(two.actor, actor, skein::leave{1});
  caf::anon_send(actor, session_lost{caf::actor_cast<caf::actor>(two.actor)});
  send({"1|B"});
  settle();
  EXPECT_EQ(one.text(), "1|B\r\n");
  EXPECT_EQ(two.text(), "");
}

TEST_F(Router, ForgetsASessionThatIsLost) {
  start();
  peer& one = join(1);
  peer& two = join(1);
  send({"1|B"});
  run();
  caf::anon_send(actor, session_lost{caf::actor_cast<caf::actor>(one.actor)});
  send({"2|B", "3|P|2|1"});
  settle();
  EXPECT_EQ(one.text(), "1|B\r\n");
  EXPECT_EQ(two.text(), "1|B\r\n2|B\r\n3|P|2|1\r\n");
  pass(100ms);
  EXPECT_EQ(sent(core::event_kind::broadcast), 3u);
}

TEST_F(Router, ANewEpochStartsWithNobodyFollowing) {
  start();
  peer& one = join(1);
  send({"1|F|1|2", "2|S|2"});
  send({"1|S|2", "2|B", "3|F|1|3", "4|S|3"}, 2);
  settle();
  EXPECT_EQ(one.text(), "2|S|2\r\n2|B\r\n4|S|3\r\n");
}

TEST_F(Router, KeepsTheGraphOverEpochsWhenToldTo) {
  start(duplicate_policy::all, true);
  peer& one = join(1);
  send({"1|F|1|2"});
  send({"1|S|2"}, 2);
  settle();
  EXPECT_EQ(one.text(), "1|S|2\r\n");
}

TEST_F(Router, HoldsNothingBackOnAQuietSystem) {
  start();
  peer& one = join(1);
  run();
  const auto begin = scheduler.clock().now();
  send({"1|B"});
  run();
  EXPECT_EQ(one.text(), "1|B\r\n");
  EXPECT_EQ(scheduler.clock().now(), begin);
  pass(1ms);
  send({"2|P|2|1"});
  run();
  EXPECT_EQ(one.text(), "1|B\r\n2|P|2|1\r\n");
}

TEST_F(Router, GathersWhileBusyForNoLongerThanTheFlushInterval) {
  start();
  for (core::user_id user = 1; user <= 2000; ++user) join(user);
  run();
  peer& one = peers.front();
  send({"1|B"});
  run();
  EXPECT_EQ(one.heard.portions, 1u) << "the first round after a pause starts at once";
  for (int i = 0; i != 100; ++i) {
    send({"2|B"});
    pass(1ms);
  }
  EXPECT_GE(one.heard.portions, 10u);
  EXPECT_LE(one.heard.portions, 11u);
  pass(10ms);
  EXPECT_EQ(one.text().size(), 101 * 5u);
  for (const peer& p : peers) EXPECT_EQ(p.text(), one.text());
  EXPECT_EQ(flow.bytes(), 0u);
}

TEST_F(Router, SendsAFullRoundWithoutAPause) {
  start();
  for (core::user_id user = 1; user <= 1000; ++user) join(user);
  sequencer_record sequencer;
  const auto sender = system.spawn(sequencer_stand_in, &sequencer);
  const std::string line = std::string(4000, '0') + "1|P|9|1";
  send({"1|B"});
  run();  // a large round: the next one is gathered for a while
  constexpr int pushed = 5000;
  for (int i = 0; i != pushed; ++i) {
    caf::send_as(sender, actor, ordered(flow, {line}));
    run();
  }
  EXPECT_EQ(sequencer.taken, pushed);
  EXPECT_GT(peers.front().heard.portions, 1u);
  pass(10ms);
  EXPECT_EQ(peers.front().text().size(), 5 + std::size_t{pushed} * (line.size() + 2));
}

TEST_F(Router, KeepsBlocksWhileARoundIsFullAndTheLastOneIsWritten) {
  start();
  for (core::user_id user = 1; user <= 1000; ++user) join(user);
  sequencer_record sequencer;
  const auto sender = system.spawn(sequencer_stand_in, &sequencer);
  const std::string line = std::string(4000, '0') + "1|P|9|1";
  constexpr int pushed = 20'000;
  for (int i = 0; i != pushed; ++i) caf::send_as(sender, actor, ordered(flow, {line}));
  run();
  pass(10ms);
  EXPECT_EQ(sequencer.taken, pushed);
  EXPECT_GT(peers.front().heard.portions, 2u);
  EXPECT_EQ(peers.front().text().size(), std::size_t{pushed} * (line.size() + 2));
  EXPECT_EQ(flow.bytes(), 0u);
}

TEST_F(Router, LeavesNoTimerWhenNothingWaits) {
  start();
  for (core::user_id user = 1; user <= 1000; ++user) join(user);
  for (int i = 0; i != 10; ++i) {
    send({"1|B"});
    run();
  }
  pass(1s);
  EXPECT_FALSE(timer_is_left());
}

TEST_F(Router, DrainSendsWhatIsGatheredAnswersAndEnds) {
  start();
  for (core::user_id user = 1; user <= 1000; ++user) join(user);
  send({"1|B"});
  run();
  send({"2|B"});
  run();
  EXPECT_EQ(peers.front().text(), "1|B\r\n") << "the second round is held back";
  EXPECT_TRUE(drains(actor));
  EXPECT_EQ(peers.front().text(), "1|B\r\n2|B\r\n");
  EXPECT_EQ(sent(core::event_kind::broadcast), 2000u);
  EXPECT_TRUE(has_ended(actor));
}

TEST_F(Router, BytesStayInTheFlowWhileTheyAreGathered) {
  start();
  for (core::user_id user = 1; user <= 1000; ++user) join(user);
  send({"1|B"});
  run();
  EXPECT_EQ(flow.bytes(), 0u);
  send({"2|P|1|2"});
  run();
  EXPECT_GT(flow.bytes(), 0u);
  fail(the("router"));
  EXPECT_EQ(flow.bytes(), 0u);
}

// --- joining at a position ---

TEST_F(Router, WhoJoinsAtAPositionThatIsRoutedJoinsAtOnceAndLearnsWhere) {
  start();
  go_on({"1|B"});
  const auto middle = end;
  go_on({"2|B"});
  run();
  peer& one = join_from(1, middle);
  peer& two = join_from(2, end);
  run();
  for (const peer& p : {one, two}) {
    ASSERT_EQ(p.heard.kinds(), std::vector<session_news::kind>{session_news::kind::joined});
    EXPECT_EQ(p.heard.news[0].position, end);
  }
  EXPECT_EQ(two.heard.news[0].ticket, 2u);
  go_on({"3|B"});
  settle();
  EXPECT_EQ(one.text(), "3|B\r\n");
  EXPECT_EQ(one.heard.all[0].ticket, 1u);
  EXPECT_EQ(two.heard.all[0].ticket, 2u);
}

TEST_F(Router, WhoJoinsAheadJoinsExactlyThereEvenWithinABlock) {
  start();
  go_on({"1|B"});
  run();
  peer& within = join_from(1, end + 4 + 8);
  peer& between = join_from(2, end + 4 + 8 + 4 + 8);
  peer& further = join_from(3, end + 1000);
  run();
  EXPECT_TRUE(within.heard.news.empty());
  go_on({"2|B", "3|P|9|1", "4|B", "5|P|9|1"});
  const auto second = end;
  go_on({"6|B"});
  run();
  EXPECT_EQ(within.text(), "4|B\r\n5|P|9|1\r\n6|B\r\n");
  EXPECT_EQ(within.heard.news.at(0).position, second - 8 - 4);
  EXPECT_EQ(between.text(), "6|B\r\n");
  EXPECT_EQ(between.heard.news.at(0).position, second);
  EXPECT_TRUE(further.heard.news.empty());
  EXPECT_EQ(further.text(), "");
}

TEST_F(Router, WhoLeavesOrIsLostBeforeTheirPositionNeverJoins) {
  start();
  peer& one = join_from(1, 4);
  peer& two = join_from(2, 4);
  peer& three = join_from(3, 4);
  run();
  leave(one);
  caf::anon_send(actor, session_lost{caf::actor_cast<caf::actor>(two.actor)});
  go_on({"1|B"});
  go_on({"2|B", "3|P|9|1"});
  settle();
  EXPECT_EQ(one.text() + two.text(), "");
  EXPECT_TRUE(one.heard.news.empty());
  EXPECT_EQ(three.text(), "2|B\r\n");
}

TEST_F(Router, WhoJoinsAtAPositionReplacesTheOlderOneOnlyThere) {
  start(duplicate_policy::newest);
  peer& older = join(1);
  run();
  peer& newer = join_from(1, 4);
  run();
  EXPECT_FALSE(older.heard.replaced);
  go_on({"1|B", "2|B"});
  settle();
  EXPECT_TRUE(older.heard.replaced);
  EXPECT_EQ(newer.text(), "2|B\r\n");
}

TEST_F(Router, WhoJoinsLateIsNotNewerThanWhoCameMeanwhile) {
  start(duplicate_policy::newest);
  peer& older = join_from(1, 4);
  run();
  peer& newer = join(1);
  go_on({"1|B", "2|B"});
  settle();
  EXPECT_TRUE(older.heard.replaced);
  EXPECT_FALSE(newer.heard.replaced);
  EXPECT_EQ(newer.text(), "1|B\r\n2|B\r\n");
  EXPECT_EQ(older.text(), "");
}

TEST_F(Router, GoesOnWhereItWas) {
  routed_so_far so_far;
  so_far.graph.follow(1, 2);
  so_far.epoch = 3;
  so_far.position = 1000;
  start(duplicate_policy::all, false, std::move(so_far));
  peer& one = join_from(1, 1000);
  peer& later = join_from(1, 1004);
  run();
  EXPECT_EQ(one.heard.news.at(0).position, 1000u);
  EXPECT_TRUE(later.heard.news.empty());
  end = 1000;
  go_on({"9|B", "10|S|2"}, 3);
  settle();
  EXPECT_EQ(one.text(), "9|B\r\n10|S|2\r\n");
  EXPECT_EQ(one.heard.all[0].epoch, 3u);
  EXPECT_EQ(later.text(), "10|S|2\r\n");
}

TEST_F(Router, ARoundIsOfOneEpochAndSaysUpToWhere) {
  start();
  peer& one = join(1);
  go_on({"1|B", "2|F|1|2"});
  const auto first = end;
  go_on({}, 2);
  go_on({"1|S|2", "2|B"}, 2);
  const auto second = end;
  go_on({}, 3);
  go_on({}, 4);
  settle();
  ASSERT_EQ(one.heard.portions, 2u);
  EXPECT_EQ(one.heard.all[0].text, "1|B\r\n");
  EXPECT_EQ(one.heard.all[0].epoch, 1u);
  EXPECT_EQ(one.heard.all[0].upto, first);
  EXPECT_EQ(one.heard.all[1].text, "2|B\r\n");
  EXPECT_EQ(one.heard.all[1].epoch, 2u);
  EXPECT_EQ(one.heard.all[1].upto, second);
  go_on({"1|B"}, 4);
  settle();
  EXPECT_EQ(one.heard.all[2].epoch, 4u);
}

TEST_F(Router, TakesBlocksWithoutEvents) {
  start();
  sequencer_record sequencer;
  const auto sender = system.spawn(sequencer_stand_in, &sequencer);
  peer& one = join(1);
  for (core::epoch_number epoch = 2; epoch != 10; ++epoch) {
    caf::send_as(sender, actor, ordered(flow, {}, epoch));
  }
  run();
  EXPECT_EQ(sequencer.taken, 8);
  EXPECT_EQ(one.heard.portions, 0u);
}

// --- checkpoints ---

/// The edges of a checkpoint, of slices that are the parts of one generation.
std::set<std::pair<core::user_id, core::user_id>> edges_in(const std::vector<graph_slice>& slices) {
  std::map<std::string, std::string> last;
  for (const graph_slice& slice : slices) {
    if (slice.key == store::slice_key(1, 0)) last.clear();
    last[slice.key] = slice.value;
  }
  std::set<std::pair<core::user_id, core::user_id>> edges;
  for (const auto& [key, value] : last) {
    store::decode_slice(key, value, [&](core::user_id a, core::user_id b) {
      edges.insert({a, b});
    });
  }
  return edges;
}

TEST_F(Router, MakesACheckpointSliceBySlice) {
  start();
  std::set<std::pair<core::user_id, core::user_id>> edges;
  for (int i = 1; i <= 30'000; ++i) {
    const std::string line = std::to_string(i) + "|F|" + std::to_string(i) + "|7";
    go_on({line});
    edges.insert({i, 7});
  }
  run();
  caf::send_as(recorded_by, actor, checkpoint_wanted{1});
  run();
  ASSERT_EQ(recorder.slices.size(), 1u) << "the next one when this one is taken";
  caf::send_as(recorded_by, actor, checkpoint_wanted{2});  // one at a time
  while (recorder.checkpoints.empty()) {
    caf::send_as(recorded_by, actor, slice_taken{});
    run();
    ASSERT_LT(recorder.slices.size(), 1000u);
  }
  EXPECT_GE(recorder.slices.size(), 3u);
  const store::checkpoint& made = recorder.checkpoints[0];
  EXPECT_EQ(made.generation, 1u);
  EXPECT_EQ(made.epoch, 1u);
  EXPECT_EQ(made.from, end);
  EXPECT_EQ(made.upto, end);
  EXPECT_EQ(made.edges, edges.size());
  EXPECT_EQ(edges_in(recorder.slices), edges);
  caf::send_as(recorded_by, actor, slice_taken{});
  run();
  EXPECT_EQ(recorder.checkpoints.size(), 1u);
}

TEST_F(Router, ACheckpointSaysBetweenWhichPositionsItWasMade) {
  start();
  for (int i = 1; i <= 30'000; ++i) {
    const std::string line = std::to_string(i) + "|F|" + std::to_string(i) + "|7";
    go_on({line});
  }
  run();
  const auto from = end;
  caf::send_as(recorded_by, actor, checkpoint_wanted{1});
  run();
  while (recorder.checkpoints.empty()) {
    go_on({"30001|F|5|8", "30002|U|6|7"});  // neither makes the table grow
    caf::send_as(recorded_by, actor, slice_taken{});
    run();
  }
  EXPECT_EQ(recorder.checkpoints[0].from, from);
  EXPECT_EQ(recorder.checkpoints[0].upto, end);
}

TEST_F(Router, ACheckpointBeginsAgainWhenTheGraphGrowsOrTheEpochEnds) {
  for (const bool epoch_ends : {false, true}) {
    SCOPED_TRACE(epoch_ends);
    recorder = {};
    end = 0;
    start();
    for (int i = 1; i <= 30'000; ++i) {
      const std::string line = std::to_string(i) + "|F|" + std::to_string(i) + "|7";
      go_on({line});
    }
    run();
    caf::send_as(recorded_by, actor, checkpoint_wanted{1});
    run();
    std::set<std::pair<core::user_id, core::user_id>> edges;
    if (epoch_ends) {
      go_on({}, 2);
    } else {
      for (int i = 1; i <= 90'000; ++i) {
        const std::string line = std::to_string(i) + "|F|" + std::to_string(i) + "|7";
        go_on({line});
        edges.insert({i, 7});
      }
    }
    run();
    while (recorder.checkpoints.empty()) {
      caf::send_as(recorded_by, actor, slice_taken{});
      run();
      ASSERT_LT(recorder.slices.size(), 1000u);
    }
    EXPECT_EQ(recorder.checkpoints[0].from, end);
    EXPECT_EQ(recorder.checkpoints[0].epoch, epoch_ends ? 2u : 1u);
    EXPECT_EQ(recorder.checkpoints[0].edges, edges.size());
    if (epoch_ends) {
      EXPECT_EQ(recorder.checkpoints[0].places, 0u);
    } else {
      EXPECT_EQ(edges_in(recorder.slices), edges);
    }
  }
}

}  // namespace
}  // namespace skein
