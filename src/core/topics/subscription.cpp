#include "core/topics/subscription.hpp"

#include <algorithm>
#include <utility>

#include "core/expects.hpp"

namespace skein::core {

subscription::subscription(subscriber_id own_id, const topic_options& options, topic_log& log,
                           progress so_far)
    : id_(own_id), options_(options), log_(log), so_far_(std::move(so_far)) {
  for (priority_level p = 0; p != so_far_.streams.size(); ++p) {
    const progress::stream& s = so_far_.streams[p];
    withdrawn_.push_back(log_.withdrawn(p).count_from(s.cursor));
    const place_set& done = s.finished;
    for (place at = done.floor(); at < s.cursor; at = done.next_missing(at + 1)) {
      restore({p, at});
    }
  }
}

/// What was read and is not finished, after a start.
void subscription::restore(message_id id) {
  const auto m = options_.ordered ? log_.read(id) : std::nullopt;
  const std::string key = m ? m->key : std::string{};
  const auto found = so_far_.flights.find(id);
  if (found == so_far_.flights.end() || found->second.lease == 0) {
    so_far_.flights.erase(id);
    passed_.emplace(id, key);
    return;
  }
  const flight& f = found->second;
  if (f.state == flight_state::ready) ready_.insert(id);
  if (f.deadline != no_time) due_.emplace(f.deadline, id);
  hold_others(id, key);
  if (f.state == flight_state::dead) let_others_go(id);
  if (f.state == flight_state::ready || f.state == flight_state::waiting) finish_if_withdrawn(id);
}

std::vector<delivery> subscription::lease(std::uint32_t most, moment now, std::size_t most_bytes) {
  return take(std::min(most, options_.batch), std::min(most_bytes, most_leased_bytes), now);
}

std::vector<delivery> subscription::fetch(moment now, std::size_t most_bytes) {
  auto all = take(most_fetched, std::min(most_bytes, most_fetched_bytes), now);
  if (options_.lease.count() == 0) {
    for (delivery& d : all) {
      d.deadline = now.measured + endless_fetch.count();
      set_deadline(d.lease.id, so_far_.flights.at(d.lease.id), d.deadline);
    }
  }
  return all;
}

bool subscription::finish_fetched(lease_name lease) {
  const auto found = so_far_.flights.find(lease.id);
  if (found == so_far_.flights.end() || found->second.lease != lease.number) return false;
  finish(lease.id, fate::acknowledged);
  return true;
}

std::vector<delivery> subscription::take(std::uint32_t most, std::size_t most_bytes, moment now) {
  std::vector<delivery> all;
  do_due(now.measured);
  std::size_t bytes = 0;
  while (all.size() < most && bytes < most_bytes) {
    std::optional<delivery> found;
    try {
      found = next(now);
    } catch (...) {
      if (all.empty()) throw;  // else the log can say it the next time
    }
    if (!found) break;
    bytes += found->what.payload->size();
    all.push_back(std::move(*found));
  }
  // Those of one delivery do not hold each other.
  for (const delivery& d : all) hold_others(d.lease.id, d.what.key);
  return all;
}

std::optional<delivery> subscription::next(moment now) {
  const auto levels = static_cast<priority_level>(so_far_.streams.size());
  const priority_level lower = levels - 1;
  if (options_.order == priority_policy::weighted && lower != 0 &&
      so_far_.last_lease % weighted_share == weighted_share - 1) {
    const std::uint64_t turn = so_far_.last_lease / weighted_share;
    for (priority_level i = 0; i != lower; ++i) {
      const auto priority = static_cast<priority_level>(1 + (turn + i) % lower);
      if (auto found = next_of(priority, now)) return found;
    }
  }
  for (priority_level priority = 0; priority != levels; ++priority) {
    if (auto found = next_of(priority, now)) return found;
  }
  return std::nullopt;
}

std::optional<delivery> subscription::next_of(priority_level priority, moment now) {
  // The log may fail to read: nothing changes before it has.
  const message_id first{priority, 0};
  for (auto r = ready_.lower_bound(first); r != ready_.end() && r->priority == priority;) {
    const message_id id = *r++;
    if (is_held(id, key_of(id))) continue;
    auto m = log_.read(id);
    if (is_gone(id, m, now)) continue;
    let_others_go(id);
    return deliver(id, std::move(*m), now.measured);
  }
  for (auto p = passed_.lower_bound(first); p != passed_.end() && p->first.priority == priority;) {
    const message_id id = p->first;
    if (is_held(id, p->second)) {
      ++p;
      continue;
    }
    auto m = log_.read(id);
    p = passed_.erase(p);
    if (!is_gone(id, m, now)) return deliver(id, std::move(*m), now.measured);
  }
  progress::stream& s = so_far_.streams[priority];
  while (s.cursor != log_.end(priority) && passed_.size() < most_passed) {
    if (pass_withdrawn(priority)) continue;
    const message_id id{priority, s.cursor};
    auto m = log_.read(id);
    ++s.cursor;
    if (is_gone(id, m, now)) continue;
    if (!is_held(id, m->key)) return deliver(id, std::move(*m), now.measured);
    passed_.emplace(id, std::move(m->key));
    touch(id);
  }
  return std::nullopt;
}

/// Whether the next message was withdrawn; then it is finished.
bool subscription::pass_withdrawn(priority_level priority) {
  place& cursor = so_far_.streams[priority].cursor;
  if (!log_.withdrawn(priority).contains(cursor)) return false;
  --withdrawn_[priority];
  finish({priority, cursor++}, std::nullopt);
  return true;
}

/// Whether there is no such message any more; then it is finished.
bool subscription::is_gone(message_id id, const std::optional<message>& m, moment now) {
  const bool has_expired = m && options_.expire && now.has_reached(m->expires);
  if (has_expired) ++losses_.expired;
  if (!m || has_expired) finish(id, has_expired ? fate::expired : fate::damaged);
  return !m || has_expired;
}

/// Whether an earlier delivery of one before it is in flight.
bool subscription::is_held(message_id id, const std::string& key) const {
  if (!options_.ordered) return false;
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return false;
  const auto first = found->second.lower_bound({id.priority, 0});
  return first != found->second.end() && *first < id;
}

std::optional<delivery> subscription::deliver(message_id id, message&& m, wall_time now) {
  flight& f = so_far_.flights[id];
  ready_.erase(id);
  f.state = flight_state::leased;
  f.lease = ++so_far_.last_lease;
  ++f.attempts;
  set_deadline(id, f, options_.lease.count() == 0 ? no_time : now + options_.lease.count());
  return delivery{{id, f.lease}, f.attempts, f.deadline, std::move(m)};
}

const std::string& subscription::key_of(message_id id) const {
  static const std::string none;
  const auto found = holding_.find(id);
  return found == holding_.end() ? none : found->second;
}

void subscription::hold_others(message_id id, const std::string& key) {
  if (!options_.ordered) return;
  holding_[id] = key;
  by_key_[key].insert(id);
}

void subscription::let_others_go(message_id id) {
  const auto holds = by_key_.find(key_of(id));
  if (holds == by_key_.end()) return;
  holds->second.erase(id);
  if (holds->second.empty()) by_key_.erase(holds);
}

void subscription::touch(message_id id) {
  log_.changed(id_, page_of(id));
}

void subscription::set_deadline(message_id id, flight& f, wall_time deadline) {
  touch(id);
  if (f.deadline != no_time) due_.erase({f.deadline, id});
  f.deadline = deadline;
  if (deadline != no_time) due_.emplace(deadline, id);
}

void subscription::set_ready(message_id id, flight& f) {
  set_deadline(id, f, no_time);
  f.state = flight_state::ready;
  ready_.insert(id);
}

/// The lease, if it is on; else `outcome` says why not.
flight* subscription::leased(lease_name lease, lease_outcome& outcome) {
  const auto found = so_far_.flights.find(lease.id);
  const bool is_known = found != so_far_.flights.end() || passed_.count(lease.id) != 0;
  outcome = lease_outcome::unknown;
  if (!is_known || lease.number > so_far_.last_lease) return nullptr;
  outcome = lease_outcome::over;
  if (found == so_far_.flights.end()) return nullptr;
  flight& f = found->second;
  if (f.state != flight_state::leased || f.lease != lease.number) return nullptr;
  outcome = lease_outcome::done;
  return &f;
}

lease_outcome subscription::acknowledge(lease_name lease) {
  lease_outcome outcome;
  if (leased(lease, outcome)) finish(lease.id, fate::acknowledged);
  return outcome;
}

lease_outcome subscription::nack(lease_name lease, std::optional<wall_time> delay, wall_time now) {
  lease_outcome outcome;
  if (flight* const f = leased(lease, outcome)) fail(lease.id, *f, delay, now);
  return outcome;
}

lease_outcome subscription::give_back(lease_name lease) {
  lease_outcome outcome;
  if (flight* const f = leased(lease, outcome)) {
    --f->attempts;
    if (!finish_if_withdrawn(lease.id)) set_ready(lease.id, *f);
  }
  return outcome;
}

lease_outcome subscription::extend(lease_name lease, wall_time time, wall_time now) {
  lease_outcome outcome;
  if (flight* const f = leased(lease, outcome)) set_deadline(lease.id, *f, now + time);
  return outcome;
}

/// A delivery came to nothing at that time.
void subscription::fail(message_id id, flight& f, std::optional<wall_time> delay, wall_time then) {
  if (options_.max_deliveries != 0 && f.attempts >= options_.max_deliveries) {
    set_deadline(id, f, no_time);
    f.state = flight_state::dead;
    ++losses_.dead;
    let_others_go(id);
    return;
  }
  if (finish_if_withdrawn(id)) return;
  if (!delay) {
    wall_time grown = options_.retry_delay.count();
    const wall_time most = options_.most_retry_delay.count();
    for (std::uint32_t i = 1; i < f.attempts && grown < most; ++i) grown *= 2;
    delay = std::min(grown, most);
  }
  if (*delay <= 0) {
    set_ready(id, f);
  } else {
    f.state = flight_state::waiting;
    set_deadline(id, f, then + *delay);
  }
}

/// What was found to have expired while somebody had it goes when it comes back. Returns whether it
/// did.
bool subscription::finish_if_withdrawn(message_id id) {
  if (!log_.withdrawn(id.priority).contains(id.at)) return false;
  ++losses_.expired;
  finish(id, fate::expired);
  return true;
}

void subscription::do_due(wall_time now) {
  while (next_deadline() <= now) {
    const message_id id = due_.begin()->second;
    flight& f = so_far_.flights.at(id);
    if (f.state == flight_state::leased) {
      fail(id, f, std::nullopt, f.deadline);
    } else {
      set_ready(id, f);
    }
  }
}

void subscription::remove_flight(message_id id) {
  const auto found = so_far_.flights.find(id);
  if (found == so_far_.flights.end()) return;
  set_deadline(id, found->second, no_time);
  ready_.erase(id);
  let_others_go(id);
  holding_.erase(id);
  so_far_.flights.erase(found);
}

void subscription::finish(message_id id, std::optional<fate> what) {
  remove_flight(id);
  passed_.erase(id);
  so_far_.streams[id.priority].finished.add(id.at);
  just_finished_.push_back({id, 1, what});
  touch(id);
}

void subscription::renew(message_id id, const std::string& key) {
  progress::stream& s = so_far_.streams[id.priority];
  if (id.at >= s.cursor || passed_.count(id) != 0) return;
  remove_flight(id);
  s.finished.remove(id.at);
  passed_.emplace(id, key);
  touch(id);
}

void subscription::forget(message_id id) {
  expects(log_.withdrawn(id.priority).contains(id.at), "a message that is forgotten is withdrawn");
  if (id.at >= so_far_.streams[id.priority].cursor) {
    ++withdrawn_[id.priority];
  } else if (!has_finished(id)) {
    finish(id, fate::replaced);
  }
}

bool subscription::let_expire(message_id id) {
  expects(log_.withdrawn(id.priority).contains(id.at), "a message that expires is withdrawn");
  const bool is_unread = id.at >= so_far_.streams[id.priority].cursor;
  if (!is_unread && has_finished(id)) return false;
  const auto f = so_far_.flights.find(id);
  if (f != so_far_.flights.end() &&
      (f->second.state == flight_state::leased || f->second.state == flight_state::dead)) {
    return false;
  }
  if (is_unread) {
    ++withdrawn_[id.priority];
    just_finished_.push_back({id, 1, fate::expired});
  } else {
    finish(id, fate::expired);
  }
  return true;
}

void subscription::drop_oldest(std::uint64_t messages) {
  expects(messages <= pending(), "no more is dropped than is pending");
  losses_.dropped += messages;
  while (messages != 0) {
    const std::uint64_t stays = so_far_.flights.empty() ? 0 : 1;
    const std::uint64_t waits = undelivered();
    if (waits > stays) {
      messages -= drop_undelivered(std::min(messages, waits - stays));
    } else {
      const priority_level lowest = so_far_.flights.rbegin()->first.priority;
      finish(so_far_.flights.lower_bound({lowest, 0})->first, fate::dropped);
      --messages;
    }
  }
}

/// Some of the lowest priority, the oldest first. Returns how many.
/// \pre there are as many, and one at least
std::uint64_t subscription::drop_undelivered(std::uint64_t most) {
  for (auto p = static_cast<priority_level>(so_far_.streams.size()); p-- != 0;) {
    const auto passed = passed_.lower_bound({p, 0});
    if (passed != passed_.end() && passed->first.priority == p) {
      finish(passed->first, fate::dropped);
      return 1;
    }
    progress::stream& s = so_far_.streams[p];
    const place end = log_.end(p);
    while (s.cursor != end && pass_withdrawn(p)) {
    }
    if (s.cursor == end) continue;
    const message_id first{p, s.cursor};
    const place withdrawn = std::min(log_.withdrawn(p).next(first.at).value_or(end), end);
    const std::uint64_t some = std::min(most, withdrawn - first.at);
    s.cursor += some;
    s.finished.add(first.at, s.cursor);
    just_finished_.push_back({first, some, fate::dropped});
    touch({p, s.cursor - 1});  // nothing is stored of what was not read
    return some;
  }
  return 0;
}

std::vector<message_id> subscription::dead() const {
  std::vector<message_id> all;
  for (const auto& [id, f] : so_far_.flights) {
    if (f.state == flight_state::dead) all.push_back(id);
  }
  return all;
}

bool subscription::replay(message_id id) {
  const auto found = so_far_.flights.find(id);
  if (found == so_far_.flights.end() || found->second.state != flight_state::dead) return false;
  if (finish_if_withdrawn(id)) return true;
  found->second.attempts = 0;
  hold_others(id, key_of(id));
  set_ready(id, found->second);
  return true;
}

bool subscription::purge(message_id id) {
  const auto found = so_far_.flights.find(id);
  if (found == so_far_.flights.end() || found->second.state != flight_state::dead) return false;
  finish(id, fate::purged);
  return true;
}

std::vector<message_id> subscription::unfinished() const {
  std::vector<message_id> all;
  for (const auto& [id, f] : so_far_.flights) all.push_back(id);
  for (const auto& [id, key] : passed_) all.push_back(id);
  for (priority_level p = 0; p != so_far_.streams.size(); ++p) {
    for (place at = so_far_.streams[p].cursor; at != log_.end(p); ++at) {
      if (!log_.withdrawn(p).contains(at)) all.push_back({p, at});
    }
  }
  return all;
}

std::uint64_t subscription::ready() const {
  const auto passed = std::count_if(passed_.begin(), passed_.end(),
                                    [this](const auto& p) { return !is_held(p.first, p.second); });
  return ready_.size() + static_cast<std::uint64_t>(passed);
}

std::uint64_t subscription::undelivered() const {
  std::uint64_t all = passed_.size();
  for (priority_level p = 0; p != so_far_.streams.size(); ++p) {
    all += log_.end(p) - so_far_.streams[p].cursor - withdrawn_[p];
  }
  return all;
}

}  // namespace skein::core
