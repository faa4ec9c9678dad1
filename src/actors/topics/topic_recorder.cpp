#include "actors/topics/topic_recorder.hpp"

#include <algorithm>
#include <caf/send.hpp>
#include <string>
#include <utility>

#include "actors/base/log_exceptions.hpp"
#include "store/topics/topic_layout.hpp"

namespace skein {

namespace {

using pointer = measured_actor<topic_recorder_actor, topic_recorder_state>*;
using why = commit_due::why;

caf::error not_written() {
  return caf::make_error(caf::sec::runtime_error, std::string{"the store cannot be written"});
}

void fail(pointer self, const store::error& e) {
  topic_recorder_state& state = self->state;
  state.counted.count(self, core::counter::commit_failures);
  if (const auto suppressed = state.failures.pass(self->clock().now())) {
    log::error("cannot write topics to the store, trying again",
               {{"reason", e.what()}, {"suppressed", *suppressed}});
  }
  state.failing = true;
  state.gone = e.what_kind() == store::error::kind::unavailable;
  for (auto& w : state.waiting) {
    if (w.promise.pending()) w.promise.deliver(not_written());
  }
  if (std::exchange(state.retry_armed, true)) return;
  self->delayed_send(self, topic_recorder_state::retry_interval, commit_due{why::retry});
}

/// To what is committed, if there is something.
void add_clock(pointer self) {
  topic_recorder_state& state = self->state;
  const auto& clock = state.environment->clock;
  if (!clock || state.batch->bytes() == 0) return;
  const std::string value = store::encode_clock(clock(self->clock().now()));
  state.batch->put(store::family::meta, store::clock_key, {value});
}

/// Returns whether it worked. At the end, whether the store is still there is seen, also if nothing
/// waits.
bool commit(pointer self) {
  topic_recorder_state& state = self->state;
  store::engine& engine = state.environment->engine;
  if (state.waiting.empty() && !state.end) return true;
  try {
    if (state.failing) engine.recover();
    state.batch->clear();
    for (const auto& w : state.waiting) w.what->add_to(*state.batch);
    add_clock(self);
    const bool sync = state.sync || state.failing || state.end;
    if (state.batch->bytes() != 0) {
      engine.commit(*state.batch, sync);
    } else if (sync) {
      engine.sync();  // of what was committed before
    }
  } catch (const store::error& e) {
    fail(self, e);
    return false;
  }
  state.batch->clear();
  state.counted.count(self, core::counter::commits);
  if (std::exchange(state.failing, false)) log::info("topics can be written to the store again");
  state.sync = false;
  auto done = std::exchange(state.waiting, {});
  for (auto& w : done) {
    if (w.promise.pending()) {
      w.promise.deliver(changes_recorded{});
    } else {
      caf::anon_send(caf::actor_cast<caf::actor>(w.sender), recorded_late{});
    }
  }
  try {
    for (const auto& w : done) w.what->reclaim_in(engine);
  } catch (const store::error&) {
    // The room is given back with what is erased next.
  }
  return true;
}

void try_to_end(pointer self, bool overdue) {
  topic_recorder_state& state = self->state;
  const bool written = commit(self);
  if (!written && !overdue) return;
  const auto& left = state.waiting;
  const bool failed = !written && (state.gone || !left.empty());
  const bool lost = failed && (state.gone || std::any_of(left.begin(), left.end(),
                                                         [](const auto& w) { return w.claimed; }));
  if (failed) {
    log::error(lost ? "the store cannot be written, what topics accepted is lost"
                    : "the store cannot be written, what topics were asked last is not kept");
  }
  state.counted.report(self);
  state.end->deliver(drained{lost, failed});
  self->quit();
}

}  // namespace

topic_recorder_actor::behavior_type topic_recorder(
    pointer self, std::shared_ptr<const topic_recorder_environment> environment) {
  log_exceptions(self);
  self->state.batch = environment->engine.new_batch();
  self->state.counted = {environment->statistics, environment->report_interval};
  self->state.environment = std::move(environment);

  return {
      [self](record_changes& message) -> caf::result<changes_recorded> {
        topic_recorder_state& state = self->state;
        auto sender = self->current_sender();  // the promise takes it
        auto promise = self->make_response_promise<changes_recorded>();
        state.sync |= message.sync;
        state.waiting.push_back(
            {std::move(message.what), promise, std::move(sender), message.claimed});
        if (state.failing) {
          state.waiting.back().promise.deliver(not_written());
        } else if (!std::exchange(state.end_armed, true)) {
          self->send(self, commit_due{why::mailbox_end});
        }
        return promise;
      },
      [self](commit_due due) {
        topic_recorder_state& state = self->state;
        if (due.what == why::mailbox_end) state.end_armed = false;
        if (due.what == why::retry) state.retry_armed = false;
        if (state.failing != (due.what == why::retry)) return;
        state.end ? try_to_end(self, false) : static_cast<void>(commit(self));
      },
      [self](const backup_wanted& wanted) -> caf::result<backup_made> {
        try {
          self->state.environment->engine.backup(wanted.directory);
        } catch (const std::exception& e) {
          return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
        }
        return backup_made{};
      },
      [self](status_wanted) {
        return status{{{"store_failing", self->state.failing ? 1u : 0u}}};
      },
      [self](report_due) { self->state.counted.report(self); },
      [self](drain) {
        auto promise = self->make_response_promise<drained>();
        self->state.end = promise;
        try_to_end(self, false);
        return promise;
      },
      [self](drain_overdue) { try_to_end(self, true); },
  };
}

}  // namespace skein
