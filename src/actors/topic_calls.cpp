#include <algorithm>
#include <random>
#include <utility>
#include <variant>

#include "actors/topic_parts.hpp"

namespace skein::topic_parts {

namespace {

/// Of one answer to `fetch`, so that no answer takes all the memory; what is left comes with the
/// next.
constexpr std::size_t most_fetched = 10'000;
constexpr std::size_t most_fetched_bytes = 16u << 20;

result handle(pointer self, api::publish& asked) {
  topic_state& state = self->state;
  if (state.failing) return refusal(reason::not_stored, "the store cannot be written");
  const core::wall_time now = time_of(self);
  api::published done;
  std::vector<core::message_id> ids;
  for (api::new_message& m : asked.messages) {
    core::message what{std::move(m.key), std::move(m.payload), now, m.expires};
    if (m.ttl) what.expires = std::min<core::wall_time>(what.expires, now + m.ttl->count());
    const core::wall_time at = std::max<core::wall_time>(m.deliver_at, now + m.delay.count());
    const auto outcome = state.queue->publish(m.priority, what, at, now);
    using core::publish_outcome;
    const bool has_id =
        outcome.what == publish_outcome::published || outcome.what == publish_outcome::replaced;
    const bool is_refused = outcome.what == publish_outcome::no_subscribers ||
                            outcome.what == publish_outcome::overflow ||
                            outcome.what == publish_outcome::no_such_priority;
    ++(is_refused ? state.unreported.refused : state.unreported.published);
    if (has_id) ids.push_back(outcome.id);
    // No id is told that a crash could give to another message.
    const bool tells_id = has_id && (!state.stored || asked.wait != api::wait_for::accepted);
    done.messages.push_back({outcome.what, tells_id ? core::number_of(outcome.id) : 0});
  }
  arm_report(self);
  answer_acknowledged(self);  // what was dropped or replaced is not waited for
  serve_all(self);
  const bool waits_for_disk = state.stored && asked.wait != api::wait_for::accepted;
  if (asked.wait == api::wait_for::delivered && !ids.empty()) {
    topic_state::undelivered waits{self->make_response_promise<answered>(), std::move(done),
                                   now + asked.timeout.count(), std::move(ids)};
    const auto to = waits.to;
    state.sync = true;
    answer_committed(self, {to, {}, true, std::move(waits)});
    return to;
  }
  if (waits_for_disk) return committed(self, std::move(done), true);
  arm_interval(self);
  return answered{std::move(done)};
}

std::string random_uuid() {
  static thread_local std::random_device source;
  std::uniform_int_distribution<unsigned> digit{0, 15};
  std::string text = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (char& c : text) {
    if (c == 'x') c = "0123456789abcdef"[digit(source)];
    if (c == 'y') c = "89ab"[digit(source) % 4];
  }
  return text;
}

result handle(pointer self, api::subscribe& asked) {
  topic_state& state = self->state;
  if (state.failing) return refusal(reason::not_stored, "the store cannot be written");
  if (!asked.subscriber.empty() && find(self, asked.subscriber)) {
    // It may have come with what is not committed yet.
    return committed(self, api::subscribed{asked.subscriber, false}, true);
  }
  const std::string name = asked.subscriber.empty() ? random_uuid() : asked.subscriber;
  const core::wall_time now = time_of(self);
  const core::subscriber_id id = state.stored
                                     ? state.stored->add_subscriber(name, asked.idle_expiry, now)
                                     : ++state.last_subscriber;
  state.queue->subscribe(id);
  state.by_name.emplace(name, id);
  state.subscribers.emplace(id, topic_state::subscriber{name, asked.idle_expiry, now, now});
  return committed(self, api::subscribed{name, true}, true);
}

result handle(pointer self, api::unsubscribe& asked) {
  if (self->state.failing) return refusal(reason::not_stored, "the store cannot be written");
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  remove(self, *id);
  return committed(self, api::removed{}, true);
}

result handle(pointer self, api::lease& asked) {
  topic_state& state = self->state;
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  // Who came first is served first.
  const bool others_wait = state.waiting.count(*id) != 0;
  auto messages = others_wait ? std::vector<core::delivery>{} : take(self, *id, asked.most);
  if (!messages.empty()) {
    return committed(self, api::leased{std::move(messages)}, false, false);
  }
  if (asked.wait.count() == 0 || state.end) return answered{api::leased{}};
  const auto sender = self->current_sender();  // the promise takes it
  auto to = self->make_response_promise<answered>();
  state.waiting[*id].push_back(
      {to, sender ? sender->id() : 0, asked.most, time_of(self) + asked.wait.count()});
  arm_deadline(self);
  return to;
}

result handle(pointer self, api::fetch& asked) {
  topic_state& state = self->state;
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  api::leased all;
  std::size_t bytes = 0;
  while (all.messages.size() < most_fetched && bytes < most_fetched_bytes) {
    std::vector<core::delivery> some;
    try {
      some = take(self, *id, 0);
    } catch (const store::error&) {
      if (all.messages.empty()) throw;  // else it can be said the next time
    }
    if (some.empty()) break;
    for (core::delivery& d : some) {
      state.queue->acknowledge(*id, d.lease);
      bytes += d.what.payload->size();
      all.messages.push_back(std::move(d));
    }
  }
  state.unreported.settled += all.messages.size();
  if (all.messages.empty()) return answered{std::move(all)};
  answer_acknowledged(self);
  // It is not delivered again though the answer may be lost; so it need not be waited for.
  arm_interval(self);
  return answered{std::move(all)};
}

result handle(pointer self, api::settle& asked) {
  topic_state& state = self->state;
  using action = api::settle::action;
  if (state.failing) return refusal(reason::not_stored, "the store cannot be written");
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  const core::wall_time now = time_of(self);
  std::optional<core::wall_time> time;
  if (asked.time) time = asked.time->count();
  api::settled done;
  for (const core::lease_name lease : asked.leases) {
    const auto outcome = asked.what == action::ack ? state.queue->acknowledge(*id, lease)
                         : asked.what == action::nack
                             ? state.queue->nack(*id, lease, time, now)
                             : state.queue->extend(*id, lease, time.value_or(0), now);
    done.outcomes.push_back(outcome);
    if (outcome != core::lease_outcome::done) continue;
    if (asked.what == action::ack) ++state.unreported.settled;
    if (asked.what == action::nack) ++state.unreported.returned;
  }
  arm_report(self);
  if (asked.what == action::ack) answer_acknowledged(self);
  serve(self, *id);
  arm_deadline(self);
  return committed(self, std::move(done), asked.what == action::ack);
}

result handle(pointer self, api::list_dead& asked) {
  topic_state& state = self->state;
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  const core::subscription& s = *state.queue->of(*id);
  std::vector<std::uint64_t> ids;
  for (const core::message_id m : s.dead()) ids.push_back(core::number_of(m));
  std::sort(ids.begin(), ids.end());
  api::dead_letters all;
  std::size_t bytes = 0;
  for (auto at = std::upper_bound(ids.begin(), ids.end(), asked.after.value_or(0)); at != ids.end();
       ++at) {
    if (all.messages.size() == asked.most || bytes >= core::most_leased_bytes) {
      all.more = true;
      break;
    }
    const core::message_id m = core::id_of(*at);
    auto what = state.log->read(m);
    if (!what) continue;
    bytes += what->payload->size();
    all.messages.push_back({*at, m.priority, s.so_far().flights.at(m).attempts, std::move(*what)});
  }
  return answered{std::move(all)};
}

result handle(pointer self, api::settle_dead& asked) {
  topic_state& state = self->state;
  if (state.failing) return refusal(reason::not_stored, "the store cannot be written");
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  if (asked.ids.empty()) {
    for (const core::message_id m : state.queue->of(*id)->dead()) {
      asked.ids.push_back(core::number_of(m));
    }
  }
  api::dead_settled done;
  for (const std::uint64_t number : asked.ids) {
    const core::message_id m = core::id_of(number);
    const bool known =
        m.priority < state.options.priorities &&
        (asked.what == api::settle_dead::action::replay ? state.queue->replay(*id, m)
                                                        : state.queue->purge(*id, m));
    if (known) {
      ++done.messages;
    } else {
      done.unknown.push_back(number);
    }
  }
  answer_acknowledged(self);
  serve(self, *id);
  arm_deadline(self);
  return committed(self, std::move(done), true);
}

api::subscriber_description describe(const topic_state& state, core::subscriber_id id) {
  const auto& known = state.subscribers.at(id);
  const core::subscription& s = *state.queue->of(id);
  api::subscriber_description d;
  d.name = known.name;
  d.idle_expiry = known.idle_expiry;
  d.pending = s.pending();
  d.unread = s.unread();
  for (const auto& [message, flight] : s.so_far().flights) {
    switch (flight.state) {
      case core::flight_state::leased:
        ++d.leased;
        break;
      case core::flight_state::waiting:
      case core::flight_state::ready:
        ++d.waiting;
        break;
      case core::flight_state::dead:
        ++d.dead;
        break;
    }
  }
  return d;
}

result handle(pointer self, api::describe_subscriber& asked) {
  const auto found = self->state.by_name.find(asked.subscriber);
  if (found == self->state.by_name.end()) return no_subscriber(asked.subscriber);
  return answered{describe(self->state, found->second)};
}

result handle(pointer self, api::list_subscribers& asked) {
  topic_state& state = self->state;
  api::subscriber_list all;
  for (auto at = state.by_name.upper_bound(asked.after); at != state.by_name.end(); ++at) {
    if (all.subscribers.size() == asked.most) {
      all.more = true;
      break;
    }
    all.subscribers.push_back(describe(state, at->second));
  }
  return answered{std::move(all)};
}

result handle(pointer self, api::describe_topic&) {
  topic_state& state = self->state;
  api::topic_description d;
  d.name = state.topic;
  d.options = state.options;
  for (core::priority_level p = 0; p != state.options.priorities; ++p) {
    d.messages += state.log->end(p) - state.log->begin(p);
  }
  d.delayed = state.log->delayed();
  d.subscribers = state.queue->subscribers();
  return answered{std::move(d)};
}

/// These are for the one who knows all topics.
result handle(pointer, api::create_topic&) {
  return refusal(reason::failed);
}
result handle(pointer, api::delete_topic&) {
  return refusal(reason::failed);
}

}  // namespace

result handle(pointer self, api::topic_call& call) {
  return std::visit([self](auto& asked) { return handle(self, asked); }, call.what);
}

}  // namespace skein::topic_parts
