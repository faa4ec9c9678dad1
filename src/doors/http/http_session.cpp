#include "doors/http/http_session.hpp"

#include <utility>

#include "actors/base/log_exceptions.hpp"
#include "doors/http/api/problem.hpp"
#include "doors/http/http_session_parts.hpp"

namespace skein {

namespace http_session_parts {

namespace {

using io_status = io::io_result::status;
using ending = io::stream::ending;

/// Bytes that are read after the request that is being answered.
constexpr std::size_t most_ahead = 48u << 10;

/// Bytes of requests that each connection may hold without a share of what all may.
constexpr std::size_t free_bytes = 128u << 10;

void finish(pointer self) {
  self->state.counted.report(self);
  self->quit();
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

/// The client is not there any more.
void lose(pointer self) {
  abandon_wait(self);
  end(self, ending::abort);
}

io::http_response not_read_yet() {
  return unavailable(
      "the events have come, but not all of them are read, or on disk, yet: clients are slow, the "
      "store fails, or events before them are missing; it is safe to send them again");
}

/// Whether the next request may be looked at.
bool is_free(const http_session_state& state) {
  return !state.busy && state.out.empty() && !state.unheard.is_full();
}

void read_on(pointer self) {
  http_session_state& state = self->state;
  // Only a read shows that a client has gone.
  if (state.ended || state.reading || (!is_free(state) && state.reader->ahead() >= most_ahead)) {
    return;
  }
  state.reading = true;
  (*state.connection)->await_readable();
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
      if (state.wait && state.wait->for_messages) abandon_wait(self);
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

void begin_to_drain(pointer self) {
  http_session_state& state = self->state;
  state.draining = true;
  if (leave_line(self)) {
    give_back(self);
    respond(self, is_ending());
  } else if (state.busy || !state.out.empty()) {
    abandon_wait(self);
  } else if (state.reader->idle()) {
    end(self, ending::graceful);
  } else {
    // Whole or not, the request would be refused; a client that is slow to send it holds nobody up.
    refuse_bytes(self, is_ending());
  }
}

void on_turn(pointer self, turn_number number) {
  http_session_state& state = self->state;
  if (!state.its_turn || state.its_turn->number() != number) return;  // it has left the line
  state.its_turn->come();
  std::exchange(state.waits_with, nullptr)();
}

void on_request_read(pointer self, request_read& message) {
  self->state.its_turn.reset();
  if (self->state.over) {
    finish_unanswered(self);
  } else if (!message.what) {
    on_failure(self);
  } else if (on_request(self, std::move(*message.what))) {
    proceed(self);
  }
}

}  // namespace

void finish_if_heard(pointer self) {
  const http_session_state& state = self->state;
  const bool gets_messages = state.consumer && state.consumer->hand.awaits_answer();
  const bool is_awaited = state.busy && (gets_messages || state.its_turn);
  if (state.over && state.unheard.empty() && !is_awaited) finish(self);
}

void in_turn(pointer self, const std::shared_ptr<waiting_line>& line, std::function<void()> work) {
  http_session_state& state = self->state;
  state.its_turn.emplace(line, http_session_actor{self});
  if (state.its_turn->has_come()) {
    work();
  } else {
    state.waits_with = std::move(work);
  }
}

void end(pointer self, ending how) {
  http_session_state& state = self->state;
  if (std::exchange(state.over, true)) return;
  if (auto& by = state.consumer) {
    tell(state.environment->ask, by->topic, by->subscriber, by->hand.lost());
  }
  (*state.connection)->close(how);
  leave_line(self);
  finish_if_heard(self);
}

void expect(pointer self, std::chrono::milliseconds within) {
  self->state.deadline = self->clock().now() + within;
}

bool hold(pointer self) {
  http_session_state& state = self->state;
  const std::size_t held = state.reader->held() + state.unheard.bytes();
  return state.share->resize(held > free_bytes ? held - free_bytes : 0);
}

void proceed(pointer self) {
  http_session_state& state = self->state;
  const http_options& options = state.environment->options;
  while (is_free(state)) {
    switch (state.reader->next()) {
      case io::http_reader::result::request:
        if (!handle(self, state.reader->request()) && !state.busy) return;
        break;
      case io::http_reader::result::expects_continue:
        if (!respond_continue(self)) return;
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

}  // namespace http_session_parts

using namespace http_session_parts;

http_session_actor::behavior_type http_session(pointer self,
                                               std::shared_ptr<const http_environment> environment,
                                               std::shared_ptr<io::stream> connection) {
  log_exceptions(self);
  http_session_state& state = self->state;
  const http_options& options = environment->options;
  state.reader.emplace(io::http_limits{options.max_target, options.max_headers, options.max_body});
  state.connection.emplace(std::move(connection), self->ctrl(), environment->unit);
  state.share.emplace(environment->bodies);
  state.counted = {environment->ask.parts.statistics, environment->report_interval};
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
      [self](look_at_deadline) { see_to_deadline(self); },
      [self](turn_came came) { on_turn(self, came.number); },
      [self](request_read& message) { on_request_read(self, message); },
      [self](answer_written& message) { on_answer_written(self, message); },
      [self](events_read how) { on_events_read(self, how); },
      [self](report_due) { self->state.counted.report(self); },
      [self](drain) { begin_to_drain(self); },
      [self](drain_overdue) {
        http_session_state& s = self->state;
        s.unheard = {};
        s.busy = false;
        s.over ? finish_if_heard(self) : end(self, ending::abort);
      },
  };
}

}  // namespace skein
