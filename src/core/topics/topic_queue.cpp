#include "core/topics/topic_queue.hpp"

#include <algorithm>
#include <exception>
#include <limits>

namespace skein::core {

namespace {

/// With more subscribers a message is erased only when all before it are finished, too.
constexpr std::size_t few_subscribers = 8;

/// Subscribers who lose what they have too much of for a message that finds no room in the topic.
constexpr std::size_t losers_for_room = 1'000;

/// Until messages that are due are looked at again when the log has failed to find a key, ms.
constexpr wall_time again_after = 1'000;

}  // namespace

topic_queue::topic_queue(const topic_options& options, topic_log& log)
    : topic_queue(options, log, dedupe_window{options.dedupe_window}) {}

topic_queue::topic_queue(const topic_options& options, topic_log& log, dedupe_window window)
    : options_(options), log_(log), window_(std::move(window)), by_floor_(options.priorities) {
  for (priority_level p = 0; p != options_.priorities; ++p) {
    appended_ += log_.end(p);
    if (log_.begin(p) == log_.end(p)) continue;
    expiring_.know_nothing();
    expiring_measured_.know_nothing();
  }
}

void topic_queue::change(const topic_options& options) {
  options_ = options;
  drops_ = false;  // what is there stays until something is published
  window_.resize(options.dedupe_window);
}

topic_queue::published topic_queue::publish(priority_level priority, const message& m,
                                            clock_time deliver_at, moment now,
                                            receipt_number receipt) {
  using outcome = publish_outcome;
  if (priority >= options_.priorities) return {outcome::no_such_priority, {}};
  if (is_for_nobody()) {
    const bool drops = options_.no_subscribers == no_subscribers_policy::drop;
    return {drops ? outcome::dropped : outcome::no_subscribers, {}};
  }
  const auto has_room = [&] { return log_.bytes() + size_of(m) <= limits_.bytes; };
  if (!has_room()) drop_some(losers_for_room);
  if (!has_room()) return {outcome::no_room};
  // What expires before it is due does not wait for longer.
  const bool expires_before =
      options_.expire && now.measured_of(m.expires) < now.measured_of(deliver_at);
  const clock_time due = expires_before ? m.expires : deliver_at;
  const bool is_delayed = !now.has_reached(due);
  if (!is_delayed) {
    if (const auto done = replace(priority, m)) {
      receipts_.add(receipt, *done, subscriptions_.size());
      return {outcome::replaced, *done};
    }
  }
  const bool is_remembered = options_.dedupe == dedupe_policy::first && !m.key.empty();
  if (is_remembered && window_.contains(m.key, now.measured)) return {outcome::duplicate, {}};
  if (is_remembered && window_.size() >= limits_.keys) return {outcome::no_room};
  if (is_delayed && log_.delayed() >= options_.max_delayed) return {outcome::too_many_delayed, {}};
  // For what is delayed room is made when it is due.
  const bool will_drop = is_delayed && may_drop();
  if (!will_drop && !make_room(now)) {
    published refused{outcome::overflow};
    if (!by_settled_.empty()) refused.full = by_settled_.begin()->second;
    return refused;
  }
  if (is_remembered) {
    window_.add(m.key, now.measured);
    log_.remember(m.key, now.measured);
  }
  if (is_delayed) {
    return {outcome::delayed, {}, log_.delay(due, priority, m)};
  }
  const message_id id = append(priority, m);
  receipts_.add(receipt, id, subscriptions_.size());
  drops_ = may_drop();
  drop_some(limits_.losers);
  return {outcome::published, id};
}

message_id topic_queue::append(priority_level priority, const message& m) {
  ++appended_;
  const message_id id = log_.append(priority, m);
  know_expiry(id, m);
  return id;
}

void topic_queue::know_expiry(message_id id, const message& m) {
  (is_measured(m.expires) ? expiring_measured_ : expiring_).add(m.expires, id);
}

/// ppMQ's rule: the newest message of a key counts. It keeps the place of the one before, unless
/// its priority is higher. Who has had the one before gets it anew. Returns where it is, if there
/// is one to replace.
std::optional<message_id> topic_queue::replace(priority_level priority, const message& m) {
  if (options_.dedupe != dedupe_policy::replace || m.key.empty()) return std::nullopt;
  auto former = log_.find(m.key);
  if (former && has_surplus()) {  // it may be what they lose
    drop_some(std::numeric_limits<std::size_t>::max());
    former = log_.find(m.key);
  }
  if (!former || log_.withdrawn(former->priority).contains(former->at)) return std::nullopt;
  drops_ = false;
  if (receipts_.has(*former)) {
    receipts_.lose(*former, waits_for(*former, receipt_book::most_named), fate::replaced);
  }
  message_id id = *former;
  if (priority < former->priority) {
    id = append(priority, m);
    log_.withdraw(*former);
    log_.erase(*former);
    for (auto& s : subscriptions_) {
      s.second.progress.forget(*former);
      settle(s);
    }
  } else {
    log_.overwrite(id, m);
    know_expiry(id, m);
    for (auto& s : subscriptions_) {
      if (id.at >= s.second.progress.so_far().streams[id.priority].cursor) continue;
      s.second.progress.renew(id, m.key);
      settle(s);
    }
  }
  return id;
}

/// Of the subscriber who has most; if there is none, of those that are held.
std::uint64_t topic_queue::most_pending() const {
  if (!subscriptions_.empty()) return appended_ - by_settled_.begin()->first;
  std::uint64_t held = 0;
  for (priority_level p = 0; p != options_.priorities; ++p) {
    const place begin = log_.begin(p);
    held += log_.end(p) - begin - log_.withdrawn(p).count_from(begin);
  }
  return held;
}

bool topic_queue::may_drop() const {
  return options_.overflow == pending_policy::drop_oldest && !subscriptions_.empty();
}

/// Whether one more message may come. Nothing is to be dropped for one that may not.
bool topic_queue::make_room(moment now) {
  std::size_t most = most_looked_at;
  bool is_full = most_pending() >= options_.max_pending;
  while (is_full && withdraw_expired(now, most)) is_full = most_pending() >= options_.max_pending;
  return !is_full || may_drop();
}

void topic_queue::drop_some(std::size_t most) {
  for (; most != 0 && has_surplus(); --most) {
    drop_surplus(*subscriptions_.find(by_settled_.begin()->second));
  }
  drops_ = has_surplus();
}

/// To be called before anything changes for it but that it has more to get.
void topic_queue::drop_surplus(subscriber_map::value_type& s) {
  if (!drops_) return;
  const std::uint64_t pending = s.second.progress.pending();
  if (pending <= options_.max_pending) return;
  s.second.progress.drop_oldest(pending - options_.max_pending);
  settle(s);
}

/// One that has expired goes, if one is found. `most` messages are looked at for that.
bool topic_queue::withdraw_expired(moment now, std::size_t& most) {
  while (const auto found = next_expired(now, most)) {
    const message_id id = found->second;
    std::optional<message> m;
    try {
      m = log_.read(id);
    } catch (...) {  // it is looked for again
      expiring_.know_nothing();
      throw;
    }
    if (!m || m->expires != found->first || log_.withdrawn(id.priority).contains(id.at)) continue;
    drop_some(std::numeric_limits<std::size_t>::max());
    log_.withdraw(id);
    bool is_kept = false;
    for (auto& s : subscriptions_) {
      losses_.expired += s.second.progress.let_expire(id) ? 1 : 0;
      is_kept |= !s.second.progress.has_finished(id);
      settle(s);
    }
    if (subscriptions_.empty()) {
      ++losses_.expired;
      receipts_.lose(id, {}, fate::expired);
    }
    if (!is_kept) log_.erase(id);
    return true;
  }
  return false;
}

/// One that was known to expire by now, though it may be gone, or have another time since.
std::optional<std::pair<clock_time, message_id>> topic_queue::next_expired(moment now,
                                                                           std::size_t& most) {
  if (!options_.expire) return std::nullopt;
  const clock_time measured = at_measured(now.measured);
  for (;;) {
    if (const auto first = expiring_.take_first(now.wall)) return first;
    if (const auto first = expiring_measured_.take_first(measured)) return first;
    const bool may_miss = expiring_.may_miss(now.wall) || expiring_measured_.may_miss(measured);
    if (!looks_at_ && !may_miss) return std::nullopt;
    if (!looks_at_) {
      looks_at_ = message_id{};
      expiring_.look_again();
      expiring_measured_.look_again();
    }
    message_id& at = *looks_at_;
    while (at.priority != options_.priorities) {
      at.at = std::max(at.at, log_.begin(at.priority));
      for (; at.at < log_.end(at.priority); ++at.at) {
        if (most == 0) return std::nullopt;
        --most;
        if (const auto m = log_.read(at)) know_expiry(at, *m);
      }
      at = {static_cast<priority_level>(at.priority + 1), 0};
    }
    looks_at_.reset();
  }
}

bool topic_queue::subscribe(subscriber_id id) {
  std::vector<place> begins;
  for (priority_level p = 0; p != options_.priorities; ++p) {
    begins.push_back(subscriptions_.empty() ? log_.begin(p) : log_.end(p));
  }
  const bool is_first = subscriptions_.empty();
  if (!subscribe(id, progress::from(begins))) return false;
  if (is_first) receipts_.first_came();
  return true;
}

bool topic_queue::subscribe(subscriber_id id, progress so_far) {
  std::vector<place> floors;
  for (const progress::stream& s : so_far.streams) floors.push_back(s.finished.floor());
  const auto [added, is_new] = subscriptions_.try_emplace(
      id, subscriber{subscription{id, options_, log_, std::move(so_far)}, 0, 0, no_time, floors});
  if (!is_new) return false;
  by_settled_.emplace(0, id);
  for (priority_level p = 0; p != options_.priorities; ++p) by_floor_[p].emplace(floors[p], id);
  settle(*added);
  return true;
}

bool topic_queue::unsubscribe(subscriber_id id) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return false;
  drop_surplus(*found);
  by_settled_.erase({found->second.settled, id});
  by_deadline_.erase({found->second.deadline, id});
  held_ -= found->second.held;
  for (priority_level p = 0; p != options_.priorities; ++p) {
    by_floor_[p].erase({found->second.floors[p], id});
  }
  receipts_.removed(
      id, [&](message_id message) { return found->second.progress.has_finished(message); });
  // Else what it has not finished is erased with all before it, or not yet.
  const std::size_t others = subscriptions_.size() - 1;
  std::vector<message_id> unfinished;
  if (others != 0 && others <= few_subscribers) unfinished = found->second.progress.unfinished();
  subscriptions_.erase(found);
  drops_ = has_surplus();
  for (priority_level p = 0; p != options_.priorities; ++p) erase_behind_everybody(p);
  for (const message_id m : unfinished) erase_if_finished(m);
  return true;
}

