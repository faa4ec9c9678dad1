#include "actors/router.hpp"

#include <caf/send.hpp>
#include <deque>

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

  void start(duplicate_policy on_duplicate = duplicate_policy::all, bool keep_graph = false) {
    auto environment = std::make_shared<const router_environment>(
        router_environment{10ms, on_duplicate, keep_graph, flow,
                           system.spawn(statistics_stand_in, &statistics), 100ms});
    actor = system.spawn(router, environment);
    run();
  }

  /// Does not run: what is sent without running comes within one round.
  peer& join(core::user_id user) {
    peer& p = peers.emplace_back();
    p.user = user;
    p.actor = system.spawn(session_stand_in, &p.heard);
    caf::send_as(p.actor, actor, skein::join{user});
    return p;
  }
  void leave(peer& p) { caf::send_as(p.actor, actor, skein::leave{p.user}); }
  void send(lines events, core::epoch_number epoch = 1) {
    caf::anon_send(actor, ordered(flow, events, epoch));
  }
  /// Time for the next round to start at once.
  void settle() { pass(20ms); }

  traffic::counter sent(core::event_kind kind) const {
    return statistics.counted.sent[static_cast<std::size_t>(kind)];
  }

  router_actor actor;
  std::deque<peer> peers;
  statistics_record statistics;
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

}  // namespace
}  // namespace skein
