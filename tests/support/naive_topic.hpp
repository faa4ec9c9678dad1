/// A topic that is slow and obvious.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/topic_queue.hpp"

namespace skein::test {

/// A message as one subscriber has it.
struct copy {
  enum class state { unread, passed, leased, waiting, ready, dead };
  core::message_id id;
  std::string key;
  state now = state::unread;
  std::uint32_t attempts = 0;
  std::uint64_t lease = 0;
  core::wall_time deadline = core::no_time;
};

/// Every message copied for every subscriber, every question answered by looking at all of them.
class naive_topic {
 public:
  using outcome = core::publish_outcome;

  explicit naive_topic(const core::topic_options& options) : options_(options) {}

  outcome publish(core::priority_level priority, const core::message& m, core::wall_time deliver_at,
                  core::wall_time now) {
    if (priority >= options_.priorities) return outcome::no_such_priority;
    if (subscribers_.empty() && options_.no_subscribers != core::no_subscribers_policy::hold) {
      const bool drops = options_.no_subscribers == core::no_subscribers_policy::drop;
      return drops ? outcome::dropped : outcome::no_subscribers;
    }
    const bool delayed = deliver_at > now;
    if (!delayed && replace(priority, m)) return outcome::replaced;
    const bool is_remembered = options_.dedupe == core::dedupe_policy::first && !m.key.empty();
    if (is_remembered) {
      const auto known = keys_.find(m.key);
      if (known != keys_.end() && known->second > now - options_.dedupe_window.count()) {
        return outcome::duplicate;
      }
    }
    const auto surplus = [&](const subscriber& s) {
      const std::size_t pending = s.copies.size() + delayed_.size();
      return pending < options_.max_pending ? 0 : pending + 1 - options_.max_pending;
    };
    for (const auto& [id, s] : subscribers_) {
      const bool may_drop =
          options_.overflow == core::pending_policy::drop_oldest && s.copies.size() >= surplus(s);
      if (surplus(s) != 0 && !may_drop) return outcome::overflow;
    }
    if (subscribers_.empty() && messages_.size() + delayed_.size() >= options_.max_pending) {
      return outcome::overflow;
    }
    for (auto& [id, s] : subscribers_) {
      while (surplus(s) != 0) drop_oldest(s);
    }
    if (is_remembered) keys_[m.key] = now;
    if (delayed) {
      delayed_.emplace(deliver_at, std::pair{priority, m});
      return outcome::delayed;
    }
    append(priority, m);
    return outcome::published;
  }

  void subscribe(core::subscriber_id id) {
    const bool is_first = subscribers_.empty();
    subscriber& s = subscribers_[id];
    if (!is_first) return;
    for (const auto& [held, m] : messages_) s.add({held, m.key});
  }

  void unsubscribe(core::subscriber_id id) {
    subscribers_.erase(id);
    if (subscribers_.empty()) messages_.clear();
    forget_finished();
  }

  std::vector<core::delivery> lease(core::subscriber_id id, std::uint32_t most,
                                    core::wall_time now) {
    return take(id, std::min(most, options_.batch), now);
  }
  std::vector<core::delivery> fetch(core::subscriber_id id, core::wall_time now) {
    auto all = take(id, 1'000'000, now);
    if (options_.lease.count() == 0) {
      for (core::delivery& d : all) {
        d.deadline = now + core::endless_fetch.count();
        subscribers_.at(id).find(d.lease.id)->deadline = d.deadline;
      }
    }
    return all;
  }
  std::vector<core::delivery> take(core::subscriber_id id, std::uint32_t most,
                                   core::wall_time now) {
    std::vector<core::delivery> all;
    subscriber& s = subscribers_.at(id);
    do_due(s, now);
    const std::uint64_t first = s.leases + 1;
    while (all.size() < most) {
      copy* const c = next(s, first, now);
      if (!c) break;
      c->now = copy::state::leased;
      c->lease = ++s.leases;
      ++c->attempts;
      c->deadline = options_.lease.count() == 0 ? core::no_time : now + options_.lease.count();
      all.push_back({{c->id, c->lease}, c->attempts, c->deadline, messages_.at(c->id)});
    }
    forget_finished();
    return all;
  }

