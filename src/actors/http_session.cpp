#include "actors/http_session.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "actors/body_stream.hpp"
#include "actors/log_exceptions.hpp"
#include "actors/refusal.hpp"
#include "api/events_body.hpp"
#include "api/problem.hpp"
#include "io/http_writer.hpp"

namespace skein {

namespace {

using pointer = http_session_actor::stateful_pointer<http_session_state>;
using io_status = io::io_result::status;
using ending = io::stream::ending;
using reason = api::refused::reason;

/// Bytes that are read behind the request that is being answered.
constexpr std::size_t most_ahead = 48u << 10;

void proceed(pointer self);

void arm_report(pointer self) {
  http_session_state& state = self->state;
  if (std::exchange(state.report_armed, true)) return;
  self->delayed_send(self, state.environment->report_interval, report_due{});
}

void send_report(pointer self) {
  self->state.report_armed = false;
  self->send(self->state.environment->status.statistics,
             report{std::exchange(self->state.unreported, traffic{})});
}

void end(pointer self, ending how) {
  http_session_state& state = self->state;
  state.unreported.http_closed = 1;
  send_report(self);
  (*state.connection)->close(how);
  self->quit();
}

/// From now on the client has so long for what it has to do next.
void expect(pointer self, std::chrono::milliseconds within) {
  self->state.deadline = self->clock().now() + within;
}

/// The client is not there any more.
void lose(pointer self) {
  http_session_state& state = self->state;
  if (state.waits_at.empty()) {
    end(self, ending::abort);
    return;
  }
  state.gone = true;  // the answer may hold messages
  self->send(state.environment->topics, wait_abandoned{state.waits_at, self->id()});
}

/// Returns whether everything was taken.
bool write(pointer self) {
  http_session_state& state = self->state;
  std::size_t done = 0;
  while (done != state.out.size()) {
    const io::io_result written =
        (*state.connection)->write(std::string_view{state.out}.substr(done));
    if (written.what == io_status::failed) {
      end(self, ending::abort);
      return false;
    }
    if (written.what != io_status::ok) {
      state.out.erase(0, done);
      expect(self, state.environment->options.request_timeout);
      (*state.connection)->await_writable();
      return false;
    }
    done += written.bytes;
  }
  state.out.clear();
  constexpr std::size_t usual = 16u << 10;
  if (state.out.capacity() > usual) state.out.shrink_to_fit();
  if (state.closing) {
    end(self, ending::graceful);
    return false;
  }
  return true;
}

/// Returns whether everything was taken, and the next request may be looked at.
bool respond(pointer self, const io::http_response& response) {
  http_session_state& state = self->state;
  state.busy = false;
  state.waits_at.clear();
  ++state.unreported.http_requests;
  if (response.status >= 400) ++state.unreported.http_refused;
  arm_report(self);
  state.closing = !state.reply.keep_alive || state.draining;
  state.reply.keep_alive = !state.closing;
  io::write_response(state.reply, response, state.out, std::time(nullptr));
  return write(self);
}

void respond_and_proceed(pointer self, const io::http_response& response) {
  if (respond(self, response)) proceed(self);
}

/// What a client did not get is for others.
void give_back(pointer self, const api::leased& messages) {
  http_session_state& state = self->state;
  if (messages.messages.empty() || state.form.to != api::endpoint::lease) return;
  api::settle back;
  back.subscriber = state.form.subscriber;
  back.what = api::settle::action::nack;
  back.time = std::chrono::milliseconds{0};
  for (const auto& d : messages.messages) back.leases.push_back(d.lease);
  self->request(state.environment->topics, caf::infinite,
                api::topic_call{state.form.topic, std::move(back)})
      .then([](const answered&) {}, [](caf::error&) {});
}

void on_answer(pointer self, const api::answer& answer) {
  http_session_state& state = self->state;
  if (!state.gone) {
    respond_and_proceed(self, api::write_answer(state.form, answer));
    return;
  }
  if (const auto* messages = std::get_if<api::leased>(&answer)) give_back(self, *messages);
  end(self, ending::abort);
}

void on_failure(pointer self) {
  on_answer(self, self->state.draining
                      ? refusal(reason::ending, "the daemon ends").what
                      : refusal(reason::failed, "a part of the daemon failed").what);
}

template <class Actor, class Call>
void ask(pointer self, const Actor& whom, Call&& call) {
  self->request(whom, caf::infinite, std::forward<Call>(call))
      .then([self](const answered& a) { on_answer(self, a.what); },
            [self](caf::error&) { on_failure(self); });
}

// --- publishes that are answered before they are done ---

bool is_refused(const api::answer& answer) {
  const auto* const done = std::get_if<api::published>(&answer);
  using core::publish_outcome;
  return !done || std::any_of(done->messages.begin(), done->messages.end(), [](const auto& m) {
    return m.what == publish_outcome::no_subscribers || m.what == publish_outcome::overflow;
  });
}

void on_heard(pointer self, const std::string& topic, bool refused) {
  http_session_state& state = self->state;
  --state.unheard;
  if (refused) {
    ++state.unreported.refused_unheard;
    arm_report(self);
    if (const auto suppressed = state.failures.pass(self->clock().now())) {
      log::warn("message refused after it was answered",
                {{"topic", topic}, {"suppressed", *suppressed}});
    }
  }
  if (!state.busy && state.out.empty()) proceed(self);
}

void publish_unheard(pointer self, api::topic_call&& call) {
  http_session_state& state = self->state;
  ++state.unheard;
  const std::string topic = call.topic;
  self->request(state.environment->topics, caf::infinite, std::move(call))
      .then([self, topic](const answered& a) { on_heard(self, topic, is_refused(a.what)); },
            [self, topic](caf::error&) { on_heard(self, topic, true); });
}

// --- calls ---

void begin(pointer self, api::topic_call&& call) {
  http_session_state& state = self->state;
  if (std::holds_alternative<api::lease>(call.what)) state.waits_at = call.topic;
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
  state.deadline = core::never;  // sources wait for as long as clients are slow
  state.events = api::examine_events(call.lines, state.environment->max_line);
  const http_session_actor me{self};
  self->send(state.environment->supervisor,
             source_accepted{std::make_shared<body_stream>(
                                 std::move(call.lines), (*state.connection)->peer(),
                                 [me](bool all) { send_from_here(me, events_read{all}); }),
                             false});
}

void begin(pointer self, api::describe_epoch&&) {
  self->request(self->state.environment->status.sequencer, caf::infinite, status_wanted{})
      .then(
          [self](const status& told) {
            api::epoch_description d;
            for (const auto& [name, value] : told.facts) {
              if (name == "epoch") d.epoch = static_cast<core::epoch_number>(value);
              if (name == "next") d.next = static_cast<core::sequence_number>(value);
            }
            on_answer(self, d);
          },
          [self](caf::error&) { on_failure(self); });
}

void begin(pointer self, api::new_epoch&&) {
  self->request(self->state.environment->status.sequencer, caf::infinite, begin_epoch{})
      .then(
          [self](epoch_begun begun) {
            on_answer(self, api::epoch_description{begun.epoch, begun.next});
          },
          [self](caf::error&) { on_failure(self); });
}

void begin(pointer self, api::statistics&&) {
  gather_status(
      self, self->state.environment->status,
      [self](const status& all) { on_answer(self, api::statistics_list{all.facts}); },
      [self](caf::error&) { on_failure(self); });
}

/// Returns whether the next request may be looked at.
bool handle(pointer self, const io::http_request& http) {
  http_session_state& state = self->state;
  state.reply = http.reply_form();
  state.mid_request = false;
  auto read = api::read_request(http, state.environment->settings);
  if (const auto* response = std::get_if<io::http_response>(&read)) {
    return respond(self, *response);
  }
  auto& request = std::get<api::request>(read);
  state.form = std::move(request.form);
  state.busy = true;
  // Nobody who is asked takes longer, unless it has failed.
  const http_options& options = state.environment->options;
  expect(self, options.max_wait + options.request_timeout);
  if (state.form.to == api::endpoint::gophermq_publish_async) {
    publish_unheard(self, std::get<api::topic_call>(std::move(request.what)));
    return respond(self, api::write_answer(state.form, api::published{}));
  }
  std::visit([self](auto& call) { begin(self, std::move(call)); }, request.what);
  return false;
}

void refuse_bytes(pointer self, unsigned status, const char* why) {
  http_session_state& state = self->state;
  state.reply = {};
  respond(self, api::problem_response(api::plain_problem(status), why));
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
        refuse_bytes(self, state.reader->error().status, state.reader->error().reason);
        return;
      case io::http_reader::result::more:
        if (state.ended && state.unheard != 0) return;
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
      // It may still take an answer, but need not wait for it.
      if (!state.waits_at.empty()) {
        self->send(state.environment->topics, wait_abandoned{state.waits_at, self->id()});
      }
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
  if (state.busy || !state.out.empty()) {
    end(self, ending::abort);
  } else if (state.mid_request) {
    refuse_bytes(self, 408, "the request took too long");
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
  state.environment = std::move(environment);
  state.unreported.http_opened = 1;
  arm_report(self);
  expect(self, options.request_timeout);
  read_on(self);

  return {
      [self](readable) {
        self->state.reading = false;
        if (!self->state.gone) read(self);
      },
      [self](writable) {
        if (write(self)) proceed(self);
      },
      [self](progress_due) { see_to_deadline(self); },
      [self](events_read message) {
        api::events_published done = std::exchange(self->state.events, {});
        if (message.all) {
          on_answer(self, std::move(done));
        } else {
          on_answer(self, refusal(reason::ending).what);
        }
      },
      [self](report_due) { send_report(self); },
      [self](drain) {
        http_session_state& s = self->state;
        s.draining = true;
        if (!s.busy && s.out.empty() && s.reader->idle()) end(self, ending::graceful);
      },
      [self](drain_overdue) { end(self, ending::abort); },
  };
}

}  // namespace skein
