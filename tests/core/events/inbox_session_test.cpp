#include "core/events/inbox_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using stage = inbox_session::stage;
using outcome = session_cursor::outcome;

/// A session of which everything that it wants is remembered, in words.
class InboxSession : public ::testing::Test, protected inbox_session::intents {
 protected:
  /// The steps of a user with everything up to 10 of epoch 1.
  void replaying() {
    session.begin({});
    session.opened({1, 10}, "");
  }
  void joining() {
    replaying();
    session.at_head(1, 100);
  }
  void closing() {
    joining();
    session.joined(2, 120);
  }
  void live() {
    closing();
    session.done(1);
  }

  bool tell(ticket_number ticket, std::string_view lines, log_position upto,
            epoch_number epoch = 1) {
    return session.told(ticket, epoch, upto, lines, now);
  }
  /// The client takes all that waits.
  void take_all() {
    waits = 0;
    session.all_written();
  }
  std::vector<std::string> wanted() { return std::exchange(wanted_, {}); }

  void open(const std::optional<named_position>& beyond) override {
    want("open " + (beyond ? text_of(*beyond) : ""));
  }
  void record(session_cursor::place upto) override { want("record " + text_of(upto)); }
  void replay(ticket_number ticket, log_position from, session_cursor::place after) override {
    want("replay " + std::to_string(ticket) + " from " + std::to_string(from) + " after " +
         text_of(after));
  }
  void replay_until(log_position position) override { want("until " + std::to_string(position)); }
  void stop_replay() override { want("stop"); }
  void join(ticket_number ticket, log_position from) override {
    want("join " + std::to_string(ticket) + " from " + std::to_string(from));
  }
  void leave() override { want("leave"); }
  std::size_t write(epoch_number epoch, std::string_view lines) override {
    if (fails) {
      session.end();
      return 0;
    }
    const std::size_t taken = std::min(takes, lines.size());
    if (waits_for_all) waits += taken;
    heard += lines.substr(0, taken);
    last_epoch = epoch;
    return taken;
  }
  std::size_t waiting() const override { return waits; }
  void warn(std::string_view reason) override { want("warn " + std::string{reason}); }
  void refuse(std::string_view reason) override { want("refuse " + std::string{reason}); }
  void lag_begins() override { want("lags"); }
  void lag_ends() override { want("lags no more"); }

  using texts = std::vector<std::string>;

  inbox_options options;
  inbox_session session{*this, options};
  time_point now{1h};
  std::string heard;
  epoch_number last_epoch = 0;
  std::size_t takes = 1u << 30;  ///< bytes, of each write
  bool waits_for_all = false;    ///< what was written waits
  std::size_t waits = 0;
  bool fails = false;

 private:
  static std::string text_of(session_cursor::place p) {
    return std::to_string(p.epoch) + "." + std::to_string(p.number);
  }
  static std::string text_of(const named_position& p) { return core::text_of(p); }
  void want(std::string what) { wanted_.push_back(std::move(what)); }

  std::vector<std::string> wanted_;
};

// --- from the inbox to the router ---

TEST_F(InboxSession, GetsWhatItHasMissedAndGoesOnWithTheRouter) {
  session.begin(named_position{std::nullopt, 10});
  EXPECT_EQ(wanted(), texts{"open 10"});
  session.opened({1, 10}, "");
  EXPECT_EQ(wanted(), texts{"replay 1 from 0 after 1.10"});
  tell(1, "11|B\r\n12|B\r\n", 100);
  session.at_head(1, 100);
  EXPECT_EQ(wanted(), texts{"join 2 from 100"});
  session.joined(2, 120);
  EXPECT_EQ(wanted(), texts{"until 120"});
  tell(2, "15|B\r\n", 130);
  tell(1, "13|B\r\n14|B\r\n", 120);
  EXPECT_EQ(heard, "11|B\r\n12|B\r\n13|B\r\n14|B\r\n") << "what is live waits its turn";
  session.done(1);
  EXPECT_EQ(session.kept_bytes(), 0u);
  tell(2, "16|B\r\n", 140);
  EXPECT_EQ(heard, "11|B\r\n12|B\r\n13|B\r\n14|B\r\n15|B\r\n16|B\r\n");
  EXPECT_EQ(wanted(), texts{});
}

TEST_F(InboxSession, APositionThatIsRefusedIsToldBeforeAnything) {
  session.begin(named_position{std::nullopt, 70});
  session.opened({1, 10}, "70 is beyond the end");
  EXPECT_EQ(wanted(),
            (texts{"open 70", "warn 70 is beyond the end", "replay 1 from 0 after 1.10"}));
}