  core::lease_outcome acknowledge(core::subscriber_id id, core::lease_name name) {
    return on_lease(id, name, [](subscriber& s, copy& c) { s.finish(c.id); });
  }
  core::lease_outcome nack(core::subscriber_id id, core::lease_name name,
                           std::optional<core::wall_time> delay, core::wall_time now) {
    return on_lease(id, name, [&](subscriber&, copy& c) { fail(c, delay, now); });
  }
  bool finish_fetched(core::subscriber_id id, core::lease_name name) {
    subscriber& s = subscribers_.at(id);
    copy* const c = s.find(name.id);
    const bool in_flight = c && c->now != copy::state::unread && c->now != copy::state::passed;
    if (!in_flight || c->lease != name.number) return false;
    s.finish(name.id);
    forget_finished();
    return true;
  }
  core::lease_outcome give_back(core::subscriber_id id, core::lease_name name) {
    return on_lease(id, name, [](subscriber&, copy& c) {
      --c.attempts;
      c.now = copy::state::ready;
      c.deadline = core::no_time;
    });
  }
  core::lease_outcome extend(core::subscriber_id id, core::lease_name name, core::wall_time time,
                             core::wall_time now) {
    return on_lease(id, name, [&](subscriber&, copy& c) { c.deadline = now + time; });
  }

  bool replay(core::subscriber_id id, core::message_id dead) {
    copy* const c = subscribers_.at(id).find(dead);
    if (!c || c->now != copy::state::dead) return false;
    c->now = copy::state::ready;
    c->attempts = 0;
    return true;
  }
  bool purge(core::subscriber_id id, core::message_id dead) {
    subscriber& s = subscribers_.at(id);
    const copy* const c = s.find(dead);
    if (!c || c->now != copy::state::dead) return false;
    s.finish(dead);
    forget_finished();
    return true;
  }
  std::vector<core::message_id> dead(core::subscriber_id id) const {
    std::vector<core::message_id> all;
    for (const copy& c : subscribers_.at(id).copies) {
      if (c.now == copy::state::dead) all.push_back(c.id);
    }
    return all;
  }

  /// What was passed is delivered next.
  void restart() {
    for (auto& [id, s] : subscribers_) {
      for (copy& c : s.copies) {
        if (c.now == copy::state::passed) c.now = copy::state::ready;
      }
    }
  }

  void do_due(core::wall_time now) {
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
      const auto [priority, m] = delayed_.begin()->second;
      delayed_.erase(delayed_.begin());
      const bool is_for_nobody =
          subscribers_.empty() && options_.no_subscribers != core::no_subscribers_policy::hold;
      if (!is_for_nobody && !replace(priority, m)) append(priority, m);
    }
    for (auto& [id, s] : subscribers_) do_due(s, now);
  }
  core::wall_time next_deadline() const {
    core::wall_time next = delayed_.empty() ? core::no_time : delayed_.begin()->first;
    for (const auto& [id, s] : subscribers_) {
      for (const copy& c : s.copies) next = std::min(next, c.deadline);
    }
    return next;
  }

  std::size_t pending(core::subscriber_id id) const { return subscribers_.at(id).copies.size(); }
  std::size_t messages() const { return messages_.size(); }

 private:
  struct subscriber {
    std::vector<copy> copies;  ///< not finished, in the order of their ids
    std::uint64_t leases = 0;

    copy* find(core::message_id id) {
      const auto c =
          std::find_if(copies.begin(), copies.end(), [&](auto& x) { return x.id == id; });
      return c == copies.end() ? nullptr : &*c;
    }
    void finish(core::message_id id) { copies.erase(copies.begin() + (find(id) - copies.data())); }
    void add(copy c) {
      const auto behind =
          std::find_if(copies.begin(), copies.end(), [&](auto& x) { return c.id < x.id; });
      copies.insert(behind, std::move(c));
    }
  };

  core::message_id append(core::priority_level priority, const core::message& m) {
    const core::message_id id{priority, ends_[priority]++};
    messages_[id] = m;
    for (auto& [n, s] : subscribers_) s.add({id, m.key});
    return id;
  }

  bool replace(core::priority_level priority, const core::message& m) {
    if (options_.dedupe != core::dedupe_policy::replace || m.key.empty()) return false;
    for (const auto& [id, former] : messages_) {
      if (former.key != m.key) continue;
      const core::message_id old = id;
      if (priority < old.priority) {
        append(priority, m);
        messages_.erase(old);
        for (auto& [n, s] : subscribers_) {
          // One that is unread counts until the cursor has passed it.
          copy* const c = s.find(old);
          if (c && c->now != copy::state::unread) s.finish(old);
        }
        return true;
      }
      messages_[old] = m;
      for (auto& [n, s] : subscribers_) {
        copy* const c = s.find(old);
        if (c && (c->now == copy::state::unread || c->now == copy::state::passed)) continue;
        if (c) s.copies.erase(s.copies.begin() + (c - s.copies.data()));
        copy anew{old, m.key};
        anew.now = copy::state::ready;
        s.add(anew);
      }
      return true;
    }
    return false;
  }

  void drop_oldest(subscriber& s) {
    const auto rank = [](const copy& c) {
      return c.now == copy::state::unread || c.now == copy::state::passed ? 0 : 1;
    };
    const auto goes_before = [&](const copy& a, const copy& b) {
      if (rank(a) != rank(b)) return rank(a) < rank(b);
      return a.id.priority != b.id.priority ? a.id.priority > b.id.priority : a.id < b.id;
    };
    const auto first = std::min_element(s.copies.begin(), s.copies.end(), goes_before);
    s.finish(core::message_id{first->id});
    forget_finished();
  }

