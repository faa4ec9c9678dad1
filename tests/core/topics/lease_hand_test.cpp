#include "core/topics/lease_hand.hpp"

#include <gtest/gtest.h>

namespace skein::core {
namespace {

using once_taken = lease_hand::once_taken;
using numbers = std::vector<std::uint64_t>;

std::vector<lease_name> leases(const numbers& all) {
  std::vector<lease_name> names;
  for (const auto n : all) names.push_back({{}, n});
  return names;
}

numbers numbers_of(const std::vector<lease_name>& all) {
  numbers found;
  for (const auto& l : all) found.push_back(l.number);
  return found;
}

/// A hand whose topic has answered.
lease_hand hand_with(const numbers& all, once_taken then, std::uint32_t window = 0) {
  lease_hand hand{then, window};
  hand.asked();
  EXPECT_TRUE(hand.given(leases(all)).empty());
  return hand;
}

TEST(LeaseHand, WhatAClientTakesIsAcknowledgedByThatIfItIsSaidSo) {
  auto hand = hand_with({1, 2}, once_taken::acknowledged);
  EXPECT_EQ(numbers_of(hand.taken().acknowledged), (numbers{1, 2}));
  EXPECT_TRUE(hand.lost().empty());
}

TEST(LeaseHand, WhatAClientTakesIsItsOwnEvenWhenItHasGone) {
  auto hand = hand_with({1, 2}, once_taken::left_to_it);
  EXPECT_TRUE(hand.taken().empty());
  EXPECT_TRUE(hand.lost().empty());
}

TEST(LeaseHand, WhatNeverReachedTheClientIsGivenBackOnce) {
  for (const auto then : {once_taken::acknowledged, once_taken::left_to_it, once_taken::held}) {
    auto hand = hand_with({1, 2, 3}, then);
    (void)hand.taken(1);
    EXPECT_EQ(numbers_of(hand.lost().given_back), (numbers{2, 3}));
    EXPECT_TRUE(hand.lost().empty());
  }
}

TEST(LeaseHand, AnAnswerThatComesWhenTheClientHasGoneIsGivenBack) {
  lease_hand hand{once_taken::acknowledged};
  hand.asked();
  EXPECT_TRUE(hand.lost().empty());
  EXPECT_TRUE(hand.awaits_answer());
  EXPECT_EQ(numbers_of(hand.given(leases({1, 2})).given_back), (numbers{1, 2}));
  EXPECT_FALSE(hand.awaits_answer());
}

TEST(LeaseHand, WhatCannotBeSentIsGivenBackAndTheClientMayAskAgain) {
  auto hand = hand_with({1}, once_taken::acknowledged);
  EXPECT_EQ(numbers_of(hand.not_taken().given_back), numbers{1});
  hand.asked();
  EXPECT_TRUE(hand.given(leases({2})).empty());
  EXPECT_EQ(numbers_of(hand.taken().acknowledged), numbers{2});
}

TEST(LeaseHand, WhatAClientHoldsIsReleasedWhenItHasGone) {
  auto hand = hand_with({1, 2, 3}, once_taken::held);
  EXPECT_TRUE(hand.taken(2).empty());
  EXPECT_TRUE(hand.settled({{}, 1}));
  EXPECT_FALSE(hand.settled({{}, 1}));
  EXPECT_FALSE(hand.settled({{}, 3})) << "it is on the way";
  const auto told = hand.lost();
  EXPECT_EQ(numbers_of(told.released), numbers{2});
  EXPECT_EQ(numbers_of(told.given_back), numbers{3});
}

TEST(LeaseHand, AWindowIsFilledAgainWhenLessThanHalfOfItIsThere) {
  lease_hand hand{once_taken::held, 4};
  EXPECT_EQ(hand.wanted(), 4u);
  hand.asked();
  EXPECT_EQ(hand.wanted(), 0u) << "one question at a time";
  (void)hand.given(leases({1, 2, 3, 4}));
  (void)hand.taken();
  for (const std::uint64_t n : {1, 2}) {
    EXPECT_TRUE(hand.settled({{}, n}));
    EXPECT_EQ(hand.wanted(), 0u);
  }
  EXPECT_TRUE(hand.settled({{}, 3}));
  EXPECT_EQ(hand.wanted(), 3u);
  (void)hand.lost();
  EXPECT_EQ(hand.wanted(), 0u);
}

TEST(LeaseHand, AWindowOfOneIsFilledWhenItIsEmpty) {
  lease_hand hand{once_taken::held, 1};
  EXPECT_EQ(hand.wanted(), 1u);
  hand.asked();
  (void)hand.given(leases({1}));
  EXPECT_EQ(hand.wanted(), 0u);
  (void)hand.taken();
  EXPECT_EQ(hand.wanted(), 0u);
  EXPECT_TRUE(hand.settled({{}, 1}));
  EXPECT_EQ(hand.wanted(), 1u);
}

TEST(LeaseHand, WithoutAWindowNothingIsWanted) {
  EXPECT_EQ(lease_hand{once_taken::acknowledged}.wanted(), 0u);
}

}  // namespace
}  // namespace skein::core
