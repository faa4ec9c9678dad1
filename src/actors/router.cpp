#include "actors/router.hpp"

#include <algorithm>
#include <utility>

#include "actors/io_unit.hpp"
#include "actors/log_exceptions.hpp"
#include "core/recipients.hpp"

namespace skein {

namespace {

using pointer = router_actor::stateful_pointer<router_state>;
using core::event_kind;

/// What a session needs about to write its portion; so long the sessions are taken to be busy.
constexpr std::chrono::microseconds cost_of_a_write{10};
/// Less than this is not waited for: a timer costs as much.
constexpr std::chrono::microseconds shortest_wait{200};
/// A round that keeps this many bytes alive is full.
constexpr std::size_t full_round = 16u << 20;

void send_report(pointer self) {
  self->state.report_armed = false;
  self->send(self->state.environment->statistics,
             report{std::exchange(self->state.unreported, traffic{})});
}

bool is_full(const router_state& state) {
  return state.round.size() + state.kept_bytes > full_round;
}

void flush(pointer self) {
  router_state& state = self->state;
  if (state.round.empty()) return;
  const std::size_t bytes = state.round.size();
  state.round_in_flight = true;
  state.kept_bytes = 0;
  const auto sent = std::make_shared<const round_in_flight>(
      state.round.seal(), io::charge{state.environment->flow, bytes},
      [receiver = router_actor{self}] { send_from_here(receiver, round_done{}); });
  const core::round& round = *sent->round;
  const auto& groups = round.groups();
  const auto send = [&](core::session_index session, std::uint32_t group) {
    const session_actor& actor = state.sessions[session].actor;
    if (actor) self->send(actor, portion{sent, group});
  };
  for (std::uint32_t i = 0; i != groups.size(); ++i) send(groups[i].session, i);
  std::size_t writes = groups.size();
  if (round.broadcasts() != 0) {
    state.has_group.assign(state.sessions.size(), false);
    for (const auto& group : groups) state.has_group[group.session] = true;
    for (core::session_index s = 0; s != state.sessions.size(); ++s) {
      if (!state.has_group[s]) send(s, core::round::broadcasts_only);
    }
    writes = state.connected;
  }
  state.free.insert(state.free.end(), state.retired.begin(), state.retired.end());
  state.retired.clear();
  state.pause = std::min<std::chrono::microseconds>(
      state.environment->flush_interval,
      cost_of_a_write * static_cast<std::chrono::microseconds::rep>(writes));
}

/// Routes from the event at index `first` on, until the round is full. Returns the index of the
/// first event that is not routed.
std::size_t route(router_state& state, const core::ordered_block& block, std::size_t first) {
  const auto& events = block.events;
  std::size_t i = first;
  for (; i != events.size() && !is_full(state); ++i) {
    state.graph.prefetch_behind(events, i);
    const core::event& e = events[i];
    if (e.kind == event_kind::follow) state.graph.follow(e.from, e.to);
    if (e.kind == event_kind::unfollow) state.graph.unfollow(e.from, e.to);
    auto& sent = state.unreported.sent[static_cast<std::size_t>(e.kind)];
    const std::string_view line = block.text_of(e);
    if (e.kind == event_kind::broadcast) {
      if (state.connected != 0) state.round.broadcast(line);
      sent += state.connected;
    } else {
      core::for_each_recipient(e, state.graph, [&](core::session_index session) {
        state.round.add(session, line);
        ++sent;
      });
    }
  }
  return i;
}

/// Routes what waits, until the round is full.
void route_waiting(pointer self) {
  router_state& state = self->state;
  while (!state.waiting.empty() && !is_full(state)) {
    router_state::waiting_block& next = state.waiting.front();
    const core::ordered_block& block = next.events->block;
    if (block.epoch != state.epoch) {
      state.epoch = block.epoch;
      if (!state.environment->keep_graph) state.graph.forget_follows();
    }
    next.routed = route(state, block, next.routed);
    if (!state.round.empty()) {
      state.kept_bytes += next.events->bytes.size();
      state.round.keep(next.events);
    }
    if (next.routed == block.events.size()) {
      self->send(next.sender, block_taken{});
      state.waiting.pop_front();
    }
  }
}

/// Routes what waits, and ends rounds or sees to it that they end as soon as they may.
void work(pointer self) {
  router_state& state = self->state;
  for (;;) {
    route_waiting(self);
    if (state.round.empty() || state.round_in_flight) return;
    if (!is_full(state)) break;
    flush(self);
  }
  if (!state.flush_armed) {
    // Behind all that is in the mailbox by now.
    state.flush_armed = true;
    self->send(self, flush_due{});
  }
}

/// The mailbox has been worked off, or the pause is over.
void flush_or_wait(pointer self) {
  router_state& state = self->state;
  if (state.round_in_flight) return;
  if (state.next_flush - self->clock().now() > shortest_wait && !is_full(state)) {
    state.flush_armed = true;
    self->scheduled_send(self, state.next_flush, flush_due{});
  } else {
    flush(self);
    work(self);
  }
}

core::session_index free_index(router_state& state) {
  if (state.free.empty()) {
    state.sessions.emplace_back();
    return static_cast<core::session_index>(state.sessions.size() - 1);
  }
  const core::session_index index = state.free.back();
  state.free.pop_back();
  return index;
}

void remove(router_state& state, core::session_index index) {
  state.graph.disconnect(state.sessions[index].user, index);
  state.sessions[index] = {};
  --state.connected;
  (state.round.empty() ? state.free : state.retired).push_back(index);
}

void on_join(pointer self, core::user_id user) {
  router_state& state = self->state;
  if (state.environment->on_duplicate == duplicate_policy::newest) {
    std::vector<core::session_index> older;
    if (const auto* sessions = state.graph.sessions_of(user)) {
      sessions->for_each([&](core::session_index s) { older.push_back(s); });
    }
    for (const core::session_index s : older) {
      self->send(state.sessions[s].actor, replaced{});
      remove(state, s);
    }
  }
  const core::session_index index = free_index(state);
  state.sessions[index] = {caf::actor_cast<session_actor>(self->current_sender()), user};
  state.graph.connect(user, index);
  state.round.join(index);
  ++state.connected;
}

void on_leave(pointer self, core::user_id user) {
  router_state& state = self->state;
  const auto* const sessions = state.graph.sessions_of(user);
  if (!sessions) return;
  auto leaving = core::session_set::vacant;
  sessions->for_each([&](core::session_index s) {
    if (state.sessions[s].actor == self->current_sender()) leaving = s;
  });
  if (leaving != core::session_set::vacant) remove(state, leaving);
}

void on_lost(router_state& state, const caf::actor& session) {
  const auto found = std::find_if(state.sessions.begin(), state.sessions.end(),
                                  [&](const auto& member) { return member.actor == session; });
  if (found == state.sessions.end()) return;
  remove(state, static_cast<core::session_index>(found - state.sessions.begin()));
}

}  // namespace

router_actor::behavior_type router(pointer self,
                                   std::shared_ptr<const router_environment> environment) {
  log_exceptions(self);
  self->state.environment = std::move(environment);

  return {
      [self](ordered_events& message) {
        router_state& state = self->state;
        if (!state.report_armed) {
          state.report_armed = true;
          self->delayed_send(self, state.environment->report_interval, report_due{});
        }
        state.waiting.push_back({std::move(message.events),
                                 caf::actor_cast<sequencer_actor>(self->current_sender())});
        work(self);
      },
      [self](join joined) { on_join(self, joined.user); },
      [self](leave left) { on_leave(self, left.user); },
      [self](const session_lost& lost) { on_lost(self->state, lost.session); },
      [self](flush_due) {
        self->state.flush_armed = false;
        flush_or_wait(self);
      },
      [self](round_done) {
        self->state.round_in_flight = false;
        self->state.next_flush = self->clock().now() + self->state.pause;
        work(self);
      },
      [self](report_due) { send_report(self); },
      [self](drain) {
        do {
          route_waiting(self);
          flush(self);
        } while (!self->state.waiting.empty());
        send_report(self);
        self->quit();
        return drained{};
      },
  };
}

}  // namespace skein
