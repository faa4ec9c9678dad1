#include "actors/events/router.hpp"

#include <algorithm>
#include <utility>

#include "actors/base/io_unit.hpp"
#include "actors/base/log_exceptions.hpp"
#include "actors/events/follow_list.hpp"
#include "core/events/recipients.hpp"
#include "core/hash.hpp"

namespace skein {

namespace {

using pointer = measured_actor<router_actor, router_state>*;
using core::event_kind;

/// About how long a session needs to write its portion; for this time sessions count as busy.
constexpr std::chrono::microseconds cost_of_a_write{10};
/// Less than this is not waited for: a timer costs as much.
constexpr std::chrono::microseconds shortest_wait{200};
/// A round that keeps this many bytes alive is full.
constexpr std::size_t full_round = 16u << 20;
/// Of a checkpoint: what is done at once, while everybody waits.
constexpr std::size_t edges_of_a_slice = 8192;

bool is_full(const router_state& state) {
  return state.sessions.round.size() + state.kept_bytes > full_round;
}

void flush(pointer self) {
  router_state& state = self->state;
  core::round_builder& round = state.sessions.round;
  if (round.empty()) return;
  const std::size_t bytes = round.size();
  state.round_in_flight = true;
  state.kept_bytes = 0;
  state.epoch_ends = false;
  const auto sent = std::make_shared<const round_in_flight>(
      round.seal(), state.epoch, state.position, io::charge{state.environment->flow, bytes},
      [receiver = router_actor{self}] { send_from_here(receiver, round_done{}); });
  const std::size_t writes = state.sessions.send(self, sent);
  state.pause = std::min<std::chrono::microseconds>(
      state.environment->flush_interval,
      cost_of_a_write * static_cast<std::chrono::microseconds::rep>(writes));
}

/// Routes from the event at index `first` on, up to `last` or until the round is full. Returns the
/// index of the first event that is not routed.
std::size_t route(router_state& state, const core::ordered_block& block, std::size_t first,
                  std::size_t last) {
  const auto& events = block.events;
  core::round_builder& round = state.sessions.round;
  std::size_t i = first;
  for (; i != last && !is_full(state); ++i) {
    state.graph.prefetch_behind(events, i);
    const core::event& e = events[i];
    if (e.kind == event_kind::follow) state.graph.follow(e.from, e.to);
    if (e.kind == event_kind::unfollow) state.graph.unfollow(e.from, e.to);
    auto& sent = state.counted.unreported.at(core::counter::notifications_sent,
                                             static_cast<std::size_t>(e.kind));
    const std::string_view line = block.text_of(e);
    if (e.kind == event_kind::broadcast) {
      if (state.sessions.active() != 0) round.broadcast(line);
      sent += state.sessions.active();
    } else {
      core::for_each_recipient(e, state.graph, [&](core::session_index session) {
        round.add(session, line);
        ++sent;
      });
    }
  }
  state.position = block.position_of(i);
  return i;
}

void remove(router_state& state, core::session_index index) {
  state.graph.disconnect(state.sessions[index].user, index);
  state.sessions.remove(index);
}

void do_join(pointer self, const feed_actor& session, const join& what) {
  router_state& state = self->state;
  if (state.environment->on_duplicate == duplicate_policy::newest) {
    std::vector<core::session_index> older;
    bool is_older = false;  // a durable session joins late
    if (const auto* sessions = state.graph.sessions_of(what.user)) {
      sessions->for_each([&](core::session_index s) {
        // Actors are numbered in the order in which they are spawned.
        is_older |= session->id() < state.sessions[s].actor->id();
        older.push_back(s);
      });
    }
    if (is_older) {
      self->send(session, replaced{});
      return;
    }
    for (const core::session_index s : older) {
      self->send(state.sessions[s].actor, replaced{});
      remove(state, s);
    }
  }
  const core::session_index index = state.sessions.add(session, what.user, what.ticket);
  state.sessions.activate(index);
  state.graph.connect(what.user, index);
  if (!what.from) return;
  session_news news;
  news.what = session_news::kind::joined;
  news.ticket = what.ticket;
  news.position = state.position;
  self->send(session, news);
}

/// Lets those join whose position has been reached.
void join_due(pointer self) {
  router_state& state = self->state;
  for (std::size_t i = 0; i != state.joining.size();) {
    if (state.joining[i].what.from > state.position) {
      ++i;
      continue;
    }
    const router_state::pending_join due = std::move(state.joining[i]);
    state.joining.erase(state.joining.begin() + static_cast<std::ptrdiff_t>(i));
    do_join(self, due.actor, due.what);
  }
}

/// The first event of `block` at which somebody joins, or its end.
std::size_t next_join(const router_state& state, const core::ordered_block& block) {
  std::size_t first = block.events.size();
  for (const auto& joining : state.joining) {
    while (first != 0 && block.position_of(first - 1) >= *joining.what.from) --first;
  }
  return first;
}

/// Routes what waits, until the round is full or its epoch ends.
void route_waiting(pointer self) {
  router_state& state = self->state;
  while (!state.waiting.empty() && !is_full(state)) {
    router_state::waiting_block& next = state.waiting.front();
    const core::ordered_block& block = next.events->block;
    if (block.epoch != state.epoch) {
      if (!state.sessions.round.empty()) {
        state.epoch_ends = true;
        return;
      }
      state.epoch = block.epoch;
      if (!state.environment->keep_graph) state.graph.forget_follows();
    }
    if (!state.joining.empty()) join_due(self);
    const std::size_t last = std::max(next.routed, next_join(state, block));
    next.routed = route(state, block, next.routed, last);
    if (!state.sessions.round.empty()) {
      state.kept_bytes += next.events->bytes.size();
      state.sessions.round.keep(next.events);
    }
    if (next.routed == block.events.size()) {
      self->send(next.sender, block_taken{});
      state.waiting.pop_front();
    }
  }
  if (!state.joining.empty()) join_due(self);
}

/// Whether the round goes as soon as the sessions are ready for it.
bool must_go(const router_state& state) {
  return is_full(state) || state.epoch_ends;
}

/// Routes what waits, and ends rounds or sees to it that they end as soon as they may.
void work(pointer self) {
  router_state& state = self->state;
  for (;;) {
    route_waiting(self);
    if (state.sessions.round.empty() || state.round_in_flight) return;
    if (!must_go(state)) break;
    flush(self);
  }
  if (!state.flush_armed) {
    // After everything that is in the mailbox now.
    state.flush_armed = true;
    self->send(self, flush_due{});
  }
}

/// The mailbox has been worked off, or the pause is over.
void flush_or_wait(pointer self) {
  router_state& state = self->state;
  if (state.round_in_flight) return;
  if (state.next_flush - self->clock().now() > shortest_wait && !must_go(state)) {
    state.flush_armed = true;
    self->scheduled_send(self, state.next_flush, flush_due{});
  } else {
    flush(self);
    work(self);
  }
}

void on_join(pointer self, const join& what) {
  router_state& state = self->state;
  const auto session = caf::actor_cast<feed_actor>(self->current_sender());
  if (what.from && *what.from > state.position) {
    state.joining.push_back({session, what});
  } else {
    do_join(self, session, what);
  }
}

template <class Actor>
void stop_joining(router_state& state, const Actor& session) {
  auto& joining = state.joining;
  joining.erase(std::remove_if(joining.begin(), joining.end(),
                               [&](const auto& j) { return j.actor == session; }),
                joining.end());
}

void on_leave(pointer self, core::user_id user) {
  router_state& state = self->state;
  const auto sender = self->current_sender();
  stop_joining(state, sender);
  const auto* const sessions = state.graph.sessions_of(user);
  if (!sessions) return;
  auto leaving = core::session_set::vacant;
  sessions->for_each([&](core::session_index s) {
    if (state.sessions[s].actor == sender) leaving = s;
  });
  if (leaving != core::session_set::vacant) remove(state, leaving);
}

void on_lost(router_state& state, const caf::actor& session) {
  stop_joining(state, session);
  const auto& members = state.sessions.members();
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const auto& member) { return member.actor == session; });
  if (found == members.end()) return;
  remove(state, static_cast<core::session_index>(found - members.begin()));
}

