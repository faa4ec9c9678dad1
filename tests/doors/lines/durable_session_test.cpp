#include <caf/send.hpp>

#include "doors/lines/session.hpp"
#include "support/actor_test.hpp"
#include "support/fake_stream.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using kind = session_news::kind;
using ending = io::stream::ending;
using users = std::vector<core::user_id>;

/// A session with an inbox, and everybody it talks to played by the test.
class DurableSession : public actor_test {
 protected:
  void connect(const std::string& first_line, bool stores = true) {
    connection->says(first_line);
    const auto counting = system.spawn(statistics_stand_in, &statistics);
    core::inbox_options inbox;
    inbox.stall_timeout = options.stall_timeout;
    const event_feeds feeds{system.spawn(router_stand_in, &router),
                            stores ? system.spawn(recorder_stand_in, &recorder) : recorder_actor{},
                            stores ? system.spawn(replayer_stand_in, &replayer) : replayer_actor{},
                            counting, inbox};
    actor = system.spawn(session,
                         std::make_shared<const session_environment>(
                             session_environment{options, flow, feeds, counting}),
                         connection);
    run();
  }

  void tell(kind what, ticket_number ticket, core::log_position position = 0,
            std::string text = {}) {
    session_news n;
    n.what = what;
    n.ticket = ticket;
    n.position = position;
    n.text = std::move(text);
    caf::anon_send(actor, std::move(n));
    run();
  }
  void open(core::epoch_number epoch, core::sequence_number number) {
    session_news n;
    n.what = kind::opened;
    n.epoch = epoch;
    n.number = number;
    caf::anon_send(actor, std::move(n));
    run();
  }
  void send(ticket_number ticket, std::string_view text, core::log_position upto,
            core::epoch_number epoch = 1) {
    caf::anon_send(actor, to_all(flow, text, ticket, epoch, upto));
    run();
  }
  ticket_number replay_ticket() const { return replayer.wanted.back().ticket; }
  ticket_number live_ticket() const { return router.joins.back().ticket; }

  /// The steps of user 5 with everything up to 10 of epoch 1.
  void replaying() {
    connect("5|\r\n");
    open(1, 10);
  }
  void joining(core::log_position head = 100) {
    replaying();
    tell(kind::at_head, replay_ticket(), head);
  }
  void closing(core::log_position from = 120) {
    joining();
    tell(kind::joined, live_ticket(), from);
  }
  void live() {
    closing();
    tell(kind::done, replay_ticket(), 120);
  }

  const std::string& heard() const { return connection->heard(); }
  bool has_ended() { return actor_test::has_ended(actor); }
  static std::string broadcasts(core::sequence_number first, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
      text += std::string(990, '0') + std::to_string(first++) + "|B\r\n";
    }
    return text;
  }

  client_options options;
  std::shared_ptr<fake_stream> connection = std::make_shared<fake_stream>();
  session_actor actor;
  router_record router;
  recorder_record recorder;
  replayer_record replayer;
  statistics_record statistics;
};

// --- the first line ---

TEST_F(DurableSession, OpensTheInboxOfTheUserOfTheFirstLine) {
  connect("5|\r\n");
  ASSERT_EQ(recorder.opened.size(), 1u);
  EXPECT_EQ(recorder.opened[0].user, 5);
  EXPECT_FALSE(recorder.opened[0].beyond);
  EXPECT_TRUE(router.joined.empty());
  EXPECT_TRUE(replayer.wanted.empty());
  EXPECT_EQ(heard(), "");
}

TEST_F(DurableSession, TheFirstLineMaySayWhatTheClientHas) {
  for (const auto& [line, number] :
       {std::pair{"5|0\n", 0}, std::pair{"-5|17\r\n", 17}, std::pair{"5|0017\n", 17}}) {
    connection = std::make_shared<fake_stream>();
    connect(line);
    ASSERT_FALSE(recorder.opened.empty()) << line;
    EXPECT_EQ(recorder.opened.back().beyond, number) << line;
  }
}

TEST_F(DurableSession, TheFirstLineMayNameTheEpochOfWhatTheClientHas) {
  connect("5|3.17\r\n");
  ASSERT_EQ(recorder.opened.size(), 1u);
  EXPECT_EQ(recorder.opened[0].beyond, 17);
  EXPECT_EQ(recorder.opened[0].epoch, 3u);
  connection = std::make_shared<fake_stream>();
  connect("5|.\r\n");
  ASSERT_EQ(recorder.opened.size(), 2u);
  EXPECT_FALSE(recorder.opened[1].beyond);
  EXPECT_FALSE(recorder.opened[1].epoch);
}