const subscription* topic_queue::of(subscriber_id id) const {
  const auto found = subscriptions_.find(id);
  return found == subscriptions_.end() ? nullptr : &found->second.progress;
}

const subscription* topic_queue::settled(subscriber_id id) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return nullptr;
  drop_surplus(*found);
  return &found->second.progress;
}

std::vector<subscriber_id> topic_queue::waits_for(message_id message, std::size_t most) {
  std::vector<subscriber_id> all;
  const auto& floors = by_floor_[message.priority];
  for (auto at = floors.begin(); at != floors.end() && at->first <= message.at;) {
    if (all.size() == most) break;
    const auto before = *at;
    const bool has_it = !settled(before.second)->has_finished(message);
    // Who lost something may have come to stand behind, and is met again.
    if (has_it && floors.count(before) != 0) all.push_back(before.second);
    at = floors.upper_bound(before);
  }
  return all;
}

/// What `f` says of the subscriber's progress, or `none`.
template <class Result, class F>
Result topic_queue::with(subscriber_id id, Result none, F&& f) {
  const auto found = subscriptions_.find(id);
  if (found == subscriptions_.end()) return none;
  drop_surplus(*found);
  try {
    Result result = f(found->second.progress);
    settle(*found);
    return result;
  } catch (...) {  // the log cannot be read, after some was done perhaps
    settle(*found);
    throw;
  }
}