TEST_F(InboxSession, RatherThanKeepTooMuchItIsReplayedAgain) {
  options.most_kept = 14;
  closing();
  tell(2, "11|B\r\n12|B\r\n", 130);
  EXPECT_EQ(session.kept_bytes(), 12u);
  wanted();
  tell(2, "13|B\r\n", 140);
  EXPECT_EQ(wanted(),
            (texts{"leave", "stop", "lags", "lags no more", "replay 3 from 100 after 1.10"}));
  EXPECT_EQ(session.kept_bytes(), 0u);
  EXPECT_EQ(heard, "");
  session.done(1);
  session.at_head(3, 100);
  session.joined(4, 200);
  tell(4, "99|B\r\n", 210);
  session.done(3);
  EXPECT_EQ(heard, "99|B\r\n");
}

TEST_F(InboxSession, WhatIsNotOfItsPresentStageIsIgnored) {
  session.begin({});
  tell(0, "1|B\r\n", 10);
  session.opened({1, 10}, "");
  session.opened({1, 0}, "");
  wanted();
  for (const ticket_number other : {2u, 8u}) {
    tell(other, "2|B\r\n", 1000);
    session.at_head(other, 1000);
    session.missing(other, "x");
    session.failed(other, "x");
  }
  session.joined(1, 1000);
  session.done(1);
  EXPECT_EQ(wanted(), texts{});
  session.at_head(1, 100);
  session.at_head(1, 100);
  EXPECT_EQ(wanted(), texts{"join 2 from 100"});
  session.done(1);
  tell(2, "3|B\r\n", 1000);
  session.joined(1, 1000);
  EXPECT_EQ(wanted(), texts{});
  session.joined(2, 120);
  session.joined(2, 130);
  EXPECT_EQ(wanted(), texts{"until 120"});
  session.done(2);
  session.done(1);
  session.done(1);
  tell(1, "4|B\r\n", 1000);
  EXPECT_EQ(heard, "");
  tell(2, "11|B\r\n", 130);
  EXPECT_EQ(heard, "11|B\r\n");
}

TEST_F(InboxSession, WhatTheClientHasButTheLogHadLostIsNotWrittenAgain) {
  session.begin({});
  session.opened({2, 12}, "");
  tell(1, "9|B\r\n11|B\r\n", 10, 2);
  EXPECT_EQ(heard, "");
  tell(1, "12|B\r\n13|B\r\n14|B\r\n", 20, 2);
  EXPECT_EQ(heard, "13|B\r\n14|B\r\n");
  tell(1, "1|B\r\n", 30, 3);
  EXPECT_EQ(heard, "13|B\r\n14|B\r\n1|B\r\n");
  EXPECT_EQ(last_epoch, 3u);
}

TEST_F(InboxSession, TellsWhatIsMissingAndGoesOnAndWhatFailsAndDoesNot) {
  replaying();
  wanted();
  session.missing(1, "the events 11 to 20 are no longer kept");
  tell(1, "21|B\r\n", 100);
  session.failed(1, "the log cannot be read");
  EXPECT_EQ(wanted(), (texts{"warn the events 11 to 20 are no longer kept",
                             "refuse the log cannot be read"}));
  EXPECT_EQ(heard, "21|B\r\n");
}

// --- a client that is slow ---

TEST_F(InboxSession, HoldsTheRoundOfAReplayUntilItIsWritten) {
  replaying();
  EXPECT_FALSE(tell(1, "11|B\r\n", 50));
  waits_for_all = true;
  EXPECT_TRUE(tell(1, "12|B\r\n", 100));
  EXPECT_TRUE(session.holds_round());
  EXPECT_EQ(session.next_deadline(), now + options.stall_timeout);
  take_all();
  EXPECT_FALSE(session.holds_round());
  EXPECT_EQ(session.next_deadline(), never);
  EXPECT_EQ(session.where(), stage::replaying);
}

TEST_F(InboxSession, OneThatHoldsARoundForTooLongGoesOnLaterFromWhereItWas) {
  replaying();
  waits_for_all = true;
  tell(1, "11|B\r\n12|B\r\n13|B\r\n", 100);
  wanted();
  now += options.stall_timeout - 1ms;
  session.look(now);
  EXPECT_TRUE(session.holds_round());
  now += 1ms;
  session.look(now);
  EXPECT_FALSE(session.holds_round());
  EXPECT_EQ(wanted(), (texts{"stop", "lags"})) << "its client has to take what there is first";
  tell(1, "14|B\r\n", 110);
  take_all();
  EXPECT_EQ(wanted(), (texts{"lags no more", "replay 2 from 100 after 1.13"}));
  tell(2, "14|B\r\n", 110);
  EXPECT_EQ(heard, "11|B\r\n12|B\r\n13|B\r\n14|B\r\n");
}

TEST_F(InboxSession, LetsGoOfItsRoundWhenOthersWaitAndItHadItsTime) {
  replaying();
  waits_for_all = true;
  tell(1, "11|B\r\n", 100);
  wanted();
  session.hurry(1, now + options.patience - 1ms);
  session.hurry(2, now + options.patience);
  EXPECT_TRUE(session.holds_round());
  session.hurry(1, now + options.patience);
  EXPECT_EQ(wanted(), (texts{"stop", "lags"}));
}

