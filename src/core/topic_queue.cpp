#include "core/topic_queue.hpp"

#include <algorithm>
#include <exception>

namespace skein::core {

namespace {

/// With more subscribers a message is erased only when all before it are finished, too.
constexpr std::size_t few_subscribers = 8;

/// Until messages that are due are looked at again when the log has failed to find a key, ms.
constexpr wall_time again_after = 1'000;

}  // namespace

topic_queue::topic_queue(const topic_options& options, topic_log& log)
    : topic_queue(options, log, dedupe_window{options.dedupe_window}) {}

topic_queue::topic_queue(const topic_options& options, topic_log& log, dedupe_window window)
    : options_(options), log_(log), window_(std::move(window)), by_floor_(options.priorities) {
  for (priority_level p = 0; p != options_.priorities; ++p) appended_ += log_.end(p);
}

topic_queue::published topic_queue::publish(priority_level priority, const message& m,
                                            wall_time deliver_at, wall_time now) {
  using outcome = publish_outcome;
  if (priority >= options_.priorities) return {outcome::no_such_priority, {}};
  if (is_for_nobody()) {
    const bool drops = options_.no_subscribers == no_subscribers_policy::drop;
    return {drops ? outcome::dropped : outcome::no_subscribers, {}};
  }
  const bool is_delayed = deliver_at > now;
  if (!is_delayed) {
    if (const auto done = replace(priority, m)) return {outcome::replaced, *done};
  }
  const bool is_remembered = options_.dedupe == dedupe_policy::first && !m.key.empty();
  if (is_remembered && window_.contains(m.key, now)) return {outcome::duplicate, {}};
  if (!make_room()) return {outcome::overflow, {}};
  if (is_remembered) {
    window_.add(m.key, now);
    log_.remember(m.key, now);
  }
  if (is_delayed) {
    log_.delay(deliver_at, priority, m);
    return {outcome::delayed, {}};
  }
  return {outcome::published, append(priority, m)};
}

message_id topic_queue::append(priority_level priority, const message& m) {
  ++appended_;
  return log_.append(priority, m);
}

/// ppMQ's rule: the newest message of a key counts. It keeps the place of the one before, unless
/// its priority is higher. Who has had the one before gets it anew. Returns where it is, if there
/// is one to replace.
std::optional<message_id> topic_queue::replace(priority_level priority, const message& m) {
  if (options_.dedupe != dedupe_policy::replace || m.key.empty()) return std::nullopt;
  const auto former = log_.find(m.key);
  if (!former) return std::nullopt;
  message_id id = *former;
  if (priority < former->priority) {
    id = append(priority, m);
    log_.erase(*former);
    for (auto& s : subscriptions_) s.second.progress.forget(*former);
  } else {
    log_.overwrite(id, m);
    for (auto& s : subscriptions_) s.second.progress.renew(id, m.key);
  }
  for (auto& s : subscriptions_) settle(s);
  return id;
}

/// Whether one more message may come. Nothing is dropped for one that may not.
bool topic_queue::make_room() {
  const std::uint64_t delayed = log_.delayed();
  if (subscriptions_.empty()) {
    std::uint64_t held = delayed;
    for (priority_level p = 0; p != options_.priorities; ++p) held += log_.end(p) - log_.begin(p);
    return held < options_.max_pending;
  }
  std::vector<std::pair<subscriber_id, std::uint64_t>> surplus;
  for (const auto& [settled, id] : by_settled_) {
    const std::uint64_t pending = appended_ - settled + delayed;
    if (pending < options_.max_pending) break;
    if (options_.overflow == pending_policy::reject) return false;
    surplus.emplace_back(id, pending + 1 - options_.max_pending);
    if (of(id)->pending() < surplus.back().second) return false;
  }
  for (const auto& [id, messages] : surplus) {
    auto& slow = *subscriptions_.find(id);
    for (std::uint64_t i = 0; i != messages; ++i) slow.second.progress.drop_oldest();
    settle(slow);
  }
  return true;
}

bool topic_queue::subscribe(subscriber_id id) {
  std::vector<place> begins;
  for (priority_level p = 0; p != options_.priorities; ++p) {
    begins.push_back(subscriptions_.empty() ? log_.begin(p) : log_.end(p));
  }
  return subscribe(id, progress::from(begins));
}

bool topic_queue::subscribe(subscriber_id id, progress so_far) {
  std::vector<place> floors;
  for (const progress::stream& s : so_far.streams) floors.push_back(s.finished.floor());
  const auto [added, is_new] = subscriptions_.try_emplace(
      id, subscriber{subscription{id, options_, log_, std::move(so_far)}, 0, no_time, floors});
  if (!is_new) return false;
  by_settled_.emplace(0, id);
  for (priority_level p = 0; p != options_.priorities; ++p) by_floor_[p].emplace(floors[p], id);
  settle(*added);
  return true;
}

bool topic_queue::unsubscribe(subscriber_id id) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return false;
  by_settled_.erase({found->second.settled, id});
  by_deadline_.erase({found->second.deadline, id});
  for (priority_level p = 0; p != options_.priorities; ++p) {
    by_floor_[p].erase({found->second.floors[p], id});
  }
  const auto unfinished = found->second.progress.unfinished();
  subscriptions_.erase(found);
  for (priority_level p = 0; p != options_.priorities; ++p) erase_behind_everybody(p);
  for (const message_id m : unfinished) erase_if_finished(m);
  return true;
}

