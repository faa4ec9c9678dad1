#include "actors/events/recorder.hpp"

#include <algorithm>
#include <caf/mailbox_element.hpp>
#include <utility>

#include "actors/base/log_exceptions.hpp"
#include "core/events/client_line.hpp"

namespace skein {

namespace {

using pointer = measured_actor<recorder_actor, recorder_state>*;
using why = commit_due::why;
using core::counter;
using step = core::group_commit::step;

/// Gathered bytes that are written, though not synced, before the interval is over.
constexpr std::size_t large_commit = 1u << 20;

void wake_at_end(pointer self) {
  if (self->state.commits.want(why::mailbox_end)) self->send(self, commit_due{why::mailbox_end});
}

void wake_after(pointer self, std::chrono::milliseconds pause, why what) {
  if (self->state.commits.want(what)) self->delayed_send(self, pause, commit_due{what});
}

void wake_soon(pointer self) {
  wake_after(self, self->state.environment->options.commit_interval, why::interval);
}

void wake_to_read(pointer self) {
  wake_after(self, core::group_commit::retry_interval, why::reading);
}

/// Ages are measured by it: it goes on however the wall clock is set.
store::wall_time measured_time(pointer self) {
  const recorder_state& state = self->state;
  const auto running =
      std::chrono::duration_cast<std::chrono::milliseconds>(self->clock().now() - state.started);
  return state.wall_at_start + running.count();
}

/// Events get old though nothing happens.
void arm_age(pointer self) {
  const event_options& options = self->state.environment->options;
  if (options.log.max_age.count() == 0) return;
  const auto pause = std::min(options.log.max_age / 32, std::chrono::milliseconds{1000});
  self->delayed_send(self, std::max(pause, options.commit_interval), commit_due{why::age});
}

void fail(pointer self, const store::error& e) {
  recorder_state& state = self->state;
  state.counted.count(self, counter::commit_failures);
  const bool gone = e.what_kind() == store::error::kind::unavailable;
  if (const auto suppressed = state.commits.failed(self->clock().now(), e.what(), gone)) {
    log::error("cannot write to the store, trying again",
               {{"reason", e.what()}, {"suppressed", *suppressed}});
  }
  wake_after(self, core::group_commit::retry_interval, why::retry);
}

void leave_recording(const recorder_state& state, const recorder_state::waiting_block& block) {
  if (io::flow* const flow = state.environment->flow) {
    flow->end_recording(block.events->block.text.size());
  }
}

/// What was waited for is on disk. What came after events that are stalled goes on waiting.
void answer(pointer self) {
  recorder_state& state = self->state;
  const recorder_environment& environment = *state.environment;
  for (recorder_state::waiting_block& block : state.recorded) {
    leave_recording(state, block);
    const auto router = caf::actor_cast<caf::strong_actor_ptr>(environment.router);
    router->enqueue(caf::make_mailbox_element(std::move(block.sender), caf::make_message_id(), {},
                                              ordered_events{std::move(block.events)}),
                    self->context());
  }
  state.recorded.clear();
  if (!state.stalled.empty()) return;
  for (auto& [session, news] : state.opened) {
    const auto there = session.lock();
    if (there) self->send(caf::actor_cast<feed_actor>(there), std::move(news));
  }
  state.opened.clear();
  for (auto& promise : state.flushes) promise.deliver(drained{});
  state.flushes.clear();
}

/// Writes what was gathered. Returns whether it worked. At level `sync` nothing can be read before
/// it is on disk.
bool commit(pointer self, bool sync) {
  recorder_state& state = self->state;
  store::event_log& log = *state.log;
  sync |= state.environment->options.level == durability::sync;
  // No inbox is ahead of the events it speaks of.
  const bool with_inboxes = state.stalled.empty();
  if (with_inboxes) {
    for (auto& [user, inbox] : state.inboxes) {
      if (!std::exchange(inbox.gathered, true)) log.put(user, inbox.what);
    }
  }
  try {
    const step next = state.commits.next(log.gathered() != 0, sync);
    if (next == step::sync) log.sync();
    if (next == step::commit || next == step::commit_and_sync) {
      log.commit(next == step::commit_and_sync);
      state.counted.count(self, counter::commits);
      state.uncommitted = 0;
    }
    if (state.commits.written(next)) log::info("the store can be written again");
  } catch (const store::error& e) {
    fail(self, e);
    return false;
  }
  if (with_inboxes) state.inboxes.clear();
  if (state.commits.synced()) {
    const log_durable durable{log.end(), log.epoch()};
    if (state.sequencer && durable != state.durable) {
      state.durable = durable;
      self->send(state.sequencer, durable);
    }
    answer(self);
  }
  if (log.end() != state.readable) {
    state.readable = log.end();
    self->send(state.environment->replayer, log_grew{state.readable});
  }
  return true;
}

/// Keeps the log within its bounds.
void retain(pointer self) {
  recorder_state& state = self->state;
  const store::wall_time now = measured_time(self);
  try {
    if (state.log->trim(now)) {
      state.counted.count(self, counter::cuts);
      log::debug("log cut", {{"begin", state.log->begin()}, {"end", state.log->end()}});
      wake_at_end(self);
    }
  } catch (const store::error& e) {
    if (const auto suppressed = state.failures.pass(self->clock().now())) {
      log::error("cannot cut the log", {{"reason", e.what()}, {"suppressed", *suppressed}});
    }
  }
  if (!state.checkpoint_asked && state.log->wants_checkpoint(now)) {
    state.checkpoint_asked = true;
    self->send(state.environment->router, checkpoint_wanted{state.log->next_generation()});
  }
}

void commit_and_retain(pointer self, bool sync) {
  if (commit(self, sync)) retain(self);
}

void record(pointer self, recorder_state::waiting_block block) {
  recorder_state& state = self->state;
  state.log->append(block.events->block, state.environment->wall_clock());
  state.counted.count(self, counter::events_recorded, block.events->block.events.size());
  state.uncommitted += block.events->block.events.size();
  if (state.environment->options.level == durability::sync) {
    state.recorded.push_back(std::move(block));
    wake_at_end(self);
  } else {
    leave_recording(state, block);
    if (state.log->gathered() >= large_commit) commit_and_retain(self, false);
    wake_soon(self);
  }
}

void take_slice(pointer self, const graph_slice& slice) {
  recorder_state& state = self->state;
  state.log->put_slice(slice.key, slice.value);
  if (state.log->gathered() >= large_commit) commit(self, false);
  self->send(state.environment->router, slice_taken{});
}

void read_again(pointer self);

void try_again(pointer self) {
  recorder_state& state = self->state;
  try {
    state.log->recover();
  } catch (const store::error& e) {
    fail(self, e);
    return;
  }
  if (!commit(self, true)) return;
  retain(self);
  while (!state.stalled.empty() && !state.commits.failing()) {
    recorder_state::waiting_block block = std::move(state.stalled.front());
    state.stalled.pop_front();
    record(self, std::move(block));
  }
  if (state.commits.failing()) return;
  if (std::exchange(state.over_stalled, false)) state.log->mark_over();
  if (const auto slice = std::exchange(state.stalled_slice, {})) take_slice(self, *slice);
  read_again(self);
  wake_at_end(self);
}

/// How far the user has acknowledged, if they have an inbox. Throws store::error.
std::optional<store::inbox> inbox_of(const recorder_state& state, core::user_id user) {
  const auto changed = state.inboxes.find(user);
  return changed == state.inboxes.end() ? state.log->inbox_of(user)
                                        : std::optional{changed->second.what};
}

/// Whether it is of no use to try again.
bool is_damaged(pointer self, const store::error& e) {
  const bool damaged = e.is_damage();
  if (!damaged && self->state.commits.failing()) return false;
  if (const auto suppressed = self->state.failures.pass(self->clock().now())) {
    log::error(damaged ? "an inbox is damaged" : "cannot read an inbox, trying again",
               {{"reason", e.what()}, {"suppressed", *suppressed}});
  }
  return damaged;
}

void open(pointer self, const feed_actor& session, const open_inbox& wanted) {
  recorder_state& state = self->state;
  session_news news;
  std::optional<store::inbox> inbox;
  bool is_set = false;
  const auto wait = [&] {
    state.unopened.push_back({caf::actor_cast<caf::weak_actor_ptr>(session), wanted});
    wake_to_read(self);
  };
  // What is stalled may be what it speaks of.
  if (wanted.beyond && state.commits.failing()) return wait();
  const core::epoch_number epoch = wanted.epoch.value_or(state.log->epoch());
  try {
    is_set = wanted.beyond && state.log->has_come_to(epoch, *wanted.beyond);
    if (!is_set && state.unread.count(wanted.user) != 0) return wait();
    try {
      inbox = inbox_of(state, wanted.user);
      if (!inbox) ++state.inbox_count;
    } catch (const store::error& e) {
      if (!is_set || !e.is_damage()) throw;  // else it is created anew
    }
    if (is_set) inbox.reset();
  } catch (const store::error& e) {
    if (!is_damaged(self, e)) return wait();
    news.what = session_news::kind::failed;
    news.text = "the inbox cannot be read";
    self->send(session, std::move(news));
    return;
  }
  if (is_set) state.unread.erase(wanted.user);
  if (wanted.beyond && !is_set) {
    news.text = std::to_string(wanted.user) + "|" +
                core::text_of(core::named_position{wanted.epoch, *wanted.beyond}) +
                " is beyond the end of the stream, it is ignored";
  }
  const bool is_new = !inbox;
  if (is_new) {
    inbox = store::inbox{is_set ? epoch : state.log->epoch(),
                         is_set ? *wanted.beyond : state.log->next() - 1,
                         state.environment->wall_clock()};
  }
  news.epoch = inbox->epoch;
  news.number = inbox->number;
  if (is_new) state.inboxes[wanted.user] = {*inbox, false, true};
  const auto changed = state.inboxes.find(wanted.user);
  if (changed == state.inboxes.end() || !changed->second.awaited) {
    self->send(session, std::move(news));
    return;
  }
  state.opened.push_back({caf::actor_cast<caf::weak_actor_ptr>(session), std::move(news)});
  wake_at_end(self);
}

bool is_further(const acknowledged& a, core::epoch_number epoch, core::sequence_number number) {
  return a.epoch > epoch || (a.epoch == epoch && a.number > number);
}

void acknowledge(pointer self, const acknowledged& message) {
  recorder_state& state = self->state;
  try {
    // Another connection of the user may be further.
    const auto known = inbox_of(state, message.user);
    if (known && !is_further(message, known->epoch, known->number)) return;
    if (!known) ++state.inbox_count;
  } catch (const store::error& e) {
    if (!is_damaged(self, e)) {
      const auto [kept, is_first] = state.unread.emplace(message.user, message);
      if (is_further(message, kept->second.epoch, kept->second.number)) kept->second = message;
      wake_to_read(self);
      return;
    }
    // It is created anew.
  }
  state.counted.count(self, counter::acknowledgements);
  recorder_state::changed_inbox& changed = state.inboxes[message.user];
  changed.what = {message.epoch, message.number, state.environment->wall_clock()};
  changed.gathered = false;
  wake_soon(self);
}

/// What could not be read before.
void read_again(pointer self) {
  recorder_state& state = self->state;
  for (const auto& [user, message] : std::exchange(state.unread, {})) acknowledge(self, message);
  for (const auto& [session, wanted] : std::exchange(state.unopened, {})) {
    const auto there = session.lock();
    if (there) open(self, caf::actor_cast<feed_actor>(there), wanted);
  }
}

void complete_checkpoint(pointer self, const store::checkpoint& made) {
  recorder_state& state = self->state;
  state.checkpoint_asked = false;
  // If the store fails now, the checkpoint is asked for again.
  if (state.commits.failing() || !commit(self, false)) return;
  try {
    state.log->put(made);
  } catch (const store::error& e) {  // the log cannot be read
    if (const auto suppressed = state.failures.pass(self->clock().now())) {
      log::error("cannot make a checkpoint", {{"reason", e.what()}, {"suppressed", *suppressed}});
    }
    return;
  }
  state.counted.count(self, counter::checkpoints_made);
  log::debug("checkpoint of the graph made", {{"edges", made.edges}, {"position", made.from}});
  commit_and_retain(self, true);
}

void try_to_end(pointer self, bool overdue) {
  recorder_state& state = self->state;
  state.commits.failing() ? try_again(self) : read_again(self);
  state.commits.want_sync();  // whether the store is still there is seen, too
  const bool failed = state.commits.failing() || !commit(self, true);
  if (failed && !overdue) return;
  if (!state.unread.empty()) {
    log::warn("acknowledgements are lost, their events come again",
              {{"users", state.unread.size()}});
  }
  std::uint64_t left = state.uncommitted;
  for (const auto& block : state.stalled) left += block.events->block.events.size();
  // At level `sync` nobody has been told of them.
  const bool lost =
      failed && (state.commits.gone() ||
                 (left != 0 && state.environment->options.level == durability::async));
  if (failed) {
    log::error(lost ? "the store cannot be written, events are lost"
                    : "the store cannot be written, events are not kept",
               {{"events", left}});
    state.counted.count(self, lost ? counter::events_lost : counter::events_unfinished, left);
    for (auto& promise : state.flushes) {
      promise.deliver(
          caf::make_error(caf::sec::runtime_error, std::string{"the store cannot be written"}));
    }
  }
  state.counted.report(self);
  state.end->deliver(drained{lost, failed});
  self->quit();
}

status status_of(const recorder_state& state) {
  const store::event_log& log = *state.log;
  return {{{"log_begin", log.begin()},
           {"log_end", log.end()},
           {"log_events", log.events()},
           {"checkpoints", log.checkpoints().size()},
           {"inboxes", state.inbox_count},
           {"store_failing", state.commits.failing() ? 1u : 0u},
           {"store_bytes", state.environment->engine.bytes_on_disk()}}};
}

}  // namespace

recorder_actor::behavior_type recorder(pointer self,
                                       std::shared_ptr<const recorder_environment> environment,
                                       std::shared_ptr<store::event_log> log) {
  log_exceptions(self);
  self->state.counted = {environment->statistics, environment->report_interval};
  self->state.environment = std::move(environment);
  self->state.log = std::move(log);
  self->state.inbox_count = self->state.log->inboxes_at_start();
  self->state.readable = self->state.log->end();
  self->state.wall_at_start = self->state.environment->wall_clock();
  self->state.started = self->clock().now();
  arm_age(self);

  return {
      [self](ordered_events& message) {
        self->state.sequencer = caf::actor_cast<sequencer_actor>(self->current_sender());
        recorder_state::waiting_block block{std::move(message.events), self->current_sender()};
        if (self->state.commits.failing()) {
          self->state.stalled.push_back(std::move(block));
        } else {
          record(self, std::move(block));
        }
      },
      [self](stream_over) {
        if (self->state.commits.failing()) {
          self->state.over_stalled = true;
        } else {
          self->state.log->mark_over();
          wake_soon(self);
        }
      },
      [self](const acknowledged& message) { acknowledge(self, message); },
      [self](const open_inbox& wanted) {
        open(self, caf::actor_cast<feed_actor>(self->current_sender()), wanted);
      },
      [self](const graph_slice& slice) {
        if (self->state.commits.failing()) {
          self->state.stalled_slice = slice;
        } else {
          take_slice(self, slice);
        }
      },
      [self](const checkpoint_made& made) { complete_checkpoint(self, made.what); },
      [self](commit_due due) {
        recorder_state& state = self->state;
        if (due.what == why::age) arm_age(self);
        if (!state.commits.woken(due.what)) return;
        if (due.what == why::retry) {
          state.end ? try_to_end(self, false) : try_again(self);
        } else if (due.what == why::reading) {
          read_again(self);
        } else {
          commit_and_retain(self, true);
        }
      },
      [self](flush_log) {
        auto promise = self->make_response_promise<drained>();
        self->state.flushes.push_back(promise);
        wake_at_end(self);
        return promise;
      },
      [self](const backup_wanted& wanted) -> caf::result<backup_made> {
        recorder_state& state = self->state;
        if (state.commits.failing() || !commit(self, true)) {
          return caf::make_error(caf::sec::runtime_error, state.commits.why());
        }
        try {
          state.environment->engine.backup(wanted.directory);
        } catch (const std::exception& e) {
          return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
        }
        return backup_made{};
      },
      [self](const delete_inbox& wanted) -> caf::result<inbox_deleted> {
        recorder_state& state = self->state;
        bool was_there = true;
        try {
          was_there = inbox_of(state, wanted.user).has_value();
        } catch (const store::error&) {
          // It is damaged, or the commit fails as well.
        }
        if (state.commits.failing()) {
          return caf::make_error(caf::sec::runtime_error, std::string{"the store fails"});
        }
        state.inboxes.erase(wanted.user);
        state.unread.erase(wanted.user);
        state.log->erase_inbox(wanted.user);
        if (was_there && state.inbox_count != 0) --state.inbox_count;
        if (!commit(self, true)) {
          return caf::make_error(caf::sec::runtime_error, std::string{"the store fails"});
        }
        return inbox_deleted{was_there};
      },
      [self](status_wanted) { return status_of(self->state); },
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
