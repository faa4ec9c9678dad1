#include "doors/http/http_session.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "actors/base/log_exceptions.hpp"
#include "actors/topics/refusal.hpp"
#include "calls/weight.hpp"
#include "doors/http/api/problem.hpp"
#include "doors/http/body_stream.hpp"
#include "doors/http/http_work.hpp"
#include "io/http_writer.hpp"

namespace skein {

namespace {

using pointer = measured_actor<http_session_actor, http_session_state>*;
using io_status = io::io_result::status;
using ending = io::stream::ending;
using reason = api::refused::reason;

/// Bytes that are read behind the request that is being answered.
constexpr std::size_t most_ahead = 48u << 10;

/// Bytes of an answer that are written before others get their turn.
constexpr std::size_t most_written = 256u << 10;

/// Bytes of requests that each connection may hold without a share of what all may.
constexpr std::size_t free_bytes = 128u << 10;

void proceed(pointer self);

/// Says what became of the messages of an answer.
void hand_over(pointer self, bool arrived) {
  http_session_state& state = self->state;
  if (state.given.leases.empty()) return;
  auto given = std::exchange(state.given, {});
  if (arrived && given.is_lease) return;  // the client says so itself
  send_from_here(
      state.environment->topics,
      api::topic_call{std::move(given.topic), api::handed_over{std::move(given.subscriber),
                                                               std::move(given.leases), arrived}});
}

void finish(pointer self) {
  self->state.counted.report(self);
  self->quit();
}

/// Ends, if the connection is over and nothing has still to be heard of: publishes that may be
/// refused, messages that are for others then, and whose turn is next.
void finish_if_heard(pointer self) {
  const http_session_state& state = self->state;
  const bool is_awaited = state.busy && (!state.given.topic.empty() || state.its_turn);
  if (state.over && state.unheard == 0 && !is_awaited) finish(self);
}

/// Does it at once, or when those before it have been through.
template <class Work>
void in_turn(pointer self, const std::shared_ptr<waiting_line>& line, Work&& work) {
  http_session_state& state = self->state;
  state.its_turn.emplace(line, http_session_actor{self});
  if (state.its_turn->has_come()) {
    work();
  } else {
    state.waits_with = std::forward<Work>(work);
  }
}

/// Returns whether it has waited for its turn; then what it waited with is not done.
bool leave_line(pointer self) {
  http_session_state& state = self->state;
  if (!state.waits_with) return false;
  state.waits_with = nullptr;
  state.its_turn.reset();
  state.busy = false;
  return true;
}

void end(pointer self, ending how) {
  http_session_state& state = self->state;
  if (std::exchange(state.over, true)) return;
  hand_over(self, false);
  (*state.connection)->close(how);
  leave_line(self);
  finish_if_heard(self);
}

/// What was asked for is there, but its client is not any more.
void finish_unanswered(pointer self) {
  self->state.busy = false;
  self->state.its_turn.reset();
  finish_if_heard(self);
}

/// What it waits for at a topic is to be answered as it stands.
void abandon_wait(pointer self) {
  http_session_state& state = self->state;
  if (state.waits_at.empty()) return;
  self->send(state.environment->topics, wait_abandoned{state.waits_at, self->id()});
}

/// From now on the client has so long for what it has to do next.
void expect(pointer self, std::chrono::milliseconds within) {
  self->state.deadline = self->clock().now() + within;
}

/// The client is not there any more.
void lose(pointer self) {
  abandon_wait(self);
  end(self, ending::abort);
}

io::http_response is_ending() {
  auto response = api::problem_response(api::plain_problem(503), "the daemon is ending");
  response.headers.add("Retry-After", "1");
  return response;
}

io::http_response too_much() {
  auto response = api::problem_response(api::plain_problem(503), "too much is being read at once");
  response.headers.add("Retry-After", "1");
  return response;
}

io::http_response not_read_yet() {
  auto response = api::problem_response(
      api::plain_problem(503),
      "the events have come, but not all of them are read, or on disk, yet: clients are slow, the "
      "store fails, or events before them are missing; to repeat them does no harm");
  response.headers.add("Retry-After", "1");
  return response;
}

/// What of the answer is to be written next.
std::string_view unwritten(const http_session_state& state) {
  const std::size_t head = state.out.size();
  std::string_view rest = state.written < head
                              ? std::string_view{state.out}.substr(state.written)
                              : std::string_view{state.body}.substr(state.written - head);
  return rest.substr(0, most_written);
}

/// Returns whether everything was taken.
bool write(pointer self) {
  http_session_state& state = self->state;
  std::size_t now = 0;
  while (state.written != state.out.size() + state.body.size()) {
    if (now >= most_written) {
      expect(self, state.environment->options.request_timeout);
      (*state.connection)->await_writable();
      return false;
    }
    const io::io_result written = (*state.connection)->write(unwritten(state));
    if (written.what == io_status::failed) {
      end(self, ending::abort);
      return false;
    }
    if (written.what != io_status::ok) {
      expect(self, state.environment->options.request_timeout);
      (*state.connection)->await_writable();
      return false;
    }
    state.written += written.bytes;
    now += written.bytes;
  }
  hand_over(self, true);
  state.out.clear();
  if (!state.body.empty()) free_aside(self->home_system(), std::exchange(state.body, {}));
  state.answer_share.reset();
  state.written = 0;
  constexpr std::size_t usual = 16u << 10;
  if (state.out.capacity() > usual) state.out.shrink_to_fit();
  if (state.closing) {
    end(self, ending::graceful);
    return false;
  }
  return true;
}

/// Returns whether everything was taken, and the next request may be looked at.
bool respond(pointer self, io::http_response response) {
  http_session_state& state = self->state;
  api::let_page_read(state.page, response);
  state.busy = false;
  state.its_turn.reset();
  state.waits_at.clear();
  state.counted.count(self, core::counter::http_requests);
  if (response.status >= 400) state.counted.count(self, core::counter::http_refused);
  state.closing = !state.reply.keep_alive || state.draining;
  state.reply.keep_alive = !state.closing;
  const bool has_body = io::write_head(state.reply, response, state.out, std::time(nullptr));
  if (has_body && response.body.size() <= quick_bytes) {
    state.out += response.body;
  } else if (has_body) {
    state.body = std::move(response.body);
  }
  return write(self);
}

void respond_and_proceed(pointer self, io::http_response response) {
  if (respond(self, std::move(response))) proceed(self);
}

void write_large(pointer self, api::answer&& answer, std::shared_ptr<budget_share> share) {
  http_session_state& state = self->state;
  if (!share) share = std::make_shared<budget_share>(state.environment->answers);
  auto write = [self, answer = std::move(answer), share = std::move(share)]() mutable {
    write_aside(self->home_system(), self, self->state.form, std::move(answer), std::move(share));
  };
  state.its_turn ? write() : in_turn(self, state.environment->answers_line, std::move(write));
}

void on_answer(pointer self, api::answer answer, std::shared_ptr<budget_share> share = nullptr) {
  http_session_state& state = self->state;
  if (const auto* messages = std::get_if<api::leased>(&answer)) {
    for (const auto& d : messages->messages) state.given.leases.push_back(d.lease);
  }
  if (!state.over) {
    if (api::weight_of(answer) > quick_bytes) {
      write_large(self, std::move(answer), std::move(share));
      return;
    }
    respond_and_proceed(self, api::write_answer(state.form, answer));
    return;
  }
  hand_over(self, false);
  finish_unanswered(self);
}

void on_failure(pointer self) {
  on_answer(self, self->state.draining
                      ? refusal(reason::ending, "the daemon ends").what
                      : refusal(reason::failed, "a part of the daemon failed").what);
}

template <class Actor, class Call>
void ask(pointer self, const Actor& whom, Call&& call) {
  self->request(whom, caf::infinite, std::forward<Call>(call))
      .then([self](answered& a) { on_answer(self, std::move(a.what), std::move(a.share)); },
            [self](caf::error&) { on_failure(self); });
}

/// Returns whether what is read, and not done, may be held in memory.
bool hold(pointer self) {
  http_session_state& state = self->state;
  const std::size_t held = state.reader->held() + state.unheard_bytes;
  return state.share->resize(held > free_bytes ? held - free_bytes : 0);
}

// --- publishes that are answered before they are done ---

bool is_refused(const api::answer& answer) {
  const auto* const done = std::get_if<api::published>(&answer);
  using core::publish_outcome;
  return !done || std::any_of(done->messages.begin(), done->messages.end(), [](const auto& m) {
    return m.what == publish_outcome::no_subscribers || m.what == publish_outcome::overflow;
  });
}

/// Of a publish that was answered before it was refused.
void count_unheard(pointer self, const char* key, std::string_view value) {
  http_session_state& state = self->state;
  state.counted.count(self, core::counter::messages_refused_unheard);
  if (const auto suppressed = state.failures.pass(self->clock().now())) {
    log::warn("message refused after it was answered", {{key, value}, {"suppressed", *suppressed}});
  }
}

void on_heard(pointer self, const std::string& topic, std::size_t bytes, bool refused) {
  http_session_state& state = self->state;
  --state.unheard;
  state.unheard_bytes -= bytes;
  if (refused) count_unheard(self, "topic", topic);
  state.over ? finish_if_heard(self) : proceed(self);
}

void publish_unheard(pointer self, api::topic_call&& call) {
  http_session_state& state = self->state;
  ++state.unheard;
  std::size_t bytes = 0;
  for (const auto& m : std::get<api::publish>(call.what).messages) bytes += m.payload->size();
  state.unheard_bytes += bytes;
  const std::string topic = call.topic;
  self->request(state.environment->topics, caf::infinite, std::move(call))
      .then([self, topic,
             bytes](const answered& a) { on_heard(self, topic, bytes, is_refused(a.what)); },
            [self, topic, bytes](caf::error&) { on_heard(self, topic, bytes, true); });
}

// --- calls ---

void begin(pointer self, api::topic_call&& call) {
  http_session_state& state = self->state;
  if (auto* const asked = std::get_if<api::lease>(&call.what)) {
    if (state.ended) asked->wait = std::chrono::milliseconds{0};  // nobody would see the client go
    state.waits_at = call.topic;
    state.given = {call.topic, asked->subscriber, {}, true};
  } else if (const auto* const fetched = std::get_if<api::fetch>(&call.what)) {
    state.given = {call.topic, fetched->subscriber, {}, false};
  } else if (const auto* const publish = std::get_if<api::publish>(&call.what)) {
    if (publish->wait == api::wait_for::delivered) state.waits_at = call.topic;
  }
  ask(self, state.environment->topics, std::move(call));
}
void begin(pointer self, api::list_topics&& call) {
  ask(self, self->state.environment->topics, std::move(call));
}
void begin(pointer self, api::list_follows&& call) {
  ask(self, self->state.environment->router, std::move(call));
}

void begin(pointer self, api::publish_events&& call) {
  http_session_state& state = self->state;
  if (!call.lines.empty() && call.lines.back() != '\n') call.lines += '\n';
  // They keep a share until a source has read them: while clients are slow it waits.
  std::string{}.swap(state.reader->request().body);
  hold(self);
  budget_share share{state.environment->bodies};
  if (!share.resize(call.lines.size())) {
    state.reply.keep_alive = false;
    respond_and_proceed(self, too_much());
    return;
  }
  const http_session_actor me{self};
  self->send(
      state.environment->supervisor,
      source_accepted{std::make_shared<body_stream>(std::move(call.lines), std::move(share),
                                                    (*state.connection)->peer(),
                                                    [me](bool all, bool settled) {
                                                      send_from_here(me, events_read{all, settled});
                                                    }),
                      false});
}

template <class Then>
void ask_for_place(pointer self, Then then) {
  self->request(self->state.environment->parts.sequencer, caf::infinite, status_wanted{})
      .then(
          [then](const status& told) {
            api::epoch_description d;
            core::epoch_number durable_epoch = 0;
            for (const auto& [name, value] : told.facts) {
              if (name == "epoch") d.epoch = static_cast<core::epoch_number>(value);
              if (name == "next") d.next = static_cast<core::sequence_number>(value);
              if (name == "durable_epoch") durable_epoch = static_cast<core::epoch_number>(value);
              if (name == "durable_next") {
                d.durable_next = static_cast<core::sequence_number>(value);
              }
            }
            // It is to be a number of the same epoch.
            if (d.durable_next && durable_epoch != d.epoch) d.durable_next = 1;
            then(d);
          },
          [self](caf::error&) { on_failure(self); });
}

void begin(pointer self, api::describe_epoch&&) {
  ask_for_place(self, [self](const api::epoch_description& d) { on_answer(self, d); });
}

/// At level `sync` they are durable by now.
void answer_events(pointer self) {
  ask_for_place(self, [self](const api::epoch_description& d) {
    http_session_state& state = self->state;
    if (!state.busy) return;  // answered before
    api::events_published done = std::exchange(state.events, {});
    done.durable = state.environment->synced;
    done.at = d;
    on_answer(self, std::move(done));
  });
}

void begin(pointer self, api::new_epoch&&) {
  self->request(self->state.environment->parts.sequencer, caf::infinite, begin_epoch{})
      .then(
          [self](epoch_begun begun) {
            on_answer(self, api::epoch_description{begun.epoch, begun.next, {}});
          },
          [self](caf::error&) { on_failure(self); });
}

void begin(pointer self, api::statistics&&) {
  gather_status(
      self, self->state.environment->parts,
      [self](const status& all) { on_answer(self, api::statistics_list{all.facts}); },
      [self](caf::error&) { on_failure(self); });
}

bool asks_for_page(const api::call& what) {
  if (const auto* const call = std::get_if<api::topic_call>(&what)) {
    return std::holds_alternative<api::list_dead>(call->what) ||
           std::holds_alternative<api::list_delayed>(call->what) ||
           std::holds_alternative<api::list_subscribers>(call->what);
  }
  return std::holds_alternative<api::list_topics>(what) ||
         std::holds_alternative<api::list_follows>(what);
}

/// Returns whether the next request may be looked at.
bool on_request(pointer self, understood_request&& read) {
  http_session_state& state = self->state;
  state.busy = false;
  if (auto* response = std::get_if<io::http_response>(&read.what)) {
    return respond(self, std::move(*response));
  }
  if (auto* refused = std::get_if<api::refused_unheard>(&read.what)) {
    count_unheard(self, "reason", refused->why);
    return respond(self, std::move(refused->response));
  }
  auto& request = std::get<api::request>(read.what);
  state.events = std::move(read.events);
  state.form = std::move(request.form);
  state.given = {};
  state.busy = true;
  // Nobody who is asked takes longer, unless it has failed.
  const http_options& options = state.environment->options;
  expect(self, options.max_wait + options.request_timeout);
  if (state.draining) {
    if (state.form.to == api::endpoint::gophermq_publish_async) {
      count_unheard(self, "topic", std::get<api::topic_call>(request.what).topic);
    }
    return respond(self, api::write_answer(state.form, refusal(reason::ending).what));
  }
  const bool is_page = asks_for_page(request.what);
  if (state.form.to == api::endpoint::gophermq_publish_async) {
    publish_unheard(self, std::get<api::topic_call>(std::move(request.what)));
    return respond(self, api::write_answer(state.form, api::published{}));
  }
  auto begin_it = [self, what = std::move(request.what)]() mutable {
    std::visit([self](auto& call) { begin(self, std::move(call)); }, what);
  };
  is_page ? in_turn(self, state.environment->pages_line, std::move(begin_it)) : begin_it();
  return false;
}

/// Returns whether the next request may be looked at.
bool handle(pointer self, io::http_request& http) {
  http_session_state& state = self->state;
  const http_environment& environment = *state.environment;
  state.reply = http.reply_form();
  state.page = api::allowed_origin(http, environment.settings.sites);
  state.mid_request = false;
  if (http.body_size() <= quick_bytes) {
    return on_request(self, understand(http, environment.settings, environment.max_line));
  }
  state.busy = true;
  expect(self, environment.options.max_wait + environment.options.request_timeout);
  in_turn(self, environment.bodies_line, [self, &http, &environment] {
    understand_aside(self->home_system(), self, std::move(http), environment.settings,
                     environment.max_line);
  });
  return false;
}

/// Answers that the bytes which come are no request, or none that is taken; then there is nothing
/// behind it.
void refuse_bytes(pointer self, io::http_response response) {
  self->state.reply = {};
  self->state.page.clear();
  respond(self, std::move(response));
}

/// Whether the next request may be looked at.
bool is_free(const http_session_state& state) {
  return !state.busy && state.out.empty() && state.unheard < http_session_state::most_unheard;
}

void read_on(pointer self) {
  http_session_state& state = self->state;
  // Only who reads learns that a client has gone.
  if (state.ended || state.reading || (!is_free(state) && state.reader->ahead() >= most_ahead)) {
    return;
  }
  state.reading = true;
  (*state.connection)->await_readable();
}

/// Looks at what has been read, as far as it can be answered.
void proceed(pointer self) {
  http_session_state& state = self->state;
  const http_options& options = state.environment->options;
  while (is_free(state)) {
    switch (state.reader->next()) {
      case io::http_reader::result::request:
        if (!handle(self, state.reader->request()) && !state.busy) return;
        break;
      case io::http_reader::result::expects_continue:
        state.out += io::continue_response;
        if (!write(self)) return;
        break;
      case io::http_reader::result::failed:
        refuse_bytes(self, api::problem_response(api::plain_problem(state.reader->error().status),
                                                 state.reader->error().reason));
        return;
      case io::http_reader::result::more:
        if (!hold(self)) {
          if (state.reader->idle()) return;  // reads on when it has heard of what it holds
          refuse_bytes(self, too_much());
          return;
        }
        if (state.ended || (state.draining && state.reader->idle())) {
          end(self, ending::graceful);
          return;
        }
        if (state.reader->idle()) {
          expect(self, options.idle_timeout);
        } else if (!std::exchange(state.mid_request, true)) {
          expect(self, options.request_timeout);
        }
        read_on(self);
        return;
    }
  }
  read_on(self);
}

void read(pointer self) {
  http_session_state& state = self->state;
  const auto space = state.reader->space_for_reading();
  const io::io_result got = (*state.connection)->read(space.data, space.size);
  switch (got.what) {
    case io_status::would_block:
      read_on(self);
      return;
    case io_status::failed:
      lose(self);
      return;
    case io_status::ended:
      state.ended = true;
      // It may still take an answer, but need not wait for messages.
      if (state.given.is_lease) abandon_wait(self);
      proceed(self);
      return;
    case io_status::ok:
      break;
  }
  state.reader->commit(got.bytes);
  proceed(self);
}

void see_to_deadline(pointer self) {
  http_session_state& state = self->state;
  if (state.deadline > self->clock().now()) return;
  if (state.over) {
    finish(self);
  } else if (state.busy && !state.its_turn && state.form.to == api::endpoint::publish_events) {
    state.reply.keep_alive = false;
    respond(self, not_read_yet());
  } else if (state.busy || !state.out.empty()) {
    end(self, ending::abort);
  } else if (state.mid_request) {
    refuse_bytes(self, api::problem_response(api::plain_problem(408), "the request took too long"));
  } else {
    end(self, ending::graceful);
  }
}

}  // namespace

http_session_actor::behavior_type http_session(pointer self,
                                               std::shared_ptr<const http_environment> environment,
                                               std::shared_ptr<io::stream> connection) {
  log_exceptions(self);
  http_session_state& state = self->state;
  const http_options& options = environment->options;
  state.reader.emplace(io::http_limits{options.max_target, options.max_headers, options.max_body});
  state.connection.emplace(std::move(connection), self->ctrl(), environment->unit);
  state.share.emplace(environment->bodies);
  state.counted = {environment->parts.statistics, environment->report_interval};
  state.environment = std::move(environment);
  expect(self, options.request_timeout);
  read_on(self);

  return {
      [self](readable) {
        self->state.reading = false;
        if (!self->state.over) read(self);
      },
      [self](writable) {
        if (!self->state.over && write(self)) proceed(self);
      },
      [self](progress_due) { see_to_deadline(self); },
      [self](turn_came came) {
        http_session_state& s = self->state;
        if (!s.its_turn || s.its_turn->number() != came.number) return;  // it has left the line
        s.its_turn->come();
        std::exchange(s.waits_with, nullptr)();
      },
      [self](request_read& message) {
        self->state.its_turn.reset();
        if (self->state.over) {
          finish_unanswered(self);
        } else if (!message.what) {
          on_failure(self);
        } else if (on_request(self, std::move(*message.what))) {
          proceed(self);
        }
      },
      [self](answer_written& message) {
        http_session_state& s = self->state;
        if (!s.busy) return;  // answered before
        if (!message.what || s.over || message.what->refused) hand_over(self, false);
        if (s.over) {
          finish_unanswered(self);
        } else if (!message.what) {
          on_failure(self);
        } else {
          s.answer_share = std::move(message.what->share);
          respond_and_proceed(self, std::move(message.what->response));
        }
      },
      [self](events_read message) {
        if (!self->state.busy) return;  // answered before
        if (message.all && (message.settled || !self->state.environment->synced)) {
          answer_events(self);
        } else {
          on_answer(self, refusal(reason::ending).what);
        }
      },
      [self](report_due) { self->state.counted.report(self); },
      [self](drain) {
        http_session_state& s = self->state;
        s.draining = true;
        if (leave_line(self)) {
          hand_over(self, false);
          respond(self, is_ending());
        } else if (s.busy || !s.out.empty()) {
          abandon_wait(self);
        } else if (s.reader->idle()) {
          end(self, ending::graceful);
        } else {
          // Whole or not, the request would be refused; who is slow to send it holds nobody up.
          refuse_bytes(self, is_ending());
        }
      },
      [self](drain_overdue) {
        http_session_state& s = self->state;
        s.unheard = 0;
        s.busy = false;
        s.over ? finish_if_heard(self) : end(self, ending::abort);
      },
  };
}

}  // namespace skein