const subscription* topic_queue::of(subscriber_id id) const {
  const auto found = subscriptions_.find(id);
  return found == subscriptions_.end() ? nullptr : &found->second.progress;
}

std::vector<subscriber_id> topic_queue::waits_for(message_id message, std::size_t most) const {
  std::vector<subscriber_id> all;
  for (const auto& [floor, id] : by_floor_[message.priority]) {
    if (all.size() == most || floor > message.at) break;
    if (!of(id)->has_finished(message)) all.push_back(id);
  }
  return all;
}

/// What `f` says of the subscriber's progress, or `none`.
template <class Result, class F>
Result topic_queue::with(subscriber_id id, Result none, F&& f) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return none;
  try {
    Result result = f(found->second.progress);
    settle(*found);
    return result;
  } catch (...) {  // the log cannot be read, after some was done perhaps
    settle(*found);
    throw;
  }
}

std::vector<delivery> topic_queue::lease(subscriber_id id, std::uint32_t most, wall_time now) {
  return with(id, std::vector<delivery>{}, [&](auto& s) { return s.lease(most, now); });
}

std::vector<delivery> topic_queue::fetch(subscriber_id id, wall_time now) {
  return with(id, std::vector<delivery>{}, [&](auto& s) { return s.fetch(now); });
}

bool topic_queue::finish_fetched(subscriber_id id, lease_name lease) {
  return with(id, false, [&](auto& s) { return s.finish_fetched(lease); });
}

lease_outcome topic_queue::acknowledge(subscriber_id id, lease_name lease) {
  return with(id, lease_outcome::unknown, [&](auto& s) { return s.acknowledge(lease); });
}

lease_outcome topic_queue::nack(subscriber_id id, lease_name lease, std::optional<wall_time> delay,
                                wall_time now) {
  return with(id, lease_outcome::unknown, [&](auto& s) { return s.nack(lease, delay, now); });
}

lease_outcome topic_queue::give_back(subscriber_id id, lease_name lease) {
  return with(id, lease_outcome::unknown, [&](auto& s) { return s.give_back(lease); });
}

lease_outcome topic_queue::extend(subscriber_id id, lease_name lease, wall_time time,
                                  wall_time now) {
  return with(id, lease_outcome::unknown, [&](auto& s) { return s.extend(lease, time, now); });
}

bool topic_queue::replay(subscriber_id id, message_id dead) {
  return with(id, false, [&](auto& s) { return s.replay(dead); });
}

bool topic_queue::purge(subscriber_id id, message_id dead) {
  return with(id, false, [&](auto& s) { return s.purge(dead); });
}

wall_time topic_queue::next_deadline() const {
  const wall_time due = std::max(log_.next_due(), try_due_at_);
  return std::min(due, by_deadline_.empty() ? no_time : by_deadline_.begin()->first);
}

void topic_queue::do_due(wall_time now) {
  std::exception_ptr failure;
  std::size_t bytes = 0;
  for (std::size_t n = 0; n != most_due && bytes < most_leased_bytes && now >= try_due_at_; ++n) {
    const wall_time at = log_.next_due();
    auto due = log_.take_due(now);
    if (!due) break;
    bytes += due->second.payload->size();
    if (is_for_nobody()) {
      ++losses_.dropped;
      continue;
    }
    try {
      if (!replace(due->first, due->second)) append(due->first, due->second);
    } catch (...) {  // the log cannot find its key
      log_.delay(at, due->first, due->second);
      try_due_at_ = now + again_after;
      failure = std::current_exception();
    }
  }
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now) {
    auto& s = *subscriptions_.find(by_deadline_.begin()->second);
    s.second.progress.do_due(now);
    settle(s);
  }
  if (failure) std::rethrow_exception(failure);
}

/// After anything that concerns one subscriber: brings the indices in line, erases what everybody
/// has finished, and counts.
void topic_queue::settle(subscriber_map::value_type& s) {
  auto& [id, state] = s;
  const std::uint64_t settled = appended_ - state.progress.pending();
  if (settled != state.settled) {
    by_settled_.erase({state.settled, id});
    by_settled_.emplace(settled, id);
    state.settled = settled;
  }
  const wall_time deadline = state.progress.next_deadline();
  if (deadline != state.deadline) {
    by_deadline_.erase({state.deadline, id});
    if (deadline != no_time) by_deadline_.emplace(deadline, id);
    state.deadline = deadline;
  }
  for (priority_level p = 0; p != options_.priorities; ++p) {
    const place floor = state.progress.so_far().streams[p].finished.floor();
    if (floor == state.floors[p]) continue;
    by_floor_[p].erase({state.floors[p], id});
    by_floor_[p].emplace(floor, id);
    state.floors[p] = floor;
    erase_behind_everybody(p);
  }
  for (const message_id finished : state.progress.take_finished()) erase_if_finished(finished);
  losses_ += state.progress.take_losses();
}

void topic_queue::erase_if_finished(message_id id) {
  if (subscriptions_.empty() || subscriptions_.size() > few_subscribers) return;
  const bool by_all = std::all_of(subscriptions_.begin(), subscriptions_.end(), [&](const auto& s) {
    return s.second.progress.has_finished(id);
  });
  if (by_all) log_.erase(id);
}

void topic_queue::erase_behind_everybody(priority_level priority) {
  const auto& floors = by_floor_[priority];
  log_.erase_before({priority, floors.empty() ? log_.end(priority) : floors.begin()->first});
}

}  // namespace skein::core
