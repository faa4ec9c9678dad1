#include "io/connection_places.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "io/descriptors.hpp"

namespace skein::io {
namespace {

using places = std::vector<connection_places::place>;

places take_all(connection_places& from, connection_places::door_number door) {
  places taken;
  while (auto one = from.take(door)) taken.push_back(std::move(one));
  return taken;
}

TEST(ConnectionPlaces, GivesADoorAsManyAsItMayHave) {
  connection_places all{100, {10, 1000}};
  EXPECT_EQ(all.most(0), 10u);
  EXPECT_EQ(take_all(all, 0).size(), 10u);
}

TEST(ConnectionPlaces, KeepsAnEighthOfAllForEachDoor) {
  connection_places all{80, {1000, 1000, 1000}};
  const places clients = take_all(all, 1);
  EXPECT_EQ(clients.size(), 60u);
  EXPECT_EQ(all.most(1), 60u);
  EXPECT_EQ(take_all(all, 0).size(), 10u);
  EXPECT_EQ(take_all(all, 2).size(), 10u);
}

TEST(ConnectionPlaces, KeepsNoMoreForADoorThanItMayHave) {
  connection_places all{80, {2, 1000}};
  EXPECT_EQ(take_all(all, 1).size(), 78u);
  EXPECT_EQ(take_all(all, 0).size(), 2u);
}

TEST(ConnectionPlaces, NeverGivesMoreThanThereAre) {
  for (std::size_t total = 0; total != 50; ++total) {
    connection_places all{total, {7, 1000, 1000}};
    const places one = take_all(all, 1), two = take_all(all, 2), three = take_all(all, 0);
    EXPECT_LE(one.size() + two.size() + three.size(), total);
    EXPECT_EQ(one.size(), all.most(1));
  }
}

TEST(ConnectionPlaces, WhatIsLeftCanBeTakenAgain) {
  connection_places all{80, {1000, 1000}};
  places clients = take_all(all, 1);
  const std::size_t before = clients.size();
  clients.resize(before - 5);
  EXPECT_EQ(take_all(all, 1).size(), 5u);
  EXPECT_EQ(take_all(all, 0).size(), 15u);
}

TEST(ConnectionPlaces, MayBeLeftByAnyThreadAndLater) {
  places left;
  {
    connection_places all{80, {1000, 1000}};
    left = take_all(all, 0);
    std::thread one{[some = std::move(left.back())]() mutable { some.reset(); }};
    left.pop_back();
    one.join();
    EXPECT_TRUE(all.take(0));
  }
  left.clear();
}

TEST(DescriptorShares, KeepSomeHundredFromStrangers) {
  for (const std::size_t limit : {128u, 300u, 1024u, 524'288u, 1'000'000'000u}) {
    const descriptor_shares shares = share_descriptors(limit);
    EXPECT_LE(shares.connections + shares.store_files + 76, limit);
    EXPECT_GE(shares.store_files, 20u);
    EXPECT_GE(shares.connections, 32u);
  }
  EXPECT_EQ(share_descriptors(1024).connections, 640u);
  EXPECT_EQ(share_descriptors(1024).store_files, 256u);
}

TEST(DescriptorShares, SayWhenThereAreTooFew) {
  try {
    share_descriptors(127);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(),
                 "the limit of open files is 127, which is too low: at least 128 are needed "
                 "(ulimit -n)");
  }
}

}  // namespace
}  // namespace skein::io
