/// The whole daemon at random, with a store that fails, machines that crash, sources and programs
/// that come and go: whatever happens, what was promised is kept.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "simulation/event_players.hpp"
#include "simulation/topic_players.hpp"
#include "simulation/world.hpp"

namespace skein::simulation {
namespace {

using namespace std::chrono_literals;

class game {
 public:
  explicit game(std::uint64_t seed) : in_(seed), events_(in_), topics_(in_) { start(); }

  /// What is broken, and when; empty, if nothing is.
  std::string play() {
    for (int i = 0; i != 500; ++i) {
      step();
      if (!check().empty()) return "at step " + std::to_string(i) + ": " + broken_;
    }
    return finish();
  }

  std::size_t lines() const { return events_.lines(); }
  std::size_t requests() const { return topics_.requests(); }
  std::size_t digest() const { return topics_.digest(); }

 private:
  void start() {
    const auto stored = in_.recover();
    events_.recovered(*stored);
    in_.start(stored);
    events_.started();
    topics_.started();
  }

  const std::string& check() {
    if (broken_.empty()) broken_ = topics_.check();
    if (broken_.empty()) broken_ = events_.check();
    return broken_;
  }

  /// \pre nothing is broken
  void restart(stop how) {
    constexpr const char* ways[] = {"drained", "killed", "crashed"};
    in_.trace([&](auto& out) { out << ways[static_cast<int>(how)]; });
    if (how == stop::drained) {
      in_.drain();
      in_.pass(in_.options.drain_timeout + 2s);
      if (in_.finished != std::vector<int>{exit_ok}) broken_ = "the daemon did not end well";
    } else {
      in_.kill(how);
    }
    if (!check().empty()) return;
    events_.ended();
    topics_.ended(how);
    if (in_.flow.bytes() != 0) broken_ = "bytes are left in the flow";
    start();
  }

  void step() {
    switch (in_.random.between(0, 29)) {
      case 0:
        in_.pass(in_.random.between(0, 60) * 1ms);
        break;
      case 1:
        if (in_.random.one_in(3)) in_.pass(in_.random.between(400, 1300) * 1ms);
        break;
      case 2:
        if (in_.random.one_in(3)) in_.engine->fails = !in_.engine->fails;
        in_.trace(
            [&](auto& out) { out << "the store " << (in_.engine->fails ? "fails" : "works"); });
        break;
      case 3:
        in_.engine->fails = false;
        break;
      case 4:
        if (in_.random.one_in(8)) end();
        break;
      case 5:
        in_.run();
        break;
      case 6:
        in_.run_some(200);
        break;
      default:
        in_.random.one_in(2) ? events_.step() : topics_.step();
    }
    if (in_.engine->fails) failed_at_ = in_.now();
    in_.run_some(30);
  }

  void end() {
    if (!check().empty()) return;
    // What a store that fails, or has just failed, was to write may not be in it.
    const bool writes = !in_.engine->fails && in_.now() - failed_at_ > 2000;
    const int which = in_.random.between(0, 2);
    restart(writes && which == 0   ? stop::drained
            : writes && which == 1 ? stop::killed
                                   : stop::crashed);
  }

  std::string finish() {
    in_.engine->fails = false;
    in_.pass(3s);
    if (broken_ = events_.finish(); !broken_.empty()) return broken_;
    if (broken_ = topics_.finish(); !broken_.empty()) return broken_;
    if (in_.flow.bytes() != 0) return "bytes are left in the flow";
    in_.drain();
    in_.pass(in_.options.drain_timeout + 1s);
    if (in_.finished != std::vector<int>{exit_ok}) return "the daemon did not end well";
    in_.leap(in_.options.topic.idle_timeout);  // timers of topics
    if (in_.alive() != 0 || in_.timer_is_left())
      return std::to_string(in_.alive()) + " actors are left, or a timer";
    return events_.check_store();
  }

  world in_;
  event_players events_;
  topic_players topics_;
  core::wall_time failed_at_ = 0;
  std::string broken_;
};

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);
  return value ? std::strtoull(value, nullptr, 10) : otherwise;
}

TEST(SimulatedDaemon, DoesTheSameForTheSameSeed) {
  game one{7}, other{7};
  EXPECT_EQ(one.play(), "");
  EXPECT_EQ(other.play(), "");
  EXPECT_NE(one.digest(), 0u);
  EXPECT_EQ(one.digest(), other.digest());
}

TEST(SimulatedDaemon, KeepsWhatItPromisesWhateverHappens) {
  const std::uint64_t first = number("SKEIN_SEED", 1), seeds = number("SKEIN_SEEDS", 40);
  std::size_t lines = 0, requests = 0;
  for (std::uint64_t done = 0; done != seeds; ++done) {
    const std::uint64_t seed = first + done;
    game one{seed};
    const std::string broken = one.play();
    const std::string n = std::to_string(seed);
    const std::string again = "seed " + n + "; again: ./simulate --seeds 1 --from " + n;
    ASSERT_EQ(broken, "") << again;
    ASSERT_FALSE(HasFailure()) << again;
    lines += one.lines();
    requests += one.requests();
    if ((done + 1) % 100 == 0 || done + 1 == seeds) {
      std::cout << done + 1 << " of " << seeds << " seeds, " << lines << " events, " << requests
                << " requests" << std::endl;
    }
  }
}

}  // namespace
}  // namespace skein::simulation
