#include "store/topics/delayed_messages.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace skein::store {

namespace {

constexpr std::size_t half(std::size_t n) {
  return (n + 1) / 2;
}

}  // namespace

core::delayed_id delayed_messages::add(core::clock_time due, const delayed_message& m) {
  const name n{due, ever_++};
  ++count_;
  changes_.set(n, m);
  side& of = side_of(n);
  if (!of.is_first(n)) return n;
  of.first.emplace(n, m);
  of.first_bytes += size_of(m.what);
  if (of.first.size() > memory_.delayed || of.first_bytes > memory_.delayed_bytes) keep_fewer(of);
  return n;
}

/// Half as much as there may be. What goes is stored, or not committed.
void delayed_messages::keep_fewer(side& of) {
  while (of.first.size() > 1 && (of.first.size() > half(memory_.delayed) ||
                                 of.first_bytes > half(memory_.delayed_bytes))) {
    const auto last = std::prev(of.first.end());
    of.others = last->first;
    of.first_bytes -= size_of(last->second.what);
    of.first.erase(last);
  }
}

/// Reads on until the first that is due is in memory, if there is one. What is damaged is erased:
/// it would be counted for ever.
void delayed_messages::know_first(side& of) {
  while (of.first.empty() && of.others) {
    std::map<name, delayed_message> read;
    std::optional<name> end;  // of what was read
    std::size_t bytes = 0;
    const std::string behind_all =
        of.end ? delayed_key(topic_, of.end->due, of.end->n) : behind(delayed_prefix(topic_));
    const auto at = engine_.walk(family::message);
    at->seek(delayed_key(topic_, of.others->due, of.others->n));
    for (; at->valid() && at->key() < behind_all; at->next()) {
      const message_family_key key = parse_message_key(at->key());
      const name n{key.due, key.n};
      if (read.size() == half(memory_.delayed) || bytes >= half(memory_.delayed_bytes)) {
        end = n;
        break;
      }
      if (changes_.find(n)) continue;
      try {
        delayed_message m = decode_delayed(at->key(), at->value());
        bytes += size_of(m.what);
        read.emplace(n, std::move(m));
      } catch (const error& e) {
        if (e.what_kind() != error::kind::corrupted) throw;
        damage_.emplace_back(e.what());
        erase(n);
      }
    }
    const auto& changed = changes_.all();
    const std::optional<name> upto = end ? end : of.end;
    for (auto c = changed.lower_bound(*of.others); c != changed.end(); ++c) {
      if (upto && !(c->first < *upto)) break;
      if (c->second.value)
        bytes += size_of(read.emplace(c->first, *c->second.value).first->second.what);
    }
    of.first = std::move(read);
    of.first_bytes = bytes;
    of.others = end;
  }
}

/// Where the first one that is due is; null if there is none.
delayed_messages::side* delayed_messages::first_due(core::moment now) {
  if (count_ == 0) return nullptr;
  know_first(measured_);
  know_first(wall_);
  if (measured_.first.empty()) return wall_.first.empty() ? nullptr : &wall_;
  if (wall_.first.empty()) return &measured_;
  const auto due = [now](const side& s) { return now.measured_of(s.first.begin()->first.due); };
  return due(wall_) < due(measured_) ? &wall_ : &measured_;
}

wall_time delayed_messages::next_due(core::moment now) {
  const side* const first = first_due(now);
  return first ? now.measured_of(first->first.begin()->first.due) : core::no_time;
}

std::optional<core::delayed_entry> delayed_messages::take_due(core::moment now) {
  side* const of = first_due(now);
  if (!of || !now.has_reached(of->first.begin()->first.due)) return std::nullopt;
  const auto first = of->first.begin();
  core::delayed_entry taken{first->first, first->second.priority, std::move(first->second.what)};
  of->first_bytes -= size_of(taken.what);
  erase(taken.id);
  of->first.erase(first);
  return taken;
}

void delayed_messages::erase(const name& n) {
  if (!changes_.drop(n)) changes_.set(n, std::nullopt);
  if (count_ != 0) --count_;
}

bool delayed_messages::cancel(core::delayed_id id) {
  const auto* const changed = changes_.find(id);
  const bool is_there =
      changed ? changed->has_value()
              : engine_.get(family::message, delayed_key(topic_, id.due, id.n)).has_value();
  if (!is_there) return false;
  erase(id);
  side& of = side_of(id);
  const auto first = of.first.find(id);
  if (first == of.first.end()) return true;
  of.first_bytes -= size_of(first->second.what);
  of.first.erase(first);
  return true;
}

std::vector<core::delayed_entry> delayed_messages::list(std::optional<core::delayed_id> after,
                                                        std::size_t most, std::size_t most_bytes) {
  std::vector<core::delayed_entry> all;
  std::size_t bytes = 0;
  const auto add = [&](const name& n, const delayed_message& m) {
    all.push_back({n, m.priority, m.what});
    bytes += m.what.payload->size();
    return all.size() != most && bytes < most_bytes;
  };
  const std::string prefix = delayed_prefix(topic_), end = behind(prefix);
  const auto at = engine_.walk(family::message);
  at->seek(after ? delayed_key(topic_, after->due, after->n) : prefix);
  auto changed = after ? changes_.all().upper_bound(*after) : changes_.all().begin();
  // What has changed comes before what is stored of the same name.
  const auto add_changed_before = [&](std::optional<name> before) {
    for (; changed != changes_.all().end() && (!before || changed->first < *before); ++changed) {
      if (changed->second.value && !add(changed->first, *changed->second.value)) return false;
    }
    return true;
  };
  for (; at->valid() && at->key() < end; at->next()) {
    const message_family_key key = parse_message_key(at->key());
    const name n{key.due, key.n};
    if (after && n == *after) continue;
    if (!add_changed_before(n)) return all;
    if (changes_.find(n)) continue;
    try {
      if (!add(n, decode_delayed(at->key(), at->value()))) return all;
    } catch (const error& e) {
      if (e.what_kind() != error::kind::corrupted) throw;  // it is named when it is due
    }
  }
  add_changed_before(std::nullopt);
  return all;
}

void delayed_messages::take(changes& to) {
  changes_.take([&](const name& n, const std::optional<delayed_message>& m) {
    std::string key = delayed_key(topic_, n.due, n.n);
    if (m) {
      std::string value = encode(key, *m);
      to.put(family::message, std::move(key), std::move(value));
    } else {
      to.erase(family::message, std::move(key));
    }
  });
}

void delayed_messages::committed() {
  changes_.committed([](const name&, auto&&) {});
}

}  // namespace skein::store
