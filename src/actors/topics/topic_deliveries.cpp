#include <algorithm>
#include <utility>

#include "actors/topics/topic_parts.hpp"

namespace skein::topic_parts {

namespace {

using undelivered = topic_state::undelivered;

/// Some of the subscribers that have still to acknowledge messages of it.
std::vector<std::string> waits_for(const topic_state& state, const core::receipt& receipt) {
  constexpr std::size_t most = core::receipt_book::most_named;
  std::vector<core::subscriber_id> who;
  for (const core::receipt::line& line : receipt.lines) {
    if (line.waiting == 0) continue;
    for (const auto id : state.queue->waits_for(line.id, most)) who.push_back(id);
    std::sort(who.begin(), who.end());
    who.erase(std::unique(who.begin(), who.end()), who.end());
    if (who.size() >= most) break;
  }
  if (who.size() > most) who.resize(most);
  std::vector<std::string> names;
  names.reserve(who.size());
  for (const auto id : who) names.push_back(state.subscribers.at(id).name);
  return names;
}

/// What can be said now: that all have acknowledged everything, or else what is missing.
api::answer as_things_stand(const topic_state& state, const core::receipt& receipt,
                            undelivered&& what) {
  api::published& answer = what.answer;
  std::vector<std::size_t> message_of_line;
  bool by_all = true;
  for (std::size_t i = 0; i != answer.messages.size(); ++i) {
    api::published::result& m = answer.messages[i];
    if (m.id == 0) {
      by_all = false;
      continue;
    }
    const core::receipt::line& line = receipt.lines[message_of_line.size()];
    message_of_line.push_back(i);
    m.reached = {line.acknowledged, line.waiting, line.missed};
    by_all = by_all && line.is_settled && line.missed == 0 && line.acknowledged != 0;
  }
  for (auto& m : answer.missed_by) m.message = message_of_line[m.message];
  const bool is_open = receipt.open != 0;
  const bool some_refused = std::any_of(answer.messages.begin(), answer.messages.end(),
                                        [](const auto& m) { return core::is_refused(m.what); });
  if (by_all || (some_refused && !is_open)) return std::move(answer);
  api::refused r;
  r.why = is_open ? reason::not_delivered : reason::delivery_failed;
  if (is_open) r.waits_for = waits_for(state, receipt);
  r.so_far = std::move(answer);
  return r;
}

/// It waits no more; its receipt is still to end.
undelivered take(topic_state& state, core::receipt_number number) {
  const auto found = state.unacknowledged.find(number);
  undelivered what = std::move(found->second);
  state.by_until.erase({what.until, number});
  state.given_up.erase(number);
  state.unacknowledged.erase(found);
  return what;
}

void answer_as_things_stand(pointer self, core::receipt_number number) {
  topic_state& state = self->state;
  core::receipt_book& book = state.queue->receipts();
  undelivered what = take(state, number);
  auto to = what.to;
  const bool is_open = book.of(number)->open != 0;
  api::answer answer = as_things_stand(state, *book.of(number), std::move(what));
  book.end(number);
  if (is_open) {
    to.deliver(answered{std::move(answer)});
  } else if (state.failing) {
    to.deliver(refusal(reason::not_stored, "the acknowledgements cannot be written"));
  } else {
    // What is said of acknowledgements is to be true after a failure, too.
    state.sync = true;
    answer_committed(self, {std::move(to), std::move(answer), true, {}});
  }
}

bool is_complete(const topic_state& state, core::receipt_number number) {
  return state.queue->receipts().of(number)->open == 0;
}

/// Whether it waits no more for anything.
bool is_over(const topic_state& state, const undelivered& what) {
  const bool is_all_known =
      state.failing || state.end || state.queue->has_dropped_for(what.of_appended);
  return what.is_given_up && what.is_stored && is_all_known;
}

}  // namespace

core::receipt_number begin_to_wait(pointer self, topic_state::undelivered what) {
  topic_state& state = self->state;
  const core::receipt_number number = state.queue->receipts().begin();
  state.unacknowledged.emplace(number, std::move(what));
  return number;
}

void note_missed(pointer self) {
  topic_state& state = self->state;
  for (const core::missed& m : state.queue->receipts().take_missed()) {
    const auto found = state.unacknowledged.find(m.receipt);
    if (found == state.unacknowledged.end()) continue;
    found->second.answer.missed_by.push_back({m.line, state.subscribers.at(m.who).name, m.what});
  }
}

void answer_acknowledged(pointer self) {
  topic_state& state = self->state;
  note_missed(self);
  for (const auto number : state.queue->receipts().take_complete()) {
    const auto found = state.unacknowledged.find(number);
    if (found != state.unacknowledged.end() && found->second.is_stored) {
      answer_as_things_stand(self, number);
    }
  }
}

void is_published(pointer self, core::receipt_number number) {
  topic_state& state = self->state;
  undelivered& what = state.unacknowledged.at(number);
  what.is_stored = true;
  if (is_over(state, what) || is_complete(state, number)) {
    answer_as_things_stand(self, number);
  } else if (!what.is_given_up) {
    state.by_until.emplace(what.until, number);
    arm_deadline(self);
  }
}

void stop_waiting(pointer self, core::receipt_number number, const std::optional<answered>& why) {
  self->state.queue->receipts().end(number);
  undelivered what = take(self->state, number);
  if (why) what.to.deliver(*why);
}

void give_up(pointer self, core::receipt_number number) {
  topic_state& state = self->state;
  undelivered& what = state.unacknowledged.at(number);
  what.is_given_up = true;
  what.of_appended = state.queue->appended();
  if (is_over(state, what)) {
    answer_as_things_stand(self, number);
  } else {
    state.by_until.erase({what.until, number});
    state.given_up.insert(number);
  }
}

void answer_given_up(pointer self) {
  topic_state& state = self->state;
  for (auto at = state.given_up.begin(); at != state.given_up.end();) {
    const core::receipt_number number = *at++;
    if (is_over(state, state.unacknowledged.at(number))) answer_as_things_stand(self, number);
  }
}

void arm_surplus(pointer self) {
  topic_state& state = self->state;
  if (!state.queue->has_surplus() || state.committing) return;
  if (!std::exchange(state.surplus_armed, true)) self->send(self, surplus_due{});
}

void drop_surplus(pointer self) {
  constexpr std::size_t losers = 500;
  topic_state& state = self->state;
  state.surplus_armed = false;
  state.queue->drop_some(losers);
  answer_acknowledged(self);
  answer_given_up(self);
  if (state.stored && state.stored->has_changes()) arm_end(self);
  arm_surplus(self);
}

}  // namespace skein::topic_parts
