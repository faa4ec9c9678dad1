/// A topic that is slow and obvious.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/topics/topic_queue.hpp"

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

/// A message of a receipt, and who has still to finish it.
struct naive_line {
  core::message_id id;
  std::set<core::subscriber_id> waiting;
  std::uint32_t acknowledged = 0;
  std::uint32_t missed = 0;
  bool is_settled = false;
};

/// Every message copied for every subscriber, every question answered by looking at all of them.
class naive_topic {
 public:
  using outcome = core::publish_outcome;

  explicit naive_topic(const core::topic_options& options) : options_(options) {}

  outcome publish(core::priority_level priority, const core::message& m,
                  core::clock_time deliver_at, core::moment now, core::receipt_number receipt = 0) {
    if (priority >= options_.priorities) return outcome::no_such_priority;
    if (subscribers_.empty() && options_.no_subscribers != core::no_subscribers_policy::hold) {
      const bool drops = options_.no_subscribers == core::no_subscribers_policy::drop;
      return drops ? outcome::dropped : outcome::no_subscribers;
    }
    core::clock_time due = deliver_at;
    if (options_.expire && now.measured_of(m.expires) < now.measured_of(due)) due = m.expires;
    const bool delayed = !now.has_reached(due);
    if (!delayed && replace(priority, m, receipt)) return outcome::replaced;
    const bool is_remembered = options_.dedupe == core::dedupe_policy::first && !m.key.empty();
    if (is_remembered) {
      const auto known = keys_.find(m.key);
      if (known != keys_.end() && known->second > now.measured - options_.dedupe_window.count()) {
        return outcome::duplicate;
      }
    }
    if (delayed && delayed_.size() >= options_.max_delayed) return outcome::too_many_delayed;
    if (!(delayed && may_drop()) && !make_room(now)) return outcome::overflow;
    if (is_remembered) keys_[m.key] = now.measured;
    if (delayed) {
      delayed_.emplace(due, std::pair{priority, m});
      return outcome::delayed;
    }
    add_line(receipt, append(priority, m));
    drop_surplus();
    return outcome::published;
  }

  core::receipt_number begin_receipt() {
    receipts[++last_receipt_];
    return last_receipt_;
  }
  /// Of all receipts: receipt, line, subscriber, fate; since the last call.
  using miss = std::tuple<core::receipt_number, std::size_t, core::subscriber_id, core::fate>;
  std::set<miss> take_missed() { return std::exchange(missed_, {}); }
  std::map<core::receipt_number, std::vector<naive_line>> receipts;

  void subscribe(core::subscriber_id id) {
    const bool is_first = subscribers_.empty();
    subscriber& s = subscribers_[id];
    s.who = id;
    if (!is_first) return;
    for (const auto& [held, m] : messages_) s.add({held, m.key});
    each_open_line([id](auto, auto, naive_line& line) { line.waiting = {id}; });
  }

  void unsubscribe(core::subscriber_id id) {
    each_open_line([&](auto receipt, auto n, naive_line& line) {
      note(receipt, n, line, id, core::fate::removed);
    });
    subscribers_.erase(id);
    if (subscribers_.empty()) messages_.clear();
    forget_finished();
  }

  std::vector<core::delivery> lease(core::subscriber_id id, std::uint32_t most, core::moment now) {
    return take(id, std::min(most, options_.batch), now);
  }
  std::vector<core::delivery> fetch(core::subscriber_id id, core::moment now) {
    auto all = take(id, 1'000'000, now);
    if (options_.lease.count() == 0) {
      for (core::delivery& d : all) {
        d.deadline = now.measured + core::endless_fetch.count();
        subscribers_.at(id).find(d.lease.id)->deadline = d.deadline;
      }
    }
    return all;
  }
  std::vector<core::delivery> take(core::subscriber_id id, std::uint32_t most, core::moment now) {
    std::vector<core::delivery> all;
    subscriber& s = subscribers_.at(id);
    do_due(s, now.measured);
    const std::uint64_t first = s.leases + 1;
    while (all.size() < most) {
      copy* const c = next(s, first, now);
      if (!c) break;
      c->now = copy::state::leased;
      c->lease = ++s.leases;
      ++c->attempts;
      c->deadline =
          options_.lease.count() == 0 ? core::no_time : now.measured + options_.lease.count();
      all.push_back({{c->id, c->lease}, c->attempts, c->deadline, messages_.at(c->id)});
    }
    forget_finished();
    return all;
  }

