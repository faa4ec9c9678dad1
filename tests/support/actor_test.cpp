#include "support/actor_test.hpp"

#include <algorithm>
#include <caf/event_based_actor.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>

namespace skein {

using namespace std::chrono_literals;

actor_test::actor_test()
    : scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
  scheduler.advance_time(1h);  // as on a machine that has been up for a while
}

void actor_test::TearDown() {
  kill_all();
  EXPECT_EQ(alive(), 0u);
  EXPECT_EQ(flow.bytes(), 0u);
}

void actor_test::kill_all() {
  held_up_.clear();
  // Those who have not run yet are seen by the first turn.
  for (int turn = 0; turn != 2; ++turn) {
    for (const auto& [id, one] : seen_) {
      if (const auto actor = caf::actor_cast<caf::strong_actor_ptr>(one.actor)) {
        caf::anon_send_exit(actor, caf::exit_reason::kill);
      }
    }
    run();
  }
  scheduler.clock().cancel_all();
}

void actor_test::run() {
  while (run_next()) {
  }
}

bool actor_test::is_held_up(const caf::resumable* job) const {
  const auto* const actor = dynamic_cast<const caf::scheduled_actor*>(job);
  return actor && held_up_.count(actor->id()) != 0;
}

bool actor_test::run_next() {
  auto& jobs = scheduler.jobs;
  const auto next = std::find_if(jobs.begin(), jobs.end(),
                                 [this](const auto* job) { return !is_held_up(job); });
  if (next == jobs.end()) return false;
  std::rotate(jobs.begin(), next, next + 1);
  if (auto* const job = dynamic_cast<caf::scheduled_actor*>(jobs.front())) {
    if (seen_.count(job->id()) == 0) {
      seen_[job->id()] = {job->name(), caf::actor_cast<caf::weak_actor_ptr>(job->ctrl())};
    }
  }
  scheduler.run_once();
  return true;
}

void actor_test::leap(std::chrono::nanoseconds time) {
  run();
  timers_fired_ += scheduler.advance_time(time);
  run();
}

void actor_test::pass(std::chrono::nanoseconds time) {
  run();
  while (time.count() > 0) {
    const auto step = std::min<std::chrono::nanoseconds>(time, 1ms);
    timers_fired_ += scheduler.advance_time(step);
    run();
    time -= step;
  }
}

std::vector<caf::strong_actor_ptr> actor_test::all_named(std::string_view name) const {
  std::vector<caf::strong_actor_ptr> found;
  for (const auto& [id, one] : seen_) {
    if (one.name != name) continue;
    auto actor = caf::actor_cast<caf::strong_actor_ptr>(one.actor);
    if (actor && !ended(actor)) found.push_back(std::move(actor));
  }
  return found;
}

caf::strong_actor_ptr actor_test::the(std::string_view name) const {
  const auto found = all_named(name);
  EXPECT_EQ(found.size(), 1u) << name;
  return found.empty() ? nullptr : found.front();
}

bool actor_test::ended(const caf::strong_actor_ptr& actor) {
  return caf::actor_cast<caf::abstract_actor*>(actor)->getf(
      caf::abstract_actor::is_terminated_flag);
}

void actor_test::fail(const caf::strong_actor_ptr& actor) {
  caf::anon_send_exit(actor, caf::exit_reason::unhandled_exception);
  run();
}

bool actor_test::answers_drain(const caf::actor& actor) {
  bool answered = false;
  system.spawn([&](caf::event_based_actor* self) {
    self->request(actor, caf::infinite, drain{})
        .then([&](drained) { answered = true; }, [](caf::error&) {});
  });
  run();
  return answered;
}

}  // namespace skein
