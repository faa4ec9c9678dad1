#include <algorithm>
#include <functional>
#include <queue>
#include <random>
#include <utility>
#include <variant>

#include "actors/topics/answer_room.hpp"
#include "actors/topics/topic_parts.hpp"

namespace skein::topic_parts {

namespace {

/// Bytes that may wait to be committed before publishes wait, too.
constexpr std::size_t most_gathered = 64u << 20;

core::topic_queue::published publish_one(pointer self, api::new_message& m, core::moment now,
                                         core::receipt_number receipt) {
  core::message what{std::move(m.key), std::move(m.payload), now.wall, m.expires};
  if (m.ttl && now.measured + m.ttl->count() < now.measured_of(m.expires)) {
    what.expires = core::at_measured(now.measured + m.ttl->count());
  }
  core::clock_time at = m.deliver_at;
  if (now.measured + m.delay.count() > now.measured_of(at)) {
    at = core::at_measured(now.measured + m.delay.count());
  }
  auto& queue = *self->state.queue;
  const bool grows =
      !self->state.stored || receipt != 0 || self->state.options.dedupe != core::dedupe_policy::off;
  if (grows && !has_room(self->state, core::size_of(what))) {
    return {core::publish_outcome::no_room, {}};
  }
  auto done = queue.publish(m.priority, what, at, now, receipt);
  if (done.what == core::publish_outcome::overflow && expire_idle(self)) {
    done = queue.publish(m.priority, what, at, now, receipt);
  }
  return done;
}

/// What became of each message.
api::published publish_all(pointer self, api::publish& asked, core::moment now,
                           core::receipt_number receipt) {
  using core::publish_outcome;
  topic_state& state = self->state;
  api::published done;
  for (api::new_message& m : asked.messages) {
    const auto outcome = publish_one(self, m, now, receipt);
    const bool has_id =
        outcome.what == publish_outcome::published || outcome.what == publish_outcome::replaced;
    if (outcome.full && done.full_subscriber.empty()) {
      done.full_subscriber = state.subscribers.at(*outcome.full).name;
    }
    state.counted.count(self, core::is_refused(outcome.what) ? counter::messages_refused
                                                             : counter::messages_published);
    // No id is told that a crash could give to another message.
    const bool tells_id = !state.stored || asked.wait != api::wait_for::accepted;
    auto& told = done.messages.emplace_back();
    told.what = outcome.what;
    if (has_id && tells_id) told.id = core::number_of(outcome.id);
    if (outcome.what == publish_outcome::delayed && tells_id) told.delayed = outcome.delayed;
  }
  return done;
}

/// It is answered when all have acknowledged it.
result publish_and_wait(pointer self, api::publish& asked) {
  topic_state& state = self->state;
  const core::moment now = moment_of(self);
  const auto sender = self->current_sender();  // the promise takes it
  const core::receipt_number receipt = begin_to_wait(
      self,
      {{}, sender ? sender->id() : 0, asked.ticket, {}, now.measured + asked.timeout.count()});
  topic_state::undelivered& waits = state.unacknowledged.at(receipt);
  try {
    api::published done = publish_all(self, asked, now, receipt);
    waits.answer.messages = std::move(done.messages);
    waits.answer.full_subscriber = std::move(done.full_subscriber);
  } catch (...) {
    stop_waiting(self, receipt, std::nullopt);
    throw;
  }
  state.queue->receipts().seal(receipt);
  waits.to = self->make_response_promise<answered>();
  const auto to = waits.to;
  answer_acknowledged(self);  // of others
  serve_all(self);
  state.sync = true;
  answer_committed(self, {to, {}, true, receipt});
  return to;
}

result handle(pointer self, api::publish& asked) {
  topic_state& state = self->state;
  if (state.failing) return refusal(reason::not_stored, "the store cannot be written");
  if (asked.wait == api::wait_for::delivered) return publish_and_wait(self, asked);
  api::published done = publish_all(self, asked, moment_of(self), 0);
  answer_acknowledged(self);  // what was dropped or replaced is not waited for
  serve_all(self);
  const bool waits_for_disk = state.stored && asked.wait != api::wait_for::accepted;
  if (waits_for_disk || (state.stored && state.stored->gathered() > most_gathered)) {
    return committed(self, std::move(done), waits_for_disk);
  }
  state.claimed |= std::any_of(done.messages.begin(), done.messages.end(), [](const auto& m) {
    return m.what <= core::publish_outcome::replaced;
  });
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
  const auto there = asked.subscriber.empty() ? std::nullopt : find(self, asked.subscriber);
  if (there) {
    if (asked.idle_expiry && *asked.idle_expiry != state.subscribers.at(*there).idle_expiry) {
      return differs("the subscriber exists and differs in", {"idle_expiry_ms"});
    }
    // It may have come with what is not committed yet.
    return committed(self, api::subscribed{asked.subscriber, false}, true);
  }
  const std::size_t most = state.environment->options.max_subscribers;
  const bool is_full = state.queue->subscribers() >= most && !expire_idle(self);
  if (is_full || !has_room(state, 1024)) {
    return refusal(reason::no_room, is_full ? "the topic has " + std::to_string(most) +
                                                  " subscribers, as many as topic.max-subscribers "
                                                  "allows"
                                            : "the topics take as much as topic.max-memory allows");
  }
  const std::string name = asked.subscriber.empty() ? random_uuid() : asked.subscriber;
  const auto idle_expiry = asked.idle_expiry.value_or(std::chrono::milliseconds{0});
  const core::wall_time now = time_of(self);
  const core::subscriber_id id =
      state.stored ? state.stored->add_subscriber(name, idle_expiry, now) : ++state.last_subscriber;
  state.queue->subscribe(id);
  state.by_name.emplace(name, id);
  state.subscribers.emplace(id, topic_state::subscriber{name, idle_expiry, now, now});
  if (idle_expiry.count() != 0) {
    state.next_expiry = std::min(state.next_expiry, now + idle_expiry.count());
  }
  return committed(self, api::subscribed{name, true}, true);
}

api::subscriber_description describe(const topic_state& state, core::subscriber_id id);

result handle(pointer self, api::change_subscriber& asked) {
  topic_state& state = self->state;
  if (state.failing) return refusal(reason::not_stored, "the store cannot be written");
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  auto& s = state.subscribers.at(*id);
  if (asked.idle_expiry && *asked.idle_expiry != s.idle_expiry) {
    s.idle_expiry = *asked.idle_expiry;
    if (state.stored) state.stored->set_idle_expiry(*id, s.idle_expiry);
    if (s.idle_expiry.count() != 0) {
      state.next_expiry = std::min(state.next_expiry, s.seen + s.idle_expiry.count());
    }
  }
  return committed(self, describe(state, *id), true);
}

result handle(pointer self, api::unsubscribe& asked) {
  if (self->state.failing) return refusal(reason::not_stored, "the store cannot be written");
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  remove(self, *id);
  return committed(self, api::removed{}, true);
}

answered too_many_held() {
  return refusal(reason::no_room,
                 "the subscriber has messages to acknowledge, and the topics take as much as "
                 "topic.max-memory allows");
}

result handle(pointer self, api::lease& asked) {
  topic_state& state = self->state;
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  if (state.queue->settled(*id)->pending() != 0 && may_take(state, *id, 1) == 0) {
    return too_many_held();
  }
  // Who came first is served first.
  const bool others_wait = state.waiting.count(*id) != 0;
  auto next = others_wait ? taken{} : take(self, *id, asked.most);
  if (!next.has_room) return too_many_answers();
  if (!next.messages.empty()) {
    return committed(self, api::leased{std::move(next.messages)}, false, false,
                     std::move(next.share));
  }
  if (asked.wait.count() == 0 || state.end) return answered{api::leased{}};
  const auto sender = self->current_sender();  // the promise takes it
  auto to = self->make_response_promise<answered>();
  state.waiting[*id].push_back({to, sender ? sender->id() : 0, asked.ticket, asked.most,
                                time_of(self) + asked.wait.count()});
  arm_deadline(self);
  return to;
}

result handle(pointer self, api::fetch& asked) {
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  if (self->state.queue->settled(*id)->pending() != 0 && may_take(self->state, *id, 1) == 0) {
    return too_many_held();
  }
  auto all = take_all(self, *id);
  arm_interval(self);
  if (!all.has_room) return too_many_answers();
  return answered{api::leased{std::move(all.messages)}, std::move(all.share)};
}

result handle(pointer self, api::handed_over& over) {
  topic_state& state = self->state;
  const auto id = find(self, over.subscriber);
  if (!id) return no_subscriber(over.subscriber);
  for (const core::lease_name lease : over.leases) {
    if (over.arrived) {
      state.counted.count(self, counter::messages_acknowledged,
                          state.queue->finish_fetched(*id, lease));
    } else {
      state.counted.count(self, counter::messages_returned,
                          state.queue->give_back(*id, lease) == core::lease_outcome::done);
    }
  }
  answer_acknowledged(self);
  serve(self, *id);
  arm_interval(self);
  return answered{api::settled{}};
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
    if (asked.what == action::ack) state.counted.count(self, counter::messages_acknowledged);
    if (asked.what == action::nack) state.counted.count(self, counter::messages_returned);
  }
  if (asked.what == action::ack) answer_acknowledged(self);
  serve(self, *id);
  arm_deadline(self);
  return committed(self, std::move(done), asked.what == action::ack);
}

/// A page, as far as there is room for it.
template <class Page>
result page(Page all, answer_room room) {
  if (!room.keep(all.messages, [&](const auto&) { all.more = true; })) return too_many_answers();
  return answered{std::move(all), std::move(room).share()};
}

result handle(pointer self, api::list_dead& asked) {
  topic_state& state = self->state;
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  const core::subscription& s = *state.queue->settled(*id);
  std::vector<std::uint64_t> behind;
  for (const core::message_id m : s.dead()) {
    if (const auto number = core::number_of(m); number > asked.after.value_or(0)) {
      behind.push_back(number);
    }
  }
  const core::moment now = moment_of(self);
  // A page is a few of many: only these are put in order.
  std::priority_queue ids{std::greater<>{}, std::move(behind)};
  answer_room room{state.environment->answers, core::most_leased_bytes};
  api::dead_letters all;
  std::size_t bytes = 0;
  for (; !ids.empty(); ids.pop()) {
    if (all.messages.size() == asked.most || bytes >= room.most_bytes()) {
      all.more = true;
      break;
    }
    const core::message_id m = core::id_of(ids.top());
    auto what = state.log->read(m);
    if (!what) continue;
    bytes += what->payload->size();
    tell_times(*what, now);
    all.messages.push_back(
        {ids.top(), m.priority, s.so_far().flights.at(m).attempts, std::move(*what)});
  }
  return page(std::move(all), std::move(room));
}

result handle(pointer self, api::settle_dead& asked) {
  topic_state& state = self->state;
  if (state.failing) return refusal(reason::not_stored, "the store cannot be written");
  const auto id = find(self, asked.subscriber);
  if (!id) return no_subscriber(asked.subscriber);
  if (asked.ids.empty()) {
    for (const core::message_id m : state.queue->settled(*id)->dead()) {
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

result handle(pointer self, api::list_delayed& asked) {
  core::topic_log& log = *self->state.log;
  api::delayed_messages all;
  answer_room room{self->state.environment->answers, core::most_leased_bytes};
  all.messages = log.list_delayed(asked.after, asked.most, room.most_bytes());
  all.more = !all.messages.empty() && !log.list_delayed(all.messages.back().id, 1, 1).empty();
  const core::moment now = moment_of(self);
  for (core::delayed_entry& d : all.messages) {
    d.deliver_at = now.wall_of(d.id.due);
    tell_times(d.what, now);
  }
  return page(std::move(all), std::move(room));
}

result handle(pointer self, api::cancel_delayed& asked) {
  topic_state& state = self->state;
  if (state.failing) return refusal(reason::not_stored, "the store cannot be written");
  api::cancelled done;
  for (const core::delayed_id id : asked.ids) {
    if (state.log->cancel(id)) {
      ++done.messages;
    } else {
      done.unknown.push_back(id);
    }
  }
  return committed(self, std::move(done), true);
}

api::subscriber_description describe(const topic_state& state, core::subscriber_id id) {
  const auto& known = state.subscribers.at(id);
  const core::subscription& s = *state.queue->settled(id);
  api::subscriber_description d;
  d.name = known.name;
  d.idle_expiry = known.idle_expiry;
  d.pending = s.pending();
  d.unread = s.undelivered();
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
  expire_idle(self);
  const auto found = self->state.by_name.find(asked.subscriber);
  if (found == self->state.by_name.end()) return no_subscriber(asked.subscriber);
  return answered{describe(self->state, found->second)};
}

result handle(pointer self, api::list_subscribers& asked) {
  topic_state& state = self->state;
  expire_idle(self);
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
  expire_idle(self);
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
result handle(pointer, api::change_topic&) {
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
