#include "calls/hand_over.hpp"

#include <gtest/gtest.h>

namespace skein::api {
namespace {

TEST(HandOver, ThereAreNoCallsIfThereIsNothingToTell) {
  EXPECT_TRUE(calls_of("a", "one", {}).empty());
}

TEST(HandOver, WhatWasTakenIsAcknowledgedAndTheRestIsLeftToOthers) {
  core::lease_hand::report told;
  told.acknowledged = {{{}, 1}};
  told.given_back = {{{}, 2}};
  told.released = {{{}, 3}};
  const auto calls = calls_of("a", "one", std::move(told));
  ASSERT_EQ(calls.size(), 3u);
  for (const auto& call : calls) EXPECT_EQ(call.topic, "a");
  const auto& taken = std::get<handed_over>(calls[0].what);
  EXPECT_TRUE(taken.arrived);
  EXPECT_EQ(taken.subscriber, "one");
  EXPECT_EQ(taken.leases.at(0).number, 1u);
  const auto& back = std::get<handed_over>(calls[1].what);
  EXPECT_FALSE(back.arrived);
  EXPECT_EQ(back.leases.at(0).number, 2u);
  const auto& released = std::get<settle>(calls[2].what);
  EXPECT_EQ(released.what, settle::action::nack) << "the client has seen it";
  EXPECT_EQ(released.leases.at(0).number, 3u);
}

}  // namespace
}  // namespace skein::api