TEST_F(DurableSession, APositionThatIsRefusedIsToldBeforeAnything) {
  connect("5|70\n");
  session_news opened;
  opened.epoch = 1;
  opened.number = 10;
  opened.text = "5|70 is beyond the end of the stream, it is ignored";
  caf::anon_send(actor, opened);
  run();
  EXPECT_EQ(heard(), "ERR 5|70 is beyond the end of the stream, it is ignored\r\n");
  ASSERT_EQ(replayer.wanted.size(), 1u);
  EXPECT_EQ(replayer.wanted[0].number, 10);
  EXPECT_FALSE(has_ended());
}

TEST_F(DurableSession, ABadFirstLineIsAnsweredAndCloses) {
  for (const std::string line : {"5|x\n", "5||\n", "5|-1\n", "|5\n", "|\n", "5|1|\n", "5|+1\n",
                                 "5| 1\n", "5|9223372036854775808\n", "x|\n"}) {
    connection = std::make_shared<fake_stream>();
    connect(line);
    EXPECT_EQ(heard().substr(0, 4), "ERR ") << line;
    EXPECT_EQ(connection->closed(), ending::graceful);
    EXPECT_TRUE(has_ended());
  }
  EXPECT_TRUE(recorder.opened.empty());
  EXPECT_EQ(replayer.stopped, 0);
}

TEST_F(DurableSession, AFirstLineThatIsTooLongIsAnsweredAndCloses) {
  connect("5|" + std::string(70, '1'));
  EXPECT_EQ(heard().substr(0, 4), "ERR ");
  EXPECT_TRUE(has_ended());
}

TEST_F(DurableSession, WithoutAStoreItIsRefused) {
  connect("5|\n", false);
  EXPECT_EQ(heard(), "ERR nothing is stored here, there are no durable sessions\r\n");
  EXPECT_TRUE(has_ended());
  EXPECT_TRUE(router.joined.empty());
}

// --- from the inbox to the router ---

TEST_F(DurableSession, GetsWhatItHasMissedAndGoesOnWithTheRouter) {
  connect("5|\r\n");
  open(1, 10);
  ASSERT_EQ(replayer.wanted.size(), 1u);
  EXPECT_EQ(replayer.wanted[0].user, 5);
  EXPECT_EQ(replayer.wanted[0].from, 0u);
  EXPECT_EQ(replayer.wanted[0].epoch, 1u);
  EXPECT_EQ(replayer.wanted[0].number, 10);
  send(replay_ticket(), "11|B\r\n12|B\r\n", 100);
  EXPECT_EQ(heard(), "11|B\r\n12|B\r\n");
  tell(kind::at_head, replay_ticket(), 100);
  ASSERT_EQ(router.joins.size(), 1u);
  EXPECT_EQ(router.joins[0].user, 5);
  EXPECT_EQ(router.joins[0].from, 100u);
  tell(kind::joined, live_ticket(), 120);
  EXPECT_EQ(replayer.until, std::vector<core::log_position>{120});
  send(live_ticket(), "15|B\r\n", 130);
  send(replay_ticket(), "13|B\r\n14|B\r\n", 120);
  EXPECT_EQ(heard(), "11|B\r\n12|B\r\n13|B\r\n14|B\r\n") << "what is live waits its turn";
  tell(kind::done, replay_ticket(), 120);
  send(live_ticket(), "16|B\r\n", 140);
  EXPECT_EQ(heard(), "11|B\r\n12|B\r\n13|B\r\n14|B\r\n15|B\r\n16|B\r\n");
  EXPECT_TRUE(router.left.empty());
  EXPECT_EQ(replayer.stopped, 0);
}

TEST_F(DurableSession, NobodyWaitsForWhatItKeeps) {
  closing();
  send(live_ticket(), "15|B\r\n", 130);
  EXPECT_EQ(flow.bytes(), 0u) << "the round is over";
  tell(kind::done, replay_ticket(), 120);
  EXPECT_EQ(heard(), "15|B\r\n");
}

TEST_F(DurableSession, TellsWhatIsMissingAndGoesOn) {
  replaying();
  tell(kind::missing, replay_ticket(), 0, "the events 11 to 20 are no longer kept");
  send(replay_ticket(), "21|B\r\n", 100);
  EXPECT_EQ(heard(), "ERR the events 11 to 20 are no longer kept\r\n21|B\r\n");
  EXPECT_FALSE(has_ended());
}