TEST_F(InboxSession, OneThatGetsOnlyPartOfAPortionGoesOnAfterIt) {
  live();
  wanted();
  takes = 6;
  waits_for_all = true;
  tell(2, "11|B\r\n12|B\r\n", 5000);
  EXPECT_EQ(wanted(), (texts{"leave", "lags"}));
  takes = 1000;
  take_all();
  EXPECT_EQ(wanted(), (texts{"lags no more", "replay 3 from 120 after 1.11"}))
      << "no further than the last portion it got as a whole";
  // The log did not have yet how far it was sent.
  tell(3, "11|B\r\n", 1000);
  tell(3, "12|B\r\n", 5000);
  EXPECT_EQ(heard, "11|B\r\n12|B\r\n");
}

TEST_F(InboxSession, ALiveOneForWhomMoreThanHalfOfTheRoomWaitsLagsAndComesBack) {
  options.room = 24;
  live();
  wanted();
  waits_for_all = true;
  tell(2, "11|B\r\n12|B\r\n", 200);
  EXPECT_EQ(session.where(), stage::live);
  tell(2, "13|B\r\n", 300);
  EXPECT_EQ(wanted(), (texts{"leave", "lags"}));
  tell(2, "14|B\r\n", 400);
  take_all();
  EXPECT_EQ(wanted(), (texts{"lags no more", "replay 3 from 300 after 1.13"}));
  session.at_head(3, 400);
  session.joined(2, 0);
  EXPECT_EQ(wanted(), texts{"join 4 from 400"});
  session.joined(4, 400);
  session.done(3);
  tell(4, "14|B\r\n", 410);
  EXPECT_EQ(heard, "11|B\r\n12|B\r\n13|B\r\n14|B\r\n");
}

TEST_F(InboxSession, KnowsTheLogNoFurtherThanWhereTheRouterTookOver) {
  closing();
  tell(2, "12|B\r\n", 5000);
  tell(1, "11|B\r\n", 4000);  // the pass has come further, for others
  takes = 0;
  wanted();
  session.done(1);
  EXPECT_EQ(wanted(), (texts{"leave", "lags", "lags no more", "replay 3 from 120 after 1.11"}));
}

// --- acknowledgements ---

TEST_F(InboxSession, RecordsWhatIsAcknowledgedAtEveryStageOnce) {
  replaying();
  tell(1, "11|B\r\n13|B\r\n", 50);
  tell(1, "1|B\r\n20|B\r\n", 60, 3);
  wanted();
  EXPECT_EQ(session.acknowledge({std::nullopt, 11}), outcome::moved);
  EXPECT_EQ(session.acknowledge({std::nullopt, 11}), outcome::old);
  EXPECT_EQ(session.acknowledge({std::nullopt, 13}), outcome::moved);
  EXPECT_EQ(session.acknowledge({3, 20}), outcome::moved);
  EXPECT_EQ(session.acknowledge({3, 21}), outcome::beyond);
  EXPECT_EQ(session.acknowledge({4, 1}), outcome::beyond);
  EXPECT_EQ(session.acknowledge({1, 5}), outcome::old);
  EXPECT_EQ(wanted(), (texts{"record 1.11", "record 1.13", "record 3.20"}));
}

TEST_F(InboxSession, MayBeToldOfLateEvents) {
  options.in_order = false;
  live();
  tell(2, "20|B\r\n21|B\r\n12|B\r\n", 200);
  EXPECT_EQ(session.acknowledge({std::nullopt, 21}), outcome::moved);
}

// --- the end ---

TEST_F(InboxSession, LeavesRouterAndReplayWhenItEndsAndAsksForNothingMore) {
  live();
  wanted();
  session.end();
  EXPECT_EQ(wanted(), (texts{"leave", "stop"}));
  session.end();
  session.replaced();
  tell(1, "11|B\r\n", 130);
  tell(2, "11|B\r\n", 130);
  session.at_head(1, 200);
  session.missing(1, "x");
  session.failed(1, "x");
  session.hurry(1, now + 1h);
  session.look(now + 1h);
  take_all();
  EXPECT_EQ(wanted(), texts{});
  EXPECT_EQ(heard, "");
}

TEST_F(InboxSession, DoesNotLeaveARouterThatHasLetGoOfIt) {
  live();
  wanted();
  session.replaced();
  EXPECT_EQ(wanted(), texts{"stop"});
}

TEST_F(InboxSession, ALagEndsWithIt) {
  live();
  takes = 0;
  waits = 1;
  tell(2, "11|B\r\n", 130);
  wanted();
  session.end();
  EXPECT_EQ(wanted(), (texts{"leave", "lags no more", "stop"}));
}

TEST_F(InboxSession, MayEndWithinAWrite) {
  closing();
  tell(2, "12|B\r\n", 130);
  tell(2, "13|B\r\n", 140);
  wanted();
  fails = true;
  session.done(1);
  EXPECT_EQ(session.where(), stage::ended);
  EXPECT_EQ(wanted(), (texts{"leave", "stop"}));
}

}  // namespace
}  // namespace skein::core
