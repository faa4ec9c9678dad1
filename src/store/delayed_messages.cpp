#include "store/delayed_messages.hpp"

#include <algorithm>
#include <iterator>
#include <string>

namespace skein::store {

namespace {

constexpr std::size_t half(std::size_t n) {
  return (n + 1) / 2;
}

}  // namespace

void delayed_messages::add(wall_time due, const delayed_message& m) {
  const name n{due, ever_++};
  ++count_;
  changes_.set(n, m);
  if (!is_first(n)) return;
  first_.emplace(n, m);
  first_bytes_ += size_of(m.what);
  if (first_.size() > memory_.delayed || first_bytes_ > memory_.delayed_bytes) keep_fewer();
}

/// Half as much as there may be. What goes is stored, or not committed.
void delayed_messages::keep_fewer() {
  while (first_.size() > 1 &&
         (first_.size() > half(memory_.delayed) || first_bytes_ > half(memory_.delayed_bytes))) {
    const auto last = std::prev(first_.end());
    others_ = last->first;
    first_bytes_ -= size_of(last->second.what);
    first_.erase(last);
  }
}

/// Reads on until the first that is due is in memory, if there is one. What is damaged is erased:
/// it would be counted for ever.
void delayed_messages::know_first() {
  while (first_.empty() && others_) {
    std::map<name, delayed_message> read;
    std::optional<name> end;  // of what was read
    std::size_t bytes = 0;
    const std::string behind_all = behind(delayed_prefix(topic_));
    const auto at = engine_.walk(family::message);
    at->seek(delayed_key(topic_, others_->first, others_->second));
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
        changes_.set(n, std::nullopt);
        if (count_ != 0) --count_;
      }
    }
    const auto& changed = changes_.all();
    for (auto c = changed.lower_bound(*others_); c != changed.end(); ++c) {
      if (end && !(c->first < *end)) break;
      if (c->second.value)
        bytes += size_of(read.emplace(c->first, *c->second.value).first->second.what);
    }
    first_ = std::move(read);
    first_bytes_ = bytes;
    others_ = end;
  }
}

wall_time delayed_messages::next_due() {
  if (count_ == 0) return core::no_time;
  know_first();
  return first_.empty() ? core::no_time : first_.begin()->first.first;
}

std::optional<delayed_message> delayed_messages::take_due(wall_time now) {
  if (count_ == 0 || next_due() > now || first_.empty()) return std::nullopt;
  const auto first = first_.begin();
  delayed_message taken = std::move(first->second);
  if (!changes_.drop(first->first)) changes_.set(first->first, std::nullopt);
  first_bytes_ -= size_of(taken.what);
  first_.erase(first);
  --count_;
  return taken;
}

void delayed_messages::take(changes& to) {
  changes_.take([&](const name& n, const std::optional<delayed_message>& m) {
    std::string key = delayed_key(topic_, n.first, n.second);
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
