#include "daemon/supervisor.hpp"

#include <algorithm>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/send.hpp>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <utility>

#include "actors/base/log.hpp"
#include "actors/base/statistics.hpp"
#include "doors/http/api/problem.hpp"
#include "io/address.hpp"
#include "io/http_writer.hpp"

namespace skein {

namespace {

using pointer = measured_actor<supervisor_actor, supervisor_state>*;
using core::counter;
using step = supervisor_state::step;
using plane = supervisor_state::plane;

template <caf::spawn_options Options = caf::no_spawn_options, class Behavior, class... Ts>
auto spawn_watched(pointer self, Behavior behavior, Ts&&... arguments) {
  auto actor = self->spawn<Options>(behavior, std::forward<Ts>(arguments)...);
  self->monitor(actor);
  return actor;
}

/// Spawns one who waits for files.
template <class Behavior, class... Ts>
auto spawn_aside(pointer self, bool own_thread, Behavior behavior, Ts&&... arguments) {
  return own_thread ? spawn_watched<caf::detached>(self, behavior, std::forward<Ts>(arguments)...)
                    : spawn_watched(self, behavior, std::forward<Ts>(arguments)...);
}

void go_on(pointer self, plane& of);

void note(pointer self, const drained& end) {
  self->state.failed |= end.failed;
  self->state.lost |= end.lost;
}

/// Goes on when the actor has answered, or is gone: `on_down` sees to that.
template <class Message = drain, class Actor>
void wait_for(pointer self, plane& of, const Actor& actor) {
  if (!actor) {
    go_on(self, of);
    return;
  }
  of.asked = actor.id();
  const auto go_on_once = [self, &of, asked_at = of.where] {
    if (of.where == asked_at) go_on(self, of);
  };
  self->request(actor, caf::infinite, Message{})
      .then(
          [=](drained end) {
            note(self, end);
            go_on_once();
          },
          [=](caf::error&) { go_on_once(); });
}

/// One that writes to the store.
template <class Actor>
void wait_for_recorder(pointer self, plane& of, const Actor& actor) {
  wait_for(self, of, actor);
  if (actor && self->state.overdue) self->send(actor, drain_overdue{});
}

void finish(pointer self) {
  supervisor_state& state = self->state;
  state.rest.where = step::done;
  state.environment->finished(state.lost ? exit_lost : state.failed ? exit_failed : exit_ok);
  self->quit();
}

/// Takes the next step of ending, once the last one is done.
void go_on(pointer self, plane& of) {
  supervisor_state& state = self->state;
  if (of.where == step::sources && !state.sources.empty()) return;
  if (of.where == step::sessions && !state.sessions.empty()) return;
  if (of.where == step::http_sessions && !state.http_sessions.empty()) return;
  of.where = static_cast<step>(static_cast<int>(of.where) + 1);
  of.asked = 0;
  switch (of.where) {
    case step::sequencer:
      wait_for(self, of, state.sequencer);
      break;
    case step::log_flush:
      if (state.overdue) {
        go_on(self, of);
      } else {
        wait_for<flush_log>(self, of, state.recorder);
      }
      break;
    case step::router:
      wait_for(self, of, state.router);
      break;
    case step::sessions:
      for (const auto& [id, session] : state.sessions) {
        state.overdue ? self->send(session, drain_overdue{}) : self->send(session, drain{});
      }
      go_on(self, of);
      break;
    case step::replayer:
      wait_for(self, of, state.replayer);
      break;
    case step::recorder:
      wait_for_recorder(self, of, state.recorder);
      break;
    case step::topics:
      wait_for(self, of, state.topics);
      break;
    case step::topic_recorder:
      wait_for_recorder(self, of, state.topic_recorder);
      break;
    case step::events_ended:
    case step::topics_ended:
      if (state.events.where != step::events_ended || state.messages.where != step::topics_ended) {
        break;
      }
      state.rest.where = step::statistics;
      wait_for(self, state.rest, state.statistics);
      break;
    case step::done:
      finish(self);
      break;
    case step::running:
    case step::sources:
    case step::http_sessions:
    case step::statistics:
      break;
  }
}

void begin_to_end(pointer self) {
  supervisor_state& state = self->state;
  if (std::exchange(state.draining, true)) return;
  *state.ending = true;
  state.environment->stop_accepting();
  for (const auto& [id, source] : state.sources) self->send(source.actor, drain{});
  for (const auto& [id, control] : state.controls) self->send(control, drain{});
  for (const auto& [id, session] : state.http_sessions) self->send(session, drain{});
  self->delayed_send(self, state.environment->options.drain_timeout, drain_overdue{});
  state.events.where = step::sources;
  state.messages.where = step::http_sessions;
  go_on(self, state.events);
  go_on(self, state.messages);
}

/// Ends who holds the end up. The recorders still try to write what they have, a last time.
void end_the_rest(pointer self) {
  supervisor_state& state = self->state;
  state.overdue = true;
  log::warn("the drain timeout is over, the rest is dropped",
            {{"sources", state.sources.size()},
             {"clients", state.sessions.size()},
             {"http", state.http_sessions.size()}});
  const auto kill = [self](const auto& actor) {
    if (actor) self->send_exit(actor, caf::exit_reason::kill);
  };
  for (const auto& [id, source] : state.sources) kill(source.actor);
  for (const auto& [id, session] : state.sessions) self->send(session, drain_overdue{});
  for (const auto& [id, session] : state.http_sessions) self->send(session, drain_overdue{});
  if (state.events.where < step::sessions) {
    kill(state.sequencer);
    kill(state.router);
  }
  kill(state.replayer);
  if (state.messages.where == step::topics) kill(state.topics);
  if (state.events.where == step::recorder) self->send(state.recorder, drain_overdue{});
  if (state.messages.where == step::topic_recorder) {
    self->send(state.topic_recorder, drain_overdue{});
  }
  if (state.events.where == step::log_flush) go_on(self, state.events);
  self->delayed_send(self, supervisor_state::last_try, drain_overdue{});
}

const char* part_of(const supervisor_state& state, caf::actor_id id) {
  const auto is = [id](const auto& actor) { return actor && actor.id() == id; };
  return is(state.sequencer)        ? "sequencer"
         : is(state.router)         ? "router"
         : is(state.recorder)       ? "recorder"
         : is(state.replayer)       ? "replayer"
         : is(state.topics)         ? "topics"
         : is(state.topic_recorder) ? "topic_recorder"
         : is(state.statistics)     ? "statistics"
                                    : "connections";
}

/// What does not end is left behind: it may wait for a disk that does not answer.
void leave_the_rest(pointer self) {
  supervisor_state& state = self->state;
  for (const plane* const p : {&state.events, &state.messages, &state.rest}) {
    const bool has_ended = p->where == step::running || p->where == step::events_ended ||
                           p->where == step::topics_ended;
    if (has_ended) continue;
    log::error("a part of the daemon does not end", {{"part", part_of(state, p->asked)}});
    state.lost |= state.recorder && p->asked == state.recorder.id();
    state.lost |= state.topic_recorder && p->asked == state.topic_recorder.id();
  }
  state.failed = true;
  finish(self);
}

bool is_failure(const caf::error& reason) {
  return reason && reason != caf::exit_reason::user_shutdown;
}

void on_down(pointer self, const caf::down_msg& down) {
  supervisor_state& state = self->state;
  const caf::actor_id id = down.source.id();
  const std::string reason = self->system().render(down.reason);
  // What the drain timeout ends has not failed.
  const bool failed =
      is_failure(down.reason) && !(state.overdue && down.reason == caf::exit_reason::kill);
  if (const auto source = state.sources.find(id); source != state.sources.end()) {
    if (failed) {
      log::error("source failed", {{"source", source->second.id}, {"reason", reason}});
      self->send(state.sequencer, source_closed{source->second.id, core::source_end::broken});
      self->send(state.statistics, report{{{counter::sources, core::minus(1)}}});
    }
    state.sources.erase(source);
  } else if (const auto session = state.sessions.find(id); session != state.sessions.end()) {
    if (failed) {
      log::error("session failed", {{"reason", reason}});
      const session_lost lost{caf::actor_cast<caf::actor>(session->second)};
      self->send(state.router, lost);
      if (state.replayer) self->send(state.replayer, lost);
      self->send(state.statistics, report{{{counter::clients, core::minus(1)}}});
    }
    state.sessions.erase(session);
  } else if (state.controls.erase(id) != 0) {
    if (failed) log::error("control failed", {{"reason", reason}});
  } else if (state.http_sessions.erase(id) != 0) {
    if (failed) log::error("http session failed", {{"reason", reason}});
    self->send(state.statistics, report{{{counter::http_connections, core::minus(1)}}});
  } else if (failed) {
    const bool vital = down.source != state.statistics;
    const char* const part = part_of(state, id);
    log::error("part failed", {{"part", part}, {"reason", reason}, {"vital", vital}});
    if (down.source == state.sequencer) state.sequencer = nullptr;
    if (down.source == state.router) state.router = nullptr;
    if (down.source == state.recorder) state.recorder = nullptr;
    if (down.source == state.replayer) state.replayer = nullptr;
    if (down.source == state.topics) state.topics = nullptr;
    if (down.source == state.topic_recorder) state.topic_recorder = nullptr;
    if (down.source == state.statistics) state.statistics = nullptr;
    if (vital) {
      state.failed = true;
      begin_to_end(self);
    }
  }
  for (plane* const p : {&state.events, &state.messages, &state.rest}) {
    const bool waits_for_all =
        p->where == step::sources || p->where == step::sessions || p->where == step::http_sessions;
    if (waits_for_all || p->asked == id) go_on(self, *p);
  }
}

void expect_handshake(pointer self, caf::actor_id of) {
  supervisor_state& state = self->state;
  const auto deadline = self->clock().now() + state.environment->options.client.handshake_timeout;
  state.handshakes.push_back({deadline, of});
  if (state.handshakes.size() == 1) self->scheduled_send(self, deadline, handshake_overdue{});
}

void end_handshakes(pointer self) {
  supervisor_state& state = self->state;
  const auto now = self->clock().now();
  while (!state.handshakes.empty() && state.handshakes.front().deadline <= now) {
    const caf::actor_id of = state.handshakes.front().session;
    if (const auto session = state.sessions.find(of); session != state.sessions.end()) {
      self->send(session->second, handshake_overdue{});
    } else if (const auto control = state.controls.find(of); control != state.controls.end()) {
      self->send(control->second, handshake_overdue{});
    }
    state.handshakes.pop_front();
  }
  if (!state.handshakes.empty()) {
    self->scheduled_send(self, state.handshakes.front().deadline, handshake_overdue{});
  }
}

/// Answers a connection over HTTP that comes too late.
void turn_away(io::stream& connection) {
  auto response = api::problem_response(api::plain_problem(503), "the daemon is ending");
  response.headers.add("Retry-After", "1");
  std::string bytes;
  io::write_response({}, response, bytes, std::time(nullptr));
  connection.write(bytes);
  connection.close(io::stream::ending::graceful);
}

/// Clients over HTTP may be an eighth of their time too late, at most 5 seconds.
void watch_http(pointer self) {
  supervisor_state& state = self->state;
  if (state.http_sessions.empty() || std::exchange(state.watching_http, true)) return;
  const http_options& options = state.environment->options.http;
  const auto pause = std::min(options.request_timeout, options.idle_timeout) / 8;
  using std::chrono::milliseconds;
  self->delayed_send(self, std::clamp(pause, milliseconds{1}, milliseconds{5000}), progress_due{});
}

/// A clock that is damaged is none.
topic_clock clock_of(store::engine* engine, const topic_clock::wall_clock& wall,
                     core::time_point now) {
  try {
    if (const auto last =
            engine ? engine->get(store::family::meta, store::clock_key) : std::nullopt) {
      return {wall, now, store::decode_clock(*last)};
    }
  } catch (const store::error& e) {
    log::error("the clock of topics cannot be read", {{"reason", e.what()}});
  }
  return {wall, now};
}

}  // namespace

supervisor_actor::behavior_type supervisor(
    pointer self, std::shared_ptr<const supervisor_environment> environment,
    std::shared_ptr<stored_state> stored) {
  supervisor_state& state = self->state;
  const daemon_options& options = environment->options;
  io::flow& flow = environment->flow;
  using namespace std::chrono_literals;
  const auto report_interval = options.statistics_interval.count() == 0
                                   ? 1000ms
                                   : std::max(1ms, options.statistics_interval / 4);
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

  state.statistics = spawn_watched(self, statistics, options.statistics_interval, std::cref(flow));
  state.router =
      spawn_watched(self, router,
                    std::make_shared<const router_environment>(router_environment{
                        options.flush_interval, options.client.on_duplicate, options.keep_graph,
                        flow, state.statistics, report_interval}),
                    std::make_shared<routed_so_far>(routed_so_far{
                        std::move(stored->graph), stored->start.epoch, stored->start.position}));
  state.engine = stored->engine;
  const auto wall_clock = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  if (stored->log) {
    state.replayer = spawn_aside(self, environment->own_threads, replayer,
                                 std::make_shared<const replayer_environment>(replayer_environment{
                                     *stored->engine, options.client.ending, options.inbox.quota,
                                     flow, state.statistics, wall_clock}));
    state.recorder = spawn_aside(self, environment->own_threads, recorder,
                                 std::make_shared<const recorder_environment>(recorder_environment{
                                     options.event, *stored->engine, state.router, state.replayer,
                                     state.statistics, report_interval, wall_clock, &flow}),
                                 std::shared_ptr<store::event_log>{std::move(stored->log)});
  }
  const topic_clock for_times = clock_of(stored->engine.get(), wall_clock, self->clock().now());
  if (stored->engine) {
    state.topic_recorder =
        spawn_aside(self, environment->own_threads, topic_recorder,
                    std::make_shared<const topic_recorder_environment>(topic_recorder_environment{
                        *stored->engine, state.statistics, report_interval, for_times}));
  }
  const auto answers = std::make_shared<byte_budget>(options.http.max_answers);
  topic_options for_topics = options.topic;
  if (!stored->engine) for_topics.defaults.storage = core::topic_storage::memory;
  state.topics = spawn_watched(
      self, topics,
      topic_environment{for_topics, for_times, stored->engine.get(), state.topic_recorder,
                        state.statistics, report_interval, answers, state.ending, stored->life});
  state.sequencer = spawn_watched(
      self, sequencer,
      std::make_shared<const sequencer_environment>(sequencer_environment{
          options.sequence, options.client.ending, flow, state.router, state.recorder,
          options.event.level == durability::sync, state.statistics, report_interval}),
      stored->start);
  state.for_sources = std::make_shared<const source_environment>(source_environment{
      options.source, flow, state.sequencer, state.statistics, report_interval, environment->unit,
      core::source_kind::connection, state.recorder != nullptr});
  auto for_bodies = std::make_shared<source_environment>(*state.for_sources);
  for_bodies->unit = nullptr;
  for_bodies->kind = core::source_kind::request;
  for_bodies->receipts = options.event.level == durability::sync;
  state.for_bodies = std::move(for_bodies);
  core::inbox_options inbox;
  inbox.stall_timeout = options.client.stall_timeout;
  inbox.in_order = options.sequence.on_late != core::late_policy::deliver;
  state.for_sessions = std::make_shared<const session_environment>(session_environment{
      options.client, flow,
      event_feeds{state.router, state.recorder, state.replayer, state.statistics, inbox},
      state.statistics, environment->unit});
  const status_sources parts{state.sequencer, state.statistics, state.recorder,
                             state.topic_recorder};
  state.for_controls =
      std::make_shared<const control_environment>(control_environment{parts, environment->unit});
  api::settings settings;
  settings.topic = for_topics.defaults;
  settings.subscriber_expiry = options.http.api_expiry;
  settings.api_wait = options.http.api_wait;
  settings.longest_wait = options.http.max_wait;
  settings.sites = {options.http.hosts, options.http.origins};
  if (environment->http_on_loopback) {
    const auto listen = io::parse_address(options.http.listen, 0).host;
    settings.sites.hosts = api::loopback_names(listen, options.http.hosts);
  }
  settings.for_operator = options.http.for_operator;
  const auto line = [self] {
    const std::size_t workers = self->system().scheduler().num_workers();
    return std::make_shared<waiting_line>(std::max<std::size_t>(1, workers / 2));
  };
  state.for_http = std::make_shared<const http_environment>(
      http_environment{options.http,
                       settings,
                       options.source.max_line,
                       {state.topics, state.router, parts},
                       supervisor_actor{self},
                       std::make_shared<byte_budget>(options.http.max_bodies),
                       answers,
                       line(),
                       line(),
                       line(),
                       report_interval,
                       environment->unit,
                       options.event.level == durability::sync});
  state.environment = std::move(environment);

  return {
      [self](source_accepted& accepted) {
        supervisor_state& s = self->state;
        if (s.draining) return;
        const auto spawned =
            spawn_watched(self, source, accepted.is_socket ? s.for_sources : s.for_bodies,
                          ++s.last_source, std::move(accepted.connection));
        s.sources.emplace(spawned.id(), supervisor_state::known_source{s.last_source, spawned});
      },
      [self](client_accepted& accepted) {
        supervisor_state& s = self->state;
        if (s.draining) return;
        const auto spawned =
            spawn_watched(self, session, s.for_sessions, std::move(accepted.connection));
        s.sessions.emplace(spawned.id(), spawned);
        expect_handshake(self, spawned.id());
      },
      [self](http_accepted& accepted) {
        supervisor_state& s = self->state;
        if (s.draining) {
          turn_away(*accepted.connection);
          return;
        }
        const auto spawned =
            spawn_watched(self, http_session, s.for_http, std::move(accepted.connection));
        s.http_sessions.emplace(spawned.id(), spawned);
        if (s.statistics) {
          self->send(s.statistics, report{{{counter::http_connections, 1},
                                           {counter::http_connections_total, 1}}});
        }
        watch_http(self);
      },
      [self](control_accepted& accepted) {
        supervisor_state& s = self->state;
        if (s.draining) return;
        const auto spawned =
            spawn_watched(self, control, s.for_controls, std::move(accepted.connection));
        s.controls.emplace(spawned.id(), spawned);
        expect_handshake(self, spawned.id());
      },
      [self](handshake_overdue) { end_handshakes(self); },
      [self](progress_due) {
        self->state.watching_http = false;
        for (const auto& [id, session] : self->state.http_sessions) {
          self->send(session, progress_due{});
        }
        watch_http(self);
      },
      [self](const report& counted) {
        if (self->state.statistics) self->send(self->state.statistics, counted);
      },
      [self](drain) { begin_to_end(self); },
      [self](drain_overdue) { self->state.overdue ? leave_the_rest(self) : end_the_rest(self); },
  };
}

}  // namespace skein
