#include "simulation/topic_checker.hpp"

#include <algorithm>
#include <utility>

namespace skein::simulation {

time topic_checker::pause_after(unsigned attempt) const {
  time grown = options_.retry_delay.count();
  const time most = options_.most_retry_delay.count();
  for (unsigned i = 1; i < attempt && grown < most; ++i) grown *= 2;
  return std::min(grown, most);
}

namespace {

/// Longest time that a store needs after it has failed, before everything goes on.
constexpr time recovery = 3000;

/// Leases of a subscriber are numbered as they are made: `MESSAGE.NUMBER`.
std::uint64_t number_of(const std::string& lease) {
  return std::stoull(lease.substr(lease.find('.') + 1));
}

}  // namespace

/// It came after an answer that was made later: it waited on its way.
bool topic_checker::is_late(const subscriber& s, const received& d) {
  const auto c = s.copies.find(d.payload);
  return c != s.copies.end() && number_of(d.lease) < number_of(c->second.lease);
}

/// Whether the subscriber may have been given something since then that it has not seen.
bool topic_checker::may_have_missed(const std::string& who, instant since) const {
  return since < subscribers_.at(who).unseen ||
         std::any_of(leasings_.begin(), leasings_.end(),
                     [&](const leasing& l) { return l.open && l.who == who; });
}

/// Whether it surely was published when something was asked.
bool topic_checker::is_due(const message& m, instant asked) const {
  if (m.where != fate::in || !(m.answered < asked)) return false;
  return m.what.delay == 0 ||
         (m.answered.at + m.what.delay <= asked.at && failed_at_ + recovery <= asked.at);
}

// --- publishing ---

topic_checker::ticket topic_checker::publish(std::vector<posted> messages, wait_until until,
                                             time now) {
  publishing p{{}, until, begin(now)};
  for (posted& m : messages) {
    p.payloads.push_back(m.payload);
    message& added = messages_[m.payload];
    added.what = std::move(m);
    added.asked = p.asked;
  }
  publishings_.push_back(std::move(p));
  return publishings_.size() - 1;
}

void topic_checker::published(ticket of, const std::vector<std::string>& outcomes,
                              const std::vector<std::uint64_t>& ids, bool all, time now) {
  const publishing& p = publishings_[of];
  if (outcomes.size() != p.payloads.size()) return broke("a publish has too few outcomes");
  for (std::size_t i = 0; i != outcomes.size(); ++i) {
    message& m = messages_.at(p.payloads[i]);
    m.answered = begin(now);
    check_outcome(m, outcomes[i], now);
    const bool is_in =
        outcomes[i] == "published" || outcomes[i] == "replaced" || outcomes[i] == "delayed";
    if (m.where == fate::out) continue;  // the topic has begun empty since
    m.where = is_in ? fate::in : fate::out;
    m.durable = is_in && p.until != wait_until::accepted && is_durable();
    if (ids[i] != 0) m.id = ids[i];
    if (!all) continue;
    if (outcomes[i] != "published" && outcomes[i] != "replaced") {
      broke(p.payloads[i] + " was delivered to all, and " + outcomes[i]);
    }
    for (const auto& [name, s] : subscribers_) {
      if (!s.is_sure() || p.asked < s.since) continue;
      const auto c = s.copies.find(p.payloads[i]);
      if (c == s.copies.end() || !c->second.ever_acked) {
        broke(p.payloads[i] + " was delivered to all, and " + name + " has not acknowledged it");
      }
    }
  }
}

void topic_checker::check_outcome(const message& m, const std::string& outcome, time now) {
  const std::string what = m.what.payload + " was answered by " + outcome;
  const auto any = [&](auto&& is) {
    return std::any_of(subscribers_.begin(), subscribers_.end(),
                       [&](const auto& s) { return is(s.second); });
  };
  const bool for_some = any([&](const subscriber& s) { return s.is_sure() && s.since < m.asked; });
  const bool is_new = outcome == "published";
  if (outcome == "no_subscribers" || outcome == "dropped") {
    if (for_some) broke(what + ", and there is one");
  } else if (outcome == "overflow") {
    const bool can_be_full = any([&](const subscriber& s) {
      return most_pending(s, m.asked) >= options_.max_pending + 1;  // with this one
    });
    if (drops() || (!can_be_full && !(m.asked < left_))) broke(what + ", and nobody is full");
  } else if (is_new && !drops()) {
    if (any([&](const subscriber& s) { return least_pending(s, m.asked) > options_.max_pending; }))
      broke(what + ", and one is full");
  } else if (outcome == "too_many_delayed" || outcome == "no_room" ||
             outcome == "no_such_priority") {
    broke(what);
  }
  check_dedupe(m, outcome, now);
}

void topic_checker::check_dedupe(const message& m, const std::string& outcome, time now) {
  const std::string what = m.what.payload + " was answered by " + outcome;
  if (outcome == "replaced" && !may_be_replaced(m)) broke(what);
  const bool first = options_.dedupe == core::dedupe_policy::first && !m.what.key.empty();
  if (!first) {
    if (outcome == "duplicate") broke(what);
    return;
  }
  const time window = options_.dedupe_window.count();
  bool can_be = false;
  for (const auto& [payload, other] : messages_) {
    if (&other == &m || other.what.key != m.what.key || other.where == fate::out) continue;
    can_be |= other.answered.at > m.asked.at - window;
    const bool must_be = other.where == fate::in && other.answered < m.asked &&
                         now - other.asked.at < window &&
                         (other.durable || restarted_ < other.asked);
    if (must_be && (outcome == "published" || outcome == "delayed")) {
      broke(what + ", and has the key of " + payload);
    }
  }
  if (outcome == "duplicate" && !can_be) broke(what + ", and nothing has had its key");
}

// --- subscribers ---

void topic_checker::subscribe(const std::string& who, time now) {
  subscriber& s = subscribers_[who];
  if (!(s.maybe_since < instant{})) s.maybe_since = begin(now);
}

void topic_checker::subscribed(const std::string& who, time now) {
  subscriber& s = subscribers_[who];
  s.since = std::min(s.since, begin(now));
}

void topic_checker::unsubscribe(const std::string& who) {
  left_ = begin(0);
  if (const auto s = subscribers_.find(who); s != subscribers_.end()) s->second.leaving = true;
}

// --- leases ---

topic_checker::ticket topic_checker::lease(const std::string& who, std::size_t most, time now) {
  leasing l{who, std::min<std::size_t>(most, options_.batch), begin(now), {}};
  if (const auto s = subscribers_.find(who); s != subscribers_.end()) l.highest = s->second.highest;
  for (leasing& other : leasings_) {
    if (other.open && other.who == who) other.alone = l.alone = false;
  }
  leasings_.push_back(std::move(l));
  return leasings_.size() - 1;
}

void topic_checker::lease_lost(ticket of, time now) {
  leasing& l = leasings_[of];
  l.open = false;
  if (const auto s = subscribers_.find(l.who); s != subscribers_.end())
    s->second.unseen = begin(now);
}

void topic_checker::leased(ticket of, const std::vector<received>& all, time now) {
  leasing& l = leasings_[of];
  l.open = false;
  const auto found = subscribers_.find(l.who);
  if (found == subscribers_.end()) {
    if (!all.empty()) broke("a subscriber that is not there got " + all.front().payload);
    return;
  }
  subscriber& s = found->second;
  if (all.size() > l.most) broke(l.who + " got more than it has asked for");
  for (const received& d : all) check_delivery(l.who, l, d, now);
  if (!broken_.empty() || s.leaving) return;
  check_order(s, l, all);
  check_nothing_was_left(s, l, all);
  for (const received& d : all) check_keys(s, messages_.at(d.payload), l, all);
  for (const received& d : all) take(s, d, now);
}

void topic_checker::check_delivery(const std::string& who, const leasing& by, const received& d,
                                   time now) {
  const std::string what = who + " got " + d.payload + " as " + d.lease;
  const time made = d.deadline - options_.lease.count();
  if (made < by.asked.at || made > now) broke(what + ", with a wrong deadline");
  const auto found = messages_.find(d.payload);
  if (found == messages_.end()) return broke(what + ", which nobody has published");
  message& m = found->second;
  const subscriber& s = subscribers_.at(who);
  if (m.where == fate::out) broke(what + ", which was refused, or is gone");
  if (d.key != m.what.key) broke(what + ", with another key");
  if (may_be_replaced(m) ? d.priority > m.what.priority : d.priority != m.what.priority) {
    broke(what + ", with another priority");
  }
  if (m.what.delay == 0 && m.answered < s.maybe_since)
    broke(what + ", which is from before it came");
  if (made < m.asked.at + m.what.delay) broke(what + " too early");
  if (options_.expire && made >= d.expires) broke(what + ", which had expired");
  if (!lease_names_[who].insert(d.lease).second) broke(what + ", and has had a lease of this name");
  if (options_.max_deliveries != 0 && d.attempt > options_.max_deliveries) {
    broke(what + " for the " + std::to_string(d.attempt) + "th time");
  }
  if (m.id != 0 && m.id != d.id && !may_be_replaced(m)) broke(what + ", with another id");
  m.id = d.id;
  const auto [of_id, is_new] = of_id_.try_emplace(d.id, d.payload);
  if (!is_new && of_id->second != d.payload && !may_be_replaced(m)) {
    broke(what + ", with the id of " + of_id->second);
  }
  for (const auto& [payload, newer] : messages_) {
    const bool replaces = may_be_replaced(m) && newer.what.key == m.what.key &&
                          newer.where == fate::in && newer.what.delay + m.what.delay == 0 &&
                          m.answered < newer.asked && newer.answered < by.asked &&
                          (newer.durable || restarted_ < newer.asked);
    if (replaces) broke(what + ", which " + payload + " has replaced");
  }
  const auto before = s.copies.find(d.payload);
  if (before == s.copies.end()) {
    if (d.attempt != 1 && !may_have_missed(who, m.asked)) {
      broke(what + " the first time, and it is another attempt");
    }
    return;
  }
  const copy& c = before->second;
  if (is_late(s, d)) return;
  if (c.acked) broke(what + ", and had acknowledged it");
  if (c.loose) return;
  if (made < c.not_before) {
    broke(what + " at " + std::to_string(made) + ", before " + std::to_string(c.not_before));
  }
  const bool may_miss = c.restarts != restarts_ || may_have_missed(who, c.seen);
  if (d.attempt != c.attempt + 1 && !(may_miss && d.attempt > c.attempt)) {
    broke(what + ", attempt " + std::to_string(d.attempt) + " after " + std::to_string(c.attempt));
  }
}

void topic_checker::check_order(const subscriber& s, const leasing& by,
                                const std::vector<received>& all) {
  const bool strict = options_.order == core::priority_policy::strict;
  for (std::size_t i = 1; strict && i < all.size(); ++i) {
    if (all[i].priority < all[i - 1].priority) {
      broke(all[i].payload + " came after one of a lower priority");
    }
  }
  // Of each priority: those that come again, then those that an ordered topic held back, then new
  // ones; of each in the order of their ids. What was given back comes again as if for the first
  // time.
  const bool holds = options_.ordered || options_.dedupe == core::dedupe_policy::replace;
  for (unsigned level = 0; level != options_.priorities; ++level) {
    std::vector<const received*> some;
    std::size_t again = 0;
    for (const received& d : all) {
      if (d.priority != level) continue;
      some.push_back(&d);
      if (d.attempt > 1) again = some.size();
    }
    int steps = (holds ? 1 : 0) + (s.unseen.n != 0 ? 1 : 0);
    for (std::size_t i = 1; i < some.size(); ++i) {
      if (some[i - 1]->id < some[i]->id) continue;
      if (i < again) {
        broke(some[i]->payload + " came again, after a later one");
      } else if (i != again && --steps < 0) {
        broke(some[i]->payload + " came after a later one");
      }
    }
    for (const received* const d : some) {
      const message& m = messages_.at(d->payload);
      const bool is_first = d->attempt == 1 && s.copies.count(d->payload) == 0;
      const auto highest = by.highest.find(level);
      if (!is_first || holds || m.asked < s.unseen || highest == by.highest.end()) continue;
      if (d->id < highest->second) broke(d->payload + " came after an answer with a later one");
    }
  }
}

void topic_checker::check_nothing_was_left(const subscriber& s, const leasing& by,
                                           const std::vector<received>& all) {
  if (!by.alone || !s.is_sure() || options_.ordered) return;
  if (by.asked.at < failed_at_ + recovery) return;  // what cannot be read waits
  unsigned lowest = 0;
  for (const received& d : all) lowest = std::max(lowest, d.priority);
  const bool is_full = all.size() >= by.most;
  if (is_full && options_.order == core::priority_policy::weighted) return;
  for (const auto& [payload, m] : messages_) {
    const bool is_there = stays(m) && is_due(m, by.asked) && s.since < m.asked &&
                          s.unseen < m.asked && restarted_ < m.asked &&
                          s.copies.count(payload) == 0;
    if (!is_there || (is_full && m.what.priority >= lowest)) continue;
    const bool is_given = std::any_of(all.begin(), all.end(),
                                      [&p = payload](const auto& d) { return d.payload == p; });
    if (!is_given) broke(payload + " was there, and " + by.who + " did not get it");
  }
}

void topic_checker::check_keys(const subscriber& s, const message& m, const leasing& by,
                               const std::vector<received>& all) {
  if (!options_.ordered || may_be_replaced(m) || drops()) return;
  for (const auto& [payload, c] : s.copies) {
    const message& before = messages_.at(payload);
    const bool goes_before = before.what.key == m.what.key &&
                             before.what.priority == m.what.priority && before.id < m.id;
    const bool may_be_dead = options_.max_deliveries != 0 &&
                             (c.attempt >= options_.max_deliveries || c.restarts != restarts_ ||
                              may_have_missed(by.who, c.seen));
    const bool may_be_over =
        c.ever_acked || c.loose || before.what.ttl != 0 || before.where != fate::in || may_be_dead;
    if (!goes_before || may_be_over || by.asked < c.seen) continue;
    const bool is_with_it = std::any_of(all.begin(), all.end(),
                                        [&p = payload](const auto& d) { return d.payload == p; });
    if (!is_with_it) {
      broke(by.who + " got " + m.what.payload + " before it was done with " + payload);
    }
  }
}

void topic_checker::take(subscriber& s, const received& d, time now) {
  message& m = messages_.at(d.payload);
  m.where = fate::in;
  s.of_lease[d.lease] = d.payload;
  if (is_late(s, d)) return;
  copy& c = s.copies[d.payload];
  if (!(c.seen < instant{}) && d.attempt == 1) {
    std::uint64_t& highest = s.highest[d.priority];
    highest = std::max(highest, d.id);
  }
  c.lease = d.lease;
  c.seen = begin(now);
  c.attempt = d.attempt;
  c.restarts = restarts_;
  c.ends_first = d.deadline;
  c.not_before = c.ends_first + pause_after(c.attempt);
  c.endings = c.extending = 0;
  c.ended = c.ack_asked = c.loose = false;
}

topic_checker::ticket topic_checker::settle(const std::string& who, settling how,
                                            const std::vector<std::string>& leases, time delay,
                                            time now) {
  settlement all{who, how, {}, delay, begin(now)};
  const auto found = subscribers_.find(who);
  for (const std::string& name : leases) {
    all.leases.push_back({name, {}, false});
    if (found == subscribers_.end()) continue;
    subscriber& s = found->second;
    const auto of = s.of_lease.find(name);
    if (of == s.of_lease.end()) continue;
    settled_lease& l = all.leases.back();
    l.payload = of->second;
    copy& c = s.copies.at(l.payload);
    if (c.lease != name && !c.loose) {  // a crash may have forgotten the newer one
      l.must_fail = true;
      continue;
    }
    l.must_fail = c.ended && !c.loose;
    if (how == settling::extend) {
      c.ends_first = std::min(c.ends_first, now + delay);
      c.not_before = std::min(c.not_before, c.ends_first + pause_after(c.attempt));
      ++c.extending;
    } else {
      ++c.endings;
      if (how == settling::ack) c.ack_asked = c.ever_acked = true;
      if (how == settling::nack) {
        c.not_before = std::min(c.not_before, now + (delay < 0 ? pause_after(c.attempt) : delay));
      }
    }
  }
  settlements_.push_back(std::move(all));
  return settlements_.size() - 1;
}

void topic_checker::settled(ticket of, const std::vector<std::string>& outcomes, time now) {
  const settlement& all = settlements_[of];
  const auto found = subscribers_.find(all.who);
  if (found == subscribers_.end()) return;
  if (outcomes.size() != all.leases.size()) return broke("a settlement has too few outcomes");
  for (std::size_t i = 0; i != outcomes.size(); ++i) {
    const settled_lease& l = all.leases[i];
    const bool done = outcomes[i] == "done";
    const auto copy_of = found->second.copies.find(l.payload);
    const std::string what = all.who + " ended or extended " + l.name + " of " + l.payload;
    if (copy_of == found->second.copies.end()) {
      if (done && l.payload.empty()) broke(what + ", which it has not got");
      continue;
    }
    copy& c = copy_of->second;
    if (done && l.must_fail) broke(what + ", which was over");
    if (c.lease != l.name && !c.loose) continue;
    const bool surely_on = !c.loose && c.restarts == restarts_ && now < c.ends_first &&
                           c.endings == (all.how == settling::extend ? 0 : 1) &&
                           stays(messages_.at(l.payload)) && found->second.is_sure();
    if (!done && surely_on) broke(what + ", which was not over, in vain: " + outcomes[i]);
    if (all.how == settling::extend) {
      --c.extending;
      if (c.extending != 0) continue;
      if (done) {
        c.ends_first = all.asked.at + all.delay;
        if (c.endings == 0) c.not_before = c.ends_first + pause_after(c.attempt);
      }
      continue;
    }
    c.ended |= done;
    if (done && all.how == settling::ack) {
      c.acked = true;
      c.acked_at = std::min(c.acked_at, begin(now));
      if (is_durable()) messages_.at(l.payload).durable = true;
    }
  }
}

// --- what there is ---

std::uint64_t topic_checker::least_pending(const subscriber& s, instant asked) const {
  if (!s.is_sure()) return 0;
  return static_cast<std::uint64_t>(
      std::count_if(messages_.begin(), messages_.end(), [&](const auto& one) {
        const auto& [payload, m] = one;
        const auto c = s.copies.find(payload);
        return stays(m) && is_due(m, asked) && s.since < m.asked &&
               (c == s.copies.end() || !c->second.ever_acked);
      }));
}

std::uint64_t topic_checker::most_pending(const subscriber& s, instant asked) const {
  return static_cast<std::uint64_t>(
      std::count_if(messages_.begin(), messages_.end(), [&](const auto& one) {
        const auto& [payload, m] = one;
        const auto c = s.copies.find(payload);
        return m.where != fate::out && (m.what.delay != 0 || s.maybe_since < m.answered) &&
               (c == s.copies.end() || asked < c->second.acked_at);
      }));
}

void topic_checker::described(const std::string& who, std::uint64_t pending, std::uint64_t dead,
                              instant asked) {
  const auto found = subscribers_.find(who);
  if (found == subscribers_.end()) return broke(who + " is described, and is not there");
  const std::uint64_t least = least_pending(found->second, asked);
  const std::uint64_t most = most_pending(found->second, asked);
  if (pending < least || (!found->second.leaving && pending > most) || dead > pending) {
    broke(who + " has " + std::to_string(pending) + " pending, of " + std::to_string(least) +
          " to " + std::to_string(most) + ", and of these " + std::to_string(dead) + " dead");
  }
}

void topic_checker::restarted(stop how, time now) {
  ++restarts_;
  restarted_ = begin(now);
  for (auto& [payload, m] : messages_) {
    // What was not synced may get its id anew, or another one gets it.
    if (how == stop::crashed && is_durable() && (!m.durable || m.what.delay != 0)) {
      of_id_.erase(m.id);
      m.id = 0;
    }
    if (!is_durable()) {
      m.where = fate::out;
    } else if (m.where == fate::in && !m.durable) {
      m.durable = how == stop::drained;
      if (how != stop::drained) m.where = fate::maybe;
    }
  }
  if (!is_durable()) subscribers_.clear();
  for (auto& [name, s] : subscribers_) {
    s.unseen = restarted_;
    if (how != stop::crashed) continue;
    s.highest.clear();
    for (auto& [payload, c] : s.copies) c.loose = true;
  }
}

void topic_checker::emptied(const std::string& who, const std::set<std::string>& dead) {
  const auto found = subscribers_.find(who);
  if (found == subscribers_.end() || !found->second.is_sure()) return;
  const subscriber& s = found->second;
  const auto copy_of = [&](const std::string& payload) -> const copy* {
    const auto c = s.copies.find(payload);
    return c == s.copies.end() ? nullptr : &c->second;
  };
  for (const auto& [payload, m] : messages_) {
    const copy* const c = copy_of(payload);
    const bool is_over = (c && (c->acked || c->ack_asked)) || dead.count(payload) != 0;
    if (stays(m) && s.since < m.asked && !is_over) broke(payload + " is lost for " + who);
  }
  // After a crash all messages of a request are there, or none; unless some were refused.
  const bool may_refuse = drops() || options_.max_pending < messages_.size() ||
                          options_.dedupe != core::dedupe_policy::off;
  if (!is_durable() || may_refuse) return;
  for (const publishing& p : publishings_) {
    if (p.asked < s.since) continue;
    bool is_known = true;
    std::size_t there = 0;
    for (const std::string& payload : p.payloads) {
      const message& m = messages_.at(payload);
      const copy* const c = copy_of(payload);
      is_known &= m.where != fate::out && m.what.ttl == 0 && !(c && c->ack_asked && !c->acked);
      there += (c && (c->acked || restarted_ < c->seen)) || dead.count(payload) != 0;
    }
    if (is_known && there != 0 && there != p.payloads.size()) {
      broke("of the messages from " + p.payloads.front() + " on " + who + " got some");
    }
  }
}

}  // namespace skein::simulation
