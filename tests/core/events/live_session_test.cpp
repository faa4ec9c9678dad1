#include "core/events/live_session.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/live_game.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

using namespace std::chrono_literals;

constexpr auto stall = 500ms;

std::string lines_of(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += "12345678\r\n";
  return text;
}

class LiveSession : public ::testing::Test {
 protected:
  live_session& with(std::size_t max_bytes, overflow_policy policy) {
    return session.emplace(outbox_options{max_bytes, policy}, stall);
  }
  live_session::flow_state held_up(std::chrono::milliseconds ago) const {
    return {true, now - ago};
  }

  time_point now{1h};
  std::optional<live_session> session;
};

TEST_F(LiveSession, HoldsTheSourcesUpFromHalfOfItsOutboxToAQuarter) {
  live_session& s = with(1000, overflow_policy::disconnect);
  s.took(now);
  s.keep(lines_of(500), false, now);
  EXPECT_FALSE(s.holds_sources()) << "half of it is free";
  s.keep(lines_of(10), false, now);
  EXPECT_TRUE(s.holds_sources());
  EXPECT_EQ(s.charge(5000), 5510u);
  s.written(250, now);
  s.end_of_writing();
  EXPECT_TRUE(s.holds_sources());
  s.written(10, now);
  s.end_of_writing();
  EXPECT_FALSE(s.holds_sources());
  EXPECT_EQ(s.charge(5000), 250u);
}

TEST_F(LiveSession, HoldsNobodyUpWithoutProgress) {
  live_session& s = with(1000, overflow_policy::disconnect);
  s.took(now);
  s.keep(lines_of(600), false, now);
  now += stall - 1ms;
  s.check_hold(now);
  EXPECT_TRUE(s.holds_sources());
  now += 1ms;
  s.check_hold(now);
  EXPECT_FALSE(s.holds_sources());
  s.keep(lines_of(10), false, now);
  EXPECT_FALSE(s.holds_sources());
  s.written(50, now);
  s.end_of_writing();
  EXPECT_TRUE(s.holds_sources()) << "it moves again";
}

TEST_F(LiveSession, OneThatNeverTookAnythingHoldsNobodyUp) {
  live_session& s = with(1000, overflow_policy::disconnect);
  s.keep(lines_of(900), false, now);
  EXPECT_FALSE(s.holds_sources());
}

TEST_F(LiveSession, AFullOutboxDisconnectsOrDropsByThePolicy) {
  for (const auto policy :
       {overflow_policy::disconnect, overflow_policy::drop_oldest, overflow_policy::drop_newest}) {
    live_session& s = with(20, policy);
    EXPECT_FALSE(s.keep("1|B\r\n2|B\r\n3|B\r\n", false, now).happened);
    const auto overflow = s.keep("4|B\r\n5|B\r\n", false, now);
    EXPECT_TRUE(overflow.happened);
    EXPECT_EQ(overflow.disconnects, policy == overflow_policy::disconnect);
    EXPECT_EQ(overflow.dropped, policy == overflow_policy::disconnect ? 2u : 1u);
  }
}

TEST_F(LiveSession, OverflowsWhateverItsSizeWhenWaitingIsHopeless) {
  live_session& s = with(1u << 20, overflow_policy::drop_newest);
  s.took(now);
  s.keep(lines_of(100).substr(5), true, now);
  now += 4 * stall - 1ms;
  EXPECT_FALSE(s.check_progress(now, held_up(4 * stall)).happened);
  now += 1ms;
  EXPECT_FALSE(s.check_progress(now, {false, now - 1h}).happened) << "nobody is held up";
  EXPECT_FALSE(s.check_progress(now, held_up(4 * stall - 1ms)).happened) << "another one moves";
  const auto overflow = s.check_progress(now, held_up(4 * stall));
  EXPECT_TRUE(overflow.happened);
  EXPECT_FALSE(overflow.disconnects);
  EXPECT_EQ(overflow.dropped, 9u);
  EXPECT_EQ(s.size(), 5u) << "the rest of the line that was begun";
}

TEST_F(LiveSession, AHopelessOneEndsWhenThatIsThePolicy) {
  live_session& s = with(1u << 20, overflow_policy::disconnect);
  s.keep(lines_of(100), false, now);
  EXPECT_TRUE(s.check_progress(now, held_up(4 * stall)).disconnects);
}

TEST_F(LiveSession, IsNeverHopelessWithNothingThatWaits) {
  live_session& s = with(100, overflow_policy::disconnect);
  EXPECT_FALSE(s.check_progress(now, held_up(1h)).happened);
}

TEST(LiveSessionRandom, IsAsItsModelWhateverHappens) {
  std::size_t overflows = 0;
  std::size_t holds = 0;
  for (std::uint64_t seed = 1; seed != 2000; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    test::live_game game{[&](std::size_t n) { return random.between<std::size_t>(0, n - 1); }};
    for (int i = 0; i != 200; ++i) {
      bool goes_on = false;
      ASSERT_NO_THROW(goes_on = game.step());
      if (!goes_on) break;
    }
    overflows += game.overflows();
    holds += game.holds();
  }
  EXPECT_GT(overflows, 1000u);
  EXPECT_GT(holds, 1000u);
}

}  // namespace
}  // namespace skein::core