  core::lease_outcome acknowledge(core::subscriber_id id, core::lease_name name) {
    return on_lease(id, name,
                    [this](subscriber& s, copy& c) { finish(s, c.id, core::fate::acknowledged); });
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
    finish(s, name.id, core::fate::acknowledged);
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
    let_withdrawn_go();
    return true;
  }
  bool purge(core::subscriber_id id, core::message_id dead) {
    subscriber& s = subscribers_.at(id);
    const copy* const c = s.find(dead);
    if (!c || c->now != copy::state::dead) return false;
    finish(s, dead, core::fate::purged);
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

  void change(const core::topic_options& options) { options_ = options; }

  /// Nobody can tell it by what is delivered, or dropped.
  void restart() {
    receipts.clear();
    missed_.clear();
    last_receipt_ = 0;
  }

  /// Whether somebody is full of what has expired, though nobody has it.
  bool is_full_of_expired(core::moment now) const {
    return std::any_of(subscribers_.begin(), subscribers_.end(), [&](const auto& s) {
      const auto& copies = s.second.copies;
      return copies.size() >= options_.max_pending &&
             std::any_of(copies.begin(), copies.end(), [&](const copy& c) {
               return options_.expire && now.has_reached(messages_.at(c.id).expires) && !is_kept(c);
             });
    });
  }

  void do_due(core::moment now) {
    for (auto d = first_due(now); d != delayed_.end() && now.has_reached(d->first);
         d = first_due(now)) {
      const auto [priority, m] = d->second;
      delayed_.erase(d);
      if (options_.expire && now.has_reached(m.expires)) continue;
      const bool is_for_nobody =
          subscribers_.empty() && options_.no_subscribers != core::no_subscribers_policy::hold;
      if (is_for_nobody || replace(priority, m)) continue;
      if (may_drop()) make_room(now);
      append(priority, m);
      drop_surplus();
    }
    for (auto& [id, s] : subscribers_) do_due(s, now.measured);
  }
  core::wall_time next_deadline(core::moment now) {
    const auto first = first_due(now);
    core::wall_time next = first == delayed_.end() ? core::no_time : now.measured_of(first->first);
    for (const auto& [id, s] : subscribers_) {
      for (const copy& c : s.copies) next = std::min(next, c.deadline);
    }
    return next;
  }

  std::vector<std::string> delayed() const {
    std::vector<std::string> all;
    for (const auto& [due, m] : delayed_) all.push_back(*m.second.payload);
    return all;
  }
  /// As they are listed.
  void cancel(std::size_t i) {
    delayed_.erase(std::next(delayed_.begin(), static_cast<std::ptrdiff_t>(i)));
  }

  std::size_t pending(core::subscriber_id id) const { return subscribers_.at(id).copies.size(); }
  std::size_t messages() const { return messages_.size(); }

 private:
  struct subscriber {
    core::subscriber_id who = 0;
    std::vector<copy> copies;  ///< not finished, in the order of their ids
    std::uint64_t leases = 0;

    copy* find(core::message_id id) {
      const auto c =
          std::find_if(copies.begin(), copies.end(), [&](auto& x) { return x.id == id; });
      return c == copies.end() ? nullptr : &*c;
    }
    void remove(core::message_id id) { copies.erase(copies.begin() + (find(id) - copies.data())); }
    void add(copy c) {
      const auto behind =
          std::find_if(copies.begin(), copies.end(), [&](auto& x) { return c.id < x.id; });
      copies.insert(behind, std::move(c));
    }
  };

  void finish(subscriber& s, core::message_id id, core::fate what) {
    s.remove(id);
    each_open_line([&](auto receipt, auto n, naive_line& line) {
      if (line.id == id) note(receipt, n, line, s.who, what);
    });
  }

  template <class F>
  void each_open_line(F&& f) {
    for (auto& [number, lines] : receipts) {
      for (std::size_t n = 0; n != lines.size(); ++n) {
        if (!lines[n].is_settled) f(number, n, lines[n]);
      }
    }
  }
  void note(core::receipt_number receipt, std::size_t n, naive_line& line, core::subscriber_id who,
            core::fate what) {
    if (line.waiting.erase(who) == 0) return;
    if (what == core::fate::acknowledged) {
      ++line.acknowledged;
    } else {
      ++line.missed;
      missed_.emplace(receipt, n, who, what);
    }
    line.is_settled = line.waiting.empty();
  }
  void add_line(core::receipt_number to, core::message_id id) {
    if (to == 0) return;
    naive_line line;
    line.id = id;
    for (const auto& [who, s] : subscribers_) line.waiting.insert(who);
    receipts.at(to).push_back(line);
  }

  core::message_id append(core::priority_level priority, const core::message& m) {
    const core::message_id id{priority, ends_[priority]++};
    messages_[id] = m;
    for (auto& [n, s] : subscribers_) s.add({id, m.key});
    return id;
  }

  bool replace(core::priority_level priority, const core::message& m,
               core::receipt_number receipt = 0) {
    if (options_.dedupe != core::dedupe_policy::replace || m.key.empty()) return false;
    for (const auto& [id, former] : messages_) {
      if (former.key != m.key || withdrawn_.count(id) != 0) continue;
      const core::message_id old = id;
      each_open_line([&](auto number, auto n, naive_line& line) {
        if (line.id != old) return;
        for (const auto& [who, s] : subscribers_) note(number, n, line, who, core::fate::replaced);
        line.is_settled = true;
      });
      if (priority < old.priority) {
        add_line(receipt, append(priority, m));
        messages_.erase(old);
        for (auto& [n, s] : subscribers_) {
          if (s.find(old)) s.remove(old);
        }
        return true;
      }
      messages_[old] = m;
      for (auto& [n, s] : subscribers_) {
        copy* const c = s.find(old);
        if (c && (c->now == copy::state::unread || c->now == copy::state::passed)) continue;
        if (c) s.copies.erase(s.copies.begin() + (c - s.copies.data()));
        copy anew{old, m.key};
        anew.now = copy::state::passed;
        s.add(anew);
      }
      add_line(receipt, old);
      return true;
    }
    return false;
  }

  std::multimap<core::clock_time, std::pair<core::priority_level, core::message>>::iterator
  first_due(core::moment now) {
    return std::min_element(delayed_.begin(), delayed_.end(), [now](const auto& a, const auto& b) {
      return now.measured_of(a.first) < now.measured_of(b.first);
    });
  }

  bool is_full() const {
    if (subscribers_.empty()) return messages_.size() >= options_.max_pending;
    return std::any_of(subscribers_.begin(), subscribers_.end(), [&](const auto& s) {
      return s.second.copies.size() >= options_.max_pending;
    });
  }
  bool may_drop() const {
    return options_.overflow == core::pending_policy::drop_oldest && !subscribers_.empty();
  }
  bool make_room(core::moment now) {
    while (is_full() && withdraw_expired(now)) {
    }
    return !is_full() || may_drop();
  }
  /// Of everybody at once.
  void drop_surplus() {
    if (!may_drop()) return;
    for (auto& [id, s] : subscribers_) {
      while (s.copies.size() > options_.max_pending) drop_oldest(s);
    }
  }
  /// The one that expired first, but for those who have it, or keep it dead.
  bool withdraw_expired(core::moment now) {
    std::optional<std::pair<core::clock_time, core::message_id>> first;
    const auto goes_before = [](const auto& a, const auto& b) {  // those of the wall clock first
      const bool measured = core::is_measured(a.first);
      return measured != core::is_measured(b.first) ? !measured : a < b;
    };
    for (const auto& [id, m] : messages_) {
      if (!options_.expire || !now.has_reached(m.expires) || withdrawn_.count(id) != 0) continue;
      if (!first || goes_before(std::pair{m.expires, id}, *first)) first = {m.expires, id};
    }
    if (!first) return false;
    const core::message_id id = first->second;
    withdrawn_.insert(id);
    let_withdrawn_go();
    if (subscribers_.empty()) {
      each_open_line([id](auto, auto, naive_line& line) { line.is_settled |= line.id == id; });
      messages_.erase(id);
    }
    return true;
  }

  /// Who has it can still acknowledge it.
  static bool is_kept(const copy& c) {
    return c.now == copy::state::leased || c.now == copy::state::dead;
  }
  void let_withdrawn_go() {
    for (auto& [id, s] : subscribers_) {
      for (const copy& c : std::vector<copy>{s.copies}) {
        if (withdrawn_.count(c.id) != 0 && !is_kept(c)) finish(s, c.id, core::fate::expired);
      }
    }
    forget_finished();
  }

  void drop_oldest(subscriber& s) {
    const auto is_undelivered = [](const copy& c) {
      return c.now == copy::state::unread || c.now == copy::state::passed;
    };
    const auto others = std::count_if(s.copies.begin(), s.copies.end(), is_undelivered) - 1;
    const auto rank = [&](const copy& c) { return is_undelivered(c) == (others > 0) ? 0 : 1; };
    const auto goes_before = [&](const copy& a, const copy& b) {
      if (rank(a) != rank(b)) return rank(a) < rank(b);
      return a.id.priority != b.id.priority ? a.id.priority > b.id.priority : a.id < b.id;
    };
    const auto first = std::min_element(s.copies.begin(), s.copies.end(), goes_before);
    finish(s, core::message_id{first->id}, core::fate::dropped);
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
  bool is_readable(subscriber& s, core::message_id id, core::moment now) {
    const auto m = messages_.find(id);
    if (m != messages_.end() && !(options_.expire && now.has_reached(m->second.expires)))
      return true;
    finish(s, id, core::fate::expired);
    return false;
  }

  copy* next(subscriber& s, std::uint64_t first, core::moment now) {
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
    const bool is_read = c && c->now != copy::state::unread;
    if (!is_read || name.number > s.leases) return core::lease_outcome::unknown;
    if (c->now != copy::state::leased || c->lease != name.number) return core::lease_outcome::over;
    f(s, *c);
    let_withdrawn_go();
    return core::lease_outcome::done;
  }

  void fail(copy& c, std::optional<core::wall_time> delay, core::wall_time then) {
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
    if (*delay > 0) c.deadline = then + *delay;
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
        fail(*due, std::nullopt, due->deadline);
      } else {
        due->now = copy::state::ready;
        due->deadline = core::no_time;
      }
      let_withdrawn_go();
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
  std::set<core::message_id> withdrawn_;
  std::map<core::subscriber_id, subscriber> subscribers_;
  std::map<std::string, core::wall_time> keys_;
  std::multimap<core::clock_time, std::pair<core::priority_level, core::message>> delayed_;
  std::array<core::place, core::most_priorities> ends_{};
  core::receipt_number last_receipt_ = 0;
  std::set<miss> missed_;
};

}  // namespace skein::test
