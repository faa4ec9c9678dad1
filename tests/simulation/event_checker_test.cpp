/// A checker that finds nothing is worth nothing: each way to break a promise is found.
#include "simulation/event_checker.hpp"

#include <gtest/gtest.h>

namespace skein::simulation {
namespace {

class EventChecker : public ::testing::Test {
 protected:
  EventChecker() {
    durable.user = live.user = 1;
    for (int i = 0; i != 200; ++i) sent.add();
    for (const auto& line : sent.of(1)) all.push_back(line.text);
  }

  std::vector<std::string> without(std::size_t n) const {
    auto some = all;
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(n));
    return some;
  }

  test::random_source random{1};
  script sent{random, 5, 0, false};
  std::vector<std::string> all;  ///< what user 1 has to hear
  durable_promise durable;
  live_promise live;
};

TEST_F(EventChecker, AcceptsWhatThePromisesSay) {
  EXPECT_EQ(durable.broken_by(all, sent), "");
  EXPECT_EQ(live.broken_by({all.begin() + 3, all.end()}, sent), "");
}

TEST_F(EventChecker, FindsALineThatIsSkipped) {
  EXPECT_NE(durable.broken_by(without(5), sent), "");
  EXPECT_NE(live.broken_by(without(5), sent), "");
  EXPECT_EQ(live.broken_by(without(0), sent), "");
}

TEST_F(EventChecker, FindsThatADurableUserMissesTheFirstLine) {
  EXPECT_NE(durable.broken_by(without(0), sent), "");
}

TEST_F(EventChecker, FindsALineThatComesTwice) {
  all.insert(all.begin() + 5, all[5]);
  EXPECT_NE(durable.broken_by(all, sent), "");
  EXPECT_NE(live.broken_by(all, sent), "");
}

TEST_F(EventChecker, FindsALineThatNobodySent) {
  all.push_back("1000|B");
  EXPECT_NE(durable.broken_by(all, sent), "");
  EXPECT_NE(live.broken_by(all, sent), "");
}

TEST_F(EventChecker, FindsThatAnAcknowledgedLineComesAgain) {
  durable.has = {5};
  EXPECT_NE(durable.broken_by(all, sent), "");
}

}  // namespace
}  // namespace skein::simulation
