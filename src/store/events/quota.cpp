#include "store/events/quota.hpp"

#include <algorithm>

namespace skein::store {

namespace {

/// One pass over the log, in which each user gets everything that is theirs.
class pass : public audience {
 public:
  /// Up to `until`. Returns how far it has come.
  core::log_position run(engine& where, const std::vector<pending>& users,
                         core::log_position until = ~core::log_position{0}) {
    replay log{where, core::line_ending::lf, *this};
    log_ = &log;
    for (std::size_t i = 0; i != users.size(); ++i) {
      log.add(static_cast<core::session_index>(i), users[i].user, users[i].from, until);
    }
    log.start();
    for (bool goes_on = true; goes_on && !log.empty();) {
      try {
        const replay::stepped what = log.step();
        goes_on = what != replay::stepped::at_head && what != replay::stepped::lost;
      } catch (const error& e) {
        // The members that are served are told.
        if (e.what_kind() != error::kind::corrupted) throw;
      }
    }
    return log.at();
  }

  void keep(std::shared_ptr<const core::ordered_block>) override {}

 protected:
  core::log_position telling() const { return log_->telling(); }

 private:
  const replay* log_ = nullptr;
};

/// Counts what each member is told.
class counter final : public pass {
 public:
  struct tally {
    std::uint64_t events = 0, bytes = 0;
  };

  explicit counter(std::size_t members) : of_(members), active_(members) {}

  void tell(core::session_index member, std::string_view line) override {
    ++of_[member].events;
    of_[member].bytes += line.size();
  }
  void tell_all(std::string_view line) override {
    ++all_.events;
    all_.bytes += line.size();
  }
  // What is told to everybody between begin and end is added; until then counts may be below zero.
  void begin(core::session_index member) override {
    active_[member] = true;
    of_[member].events -= all_.events;
    of_[member].bytes -= all_.bytes;
  }
  void end(core::session_index member) override {
    active_[member] = false;
    of_[member].events += all_.events;
    of_[member].bytes += all_.bytes;
  }

  tally of(std::size_t member) const {
    tally t = of_[member];
    if (active_[member]) t = {t.events + all_.events, t.bytes + all_.bytes};
    return t;
  }

 private:
  std::vector<tally> of_;
  std::vector<bool> active_;
  tally all_;
};

bool exceeds(const quota& limits, const pending& p) {
  return (limits.max_events != 0 && p.events > limits.max_events) ||
         (limits.max_bytes != 0 && p.bytes > limits.max_bytes);
}

/// Moves the beginning of each member to after what is too much. The events were counted before.
class cutter final : public pass {
 public:
  cutter(const quota& limits, std::vector<pending>& users)
      : limits_(limits), users_(users), active_(users.size()) {}

  void tell(core::session_index member, std::string_view line) override {
    pending& p = users_[member];
    if (!exceeds(limits_, p)) return;
    --p.events;
    p.bytes -= line.size();
    p.from = telling() + line.size();
  }
  void tell_all(std::string_view line) override {
    for (core::session_index m = 0; m != users_.size(); ++m) {
      if (active_[m]) tell(m, line);
    }
  }
  void begin(core::session_index member) override { active_[member] = true; }
  void end(core::session_index member) override { active_[member] = false; }

