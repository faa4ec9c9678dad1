#include "daemon/supervisor.hpp"

#include <algorithm>
#include <caf/send.hpp>
#include <cstdlib>
#include <exception>
#include <utility>

#include "actors/base/log.hpp"

namespace skein {

namespace {

using pointer = measured_actor<supervisor_actor, supervisor_state>*;
using plane = supervisor_state::plane;
using phase = plane::phase;
using kind = end_step::kind;

part* find_part(supervisor_state& state, std::string_view name) {
  const auto found = std::find_if(state.parts.begin(), state.parts.end(),
                                  [name](const part& p) { return p.name == name; });
  return found == state.parts.end() ? nullptr : &*found;
}

part* find_part(supervisor_state& state, caf::actor_id id) {
  const auto found = std::find_if(state.parts.begin(), state.parts.end(),
                                  [id](const part& p) { return p.who && p.who.id() == id; });
  return found == state.parts.end() ? nullptr : &*found;
}

/// Connections that are left.
std::size_t left(const supervisor_state& state, drain_group group) {
  std::size_t count = 0;
  for (const open_door& d : state.doors) {
    if (d.what().ends_with == group) count += d.all().size();
  }
  return count;
}

template <class Message>
void tell_all(pointer self, const open_door& d, Message message) {
  for (const auto& [id, c] : d.all()) self->send(c.actor, message);
}

// --- the end ---

void go_on(pointer self, plane& of);

/// Goes on when the part has answered, or is gone: `on_down` sees to that.
template <class Message>
void wait_for(pointer self, plane& of, const part* asked) {
  if (!asked || !asked->who) {
    go_on(self, of);
    return;
  }
  of.asked = asked->who.id();
  const auto go_on_once = [self, &of, asked_at = of.at] {
    if (of.is == phase::ending && of.at == asked_at) go_on(self, of);
  };
  self->request(asked->who, caf::infinite, Message{})
      .then(
          [=](drained end) {
            self->state.failed |= end.failed;
            self->state.lost |= end.lost;
            go_on_once();
          },
          [=](caf::error&) { go_on_once(); });
}

void take(pointer self, plane& of, const end_step& step) {
  supervisor_state& state = self->state;
  const part* const asked = find_part(state, step.part);
  switch (step.what) {
    case kind::connections:
      for (const open_door& d : state.doors) {
        if (step.group != drain_group::users) break;  // all others were told at once
        if (d.what().ends_with != step.group) continue;
        state.overdue ? tell_all(self, d, drain_overdue{}) : tell_all(self, d, drain{});
      }
      if (left(state, step.group) == 0) go_on(self, of);
      break;
    case kind::drain:
      wait_for<drain>(self, of, asked);
      if (state.overdue && asked && asked->who && asked->overdue == at_timeout::try_last) {
        caf::anon_send(asked->who, drain_overdue{});
      }
      break;
    case kind::flush:
      state.overdue ? go_on(self, of) : wait_for<flush_log>(self, of, asked);
      break;
  }
}

void begin(pointer self, plane& of) {
  of.is = phase::ending;
  take(self, of, of.step());
}

void finish(pointer self) {
  supervisor_state& state = self->state;
  state.rest.is = phase::ended;
  state.environment->finished(state.lost ? exit_lost : state.failed ? exit_failed : exit_ok);
  self->quit();
}

/// Takes the next step of ending, once the last one is done.
void go_on(pointer self, plane& of) {
  supervisor_state& state = self->state;
  of.asked = 0;
  if (++of.at != of.steps->size()) {
    take(self, of, of.step());
    return;
  }
  of.is = phase::ended;
  if (&of == &state.rest) {
    finish(self);
  } else if (state.events.is == phase::ended && state.messages.is == phase::ended) {
    begin(self, state.rest);
  }
}

void begin_to_end(pointer self) {
  supervisor_state& state = self->state;
  if (std::exchange(state.draining, true)) return;
  *state.ending = true;
  state.environment->stop_accepting();
  for (const open_door& d : state.doors) {
    if (d.what().ends_with != drain_group::users) tell_all(self, d, drain{});
  }
  self->delayed_send(self, state.environment->options.drain_timeout, drain_overdue{});
  begin(self, state.events);
  begin(self, state.messages);
}

void hurry(pointer self, const part& p) {
  const auto planes = self->state.planes();
  const bool is_asked = std::any_of(planes.begin(), planes.end(), [&p](const plane* of) {
    return of->asked == p.who.id() && of->step().what == kind::drain;
  });
  switch (p.overdue) {
    case at_timeout::kill_if_asked:
      if (!is_asked) break;
      [[fallthrough]];
    case at_timeout::kill:
      self->send_exit(p.who, caf::exit_reason::kill);
      break;
    case at_timeout::try_last:
      if (is_asked) caf::anon_send(p.who, drain_overdue{});
      break;
    case at_timeout::leave:
      break;
  }
}

/// Ends the parts that hold the end up. The recorders still try to write what they have, a last
/// time.
void end_the_rest(pointer self) {
  supervisor_state& state = self->state;
  state.overdue = true;
  log::warn("the drain timeout is over, the rest is dropped",
            {{"sources", left(state, drain_group::sources)},
             {"clients", left(state, drain_group::users)},
             {"http", left(state, drain_group::programs)}});
  for (const open_door& d : state.doors) tell_all(self, d, drain_overdue{});
  for (const part& p : state.parts) {
    if (p.who) hurry(self, p);
  }
  if (state.events.is == phase::ending && state.events.step().what == kind::flush) {
    go_on(self, state.events);
  }
  self->delayed_send(self, supervisor_state::last_try, drain_overdue{});
}

/// What does not end is left to the system: it may wait for a disk that does not answer.
void leave_the_rest(pointer self) {
  supervisor_state& state = self->state;
  for (const plane* const of : state.planes()) {
    if (of->is != phase::ending) continue;
    const part* const p = of->asked == 0 ? nullptr : find_part(state, of->asked);
    log::error("a part of the daemon does not end", {{"part", p ? p->name : "connections"}});
    state.lost |= p && p->overdue == at_timeout::try_last;
  }
  state.failed = true;
  finish(self);
}

bool is_failure(const caf::error& reason) {
  return reason && reason != caf::exit_reason::user_shutdown;
}

/// Returns whether it was a connection.
bool close_connection(supervisor_state& state, caf::actor_id id, bool failed,
                      const std::string& reason) {
  for (open_door& d : state.doors) {
    const auto found = d.all().find(id);
    if (found == d.all().end()) continue;
    if (failed) {
      log::error(
          "connection failed",
          {{"door", d.what().name}, {"connection", found->second.number}, {"reason", reason}});
    }
    d.close(found, failed);
    return true;
  }
  return false;
}

void on_down(pointer self, const caf::down_msg& down) {
  supervisor_state& state = self->state;
  const caf::actor_id id = down.source.id();
  const std::string reason = self->system().render(down.reason);
  // What the drain timeout ends has not failed.
  const bool failed =
      is_failure(down.reason) && !(state.overdue && down.reason == caf::exit_reason::kill);
  if (!close_connection(state, id, failed, reason) && failed) {
    if (part* const p = find_part(state, id)) {
      log::error("part failed", {{"part", p->name}, {"reason", reason}, {"vital", p->vital}});
      p->who = nullptr;
      if (p->vital) {
        state.failed = true;
        begin_to_end(self);
      }
    }
  }
  for (plane* const of : state.planes()) {
    if (of->is != phase::ending) continue;
    const end_step& step = of->step();
    if (step.what == kind::connections ? left(state, step.group) == 0 : of->asked == id) {
      go_on(self, *of);
    }
  }
}

// --- connections ---

void arm_look(pointer self) {
  supervisor_state& state = self->state;
  core::time_point next = core::never;
  for (const open_door& d : state.doors) next = std::min(next, d.next_look());
  if (next >= state.looks_at) return;
  state.looks_at = next;
  self->scheduled_send(self, next, look_at_deadline{});
}

void let_look(pointer self) {
  supervisor_state& state = self->state;
  const auto now = self->clock().now();
  if (now < state.looks_at) return;  // it was sent for a time that another one has seen to
  state.looks_at = core::never;
  for (open_door& d : state.doors) {
    d.let_look(now, [self](const connection_actor& c) { self->send(c, look_at_deadline{}); });
  }
  arm_look(self);
}

void let_in(pointer self, accepted& who) {
  supervisor_state& state = self->state;
  const auto at = std::find_if(state.doors.begin(), state.doors.end(),
                               [&](const open_door& d) { return d.what().name == who.door; });
  if (at == state.doors.end()) return;
  if (state.draining) {
    if (at->what().turn_away) at->what().turn_away(*who.connection);
    return;
  }
  self->monitor(
      at->open(self, ++state.last_connection, std::move(who.connection), self->clock().now()));
  arm_look(self);
}

}  // namespace

supervisor_actor::behavior_type supervisor(
    pointer self, std::shared_ptr<const supervisor_environment> environment,
    std::shared_ptr<stored_state> stored) {
  supervisor_state& state = self->state;
  // Without it nobody would end the daemon any more.
  self->set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      log::error("the supervisor failed, ending at once", {{"what", e.what()}});
    }
    log::stop();
    std::_Exit(exit_failed);
  });
  self->set_down_handler([self](caf::down_msg& down) { on_down(self, down); });

  state.engine = stored->engine;
  assembly all = assemble(self, supervisor_actor{self}, environment->options, environment->flow,
                          environment->unit, environment->own_threads, environment->wall_clock,
                          state.ending, *stored);
  state.parts = std::move(all.parts);
  state.statistics = all.for_doors.statistics;
  for (const door& d : environment->doors) {
    state.doors.emplace_back(d, d.open(all.for_doors, environment->is_local(d)));
  }
  state.environment = std::move(environment);

  return {
      [self](accepted& who) { let_in(self, who); },
      [self](look_at_deadline) { let_look(self); },
      [self](const report& counted) { self->send(self->state.statistics, counted); },
      [self](drain) { begin_to_end(self); },
      [self](drain_overdue) { self->state.overdue ? leave_the_rest(self) : end_the_rest(self); },
  };
}

}  // namespace skein
