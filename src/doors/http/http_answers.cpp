#include <ctime>
#include <utility>

#include "actors/topics/refusal.hpp"
#include "calls/weight.hpp"
#include "doors/http/api/problem.hpp"
#include "doors/http/http_session_parts.hpp"
#include "io/http_writer.hpp"

namespace skein::http_session_parts {

namespace {

using io_status = io::io_result::status;
using ending = io::stream::ending;
using reason = api::refused::reason;

/// What of the answer is to be written next.
std::string_view unwritten(const http_session_state& state) {
  const std::size_t head = state.out.size();
  std::string_view rest = state.written < head
                              ? std::string_view{state.out}.substr(state.written)
                              : std::string_view{state.body}.substr(state.written - head);
  return rest.substr(0, most_written);
}

void write_on_later(pointer self) {
  expect(self, self->state.environment->options.request_timeout);
  (*self->state.connection)->await_writable();
}

/// The connection has taken everything. Returns whether it goes on.
bool on_written(pointer self) {
  http_session_state& state = self->state;
  if (auto& by = state.consumer) {
    tell(state.environment->ask, by->topic, by->subscriber, by->hand.taken());
    if (!by->hand.awaits_answer()) by.reset();
  }
  state.out.clear();
  if (!state.body.empty()) free_aside(self->home_system(), std::exchange(state.body, {}));
  state.answer_share.reset();
  state.written = 0;
  constexpr std::size_t usual = 16u << 10;
  if (state.out.capacity() > usual) state.out.shrink_to_fit();
  if (!state.closing) return true;
  end(self, ending::graceful);
  return false;
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

/// The messages of the answer, if it was asked for some, are the client's to take.
void hand_on(http_session_state& state, const api::answer& answer) {
  auto& by = state.consumer;
  if (!by || !by->hand.awaits_answer()) return;
  std::vector<core::lease_name> leases;
  if (const auto* const given = std::get_if<api::leased>(&answer)) {
    leases.reserve(given->messages.size());
    for (const core::delivery& d : given->messages) leases.push_back(d.lease);
  }
  tell(state.environment->ask, by->topic, by->subscriber, by->hand.given(std::move(leases)));
}

}  // namespace

bool write(pointer self) {
  http_session_state& state = self->state;
  std::size_t now = 0;
  while (state.written != state.out.size() + state.body.size()) {
    if (now >= most_written) {
      write_on_later(self);
      return false;
    }
    const io::io_result written = (*state.connection)->write(unwritten(state));
    if (written.what == io_status::failed) {
      end(self, ending::abort);
      return false;
    }
    if (written.what != io_status::ok) {
      write_on_later(self);
      return false;
    }
    state.written += written.bytes;
    now += written.bytes;
  }
  return on_written(self);
}

bool respond(pointer self, io::http_response response) {
  http_session_state& state = self->state;
  api::let_page_read(state.page, response);
  state.busy = false;
  state.its_turn.reset();
  state.wait.reset();
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

bool respond_continue(pointer self) {
  self->state.out += io::continue_response;
  return write(self);
}

void refuse_bytes(pointer self, io::http_response response) {
  self->state.reply = {};
  self->state.page.clear();
  respond(self, std::move(response));
}

void on_answer(pointer self, api::answer&& answer, std::shared_ptr<budget_share> share) {
  http_session_state& state = self->state;
  hand_on(state, answer);
  if (state.over) {
    finish_unanswered(self);
  } else if (api::weight_of(answer) > quick_bytes) {
    write_large(self, std::move(answer), std::move(share));
  } else {
    respond_and_proceed(self, api::write_answer(state.form, answer));
  }
}

void on_failure(pointer self) {
  on_answer(self, self->state.draining
                      ? refusal(reason::ending, "the daemon ends").what
                      : refusal(reason::failed, "a part of the daemon failed").what);
}

void on_answer_written(pointer self, answer_written& message) {
  http_session_state& state = self->state;
  if (!state.busy) return;  // answered before
  if (!message.what || message.what->refused) give_back(self);
  if (state.over) {
    finish_unanswered(self);
  } else if (!message.what) {
    on_failure(self);
  } else {
    state.answer_share = std::move(message.what->share);
    respond_and_proceed(self, std::move(message.what->response));
  }
}

void give_back(pointer self) {
  http_session_state& state = self->state;
  if (auto& by = state.consumer) {
    tell(state.environment->ask, by->topic, by->subscriber, by->hand.not_taken());
  }
}

void finish_unanswered(pointer self) {
  self->state.busy = false;
  self->state.its_turn.reset();
  finish_if_heard(self);
}

io::http_response unavailable(std::string_view why) {
  auto response = api::problem_response(api::plain_problem(503), why);
  response.headers.add("Retry-After", "1");
  return response;
}

io::http_response is_ending() {
  return unavailable("the daemon is ending");
}

io::http_response too_much() {
  return unavailable("too much is being read at once");
}

}  // namespace skein::http_session_parts