 private:
  const quota& limits_;
  std::vector<pending>& users_;
  std::vector<bool> active_;
};

/// Returns up to where it has counted.
core::log_position count_all(engine& where, std::vector<pending>& users) {
  counter counts{users.size()};
  const core::log_position end = counts.run(where, users);
  for (std::size_t i = 0; i != users.size(); ++i) {
    users[i].events = counts.of(i).events;
    users[i].bytes = counts.of(i).bytes;
  }
  return end;
}

using words = std::vector<std::optional<std::string>>;

void say(std::optional<std::string>& to, const std::string& what) {
  to = (to ? *to + "; " : "") + what + " are dropped, they exceed the quota";
}

void apply_age(const quota& limits, engine& where, wall_time now, std::vector<pending>& users,
               words& dropped) {
  log_index index{where};
  const wall_time oldest = now - limits.max_age.count();
  const auto first = index.first([&](const entry& e) { return e.time >= oldest; });
  const core::log_position since = first ? first->begin : index.end();
  std::vector<pending> late;  // those that would be served what is older
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i != users.size(); ++i) {
    if (users[i].from >= since) continue;
    late.push_back(users[i]);
    which.push_back(i);
    users[i].from = since;
  }
  counter old{late.size()};
  old.run(where, late, since);
  for (std::size_t i = 0; i != late.size(); ++i) {
    if (old.of(i).events == 0) continue;
    say(dropped[which[i]], std::to_string(old.of(i).events) + " events older than " +
                               std::to_string(limits.max_age.count()) + " ms");
  }
}

void apply_size(const quota& limits, engine& where, std::vector<pending>& users, words& dropped) {
  const core::log_position end = count_all(where, users);
  std::vector<pending> exceeding;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i != users.size(); ++i) {
    if (!exceeds(limits, users[i])) continue;
    exceeding.push_back(users[i]);
    which.push_back(i);
  }
  if (exceeding.empty()) return;
  const bool all = limits.policy == quota_policy::drop_all;
  if (all) {
    for (pending& p : exceeding) p = {p.user, end, 0, 0};
  } else {
    cutter{limits, exceeding}.run(where, std::vector<pending>{exceeding});
  }
  for (std::size_t i = 0; i != which.size(); ++i) {
    pending& p = users[which[i]];
    const std::string events = std::to_string(p.events) + " events";
    const std::uint64_t gone = p.events - exceeding[i].events;
    say(dropped[which[i]],
        all ? "all " + events : "the oldest " + std::to_string(gone) + " of " + events);
    p = exceeding[i];
  }
}

struct place_of_event {
  core::epoch_number epoch = 1;
  core::sequence_number number = 1;
};

/// The first event at or after `begin`, or the event that is expected next.
place_of_event first_at(engine& where, core::log_position begin) {
  log_reader log{where, core::line_ending::lf, reading::few};
  log.seek(begin);
  for (;;) {
    try {
      const auto block = log.next();
      if (!block) break;
      std::size_t first = 0;
      while (first + 1 < block->events.size() && block->position_of(first) < begin) ++first;
      return {block->epoch, block->events[first].sequence};
    } catch (const error& e) {
      if (e.what_kind() != error::kind::corrupted) throw;
    }
  }
  const auto last = last_entry(where);
  place_of_event next{1, last ? last->what.next : read_begin(where).next};
  const auto epochs = read_epochs(where);
  if (!epochs.empty()) {
    next.epoch = epochs.back().epoch;
    if (epochs.back().begin >= (last ? last->end : begin)) next.number = 1;
  }
  return next;
}

}  // namespace

void count(engine& where, std::vector<pending>& users) {
  count_all(where, users);
}

std::vector<std::optional<std::string>> apply(const quota& limits, engine& where, wall_time now,
                                              std::vector<pending>& users) {
  words dropped(users.size());
  if (limits.max_age.count() != 0) apply_age(limits, where, now, users, dropped);
  if (limits.max_events != 0 || limits.max_bytes != 0) apply_size(limits, where, users, dropped);
  return dropped;
}

std::optional<std::string> missing_before(engine& where, core::epoch_number epoch,
                                          core::sequence_number number, core::log_position begin) {
  const place_of_event kept = first_at(where, begin);
  if (kept.epoch < epoch || (kept.epoch == epoch && kept.number - 1 <= number)) return std::nullopt;
  if (kept.epoch == epoch) {
    return "events " + std::to_string(number + 1) + " to " + std::to_string(kept.number - 1) +
           " are no longer kept";
  }
  return "the events after " + std::to_string(number) + " of an earlier stream are no longer kept";
}

}  // namespace skein::store
