#include "actors/topics/topic.hpp"

#include <algorithm>
#include <utility>

#include "actors/base/log_exceptions.hpp"
#include "actors/topics/topic_parts.hpp"

namespace skein {

using namespace topic_parts;

namespace {

using std::chrono::milliseconds;

void arm_idle(pointer self) {
  if (std::exchange(self->state.idle_armed, true)) return;
  self->delayed_send(self, self->state.environment->options.idle_timeout, idle_due{});
}

/// Of those who wait for messages, whom `is_meant` is true for.
template <class IsMeant>
void answer_leases(pointer self, IsMeant is_meant) {
  topic_state& state = self->state;
  for (auto w = state.waiting.begin(); w != state.waiting.end();) {
    auto& all = w->second;
    for (auto one = all.begin(); one != all.end();) {
      if (!is_meant(*one)) {
        ++one;
        continue;
      }
      see(self, w->first);
      one->to.deliver(answered{api::leased{}});
      one = all.erase(one);
    }
    w = all.empty() ? state.waiting.erase(w) : std::next(w);
  }
}

/// Whoever waits for messages or acknowledgements, and whom `is_meant` is true for.
template <class IsMeant>
void answer_waiting(pointer self, IsMeant is_meant) {
  answer_leases(self, is_meant);
  std::vector<core::receipt_number> publishes;
  for (const auto& [number, what] : self->state.unacknowledged) {
    if (is_meant(what)) publishes.push_back(number);
  }
  for (const auto number : publishes) give_up(self, number);
}

void do_due(pointer self) {
  topic_state& state = self->state;
  const core::wall_time now = time_of(self);
  if (next_deadline(self) <= now) {
    state.queue->do_due(moment_of(self));
    arm_interval(self);
  }
  serve_all(self);
  answer_acknowledged(self);
  answer_leases(self, [now](const auto& waits) { return waits.until <= now; });
  while (!state.by_until.empty() && state.by_until.begin()->first <= now) {
    give_up(self, state.by_until.begin()->second);
  }
  arm_deadline(self);
}

/// Brings the topic's share of the memory in line with what it keeps.
void account(topic_state& state) {
  std::size_t bytes = memory_of(state);
  // What is there already is there, whatever the bound is.
  while (!state.memory->resize(bytes)) bytes -= bytes / 8 + 1;
}

void log_damage(const topic_state& state) {
  if (!state.stored) return;
  for (const std::string& what : state.stored->take_damage()) {
    log::error("a message is damaged, it is skipped", {{"topic", state.topic}, {"what", what}});
  }
}

result handle_any(pointer self, api::topic_call& call) {
  topic_state& state = self->state;
  ++state.calls;
  arm_idle(self);
  self->state.counted.arm(self);
  const bool ends = state.end || (*state.environment->ending && api::only_reads(call));
  if (ends) return refusal(reason::ending);
  try {
    if (next_deadline(self) <= time_of(self)) do_due(self);
    result done = handle(self, call);
    log_damage(state);
    account(state);
    arm_surplus(self);
    return done;
  } catch (const store::error& e) {
    cannot_read(self, e);
    arm_interval(self);  // for what was done before
    return cannot_be_read(e);
  }
}

void do_due_safely(pointer self) {
  self->state.counted.arm(self);
  try {
    do_due(self);
    log_damage(self->state);
    account(self->state);
    arm_surplus(self);
  } catch (const store::error& e) {
    cannot_read(self, e);
    // Whoever waits asks again.
    for (auto& [id, all] : std::exchange(self->state.waiting, {})) {
      for (auto& w : all) w.to.deliver(answered{api::leased{}});
    }
    arm_deadline(self);
  }
}

void see_whether_idle(pointer self) {
  topic_state& state = self->state;
  state.idle_armed = false;
  expire_idle(self);
  const bool was_asked = std::exchange(state.calls_before, state.calls) != state.calls;
  const bool waits = !state.waiting.empty() || !state.unacknowledged.empty() || state.committing ||
                     !state.gathered.empty() || state.failing;
  bool keeps = waits || was_asked || state.queue->has_surplus();
  if (state.stored) {
    keeps = keeps || state.stored->has_changes();
  } else {
    keeps = keeps || !state.subscribers.empty() || state.log->delayed() != 0 ||
            state.queue->remembers(time_of(self));
    for (core::priority_level p = 0; p != state.options.priorities; ++p) {
      keeps = keeps || state.log->begin(p) != state.log->end(p);
    }
  }
  // Until the next call nothing else has to be looked at: no timer keeps the memory of one that
  // ends.
  if (keeps) {
    arm_idle(self);
  } else {
    self->send(state.environment->topics, topic_idle{state.topic, state.calls});
  }
}

/// Whoever waits for whatever.
void answer_all(pointer self, const answered& what) {
  topic_state& state = self->state;
  for (auto& [id, all] : std::exchange(state.waiting, {})) {
    for (auto& w : all) w.to.deliver(what);
  }
  for (auto& [number, u] : std::exchange(state.unacknowledged, {})) u.to.deliver(what);
  for (auto* const all : {&state.gathered, &state.on_the_way}) {
    for (auto& u : std::exchange(*all, {})) {
      if (!u.then_waits) u.to.deliver(what);
    }
  }
}

void begin_to_end(pointer self) {
  topic_state& state = self->state;
  answer_waiting(self, [](const auto&) { return true; });
  if (state.failing) {
    end_failing(self);
    return;
  }
  state.sync = true;
  // Up to here they could ask; from here on they are not known to.
  const bool some_expire =
      std::any_of(state.subscribers.begin(), state.subscribers.end(),
                  [](const auto& s) { return s.second.idle_expiry.count() != 0; });
  const bool some_wait = next_deadline(self) != core::no_time;
  if (state.stored && (some_expire || some_wait)) state.stored->keep_time();
  commit(self);
}

/// What is stored of it, or nothing yet.
void open(pointer self, store::topic_number number) {
  topic_state& state = self->state;
  const topic_environment& environment = *state.environment;
  const core::wall_time now = time_of(self);
  const core::place first = core::first_place(now);
  if (state.options.storage == core::topic_storage::memory) {
    state.log = std::make_unique<core::memory_topic_log>(first);
    state.queue = std::make_unique<core::topic_queue>(state.options, *state.log);
    return;
  }
  auto stored = std::make_unique<store::topic_log>(
      *environment.engine, number, state.options,
      store::topic_start{now, first, environment.clock.start(), environment.life});
  state.stored = stored.get();
  state.log = std::move(stored);
  state.queue =
      std::make_unique<core::topic_queue>(state.options, *state.log, state.stored->take_window());
  for (store::stored_subscriber& s : state.stored->take_subscribers()) {
    state.queue->subscribe(s.id, std::move(s.so_far));
    state.by_name.emplace(s.name, s.id);
    state.subscribers.emplace(
        s.id, topic_state::subscriber{std::move(s.name), s.idle_expiry, s.seen, s.seen});
  }
}

}  // namespace

topic_actor::behavior_type topic(pointer self, std::shared_ptr<const topic_environment> environment,
                                 const std::string& name, const core::topic_options& options,
                                 store::topic_number number) {
  log_exceptions(self, [self] { answer_all(self, refusal(reason::failed)); });
  topic_state& state = self->state;
  state.counted = {environment->statistics, environment->report_interval};
  state.environment = std::move(environment);
  state.topic = name;
  state.options = options;
  state.memory.emplace(state.environment->memory);
  open(self, number);
  core::topic_limits limits = state.environment->options.limits;
  if (state.stored) limits.losers = 1;  // each is written
  state.queue->limit(limits);
  account(state);
  if (state.stored && state.stored->has_changes()) arm_interval(self);
  arm_idle(self);
  // Without the one nobody would end it, and of the other no answer comes any more.
  self->monitor(state.environment->topics);
  if (state.environment->recorder) self->monitor(state.environment->recorder);
  self->set_down_handler([self](caf::down_msg& down) {
    if (down.source == self->state.environment->recorder) {
      lose_recorder(self);
      return;
    }
    answer_all(self, refusal(reason::ending));
    self->state.stored ? end_failing(self) : end(self);
  });

  return {
      [self](api::topic_call& call) { return handle_any(self, call); },
      [self](const wait_abandoned& by) {
        answer_waiting(self, [&by](const auto& waits) {
          return waits.waiter == by.waiter && waits.ticket == by.ticket;
        });
      },
      [self](commit_due due) {
        bool& armed = due.what == commit_due::why::interval ? self->state.interval_armed
                                                            : self->state.end_armed;
        armed = false;
        commit(self);
      },
      [self](recorded_late) {
        self->state.failing = false;
        on_committed(self);
      },
      [self](topic_due due) {
        self->state.armed.erase(due.at);
        // If nobody waits, it is done with the next call.
        if (self->state.waiting.empty() && self->state.unacknowledged.empty()) return;
        do_due_safely(self);
      },
      [self](surplus_due) {
        drop_surplus(self);
        account(self->state);
        self->state.counted.arm(self);
      },
      [self](idle_due) { see_whether_idle(self); },
      [self](report_due) { send_report(self); },
      [self](const topic_changed& changed) {
        do_due_safely(self);  // what was due before goes by what was said before
        topic_state& s = self->state;
        s.options = changed.options;
        s.queue->change(changed.options);
        if (s.stored) s.stored->change(changed.options);
      },
      [self](discard_topic) {
        if (self->state.failing) return topic_discarded{false};
        answer_all(self, refusal(reason::no_such_topic, "the topic was deleted"));
        end(self);
        return topic_discarded{true};
      },
      [self](end_topic) {
        auto promise = self->make_response_promise<drained>();
        self->state.end = promise;
        begin_to_end(self);
        return promise;
      },
  };
}

}  // namespace skein
