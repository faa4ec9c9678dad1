#include <algorithm>
#include <utility>

#include "actors/topics/topic_parts.hpp"

namespace skein::topic_parts {

namespace {

/// Gathered bytes that are committed before the interval is over.
constexpr std::size_t large_commit = 1u << 20;

void answer(pointer self, std::vector<topic_state::uncommitted>& all) {
  for (auto& u : std::exchange(all, {})) {
    if (u.then_waits) {
      is_published(self, *u.then_waits);
    } else {
      u.to.deliver(answered{std::move(u.answer), std::move(u.share)});
    }
  }
}

void refuse(pointer self, std::vector<topic_state::uncommitted>& all) {
  const auto why =
      refusal(reason::not_stored, "the store cannot be written; it may take effect later");
  for (auto& u : std::exchange(all, {})) {
    if (u.then_waits) {
      stop_waiting(self, *u.then_waits, why);
    } else {
      u.to.deliver(u.promises ? why : answered{std::move(u.answer), std::move(u.share)});
    }
  }
}

void begin_to_fail(pointer self) {
  topic_state& state = self->state;
  state.failing = true;
  refuse(self, state.on_the_way);
  refuse(self, state.gathered);
  answer_given_up(self);
}

}  // namespace

void cannot_read(pointer self, const store::error& e) {
  topic_state& state = self->state;
  if (const auto suppressed = state.failures.pass(self->clock().now())) {
    log::error("a topic cannot be read",
               {{"topic", state.topic}, {"reason", e.what()}, {"suppressed", *suppressed}});
  }
}

std::size_t held_bytes(const topic_state& state) {
  return state.options.ordered ? 768 : 256;  // with keys, twice
}

bool has_room(topic_state& state, std::size_t bytes) {
  return state.memory->resize(memory_of(state) + bytes);
}

std::size_t memory_of(const topic_state& state) {
  constexpr std::size_t subscriber_bytes = 1024, key_bytes = 256, awaited_bytes = 128;
  constexpr std::size_t hole_bytes = 64;
  std::size_t withdrawn = 0;  // in so many pieces
  for (core::priority_level p = 0; p != state.options.priorities; ++p) {
    withdrawn += state.log->withdrawn(p).intervals().size();
  }
  return state.log->bytes() + withdrawn * hole_bytes + state.queue->held() * held_bytes(state) +
         state.subscribers.size() * subscriber_bytes + state.queue->keys() * key_bytes +
         state.queue->receipts().size() * awaited_bytes;
}

core::moment moment_of(pointer self) {
  return self->state.environment->clock(self->clock().now());
}

core::wall_time time_of(pointer self) {
  return moment_of(self).measured;
}

void tell_times(core::message& m, core::moment now) {
  m.expires = now.wall_of(m.expires);
}

std::vector<core::delivery> told(std::vector<core::delivery> all, core::moment now) {
  for (core::delivery& d : all) {
    if (d.deadline != core::no_time) d.deadline = now.wall_of(core::at_measured(d.deadline));
    tell_times(d.what, now);
  }
  return all;
}

void send_report(pointer self) {
  topic_state& state = self->state;
  const core::losses lost = state.queue->take_losses();
  state.counted.unreported += {{counter::messages_dropped, lost.dropped},
                               {counter::messages_expired, lost.expired},
                               {counter::messages_dead, lost.dead}};
  state.counted.report(self);
}

void arm_end(pointer self) {
  topic_state& state = self->state;
  if (state.committing || std::exchange(state.end_armed, true)) return;
  self->send(self, commit_due{commit_due::why::mailbox_end});
}

void arm_interval(pointer self) {
  topic_state& state = self->state;
  if (!state.stored || state.committing) return;
  if (state.stored->gathered() >= large_commit) {
    arm_end(self);
  } else if (!std::exchange(state.interval_armed, true)) {
    self->delayed_send(self, state.environment->options.commit_interval,
                       commit_due{commit_due::why::interval});
  }
}

void end(pointer self) {
  topic_state& state = self->state;
  send_report(self);
  if (state.end) state.end->deliver(drained{});
  self->quit();
}

void end_failing(pointer self) {
  topic_state& state = self->state;
  if (state.stored->has_changes()) {
    self->request(state.environment->recorder, caf::infinite,
                  record_changes{std::make_shared<const store::changes>(
                                     state.stored->take_changes(*state.queue, time_of(self))),
                                 true, std::exchange(state.claimed, false)})
        .then([](changes_recorded) {}, [](caf::error&) {});
  }
  end(self);
}

void lose_recorder(pointer self) {
  begin_to_fail(self);
  if (self->state.end) end(self);
}

void on_committed(pointer self) {
  topic_state& state = self->state;
  state.stored->committed();
  state.committing = false;
  answer(self, state.on_the_way);
  if (!state.gathered.empty() || state.end) {
    commit(self);
  } else if (state.stored->has_changes()) {
    arm_interval(self);
  }
  arm_surplus(self);
}

void commit(pointer self) {
  topic_state& state = self->state;
  if (state.committing) return;
  const bool sync = std::exchange(state.sync, false);
  const bool waits = state.stored && (state.stored->has_changes() || (sync && state.unsynced));
  if (!waits) {
    while (!state.gathered.empty()) answer(self, state.gathered);
    if (state.end) end(self);
    return;
  }
  auto changes = std::make_shared<const store::changes>(
      state.stored->take_changes(*state.queue, time_of(self)));
  state.committing = true;
  state.on_the_way = std::move(state.gathered);
  state.gathered.clear();
  self->request(state.environment->recorder, caf::infinite,
                record_changes{std::move(changes), sync, std::exchange(state.claimed, false)})
      .then(
          [self, sync](changes_recorded) {
            self->state.unsynced = !sync;
            on_committed(self);
          },
          [self](caf::error&) {
            begin_to_fail(self);
            if (self->state.end) end_failing(self);
          });
}

result committed(pointer self, api::answer what, bool sync, bool promises,
                 std::shared_ptr<budget_share> share) {
  topic_state& state = self->state;
  if (!state.stored || state.failing) return answered{std::move(what), std::move(share)};
  auto to = self->make_response_promise<answered>();
  state.sync |= sync;
  state.gathered.push_back({to, std::move(what), promises, std::nullopt, std::move(share)});
  arm_end(self);
  return to;
}

void answer_committed(pointer self, topic_state::uncommitted what) {
  topic_state& state = self->state;
  if (state.stored && !state.failing) {
    state.gathered.push_back(std::move(what));
    arm_end(self);
  } else if (what.then_waits) {
    is_published(self, *what.then_waits);
  } else {
    what.to.deliver(answered{std::move(what.answer), std::move(what.share)});
  }
}

}  // namespace skein::topic_parts
