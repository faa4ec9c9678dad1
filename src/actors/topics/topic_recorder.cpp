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
using step = core::group_commit::step;

caf::error not_written() {
  return caf::make_error(caf::sec::runtime_error, std::string{"the store cannot be written"});
}

void fail(pointer self, const store::error& e) {
  topic_recorder_state& state = self->state;
  state.counted.count(self, core::counter::commit_failures);
  const bool gone = e.what_kind() == store::error::kind::unavailable;
  if (const auto suppressed = state.commits.failed(self->clock().now(), e.what(), gone)) {
    log::error("cannot write topics to the store, trying again",
               {{"reason", e.what()}, {"suppressed", *suppressed}});
  }
  for (auto& w : state.waiting) {
    if (w.promise.pending()) w.promise.deliver(not_written());
  }
  if (state.commits.want(why::retry)) {
    self->delayed_send(self, core::group_commit::retry_interval, commit_due{why::retry});
  }
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
    if (state.commits.failing()) engine.recover();
    state.batch->clear();
    for (const auto& w : state.waiting) w.what->add_to(*state.batch);
    add_clock(self);
    const step next = state.commits.next(state.batch->bytes() != 0, false);
    if (next == step::sync) engine.sync();
    if (next == step::commit || next == step::commit_and_sync) {
      engine.commit(*state.batch, next == step::commit_and_sync);
      state.counted.count(self, core::counter::commits);
    }
    if (state.commits.written(next)) log::info("topics can be written to the store again");
  } catch (const store::error& e) {
    fail(self, e);
    return false;
  }
  state.batch->clear();
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
  state.commits.want_sync();  // whether the store is still there is seen, too
  const bool written = commit(self);
  if (!written && !overdue) return;
  const auto& left = state.waiting;
  const bool failed = !written && (state.commits.gone() || !left.empty());
  const bool lost =
      failed && (state.commits.gone() ||
                 std::any_of(left.begin(), left.end(), [](const auto& w) { return w.claimed; }));
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
        if (message.sync) state.commits.want_sync();
        state.waiting.push_back(
            {std::move(message.what), promise, std::move(sender), message.claimed});
        if (state.commits.failing()) {
          state.waiting.back().promise.deliver(not_written());
        } else if (state.commits.want(why::mailbox_end)) {
          self->send(self, commit_due{why::mailbox_end});
        }
        return promise;
      },
      [self](commit_due due) {
        topic_recorder_state& state = self->state;
        if (!state.commits.woken(due.what)) return;
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
        return status{{{"store_failing", self->state.commits.failing() ? 1u : 0u}}};
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
