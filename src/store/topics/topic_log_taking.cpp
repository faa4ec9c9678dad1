#include <algorithm>

#include "store/topics/topic_log_state.hpp"

namespace skein::store {

namespace {

/// Keys of the dedupe window are erased when this time has passed since they left it, or when the
/// window has gone by once more.
constexpr wall_time window_grace = 60'000;  // ms

}  // namespace

changes topic_log::take_changes(const core::topic_queue& queue, wall_time now) {
  changes all;
  state& s = *state_;
  for (core::priority_level p = 0; p != s.options.priorities; ++p) s.erase_behind(p);
  s.erase_single();
  const bool is_changed = std::exchange(s.is_changed, false);
  s.gathered = 0;
  s.messages.take(all);
  s.delayed.take(all);
  s.keys.take([&](const std::string& key, const std::optional<core::message_id>& id) {
    std::string stored_key = place_key(s.number, key);
    if (id) {
      std::string value = encode(stored_key, *id);
      all.put(family::topic, std::move(stored_key), std::move(value));
    } else {
      all.erase(family::topic, std::move(stored_key));
    }
  });
  s.take_subscribers(queue, all);
  s.take_window(now, all);
  s.take_withdrawn(all);
  if (is_changed) {
    std::string key = state_key(s.number);
    std::string value = encode(key, topic_state{s.messages.streams(), s.delayed.count(),
                                                s.delayed.ever(), s.subscribers_ever, now});
    all.put(family::topic, std::move(key), std::move(value));
  }
  return all;
}

/// Moves the begin as far as it can be read whose keys are to be forgotten.
void topic_log::state::erase_behind(core::priority_level priority) {
  core::message_id upto{priority, messages.begin(priority)};
  try {
    if (options.dedupe != dedupe_policy::replace) upto.at = begins[priority];
    for (; upto.at != begins[priority]; ++upto.at) {
      if (const auto m = messages.read(upto)) forget_key(upto, m->key);
    }
  } catch (const error&) {
    // The rest the next time.
  }
  is_changed |= upto.at != messages.begin(priority);
  messages.erase_before(upto);
}

/// What was erased before is left alone: to erase it again would be stored for nothing, many times
/// over when a subscriber goes.
void topic_log::state::erase_single() {
  try {
    while (!unerased.empty()) {
      const core::message_id id = *unerased.begin();
      if (const auto m = messages.read(id)) {
        forget_key(id, m->key);
        messages.erase(id);
      }
      unerased.erase(unerased.begin());
    }
  } catch (const error&) {
    // The rest the next time.
  }
}

void topic_log::state::take_subscribers(const core::topic_queue& queue, changes& to) {
  for (std::string& key : erased) to.erase(family::topic, std::move(key));
  erased.clear();
  take_pages(queue, to);
  for (const subscriber_id id : std::exchange(changed_heads, {})) {
    if (const auto* const of = queue.of(id)) take_head(id, of->so_far(), to);
  }
}

void topic_log::state::take_pages(const core::topic_queue& queue, changes& to) {
  for (const auto& [id, page] : std::exchange(changed_pages, {})) {
    const auto* const of = queue.of(id);
    if (!of || subscribers.count(id) == 0) continue;
    changed_heads.insert(id);
    std::string key = page_key(number, id, page);
    const stored_page left = of->so_far().page(page);
    if (!left.empty()) {
      stored_pages.emplace(id, page);
      std::string value = encode(key, left);
      to.put(family::topic, std::move(key), std::move(value));
    } else if (stored_pages.erase({id, page}) != 0) {
      to.erase(family::topic, std::move(key));
    }
  }
}

void topic_log::state::take_head(subscriber_id id, const core::progress& so_far, changes& to) {
  const auto found = subscribers.find(id);
  if (found == subscribers.end()) return;
  subscriber& s = found->second;
  subscriber_head head{s.name, s.idle_expiry, s.seen, so_far.last_lease, {}};
  for (const core::progress::stream& one : so_far.streams) head.cursors.push_back(one.cursor);
  std::string key = head_key(number, id);
  std::string value = encode(key, head);
  const std::uint64_t sum = checksum_of(value);
  s.seen_stored = s.seen;
  if (sum == s.head_stored) return;
  s.head_stored = sum;
  to.put(family::topic, std::move(key), std::move(value));
}

void topic_log::state::take_window(wall_time now, changes& to) {
  const wall_time length = options.dedupe_window.count();
  if (oldest_remembered != core::no_time &&
      oldest_remembered <= now - length - std::max(length, window_grace)) {
    const wall_time first = std::exchange(oldest_remembered, now - length + 1);
    to.erase_range(family::topic, window_key(number, first, 0),
                   window_key(number, oldest_remembered, 0));
  }
  for (auto& [time, key] : remembered) {
    oldest_remembered = std::min(oldest_remembered, time);
    std::string stored_key = window_key(number, time, window_n++);
    std::string value = encode_window(stored_key, key);
    to.put(family::topic, std::move(stored_key), std::move(value));
  }
  remembered.clear();
}

void topic_log::state::take_withdrawn(changes& to) {
  for (const core::page_number page : std::exchange(changed_withdrawn, {})) {
    const core::place first = page.number * core::page_places;
    std::uint64_t places = 0;
    for (core::place i = 0; i != core::page_places; ++i) {
      const bool is_one = first + i >= messages.begin(page.priority) &&
                          withdrawn[page.priority].contains(first + i);
      places |= std::uint64_t{is_one} << i;
    }
    if (places == 0) continue;
    stored_withdrawn.insert(page);
    std::string key = withdrawn_key(number, page);
    std::string value = encode_withdrawn(key, places);
    to.put(family::topic, std::move(key), std::move(value));
  }
  // Everybody has passed what is before the begins.
  for (core::priority_level p = 0; p != options.priorities; ++p) {
    const std::uint64_t begin = messages.begin(p) / core::page_places;
    auto page = stored_withdrawn.lower_bound({p, 0});
    while (page != stored_withdrawn.end() && page->priority == p && page->number < begin) {
      to.erase(family::topic, withdrawn_key(number, *page));
      page = stored_withdrawn.erase(page);
    }
  }
}

}  // namespace skein::store