TEST_F(DurableSession, WhatFailsIsToldAndEndsIt) {
  connect("5|\n");
  tell(kind::failed, 0, 0, "the inbox cannot be read");
  EXPECT_EQ(heard(), "ERR the inbox cannot be read\r\n");
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(connection->closed(), ending::graceful);
}

TEST_F(DurableSession, NoErrorStandsWithinALine) {
  replaying();
  connection->takes(3);
  send(replay_ticket(), "11|B\r\n", 100);
  session_news n;
  n.what = kind::failed;
  n.ticket = replay_ticket();
  caf::anon_send(actor, n);
  connection->takes_all();  // it does not know yet
  run();
  EXPECT_EQ(heard(), "11|");
  EXPECT_TRUE(has_ended());
}

// --- a client that is slow ---

TEST_F(DurableSession, HoldsTheRoundOfAReplayUntilItIsWritten) {
  replaying();
  connection->takes(8);
  send(replay_ticket(), "11|B\r\n12|B\r\n", 100);
  EXPECT_GT(flow.bytes(), 0u);
  pass(400ms);
  EXPECT_GT(flow.bytes(), 0u);
  connection->takes_all();
  run();
  EXPECT_EQ(flow.bytes(), 0u);
  EXPECT_EQ(heard(), "11|B\r\n12|B\r\n");
  pass(1s);
  EXPECT_EQ(replayer.stopped, 0);
  EXPECT_FALSE(timer_is_left());
}

TEST_F(DurableSession, OneThatHoldsARoundForTooLongGoesOnLaterFromWhereItWas) {
  replaying();
  send(replay_ticket(), "11|B\r\n", 50);
  connection->takes(8);
  send(replay_ticket(), "12|B\r\n13|B\r\n", 100);
  pass(options.stall_timeout);
  EXPECT_EQ(flow.bytes(), 0u);
  EXPECT_EQ(replayer.stopped, 1);
  EXPECT_EQ(replayer.wanted.size(), 1u) << "its client has to take what there is first";
  send(1, "14|B\r\n", 110);
  connection->takes_all();
  run();
  EXPECT_EQ(heard(), "11|B\r\n12|B\r\n13|B\r\n");
  ASSERT_EQ(replayer.wanted.size(), 2u);
  EXPECT_NE(replayer.wanted[1].ticket, replayer.wanted[0].ticket);
  EXPECT_EQ(replayer.wanted[1].from, 100u);
  EXPECT_EQ(replayer.wanted[1].number, 13);
  send(replay_ticket(), "14|B\r\n", 110);
  EXPECT_EQ(heard(), "11|B\r\n12|B\r\n13|B\r\n14|B\r\n");
}

TEST_F(DurableSession, LetsGoOfItsRoundWhenOthersWaitAndItHadItsTime) {
  replaying();
  connection->takes(8);
  send(replay_ticket(), "11|B\r\n12|B\r\n", 100);
  pass(200ms);
  tell(kind::hurry, replay_ticket());
  EXPECT_EQ(replayer.stopped, 0);
  pass(50ms);
  tell(kind::hurry, replay_ticket() + 1);
  EXPECT_EQ(replayer.stopped, 0);
  tell(kind::hurry, replay_ticket());
  EXPECT_EQ(replayer.stopped, 1);
  EXPECT_EQ(flow.bytes(), 0u);
  connection->takes_all();
  run();
  EXPECT_EQ(heard(), "11|B\r\n12|B\r\n");
  EXPECT_EQ(replayer.wanted.back().from, 100u);
}

