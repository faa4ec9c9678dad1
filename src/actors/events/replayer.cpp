#include "actors/events/replayer.hpp"

#include <algorithm>
#include <utility>

#include "actors/base/io_unit.hpp"
#include "actors/base/log.hpp"
#include "actors/base/log_exceptions.hpp"
#include "store/events/quota.hpp"

namespace skein {

namespace {

using pointer = measured_actor<replayer_actor, replayer_state>*;
using kind = session_news::kind;
using stepped = store::replay::stepped;

/// A round goes when it keeps this many bytes alive.
constexpr std::size_t full_round = 512u << 10;
/// Records with nothing for anybody that are passed over at once, before others get their turn.
constexpr int steps_of_a_turn = 16;

void arm(pointer self) {
  if (std::exchange(self->state.due_armed, true)) return;
  self->send(self, slice_due{});
}

/// The store is closed for the moment.
void arm_retry(pointer self) {
  if (std::exchange(self->state.retry_armed, true)) return;
  self->delayed_send(self, replayer_state::retry_interval, slice_due{});
}

void send_news(pointer self, const feed_actor& to, kind what, ticket_number ticket,
               core::log_position position, std::string text = {}) {
  session_news news;
  news.what = what;
  news.ticket = ticket;
  news.position = position;
  news.text = std::move(text);
  self->send(to, std::move(news));
}

/// Lets sessions go that have reached their position. The round is empty.
void end_members(pointer self, replay_pass& pass) {
  for (const core::session_index m : std::exchange(pass.ended, {})) {
    const round_members::member gone = pass.to[m];
    send_news(self, gone.actor, kind::done, gone.ticket, pass.replay.at());
    pass.let_go(m);
  }
}

/// Lets the pass see the present end of the log.
void refresh(pointer self, replay_pass& pass) {
  pass.seen = self->state.log_end;
  pass.replay.refresh();
}

void flush(pointer self, std::uint32_t id, replay_pass& pass) {
  core::round_builder& round = pass.to.round;
  if (!round.empty()) {
    // Nothing of the log is kept open while sessions write.
    refresh(self, pass);
    const std::size_t bytes = round.size() + pass.kept_bytes;
    pass.in_flight = true;
    const auto sent = std::make_shared<const round_in_flight>(
        round.seal(), pass.replay.epoch(), pass.replay.at(),
        io::charge{self->state.environment->flow, bytes},
        [receiver = replayer_actor{self}, id] { send_from_here(receiver, round_done{id}); });
    pass.to.send(self, sent);
    self->send(self->state.environment->statistics,
               report{{{core::counter::notifications_replayed, std::exchange(pass.told, 0)}}});
  }
  pass.kept_bytes = 0;
  end_members(self, pass);
}

/// Once all sessions that were told that they are at the head have answered, the pass goes on.
void leave_head(pointer self, replay_pass& pass) {
  if (!pass.at_head || pass.unanswered != 0) return;
  pass.at_head = false;
  refresh(self, pass);
  arm(self);
}

/// Tells the sessions that have everything, and waits, unless the log has grown meanwhile.
void wait_at_head(pointer self, std::uint32_t id, replay_pass& pass) {
  const bool has_grown = pass.seen != self->state.log_end;
  flush(self, id, pass);
  pass.at_head = true;
  const auto& members = pass.to.members();
  for (core::session_index m = 0; m != members.size(); ++m) {
    if (!members[m].actor || !members[m].active) continue;
    if (!pass.tell_at_head(m)) continue;
    send_news(self, members[m].actor, kind::at_head, members[m].ticket, pass.replay.at());
  }
  if (has_grown) leave_head(self, pass);
}

void tell_everyone(pointer self, const replay_pass& pass, kind what, const std::string& text) {
  for (const round_members::member& m : pass.to.members()) {
    if (m.actor) send_news(self, m.actor, what, m.ticket, pass.replay.at(), text);
  }
}

/// Lets one pass go on. Returns whether it can go on at once; a pass that has ended is empty.
bool go_on(pointer self, std::uint32_t id, replay_pass& pass) {
  if (pass.in_flight || pass.at_head) return false;
  for (int i = 0; i != steps_of_a_turn; ++i) {
    try {
      switch (pass.replay.step()) {
        case stepped::routed:
          if (pass.kept_bytes + pass.to.round.size() < full_round) continue;
          flush(self, id, pass);
          return !pass.in_flight;
        case stepped::epoch_ends:
          flush(self, id, pass);
          return !pass.in_flight;
        case stepped::at_head:
          wait_at_head(self, id, pass);
          return false;
        case stepped::lost:
          flush(self, id, pass);
          tell_everyone(self, pass, kind::failed, "what comes next is no longer kept");
          pass.clear();
          return false;
      }
    } catch (const store::error& e) {
      if (e.what_kind() == store::error::kind::closed) {
        arm_retry(self);
        return false;
      }
      log::error("cannot read the log", {{"reason", e.what()}});
      flush(self, id, pass);
      if (e.what_kind() == store::error::kind::corrupted) {
        tell_everyone(self, pass, kind::missing, "part of the log is damaged");
      } else {
        tell_everyone(self, pass, kind::failed, "the log cannot be read");
        pass.clear();
      }
      return !pass.in_flight;
    }
  }
  return true;
}

/// Where a session begins, and what it is told of what is missing before, if anything.
struct beginning {
  core::log_position from;
  std::optional<std::string> missing;
};

/// \param begin  the first position from which on anybody can be served
beginning beginning_of(store::engine& engine, const replay_wanted& wanted,
                       core::log_position begin) {
  const core::log_position from =
      std::max(wanted.from, store::position_beyond(engine, wanted.epoch, wanted.number));
  if (from > begin || begin == 0) return {from, std::nullopt};
  return {begin, store::missing_before(engine, wanted.epoch, wanted.number, begin)};
}

void start_pass(pointer self) {
  replayer_state& state = self->state;
  const replayer_environment& environment = *state.environment;
  store::engine& engine = environment.engine;
  auto requests = std::exchange(state.requests, {});
  std::unique_ptr<replay_pass> pass;
  std::vector<std::optional<std::string>> missing, dropped;
  try {
    pass = std::make_unique<replay_pass>(engine, environment.ending);
    std::vector<store::pending> users;
    const core::log_position begin = store::history_begin(engine);
    for (const auto& [session, wanted] : requests) {
      beginning found = beginning_of(engine, wanted, begin);
      users.push_back({wanted.user, found.from});
      missing.push_back(std::move(found.missing));
    }
    dropped = store::apply(environment.quota, engine, environment.wall_clock(), users);
    for (std::size_t i = 0; i != requests.size(); ++i) {
      const auto& [session, wanted] = requests[i];
      pass->replay.add(pass->admit(session, wanted), wanted.user, users[i].from);
    }
    pass->replay.start();
  } catch (const store::error& e) {
    if (e.what_kind() == store::error::kind::closed) {
      state.requests = std::move(requests);
      arm_retry(self);
      return;
    }
    log::error("cannot read the log", {{"reason", e.what()}});
    for (const auto& [session, wanted] : requests) {
      send_news(self, session, kind::failed, wanted.ticket, 0, "the log cannot be read");
    }
    return;
  }
  for (std::size_t i = 0; i != requests.size(); ++i) {
    const auto& [session, wanted] = requests[i];
    for (auto* text : {&missing[i], &dropped[i]}) {
      if (*text) send_news(self, session, kind::missing, wanted.ticket, 0, std::move(**text));
    }
  }
  self->send(environment.statistics, report{{{core::counter::replays, requests.size()}}});
  pass->seen = state.log_end;
  state.passes.emplace(++state.last_pass, std::move(pass));
}

void work(pointer self) {
  replayer_state& state = self->state;
  if (!state.requests.empty() && state.passes.size() < replayer_state::most_passes) {
    start_pass(self);
  }
  bool more = false;
  for (auto p = state.passes.begin(); p != state.passes.end();) {
    more |= go_on(self, p->first, *p->second);
    const bool ended = p->second->replay.empty() && !p->second->in_flight;
    p = ended ? state.passes.erase(p) : std::next(p);
    more |= ended && !state.requests.empty();
  }
  if (more) arm(self);
  if (!state.requests.empty() && !std::exchange(state.hurry_armed, true)) {
    self->delayed_send(self, replayer_state::hurry_interval, hurry_due{});
  }
}

/// Others have waited: sessions that hold a round are told so.
void hurry(pointer self) {
  replayer_state& state = self->state;
  state.hurry_armed = false;
  if (state.requests.empty()) return;
  for (const auto& [id, pass] : state.passes) {
    if (pass->in_flight) tell_everyone(self, *pass, kind::hurry, {});
  }
  arm(self);
}

/// Calls `f(pass, member)` for the session's place, if it has one.
template <class F>
void with_member(replayer_state& state, caf::actor_id session, F&& f) {
  for (auto& [id, pass] : state.passes) {
    const auto place = pass->places.find(session);
    if (place == pass->places.end()) continue;
    f(*pass, place->second);
    return;
  }
}

void remove(pointer self, caf::actor_id session) {
  replayer_state& state = self->state;
  auto& requests = state.requests;
  requests.erase(std::remove_if(requests.begin(), requests.end(),
                                [&](const auto& r) { return r.session.id() == session; }),
                 requests.end());
  with_member(state, session, [&](replay_pass& pass, core::session_index m) {
    pass.drop(m);
    leave_head(self, pass);
  });
  arm(self);
}

}  // namespace

replayer_actor::behavior_type replayer(pointer self,
                                       std::shared_ptr<const replayer_environment> environment) {
  log_exceptions(self);
  self->state.environment = std::move(environment);

  return {
      [self](const replay_wanted& wanted) {
        self->state.requests.push_back(
            {caf::actor_cast<feed_actor>(self->current_sender()), wanted});
        arm(self);
      },
      [self](replay_until until) {
        with_member(self->state, self->current_sender()->id(),
                    [&](replay_pass& pass, core::session_index m) {
                      pass.answer_at_head(m);
                      pass.replay.end_at(m, until.position);
                      if (pass.to.round.empty()) end_members(self, pass);
                      leave_head(self, pass);
                    });
        arm(self);
      },
      [self](stop_replay) { remove(self, self->current_sender()->id()); },
      [self](const session_lost& lost) { remove(self, lost.session.id()); },
      [self](round_done done) {
        const auto pass = self->state.passes.find(done.pass);
        if (pass == self->state.passes.end()) return;
        pass->second->in_flight = false;
        arm(self);
      },
      [self](log_grew grew) {
        self->state.log_end = grew.end;
        for (auto& [id, pass] : self->state.passes) leave_head(self, *pass);
      },
      [self](slice_due) {
        self->state.due_armed = false;
        self->state.retry_armed = false;
        work(self);
      },
      [self](hurry_due) { hurry(self); },
      [self](drain) {
        self->quit();
        return drained{};
      },
  };
}

}  // namespace skein
