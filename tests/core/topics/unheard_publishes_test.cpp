#include "core/topics/unheard_publishes.hpp"

#include <gtest/gtest.h>

#include "core/topics/topic_queue.hpp"

namespace skein::core {
namespace {

TEST(UnheardPublishes, AreBounded) {
  unheard_publishes unheard;
  for (std::size_t i = 0; i != unheard_publishes::most; ++i) {
    EXPECT_FALSE(unheard.is_full());
    unheard.begin(10);
  }
  EXPECT_TRUE(unheard.is_full());
  unheard.heard(10);
  EXPECT_FALSE(unheard.is_full());
}

TEST(UnheardPublishes, TakeRoomUntilTheyAreHeardOf) {
  unheard_publishes unheard;
  EXPECT_TRUE(unheard.empty());
  unheard.begin(100);
  unheard.begin(0);
  EXPECT_EQ(unheard.bytes(), 100u);
  unheard.heard(100);
  EXPECT_EQ(unheard.bytes(), 0u);
  EXPECT_FALSE(unheard.empty());
  unheard.heard(0);
  EXPECT_TRUE(unheard.empty());
}

TEST(PublishOutcome, TellsWhatWasRefused) {
  using outcome = publish_outcome;
  for (const auto taken : {outcome::published, outcome::delayed, outcome::replaced,
                           outcome::duplicate, outcome::dropped}) {
    EXPECT_FALSE(is_refused(taken));
  }
  for (const auto refused : {outcome::no_subscribers, outcome::overflow, outcome::too_many_delayed,
                             outcome::no_such_priority, outcome::no_room}) {
    EXPECT_TRUE(is_refused(refused));
  }
}

}  // namespace
}  // namespace skein::core
