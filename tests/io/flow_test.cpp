#include "io/flow.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace skein::io {
namespace {

TEST(Flow, IsOverFromTheHighMarkOn) {
  flow f{100, 50};
  charge a{f, 99};
  EXPECT_FALSE(f.over());
  charge b{f, 1};
  EXPECT_TRUE(f.over());
}

TEST(Flow, CallsAtOnceWhenItIsLow) {
  flow f{100, 50};
  int calls = 0;
  f.when_low([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(Flow, CallsOnceWhenItFallsBelowTheLowMark) {
  flow f{100, 50};
  charge a{f, 100};
  int calls = 0;
  f.when_low([&] { ++calls; });
  f.when_low([&] { ++calls; });
  a.set(50);
  EXPECT_EQ(calls, 0);
  a.set(49);
  EXPECT_EQ(calls, 2);
  a.set(100);
  a.set(0);
  EXPECT_EQ(calls, 2);
}

TEST(Flow, LetsWhoeverIsCalledWaitAgain) {
  flow f{100, 50};
  charge a{f, 100};
  int calls = 0;
  f.when_low([&] {
    ++calls;
    f.add(100);
    f.when_low([&] { ++calls; });
  });
  a.set(0);
  EXPECT_EQ(calls, 1);
  f.subtract(100);
  EXPECT_EQ(calls, 2);
}

TEST(Charge, CountsForAsLongAsItIsHeld) {
  flow f{100, 50};
  {
    charge a{f, 10};
    EXPECT_EQ(f.bytes(), 10u);
    a.set(30);
    EXPECT_EQ(f.bytes(), 30u);
    charge b{std::move(a)};
    EXPECT_EQ(f.bytes(), 30u);
    charge c;
    c = std::move(b);
    EXPECT_EQ(f.bytes(), 30u);
    c.set(5);
    EXPECT_EQ(f.bytes(), 5u);
  }
  EXPECT_EQ(f.bytes(), 0u);
}

// Each thread charges, waits until the flow is low, and checks that its call came, once.
TEST(Flow, ForgetsNobodyWhenManyThreadsWaitAndSubtract) {
  constexpr int threads = 4;
  constexpr int turns = 5000;
  flow f{8, 4};
  std::atomic<int> calls{0};
  {
    std::vector<std::thread> all;
    for (int t = 0; t != threads; ++t) {
      all.emplace_back([&] {
        for (int i = 0; i != turns; ++i) {
          charge held{f, 3};
          auto called = std::make_shared<std::atomic<int>>(0);
          f.when_low([&calls, called] {
            ++calls;
            EXPECT_EQ(++*called, 1);
          });
        }
      });
    }
    for (std::thread& t : all) t.join();
  }
  EXPECT_EQ(f.bytes(), 0u);
  EXPECT_EQ(calls.load(), threads * turns);
}

}  // namespace
}  // namespace skein::io
