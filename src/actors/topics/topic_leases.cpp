#include <algorithm>
#include <utility>

#include "actors/topics/answer_room.hpp"
#include "actors/topics/topic_parts.hpp"

namespace skein::topic_parts {

namespace {

/// Somebody waits while messages are delayed: the clock is looked at so often, ms.
constexpr core::wall_time longest_unlooked = 1'000;

/// When it is removed if it asks for nothing before.
core::wall_time expiry_of(const topic_state& state, core::subscriber_id id, core::wall_time now) {
  const auto& s = state.subscribers.at(id);
  if (s.idle_expiry.count() == 0) return core::no_time;
  return (state.waiting.count(id) != 0 ? now : s.seen) + s.idle_expiry.count();
}

void expire(pointer self, core::subscriber_id id) {
  topic_state& state = self->state;
  log::info("subscriber removed, it was idle", {{"topic", state.topic},
                                                {"subscriber", state.subscribers.at(id).name},
                                                {"pending", state.queue->settled(id)->pending()}});
  state.counted.count(self, counter::subscribers_expired);
  remove(self, id);
  arm_interval(self);
}

template <class Lease>
taken take_what_fits(pointer self, core::subscriber_id id, std::size_t most_bytes, Lease lease) {
  topic_state& state = self->state;
  answer_room room{state.environment->answers, most_bytes};
  const core::moment now = moment_of(self);
  taken done;
  done.messages = lease(now, room.most_bytes());
  done.has_room = room.keep(done.messages, [&](const core::delivery& d) {
    state.queue->give_back(id, d.lease);
    arm_interval(self);
  });
  done.messages = told(std::move(done.messages), now);
  done.share = std::move(room).share();
  state.counted.count(self, counter::messages_delivered, done.messages.size());
  answer_acknowledged(self);  // what has expired is not waited for
  return done;
}

}  // namespace

std::optional<core::subscriber_id> find(pointer self, const std::string& name) {
  topic_state& state = self->state;
  const auto found = state.by_name.find(name);
  if (found == state.by_name.end()) return std::nullopt;
  const core::subscriber_id id = found->second;
  const core::wall_time now = time_of(self);
  if (!state.failing && expiry_of(state, id, now) <= now) {
    expire(self, id);
    return std::nullopt;
  }
  see(self, id);
  return id;
}

void see(pointer self, core::subscriber_id id) {
  topic_state& state = self->state;
  auto& s = state.subscribers.at(id);
  s.seen = time_of(self);
  if (state.stored && s.idle_expiry.count() != 0 &&
      s.seen - s.seen_stored > s.idle_expiry.count() / 8) {
    s.seen_stored = s.seen;
    state.stored->seen(id, s.seen);
    arm_interval(self);
  }
}

bool expire_idle(pointer self) {
  topic_state& state = self->state;
  const core::wall_time now = time_of(self);
  if (state.failing || now < state.next_expiry) return false;
  std::vector<core::subscriber_id> gone;
  state.next_expiry = core::no_time;
  for (const auto& [id, s] : state.subscribers) {
    const core::wall_time at = expiry_of(state, id, now);
    if (at <= now) {
      gone.push_back(id);
    } else {
      state.next_expiry = std::min(state.next_expiry, at);
    }
  }
  for (const auto id : gone) expire(self, id);
  return !gone.empty();
}

answered no_subscriber(const std::string& name) {
  return refusal(reason::no_such_subscriber, "there is no subscriber " + name);
}

void remove(pointer self, core::subscriber_id id) {
  topic_state& state = self->state;
  const auto waits = state.waiting.find(id);
  if (waits != state.waiting.end()) {
    for (auto& w : waits->second) w.to.deliver(no_subscriber(state.subscribers.at(id).name));
    state.waiting.erase(waits);
  }
  if (state.stored) state.stored->remove_subscriber(id);
  state.queue->unsubscribe(id);
  answer_acknowledged(self);
  state.by_name.erase(state.subscribers.at(id).name);
  state.subscribers.erase(id);
}

std::uint32_t may_take(topic_state& state, core::subscriber_id id, std::uint32_t most) {
  constexpr std::uint64_t in_any_case = 50;
  most = std::min(most, state.options.batch);
  if (has_room(state, most * held_bytes(state))) return most;
  // What was read before takes no more than it does.
  const core::subscription& s = *state.queue->settled(id);
  const std::uint64_t held = std::min(s.held() - s.ready(), in_any_case);
  const auto few = static_cast<std::uint32_t>(std::min<std::uint64_t>(in_any_case - held, most));
  while (most > few && !has_room(state, most * held_bytes(state))) most /= 2;
  return std::max(most, few);
}

taken take(pointer self, core::subscriber_id id, std::uint32_t most) {
  topic_state& state = self->state;
  const std::uint32_t wanted = may_take(state, id, most == 0 ? state.options.batch : most);
  return take_what_fits(self, id, core::most_leased_bytes,
                        [&](core::moment now, std::size_t bytes) {
                          return state.queue->lease(id, wanted, now, bytes);
                        });
}

taken take_all(pointer self, core::subscriber_id id) {
  return take_what_fits(self, id, core::most_fetched_bytes,
                        [&](core::moment now, std::size_t bytes) {
                          return self->state.queue->fetch(id, now, bytes);
                        });
}

void serve(pointer self, core::subscriber_id id) {
  topic_state& state = self->state;
  const auto found = state.waiting.find(id);
  if (found == state.waiting.end()) return;
  auto& all = found->second;
  see(self, id);
  while (!all.empty()) {
    taken next;
    try {
      next = take(self, id, all.front().most);
    } catch (const store::error& e) {
      cannot_read(self, e);
      // Whoever waits asks again.
      for (auto& w : all) w.to.deliver(answered{api::leased{}});
      all.clear();
      break;
    }
    if (!next.has_room) {
      all.front().to.deliver(too_many_answers());
    } else if (!next.messages.empty()) {
      answer_committed(self, {std::move(all.front().to),
                              api::leased{std::move(next.messages)},
                              false,
                              {},
                              std::move(next.share)});
    } else {
      break;
    }
    all.pop_front();
  }
  if (all.empty()) state.waiting.erase(found);
}

void serve_all(pointer self) {
  std::vector<core::subscriber_id> who;
  for (const auto& [id, all] : self->state.waiting) who.push_back(id);
  for (const auto id : who) serve(self, id);
  if (!who.empty()) arm_deadline(self);
}

core::wall_time next_deadline(pointer self) {
  try {
    return self->state.queue->next_deadline(moment_of(self));
  } catch (const store::error&) {
    return core::no_time;  // calls that have to read say so
  }
}

void arm_deadline(pointer self) {
  topic_state& state = self->state;
  core::wall_time next = core::no_time;
  for (const auto& [id, all] : state.waiting) {
    for (const auto& w : all) next = std::min(next, w.until);
  }
  if (!state.by_until.empty()) next = std::min(next, state.by_until.begin()->first);
  const core::wall_time now = time_of(self);
  if (!state.waiting.empty()) {
    next = std::min(next, next_deadline(self));
    // The clock may be set meanwhile.
    if (state.log->delayed() != 0) next = std::min(next, now + longest_unlooked);
  }
  if (next == core::no_time) return;
  if (!state.armed.empty() && *state.armed.begin() <= next) return;
  state.armed.insert(next);
  self->delayed_send(self, std::chrono::milliseconds{std::max<core::wall_time>(next - now, 0)},
                     topic_due{next});
}

}  // namespace skein::topic_parts