std::vector<delivery> topic_queue::lease(subscriber_id id, std::uint32_t most, moment now,
                                         std::size_t most_bytes) {
  return with(id, std::vector<delivery>{}, [&](auto& s) { return s.lease(most, now, most_bytes); });
}

std::vector<delivery> topic_queue::fetch(subscriber_id id, moment now, std::size_t most_bytes) {
  return with(id, std::vector<delivery>{}, [&](auto& s) { return s.fetch(now, most_bytes); });
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

wall_time topic_queue::next_deadline(moment now) const {
  const wall_time due = std::max(log_.next_due(now), try_due_at_);
  return std::min(due, by_deadline_.empty() ? no_time : by_deadline_.begin()->first);
}

void topic_queue::do_due(moment now) {
  std::exception_ptr failure;
  std::size_t bytes = 0;
  for (std::size_t n = 0; n != most_due && bytes < most_leased_bytes && now.measured >= try_due_at_;
       ++n) {
    const auto due = log_.take_due(now);
    if (!due) break;
    bytes += due->what.payload->size();
    if (options_.expire && now.has_reached(due->what.expires)) {
      ++losses_.expired;
      continue;
    }
    if (is_for_nobody()) {
      ++losses_.dropped;
      continue;
    }
    try {
      if (replace(due->priority, due->what)) continue;
      if (may_drop()) make_room(now);
      append(due->priority, due->what);
      drops_ = may_drop();
      drop_some(limits_.losers);
    } catch (...) {  // the log cannot be read
      log_.delay(due->id.due, due->priority, due->what);
      try_due_at_ = now.measured + again_after;
      failure = std::current_exception();
    }
  }
  while (!by_deadline_.empty() && by_deadline_.begin()->first <= now.measured) {
    auto& s = *subscriptions_.find(by_deadline_.begin()->second);
    drop_surplus(s);
    s.second.progress.do_due(now.measured);
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
  held_ += state.progress.held() - state.held;
  state.held = state.progress.held();
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
  for (auto [first, messages, what] : state.progress.take_finished()) {
    if (what) receipts_.finished(first, messages, id, *what);
    if (subscriptions_.size() > few_subscribers) continue;
    for (; messages != 0; --messages, ++first.at) erase_if_finished(first);
  }
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