void begin_checkpoint(pointer self, store::generation_number generation,
                      const recorder_actor& recorder) {
  router_state& state = self->state;
  router_state::checkpointing begun{recorder, {}, 0};
  begun.what.generation = generation;
  begun.what.epoch = state.epoch;
  begun.what.from = state.position;
  begun.what.places = state.graph.places();
  begun.what.secret = core::table_secret;
  state.checkpoint = std::move(begun);
}

/// Sends the next part of the checkpoint, or its end.
void continue_checkpoint(pointer self) {
  router_state& state = self->state;
  if (!state.checkpoint) return;
  if (state.checkpoint->what.places != state.graph.places() ||
      state.checkpoint->what.epoch != state.epoch) {
    // The followers have moved.
    begin_checkpoint(self, state.checkpoint->what.generation, state.checkpoint->recorder);
  }
  router_state::checkpointing& checkpoint = *state.checkpoint;
  store::checkpoint& made = checkpoint.what;
  if (checkpoint.place == made.places) {
    made.upto = state.position;
    made.edges = state.graph.edges();
    self->send(checkpoint.recorder, checkpoint_made{made});
    state.checkpoint.reset();
    return;
  }
  const std::size_t places =
      std::max<std::size_t>(1, edges_of_a_slice * made.places / (state.graph.edges() + 1));
  const auto last =
      static_cast<std::uint32_t>(std::min<std::size_t>(made.places, checkpoint.place + places));
  std::string key = store::slice_key(made.generation, checkpoint.place);
  std::string value = store::encode_slice(key, state.graph, checkpoint.place, last);
  checkpoint.place = last;
  self->send(checkpoint.recorder, graph_slice{std::move(key), std::move(value)});
}

}  // namespace

router_actor::behavior_type router(pointer self,
                                   std::shared_ptr<const router_environment> environment,
                                   std::shared_ptr<routed_so_far> start) {
  log_exceptions(self);
  self->state.counted = {environment->statistics, environment->report_interval};
  self->state.environment = std::move(environment);
  self->state.graph = std::move(start->graph);
  self->state.epoch = start->epoch;
  self->state.position = start->position;

  return {
      [self](ordered_events& message) {
        router_state& state = self->state;
        state.counted.arm(self);
        state.waiting.push_back(
            {std::move(message.events), caf::actor_cast<sequencer_actor>(self->current_sender())});
        work(self);
      },
      [self](const join& joined) { on_join(self, joined); },
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
      [self](const api::list_follows& asked) {
        return answered{list_follows(self->state.graph, asked)};
      },
      [self](checkpoint_wanted wanted) {
        if (self->state.checkpoint) return;
        begin_checkpoint(self, wanted.generation,
                         caf::actor_cast<recorder_actor>(self->current_sender()));
        continue_checkpoint(self);
      },
      [self](slice_taken) { continue_checkpoint(self); },
      [self](report_due) { self->state.counted.report(self); },
      [self](drain) {
        do {
          route_waiting(self);
          flush(self);
        } while (!self->state.waiting.empty());
        self->state.counted.report(self);
        self->quit();
        return drained{};
      },
  };
}

}  // namespace skein
