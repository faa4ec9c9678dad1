#include <algorithm>
#include <string>
#include <utility>

#include "doors/http/http_session_parts.hpp"

namespace skein::http_session_parts {

namespace {

bool is_refused(const api::answer& answer) {
  const auto* const done = std::get_if<api::published>(&answer);
  return !done || std::any_of(done->messages.begin(), done->messages.end(),
                              [](const auto& m) { return core::is_refused(m.what); });
}

void on_heard(pointer self, const std::string& topic, std::size_t bytes, bool refused) {
  http_session_state& state = self->state;
  state.unheard.heard(bytes);
  if (refused) count_unheard(self, "topic", topic);
  state.over ? finish_if_heard(self) : proceed(self);
}

}  // namespace

void publish_unheard(pointer self, api::topic_call&& call) {
  http_session_state& state = self->state;
  std::size_t bytes = 0;
  for (const auto& m : std::get<api::publish>(call.what).messages) bytes += m.payload->size();
  state.unheard.begin(bytes);
  const std::string topic = call.topic;
  ask(
      self, state.environment->ask, std::move(call),
      [self, topic, bytes](const answered& a) { on_heard(self, topic, bytes, is_refused(a.what)); },
      [self, topic, bytes](caf::error&) { on_heard(self, topic, bytes, true); });
}

void count_unheard(pointer self, const char* key, std::string_view value) {
  http_session_state& state = self->state;
  state.counted.count(self, core::counter::messages_refused_unheard);
  if (const auto suppressed = state.failures.pass(self->clock().now())) {
    log::warn("message refused after it was answered", {{key, value}, {"suppressed", *suppressed}});
  }
}

}  // namespace skein::http_session_parts