TEST_F(DurableSession, ALiveOneThatLagsLeavesTheRouterAndIsReplayed) {
  live();
  connection->takes(0);
  core::log_position upto = 200;
  core::sequence_number next = 11;
  while (router.left.empty()) {
    send(live_ticket(), broadcasts(next, 50'000), upto);
    next += 51;
    upto += 1000;
    ASSERT_LT(upto, 100'000u);
  }
  EXPECT_EQ(flow.bytes(), 0u) << "it holds nobody up";
  EXPECT_EQ(replayer.stopped, 0);
  send(live_ticket(), "9999|B\r\n", upto);
  connection->takes_all();
  run();
  EXPECT_EQ(heard().find("9999"), heard().npos);
  ASSERT_EQ(replayer.wanted.size(), 2u);
  EXPECT_EQ(replayer.wanted[1].from, upto - 1000);
  tell(kind::at_head, replay_ticket(), upto);
  EXPECT_EQ(router.joins.size(), 2u);
  EXPECT_NE(router.joins[0].ticket, router.joins[1].ticket);
  send(router.joins[0].ticket, "9999|B\r\n", upto);
  tell(kind::joined, router.joins[0].ticket, 0);
  EXPECT_EQ(replayer.until.size(), 1u);
  tell(kind::joined, live_ticket(), upto);
  tell(kind::done, replay_ticket(), upto);
  send(live_ticket(), "9999|B\r\n", upto + 10);
  EXPECT_EQ(heard().substr(heard().size() - 8), "9999|B\r\n");
}

TEST_F(DurableSession, LagsAtEveryStageWithoutALeftoverTimer) {
  closing();
  connection->takes(1);
  send(replay_ticket(), "11|B\r\n", 120);
  pass(options.stall_timeout);
  EXPECT_EQ(router.left, users{5});
  EXPECT_EQ(replayer.stopped, 1);
  EXPECT_FALSE(timer_is_left());
  tell(kind::done, replay_ticket(), 120);
  send(live_ticket(), "12|B\r\n", 130);
  connection->takes_all();
  run();
  EXPECT_EQ(heard(), "11|B\r\n");
  EXPECT_EQ(replayer.wanted.size(), 2u);
}

// --- acknowledgements ---

TEST_F(DurableSession, PassesAcknowledgementsOn) {
  live();
  send(live_ticket(), "11|B\r\n13|B\r\n", 130);
  connection->says("A|11\r\nA|12\nA|13\n");
  run();
  ASSERT_EQ(recorder.acknowledgements.size(), 3u);
  EXPECT_EQ(recorder.acknowledgements[2].user, 5);
  EXPECT_EQ(recorder.acknowledgements[2].epoch, 1u);
  EXPECT_EQ(recorder.acknowledgements[2].number, 13);
  connection->says("A|13\nA|5\nA|0\n");
  run();
  EXPECT_EQ(recorder.acknowledgements.size(), 3u);
  EXPECT_EQ(heard(), "11|B\r\n13|B\r\n");
}

TEST_F(DurableSession, WhoNamesEpochsIsToldEachBeforeItsFirstEvent) {
  connect("5|1.10\r\n");
  open(1, 10);
  send(replay_ticket(), "11|B\r\n", 20);
  send(replay_ticket(), "12|B\r\n", 30);
  send(replay_ticket(), "1|B\r\n", 40, 3);
  tell(kind::at_head, replay_ticket(), 100);
  tell(kind::joined, live_ticket(), 120);
  send(live_ticket(), "2|B\r\n", 130, 3);
  tell(kind::done, replay_ticket(), 120);
  send(live_ticket(), "1|B\r\n", 140, 4);
  send(live_ticket(), "2|B\r\n", 150, 4);
  EXPECT_EQ(heard(), "E|1\r\n11|B\r\n12|B\r\nE|3\r\n1|B\r\n2|B\r\nE|4\r\n1|B\r\n2|B\r\n");
}

TEST_F(DurableSession, WhoNamesEpochsAcknowledgesByThem) {
  connect("5|1.10\r\n");
  open(1, 10);
  send(replay_ticket(), "11|B\r\n15|B\r\n", 20);
  send(replay_ticket(), "1|B\r\n20|B\r\n", 40, 3);
  connection->says("A|1.15\nA|1.15\nA|3.15\nA|3.20\n");
  run();
  ASSERT_EQ(recorder.acknowledgements.size(), 3u);
  EXPECT_EQ(recorder.acknowledgements[0].epoch, 1u);
  EXPECT_EQ(recorder.acknowledgements[0].number, 15);
  EXPECT_EQ(recorder.acknowledgements[1].epoch, 3u);
  EXPECT_EQ(recorder.acknowledgements[1].number, 15);
  EXPECT_EQ(recorder.acknowledgements[2].number, 20);
  const std::size_t before = heard().size();
  connection->says("A|3.21\nA|4.1\nA|20\n");
  run();
  EXPECT_EQ(recorder.acknowledgements.size(), 3u);
  EXPECT_EQ(heard().substr(before),
            "ERR A|3.21 is beyond what was sent, it is ignored\r\n"
            "ERR A|4.1 is beyond what was sent, it is ignored\r\n"
            "ERR an acknowledgement is A|, an epoch, a dot and a number\r\n");
}

TEST_F(DurableSession, WhoNamesEpochsIsToldEachOnceThoughItLags) {
  connect("5|1.0\r\n");
  open(1, 0);
  connection->takes(0);
  send(replay_ticket(), "1|B\r\n", 50);
  const std::string text = broadcasts(1, 3u << 19);
  send(replay_ticket(), text, 5000, 2);
  connection->takes_all();
  run();
  ASSERT_EQ(replayer.wanted.size(), 2u);
  send(replay_ticket(), text, 5000, 2);
  EXPECT_EQ(heard(), "E|1\r\n1|B\r\nE|2\r\n" + text);
}

TEST_F(DurableSession, AnAcknowledgementOfWhatWasNotSentIsAnswered) {
  live();
  send(live_ticket(), "11|B\r\n", 130);
  connection->says("A|12\n");
  run();
  EXPECT_TRUE(recorder.acknowledgements.empty());
  EXPECT_EQ(heard(), "11|B\r\nERR A|12 is beyond what was sent, it is ignored\r\n");
  EXPECT_FALSE(has_ended());
}

TEST_F(DurableSession, WhatIsNoAcknowledgementIsAnswered) {
  live();
  int lines = 0;
  for (const std::string line :
       {"A|", "A|x", "A|-1", "A|+1", "A", "", "B|1", "A|1|", "7", "A|9223372036854775808",
        "A|11111111111111111111111111111111111111111111111111111111111111"
        "11111111111111111111111111111111111"}) {
    connection->says(line + "\n");
    run();
    ++lines;
    EXPECT_EQ(std::count(heard().begin(), heard().end(), '\n'), lines) << line;
  }
  EXPECT_EQ(heard().substr(0, 4), "ERR ");
  EXPECT_TRUE(recorder.acknowledgements.empty());
  EXPECT_FALSE(has_ended());
}

TEST_F(DurableSession, AnAcknowledgementBehindTheFirstLineIsRead) {
  connect("5|\nA|11\n");
  open(1, 10);
  EXPECT_EQ(heard(), "ERR A|11 is beyond what was sent, it is ignored\r\n");
  EXPECT_EQ(replayer.wanted.size(), 1u);
}

// --- the end ---

TEST_F(DurableSession, TellsRouterAndReplayerWhenItEndsAtWhateverStage) {
  for (int stage = 0; stage != 5; ++stage) {
    SCOPED_TRACE(stage);
    connection = std::make_shared<fake_stream>();
    router.left.clear();
    replayer.stopped = 0;
    if (stage == 0) connect("5|\n");
    if (stage == 1) replaying();
    if (stage == 2) joining();
    if (stage == 3) closing();
    if (stage == 4) live();
    connection->ends();
    run();
    EXPECT_TRUE(has_ended());
    EXPECT_EQ(router.left, users{5});
    EXPECT_EQ(replayer.stopped, 1);
  }
}

TEST_F(DurableSession, ALostConnectionEndsIt) {
  live();
  connection->takes(2);
  send(live_ticket(), "11|B\r\n", 130);
  connection->breaks();
  run();
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(router.left, users{5});
  EXPECT_EQ(statistics.counted[core::counter::notifications_dropped], 0u) << "it stays in the log";
}

TEST_F(DurableSession, AConnectionThatFailsInAWriteEndsIt) {
  closing();
  send(live_ticket(), "12|B\r\n", 130);
  send(live_ticket(), "13|B\r\n", 140);
  connection->breaks_writing();
  tell(kind::done, replay_ticket(), 120);
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(router.left, users{5});
}

TEST_F(DurableSession, DrainWritesWhatWaitsAndTakesAcknowledgements) {
  live();
  send(live_ticket(), "11|B\r\n", 130);
  connection->takes(0);
  send(live_ticket(), "12|B\r\n", 140);
  caf::anon_send(actor, drain{});
  run();
  EXPECT_FALSE(has_ended());
  connection->says("A|11\n");
  run();
  EXPECT_EQ(recorder.acknowledgements.size(), 1u);
  connection->takes_all();
  run();
  EXPECT_EQ(heard(), "11|B\r\n12|B\r\n");
  EXPECT_TRUE(has_ended());
}

TEST_F(DurableSession, DrainEndsOneForWhomNothingWaitsAtOnce) {
  closing();
  caf::anon_send(actor, drain{});
  run();
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(connection->closed(), ending::graceful);
}

TEST_F(DurableSession, WhenTheUserHasANewerConnectionItEnds) {
  live();
  caf::anon_send(actor, replaced{});
  run();
  EXPECT_TRUE(has_ended());
  EXPECT_TRUE(router.left.empty());
  EXPECT_EQ(replayer.stopped, 1);
}

}  // namespace
}  // namespace skein
