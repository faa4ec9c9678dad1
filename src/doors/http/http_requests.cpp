#include <utility>

#include "actors/topics/refusal.hpp"
#include "doors/http/body_stream.hpp"
#include "doors/http/http_session_parts.hpp"

namespace skein::http_session_parts {

namespace {

using once_taken = core::lease_hand::once_taken;
using reason = api::refused::reason;

void ask_for(pointer self, api::call&& call) {
  ask(
      self, self->state.environment->ask, std::move(call),
      [self](answered& a) { on_answer(self, std::move(a.what), std::move(a.share)); },
      [self](caf::error&) { on_failure(self); });
}

api::wait_ticket begin_wait(http_session_state& state, const std::string& topic,
                            bool for_messages) {
  state.wait = http_session_state::topic_wait{topic, ++state.last_ticket, for_messages};
  return state.last_ticket;
}

void consume(http_session_state& state, const std::string& topic, const std::string& subscriber,
             once_taken then) {
  state.consumer = std::make_unique<http_session_state::consuming>(
      http_session_state::consuming{topic, subscriber, core::lease_hand{then}});
  state.consumer->hand.asked();
}

/// Notes what has to be ended, or given back, if the client goes.
void prepare(http_session_state& state, api::topic_call& call) {
  if (auto* const asked = std::get_if<api::lease>(&call.what)) {
    if (state.ended) asked->wait = std::chrono::milliseconds{0};  // nobody would see the client go
    asked->ticket = begin_wait(state, call.topic, true);
    consume(state, call.topic, asked->subscriber, once_taken::left_to_it);
  } else if (const auto* const fetched = std::get_if<api::fetch>(&call.what)) {
    consume(state, call.topic, fetched->subscriber, once_taken::acknowledged);
  } else if (auto* const publish = std::get_if<api::publish>(&call.what)) {
    if (publish->wait != api::wait_for::delivered) return;
    publish->ticket = begin_wait(state, call.topic, false);
  }
}

void publish_events(pointer self, api::publish_events&& call) {
  http_session_state& state = self->state;
  if (!call.lines.empty() && call.lines.back() != '\n') call.lines += '\n';
  // They keep a share until a source has read them: while clients are slow it waits.
  std::string{}.swap(state.reader->request().body);
  hold(self);
  budget_share share{state.environment->bodies};
  if (!share.resize(call.lines.size())) {
    state.reply.keep_alive = false;
    if (respond(self, too_much())) proceed(self);
    return;
  }
  const http_session_actor me{self};
  self->send(state.environment->supervisor,
             accepted{"event_body", std::make_shared<body_stream>(
                                        std::move(call.lines), std::move(share),
                                        (*state.connection)->peer(), [me](bool all, bool settled) {
                                          send_from_here(me, events_read{all, settled});
                                        })});
}

/// At level `sync` they are durable now.
void answer_events(pointer self) {
  ask(
      self, self->state.environment->ask, api::describe_epoch{},
      [self](const answered& at) {
        http_session_state& state = self->state;
        if (!state.busy) return;  // answered before
        api::events_published done = std::exchange(state.events, {});
        done.durable = state.environment->synced;
        done.at = std::get<api::epoch_description>(at.what);
        on_answer(self, std::move(done));
      },
      [self](caf::error&) { on_failure(self); });
}

void begin(pointer self, api::call&& what) {
  if (auto* const events = std::get_if<api::publish_events>(&what)) {
    publish_events(self, std::move(*events));
    return;
  }
  if (auto* const call = std::get_if<api::topic_call>(&what)) prepare(self->state, *call);
  ask_for(self, std::move(what));
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

}  // namespace

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
  state.busy = true;
  // No actor takes longer to answer, unless it has failed.
  const http_options& options = state.environment->options;
  expect(self, options.max_wait + options.request_timeout);
  const bool is_answered_early = state.form.to == api::endpoint::gophermq_publish_async;
  if (state.draining) {
    if (is_answered_early) {
      count_unheard(self, "topic", std::get<api::topic_call>(request.what).topic);
    }
    return respond(self, api::write_answer(state.form, refusal(reason::ending).what));
  }
  if (is_answered_early) {
    publish_unheard(self, std::get<api::topic_call>(std::move(request.what)));
    return respond(self, api::write_answer(state.form, api::published{}));
  }
  if (asks_for_page(request.what)) {
    in_turn(self, state.environment->pages_line,
            [self, what = std::move(request.what)]() mutable { begin(self, std::move(what)); });
  } else {
    begin(self, std::move(request.what));
  }
  return false;
}

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

void on_events_read(pointer self, events_read how) {
  if (!self->state.busy) return;  // answered before
  if (how.all && (how.settled || !self->state.environment->synced)) {
    answer_events(self);
  } else {
    on_answer(self, refusal(reason::ending).what);
  }
}

void abandon_wait(pointer self) {
  http_session_state& state = self->state;
  if (!state.wait) return;
  self->send(state.environment->ask.topics,
             wait_abandoned{state.wait->topic, self->id(), state.wait->ticket});
}

}  // namespace skein::http_session_parts
