#include "doors/lines/session.hpp"

#include <caf/send.hpp>

#include "support/actor_test.hpp"
#include "support/fake_stream.hpp"
#include "support/stand_ins.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using core::overflow_policy;
using ending = io::stream::ending;

class Session : public actor_test {
 protected:
  /// A client that has not said who it is.
  session_actor connect() {
    const auto counting = system.spawn(statistics_stand_in, &statistics);
    auto environment = std::make_shared<const session_environment>(session_environment{
        options, flow, {system.spawn(router_stand_in, &router), {}, {}, counting, {}}, counting});
    actor = system.spawn(session, environment, connection);
    run();
    return actor;
  }
  /// A client of user 7.
  session_actor connect_user() {
    connection->says("7\r\n");
    return connect();
  }
  /// A client of user 7 that has taken something just now and then so many bytes.
  void connect_user_that_takes(std::size_t bytes) {
    connect_user();
    tell("0\r\n");
    ASSERT_EQ(connection->heard(), "0\r\n");
    connection->takes(bytes);
  }

  void tell(std::string_view text) {
    caf::anon_send(actor, to_all(flow, text));
    run();
  }
  bool has_ended() { return actor_test::has_ended(actor); }

  static std::string lines_of(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += "12345678\r\n";
    return text;
  }

  client_options options;
  std::shared_ptr<fake_stream> connection = std::make_shared<fake_stream>();
  session_actor actor;
  router_record router;
  statistics_record statistics;
};

// --- who it is ---

TEST_F(Session, JoinsAsTheUserOfTheFirstLine) {
  connection->says("2932\r\n");
  connect();
  EXPECT_EQ(router.joined, std::vector<core::user_id>{2932});
  EXPECT_EQ(connection->heard(), "");
  EXPECT_TRUE(connection->awaits_reading());
  EXPECT_EQ(statistics.counted[core::counter::clients_total], 1u);
}

TEST_F(Session, TheFirstLineMayEndInALineFeed) {
  connection->says("-5\nwhatever follows\n");
  connect();
  EXPECT_EQ(router.joined, std::vector<core::user_id>{-5});
}

TEST_F(Session, TheFirstLineMayComeInPieces) {
  connect();
  for (const char* piece : {"2", "93", "2", "\r", "\n"}) {
    EXPECT_TRUE(router.joined.empty());
    connection->says(piece);
    run();
  }
  EXPECT_EQ(router.joined, std::vector<core::user_id>{2932});
  EXPECT_EQ(connection->awaited_twice(), 0u);
}

TEST_F(Session, ABadFirstLineIsAnsweredAndCloses) {
  for (const char* line : {"hello\r\n", "\n", "1 \n", "9223372036854775808\n", "1|x\n"}) {
    connection = std::make_shared<fake_stream>();
    statistics = {};
    connection->says(line);
    connect();
    EXPECT_EQ(connection->heard().substr(0, 4), "ERR ") << line;
    EXPECT_EQ(connection->heard().substr(connection->heard().size() - 2), "\r\n");
    EXPECT_EQ(connection->closed(), ending::graceful);
    EXPECT_TRUE(has_ended());
    EXPECT_EQ(statistics.counted[core::counter::handshakes_failed], 1u);
    EXPECT_EQ(statistics.counted[core::counter::clients], 0u);
  }
  EXPECT_TRUE(router.joined.empty());
  EXPECT_TRUE(router.left.empty());
}

TEST_F(Session, AFirstLineThatIsTooLongIsAnsweredAndCloses) {
  connect();
  connection->says(std::string(66, '1'));
  run();
  EXPECT_EQ(connection->heard().substr(0, 4), "ERR ");
  EXPECT_EQ(connection->closed(), ending::graceful);
  EXPECT_EQ(statistics.counted[core::counter::handshakes_failed], 1u);
}

TEST_F(Session, AClientThatDoesNotSayWhoItIsInTimeIsAnsweredAndClosed) {
  connect();
  connection->says("29");
  run();
  EXPECT_FALSE(has_ended());
  caf::anon_send(actor, look_at_deadline{});
  run();
  EXPECT_EQ(connection->heard().substr(0, 4), "ERR ");
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(statistics.counted[core::counter::handshakes_failed], 1u);
}

TEST_F(Session, NobodyWaitsForAClientThatHasSaidWhoItIs) {
  connect_user();
  caf::anon_send(actor, look_at_deadline{});
  run();
  EXPECT_FALSE(has_ended());
  EXPECT_FALSE(timer_is_left());
}

