/// Actors in virtual time: one thread, a defined order, a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "actors/events/messages.hpp"
#include "actors/topics/messages.hpp"
#include "io/flow.hpp"

namespace skein {

/// Every test ends with all actors ended and nothing left in the flow.
class actor_test : public ::testing::Test {
 protected:
  static constexpr std::size_t high_mark = 64 * 1024;
  static constexpr std::size_t low_mark = 48 * 1024;

  actor_test();
  void TearDown() override;

  /// Runs actors until none has anything to do.
  void run();

  /// Runs so many single messages, each of an actor that `pick(n)` chooses out of n.
  template <class Pick>
  void run_some(std::size_t messages, Pick&& pick) {
    for (; messages != 0 && scheduler.has_job(); --messages) {
      auto& jobs = scheduler.jobs;
      std::swap(jobs.front(), jobs[static_cast<std::size_t>(pick(jobs.size()))]);
      if (!run_next()) return;
    }
  }

  /// Ends all actors as they are, and all timers.
  void kill_all();

  /// Lets time pass, timers fire, and actors run.
  void pass(std::chrono::nanoseconds time);

  /// The same in one step: each timer fires when all of it has passed.
  void leap(std::chrono::nanoseconds time);

  /// From now on the actor does nothing, as one that waits for a disk which does not answer.
  void hold_up(const caf::strong_actor_ptr& actor) { held_up_.insert(actor->id()); }
  void let_go(const caf::strong_actor_ptr& actor) { held_up_.erase(actor->id()); }

  /// Timers that have fired so far.
  std::size_t timers_fired() const { return timers_fired_; }
  bool timer_is_left() const { return scheduler.has_pending_timeout(); }

  /// Actors that have run under this name and have not ended, oldest first.
  std::vector<caf::strong_actor_ptr> all_named(std::string_view name) const;
  caf::strong_actor_ptr the(std::string_view name) const;

  template <class Handle>
  bool has_ended(const Handle& actor) const {
    return ended(caf::actor_cast<caf::strong_actor_ptr>(actor));
  }

  /// Ends an actor as an exception would.
  void fail(const caf::strong_actor_ptr& actor);

  /// Sends `drain` and tells whether it was answered.
  template <class Handle>
  bool drains(const Handle& actor) {
    return answers_drain(caf::actor_cast<caf::actor>(actor));
  }

  /// Actors that have not ended.
  std::size_t alive() { return system.registry().running(); }

 private:
  struct configuration : caf::actor_system_config {
    configuration() { set("scheduler.policy", caf::atom("testing")); }
  };
  struct seen {
    std::string name;
    caf::weak_actor_ptr actor;
  };

  /// Runs one message of an actor that is not held up, if there is one.
  bool run_next();
  bool is_held_up(const caf::resumable* job) const;
  static bool ended(const caf::strong_actor_ptr& actor);
  bool answers_drain(const caf::actor& actor);

  configuration settings_;
  std::map<caf::actor_id, seen> seen_;
  std::set<caf::actor_id> held_up_;
  std::size_t timers_fired_ = 0;

 protected:
  io::flow flow{high_mark, low_mark};
  caf::actor_system system{settings_};
  caf::scheduler::test_coordinator& scheduler;
};

}  // namespace skein