  bool is_held(const subscriber& s, const copy& c, std::uint64_t first) const {
    if (!options_.ordered) return false;
    return std::any_of(s.copies.begin(), s.copies.end(), [&](const copy& before) {
      const bool in_flight = before.now == copy::state::leased ||
                             before.now == copy::state::waiting || before.now == copy::state::ready;
      return before.id.priority == c.id.priority && before.id < c.id && before.key == c.key &&
             in_flight && (before.now != copy::state::leased || before.lease < first);
    });
  }

  /// Whether it can still be delivered; if not it is finished.
  bool is_readable(subscriber& s, core::message_id id, core::wall_time now) {
    const auto m = messages_.find(id);
    if (m != messages_.end() && !(options_.expire && m->second.expires <= now)) return true;
    s.finish(id);
    return false;
  }

  copy* next(subscriber& s, std::uint64_t first, core::wall_time now) {
    const auto levels = static_cast<int>(options_.priorities);
    std::vector<int> order;
    if (options_.order == core::priority_policy::weighted && levels > 1 && s.leases % 8 == 7) {
      for (int i = 0; i != levels - 1; ++i) {
        order.push_back(1 + (static_cast<int>(s.leases / 8) + i) % (levels - 1));
      }
    }
    for (int i = 0; i != levels; ++i) order.push_back(i);
    for (const int priority : order) {
      for (const auto wanted : {copy::state::ready, copy::state::passed, copy::state::unread}) {
        std::vector<core::message_id> candidates;
        for (const copy& c : s.copies) {
          if (c.id.priority == priority && c.now == wanted) candidates.push_back(c.id);
        }
        for (const core::message_id id : candidates) {
          if (wanted != copy::state::unread && is_held(s, *s.find(id), first)) continue;
          if (!is_readable(s, id, now)) continue;
          copy* const c = s.find(id);
          if (wanted == copy::state::unread) c->key = messages_.at(id).key;
          if (!is_held(s, *c, first)) return c;
          c->now = copy::state::passed;
        }
      }
    }
    return nullptr;
  }

  template <class F>
  core::lease_outcome on_lease(core::subscriber_id id, core::lease_name name, F&& f) {
    subscriber& s = subscribers_.at(id);
    copy* const c = s.find(name.id);
    const bool in_flight = c && c->now != copy::state::unread && c->now != copy::state::passed;
    if (!in_flight || name.number > s.leases) return core::lease_outcome::unknown;
    if (c->now != copy::state::leased || c->lease != name.number) return core::lease_outcome::over;
    f(s, *c);
    forget_finished();
    return core::lease_outcome::done;
  }

  void fail(copy& c, std::optional<core::wall_time> delay, core::wall_time now) {
    c.deadline = core::no_time;
    if (options_.max_deliveries != 0 && c.attempts >= options_.max_deliveries) {
      c.now = copy::state::dead;
      return;
    }
    if (!delay) {
      delay = options_.retry_delay.count();
      for (std::uint32_t i = 1; i < c.attempts; ++i) {
        delay = std::min<core::wall_time>(*delay * 2, options_.most_retry_delay.count());
      }
    }
    c.now = *delay <= 0 ? copy::state::ready : copy::state::waiting;
    if (*delay > 0) c.deadline = now + *delay;
  }

  void do_due(subscriber& s, core::wall_time now) {
    // Those whose lease ends may be due again by now.
    for (;;) {
      copy* due = nullptr;
      for (copy& c : s.copies) {
        if (c.deadline <= now && (!due || c.deadline < due->deadline)) due = &c;
      }
      if (!due) return;
      if (due->now == copy::state::leased) {
        fail(*due, std::nullopt, now);
      } else {
        due->now = copy::state::ready;
        due->deadline = core::no_time;
      }
    }
  }

  void forget_finished() {
    if (subscribers_.empty()) return;
    for (auto m = messages_.begin(); m != messages_.end();) {
      const bool wanted = std::any_of(subscribers_.begin(), subscribers_.end(),
                                      [&](auto& s) { return s.second.find(m->first) != nullptr; });
      m = wanted ? std::next(m) : messages_.erase(m);
    }
  }

  core::topic_options options_;
  std::map<core::message_id, core::message> messages_;
  std::map<core::subscriber_id, subscriber> subscribers_;
  std::map<std::string, core::wall_time> keys_;
  std::multimap<core::wall_time, std::pair<core::priority_level, core::message>> delayed_;
  std::array<core::place, core::most_priorities> ends_{};
};

}  // namespace skein::test