TEST_F(Session, AClientMayEndBeforeItsFirstLine) {
  connect();
  connection->says("29");
  connection->ends();
  run();
  EXPECT_TRUE(has_ended());
  EXPECT_TRUE(router.joined.empty());
  EXPECT_TRUE(router.left.empty());
  EXPECT_EQ(statistics.counted[core::counter::handshakes_failed], 1u);
}

TEST_F(Session, WhatAClientSaysLaterHasNoMeaning) {
  connect_user();
  connection->says("8\r\n" + std::string(10'000, 'x'));
  run();
  EXPECT_FALSE(has_ended());
  EXPECT_EQ(router.joined.size(), 1u);
  EXPECT_TRUE(connection->awaits_reading());
}

TEST_F(Session, LeavesWhenTheClientEnds) {
  connect_user();
  connection->ends();
  run();
  EXPECT_EQ(router.left, std::vector<core::user_id>{7});
  EXPECT_TRUE(has_ended());
  EXPECT_TRUE(connection->closed());
  EXPECT_EQ(statistics.counted[core::counter::clients], 0u);
  EXPECT_EQ(statistics.counted[core::counter::handshakes_failed], 0u);
}

TEST_F(Session, LeavesWhenTheConnectionIsLost) {
  connect_user_that_takes(0);
  tell("1|B\r\n");
  connection->breaks();
  run();
  EXPECT_EQ(router.left, std::vector<core::user_id>{7});
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(flow.bytes(), 0u);
}

TEST_F(Session, LeavesWhenItCannotWrite) {
  connect_user();
  connection->breaks_writing();
  tell("1|B\r\n");
  EXPECT_EQ(router.left, std::vector<core::user_id>{7});
  EXPECT_TRUE(has_ended());
}

// --- writing ---

TEST_F(Session, WritesWhatItIsToldAtOnce) {
  connect_user();
  tell("1|B\r\n");
  tell("2|B\r\n3|B\r\n");
  EXPECT_EQ(connection->heard(), "1|B\r\n2|B\r\n3|B\r\n");
  EXPECT_FALSE(connection->awaits_writing());
  EXPECT_EQ(flow.bytes(), 0u);
  EXPECT_EQ(flow.written(), 15u);
}

TEST_F(Session, KeepsWhatIsNotTakenAndGoesOnWhenItIs) {
  connect_user_that_takes(7);
  tell("1|B\r\n2|B\r\n");
  EXPECT_EQ(connection->heard(), "0\r\n1|B\r\n2|");
  EXPECT_EQ(flow.bytes(), 3u);
  tell("3|B\r\n");
  EXPECT_EQ(flow.bytes(), 8u);
  connection->takes(4);
  run();
  EXPECT_EQ(connection->heard(), "0\r\n1|B\r\n2|B\r\n3");
  EXPECT_TRUE(connection->awaits_writing());
  connection->takes_all();
  run();
  EXPECT_EQ(connection->heard(), "0\r\n1|B\r\n2|B\r\n3|B\r\n");
  EXPECT_FALSE(connection->awaits_writing());
  EXPECT_EQ(flow.bytes(), 0u);
  EXPECT_EQ(connection->awaited_twice(), 0u);
  EXPECT_EQ(flow.written(), 18u);
  EXPECT_EQ(statistics.counted[core::counter::notifications_dropped], 0u);
}

TEST_F(Session, GoesOnThroughWritesThatTakeLittle) {
  connect_user();
  connection->limit_writes(3);
  tell(lines_of(100));
  tell(lines_of(50));
  EXPECT_EQ(connection->heard(), lines_of(150));
}

TEST_F(Session, IsNotConfusedByBeingToldOfReadinessForNothing) {
  connect_user_that_takes(2);
  connection->wake_reader();
  connection->wake_writer();
  run();
  tell("1|B\r\n");
  connection->wake_writer();
  run();
  EXPECT_EQ(connection->heard(), "0\r\n1|");
  connection->takes_all();
  run();
  EXPECT_EQ(connection->heard(), "0\r\n1|B\r\n");
  EXPECT_FALSE(has_ended());
}

TEST_F(Session, HasOneTimerHoweverOftenItLags) {
  connect_user_that_takes(0);
  pass(options.handshake_timeout);
  for (int i = 0; i != 20; ++i) {
    connection->takes(0);
    tell("1|B\r\n");
    connection->takes_all();
    run();
  }
  connection->takes(0);
  tell("1|B\r\n");
  pass(options.stall_timeout);
  const std::size_t before = timers_fired();
  pass(10 * options.stall_timeout);
  EXPECT_LE(timers_fired() - before, 10u);
}

// --- a full outbox ---

TEST_F(Session, AFullOutboxDisconnects) {
  options.outbox = {20, overflow_policy::disconnect};
  connect_user_that_takes(2);
  tell("1|B\r\n2|B\r\n3|B\r\n");  // 13 bytes wait
  EXPECT_FALSE(has_ended());
  tell("4|B\r\n5|B\r\n");
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(connection->closed(), ending::abort);
  EXPECT_EQ(router.left, std::vector<core::user_id>{7});
  EXPECT_EQ(statistics.counted[core::counter::overflows], 1u);
  EXPECT_EQ(statistics.counted[core::counter::notifications_dropped], 5u);
  EXPECT_EQ(flow.bytes(), 0u);
}

TEST_F(Session, AFullOutboxMayDropTheOldest) {
  options.outbox = {20, overflow_policy::drop_oldest};
  connect_user_that_takes(2);
  tell("1|B\r\n2|B\r\n3|B\r\n");
  tell("4|B\r\n5|B\r\n6|B\r\n");
  connection->takes_all();
  run();
  EXPECT_EQ(connection->heard(), "0\r\n1|B\r\n4|B\r\n5|B\r\n6|B\r\n");
  EXPECT_EQ(statistics.counted[core::counter::overflows], 1u);
  EXPECT_EQ(statistics.counted[core::counter::notifications_dropped], 2u);
}

TEST_F(Session, NeverCutsALineWhereverTheConnectionStopsTaking) {
  for (const auto policy : {overflow_policy::drop_oldest, overflow_policy::drop_newest}) {
    for (std::size_t taken = 0; taken != 90; ++taken) {
      options.outbox = {60, policy};
      connection = std::make_shared<fake_stream>();
      connect_user_that_takes(taken);
      std::string all = "0\r\n";
      int number = 0;
      for (int portions = 0; portions != 4; ++portions) {
        std::string text;
        for (int i = 0; i != 5; ++i) text += "line " + std::to_string(++number) + "\r\n";
        tell(text);
        all += text;
        connection->takes(portions * 3u);
        run();
      }
      connection->takes_all();
      run();
      // What was heard is a sequence of whole lines of all, in order.
      std::size_t from = 0;
      std::string_view heard = connection->heard();
      while (!heard.empty()) {
        const std::size_t size = heard.find('\n') + 1;
        ASSERT_NE(size, 0u) << taken;
        const std::string line{heard.substr(0, size)};
        const std::size_t found = ("\n" + all).find("\n" + line, from);
        ASSERT_NE(found, std::string::npos) << "taken=" << taken << " line=" << line;
        from = found + size;
        heard.remove_prefix(size);
      }
    }
  }
}

// --- a client that lags ---

TEST_F(Session, HoldsTheSourcesUpWhileItMakesProgress) {
  options.outbox.max_bytes = 1000;
  connect_user_that_takes(0);
  tell(lines_of(500));
  EXPECT_FALSE(flow.over()) << "half of the outbox is free";
  tell(lines_of(10));
  EXPECT_TRUE(flow.over());
  for (int i = 0; i != 10; ++i) {
    connection->takes(1);
    pass(options.stall_timeout - 1ms);
    EXPECT_TRUE(flow.over()) << i;
  }
  connection->takes(200);
  run();
  EXPECT_TRUE(flow.over()) << "it goes on until three quarters are free";
  connection->takes(60);
  run();
  EXPECT_FALSE(flow.over());
}

TEST_F(Session, HoldsNobodyUpWithoutProgress) {
  options.outbox.max_bytes = 1000;
  connect_user_that_takes(0);
  tell(lines_of(600));
  EXPECT_TRUE(flow.over());
  pass(options.stall_timeout - 1ms);
  EXPECT_TRUE(flow.over());
  pass(options.stall_timeout + 1ms);
  EXPECT_FALSE(flow.over());
  tell(lines_of(10));
  EXPECT_FALSE(flow.over());
  connection->takes(50);
  run();
  EXPECT_TRUE(flow.over()) << "it moves again";
}

TEST_F(Session, AHopelessClientOverflowsWhateverTheSizeOfItsOutbox) {
  options.outbox = {1u << 20, overflow_policy::drop_newest};
  connect_user_that_takes(5);
  tell(lines_of(2 * high_mark));
  ASSERT_TRUE(flow.over());
  pass(4 * options.stall_timeout - 1ms);
  EXPECT_GT(flow.bytes(), high_mark);
  pass(options.stall_timeout + 1ms);
  EXPECT_EQ(flow.bytes(), 5u) << "the rest of the line that was begun";
  tell("1|B\r\n");
  connection->takes_all();
  run();
  EXPECT_EQ(connection->heard(), "0\r\n12345678\r\n1|B\r\n");
  EXPECT_FALSE(has_ended());
  EXPECT_EQ(statistics.counted[core::counter::overflows], 1u);
  EXPECT_EQ(statistics.counted[core::counter::notifications_dropped],
            lines_of(2 * high_mark).size() / 10 - 1);
}

TEST_F(Session, AHopelessClientIsDisconnectedWhenThatIsThePolicy) {
  connect_user_that_takes(5);
  tell(lines_of(2 * high_mark));
  pass(5 * options.stall_timeout);
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(connection->closed(), ending::abort);
  EXPECT_EQ(flow.bytes(), 0u);
}

TEST_F(Session, AClientIsNotHopelessWhileAnotherOneMakesProgress) {
  connect_user_that_takes(5);
  tell(lines_of(2 * high_mark));
  for (int i = 0; i != 20; ++i) {
    flow.progressed(scheduler.clock().now());
    pass(options.stall_timeout);
  }
  EXPECT_FALSE(has_ended());
}

TEST_F(Session, AClientIsNotHopelessForWhatTheRecorderHasNotWritten) {
  connect_user_that_takes(5);
  tell(lines_of(low_mark / 2));
  {
    const io::charge unwritten{flow, high_mark};
    flow.begin_recording(high_mark);
    pass(20 * options.stall_timeout);
    EXPECT_FALSE(has_ended()) << "it has its outbox to itself";
    flow.end_recording(high_mark);
    pass(20 * options.stall_timeout);
  }
  EXPECT_TRUE(has_ended());
}

TEST_F(Session, AwaitsWritingOnceAfterAllWasDropped) {
  options.outbox = {1u << 20, overflow_policy::drop_newest};
  connect_user_that_takes(10);
  tell(lines_of(2 * high_mark));
  pass(5 * options.stall_timeout);
  EXPECT_EQ(flow.bytes(), 0u);
  tell("1|B\r\n");
  EXPECT_EQ(connection->awaited_twice(), 0u);
  connection->takes_all();
  run();
  EXPECT_EQ(connection->heard(), "0\r\n12345678\r\n1|B\r\n");
}

// --- its end ---

TEST_F(Session, ClosesWhenItIsReplacedWithoutLeavingAgain) {
  connect_user_that_takes(2);
  tell("1|B\r\n");
  caf::anon_send(actor, replaced{});
  run();
  EXPECT_TRUE(has_ended());
  EXPECT_TRUE(connection->closed());
  EXPECT_TRUE(router.left.empty());
  EXPECT_EQ(statistics.counted[core::counter::notifications_dropped], 1u);
}

TEST_F(Session, DrainEndsItAtOnceWhenNothingWaits) {
  connect_user();
  tell("1|B\r\n");
  caf::anon_send(actor, drain{});
  run();
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(connection->closed(), ending::graceful);
}

TEST_F(Session, DrainWaitsUntilAllIsWritten) {
  connect_user_that_takes(2);
  tell("1|B\r\n2|B\r\n");
  caf::anon_send(actor, drain{});
  pass(1s);
  EXPECT_FALSE(has_ended());
  connection->takes(5);
  run();
  EXPECT_FALSE(has_ended());
  connection->takes_all();
  run();
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(connection->heard(), "0\r\n1|B\r\n2|B\r\n");
  EXPECT_EQ(connection->closed(), ending::graceful);
  EXPECT_EQ(statistics.counted[core::counter::notifications_dropped], 0u);
}

TEST_F(Session, DrainDoesNotWaitForAClientThatEnds) {
  connect_user_that_takes(2);
  tell("1|B\r\n2|B\r\n");
  caf::anon_send(actor, drain{});
  run();
  connection->ends();
  run();
  EXPECT_TRUE(has_ended());
  EXPECT_EQ(statistics.counted[core::counter::notifications_dropped], 2u);
}

TEST_F(Session, DrainDoesNotWaitForAHopelessClient) {
  options.outbox = {1u << 20, overflow_policy::drop_oldest};
  connect_user_that_takes(10);
  tell(lines_of(2 * high_mark));
  caf::anon_send(actor, drain{});
  pass(5 * options.stall_timeout);
  EXPECT_TRUE(has_ended());
}

TEST_F(Session, DrainEndsTheHandshake) {
  connect();
  connection->says("7");
  caf::anon_send(actor, drain{});
  run();
  EXPECT_TRUE(has_ended());
  EXPECT_TRUE(connection->closed());
}

TEST_F(Session, AFailureClosesTheConnectionAndLeavesNothingInTheFlow) {
  options.outbox.max_bytes = 1000;
  connect_user_that_takes(2);
  tell(lines_of(600));
  EXPECT_TRUE(flow.over());
  fail(the("session"));
  EXPECT_TRUE(has_ended());
  EXPECT_TRUE(connection->closed());
  EXPECT_EQ(flow.bytes(), 0u);
}

}  // namespace
}  // namespace skein
