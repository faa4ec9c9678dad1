#include "store/topic_log.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <unordered_map>

#include "store/delayed_messages.hpp"
#include "store/topic_messages.hpp"
#include "store/value_codec.hpp"

namespace skein::store {

namespace {

using core::dedupe_policy;
using core::subscriber_id;
using std::chrono::milliseconds;

/// `seen` is stored at least so often.
constexpr wall_time longest_unseen = 60'000;  // ms

/// Keys of the dedupe window are erased when this time has passed since they left it, or when the
/// window has gone by once more.
constexpr wall_time window_grace = 60'000;  // ms

/// About what a change takes beside keys and payloads.
constexpr std::size_t change_bytes = 64;

/// At the end of a head.
std::uint64_t checksum_of(std::string_view head) {
  std::uint64_t sum = 0;
  std::memcpy(&sum, head.data() + head.size() - sizeof sum, sizeof sum);
  return sum;
}

topic_state state_of(engine& from, topic_number number, const core::topic_options& options,
                     core::place first) {
  const std::string key = state_key(number);
  const auto stored = from.get(family::topic, key);
  topic_state s;
  if (stored) {
    s = decode_state(key, *stored);
    if (s.streams.size() != options.priorities) {
      damaged("the state of the topic", key, "its priorities are not those of its options");
    }
  }
  if (!stored) s.streams.assign(options.priorities, {first, first, first});
  return s;
}

}  // namespace

struct topic_log::state {
  struct subscriber {
    std::string name;
    milliseconds idle_expiry{0};
    wall_time seen = 0;
    wall_time seen_stored = 0;
    std::uint64_t head_stored = 0;  ///< checksum of the head that was taken last; 0: none was
  };

  state(engine& engine, topic_number topic, const core::topic_options& o, const topic_state& s)
      : from(engine),
        number(topic),
        options(o),
        messages(engine, topic, s.streams),
        delayed(engine, topic, s.delayed, s.delayed_ever),
        subscribers_ever(s.subscribers_ever),
        window(o.dedupe_window) {}

  void read_subscribers(wall_time set_back);
  void read_window(wall_time set_back, wall_time now);
  void add_stored(subscriber_id id, const subscriber_head& head, wall_time set_back);
  void add_page(stored_subscriber& to, std::string_view key, std::string_view value,
                wall_time set_back);
  [[noreturn]] void refuse(const stored_subscriber& s, const char* why) const;

  void change(std::size_t bytes) {
    is_changed = true;
    gathered += bytes + change_bytes;
  }
  void take_subscribers(const core::topic_queue& queue, changes& to);
  void take_pages(const core::topic_queue& queue, changes& to);
  void take_head(subscriber_id id, const core::progress& so_far, changes& to);
  void take_window(wall_time now, changes& to);

  engine& from;
  topic_number number;
  core::topic_options options;
  topic_messages messages;
  delayed_messages delayed;
  uncommitted<std::string, std::optional<core::message_id>> keys;  ///< at dedupe `replace`

  subscriber_id subscribers_ever;
  std::unordered_map<subscriber_id, subscriber> subscribers;
  std::set<subscriber_id> changed_heads;
  std::set<std::pair<subscriber_id, core::page_number>> changed_pages;
  std::set<std::pair<subscriber_id, core::page_number>> stored_pages;  ///< as of what was taken
  std::vector<std::string> erased;  ///< keys of subscribers that were removed

  std::vector<std::pair<wall_time, std::string>> remembered;  ///< not taken
  std::uint32_t window_n = 0;
  wall_time oldest_remembered = core::no_time;  ///< of those taken that may be stored

  bool is_changed = false;
  std::size_t gathered = 0;

  std::vector<stored_subscriber> stored;
  core::dedupe_window window;
};

// --- reading what is stored ---

topic_log::topic_log(engine& from, topic_number number, const core::topic_options& options,
                     wall_time now, core::place first) {
  const topic_state stored = state_of(from, number, options, first);
  const wall_time set_back = std::max<wall_time>(stored.time - now, 0);
  state_ = std::make_unique<state>(from, number, options, stored);
  state_->read_subscribers(set_back);
  if (options.dedupe == dedupe_policy::first) state_->read_window(set_back, now);
}

topic_log::~topic_log() = default;

void topic_log::state::refuse(const stored_subscriber& s, const char* why) const {
  throw error{error::kind::corrupted, "subscriber " + std::to_string(s.id) + " (" + s.name +
                                          ") of topic " + std::to_string(number) +
                                          " is damaged: " + why};
}

void topic_log::state::read_subscribers(wall_time set_back) {
  using kind = topic_family_key::kind;
  const std::string prefix = heads_prefix(number), end = behind(prefix);
  const auto at = from.walk(family::topic);
  for (at->seek(prefix); at->valid() && at->key() < end; at->next()) {
    const topic_family_key key = parse_topic_key(at->key());
    if (key.what == kind::head) {
      add_stored(key.subscriber, decode_head(at->key(), at->value()), set_back);
      subscribers[key.subscriber].head_stored = checksum_of(at->value());
    } else if (!stored.empty() && stored.back().id == key.subscriber) {
      add_page(stored.back(), at->key(), at->value(), set_back);
    } else {
      damaged("the page of a subscriber", at->key(), "there is no such subscriber");
    }
  }
}

void topic_log::state::add_stored(subscriber_id id, const subscriber_head& head,
                                  wall_time set_back) {
  const wall_time seen = head.seen - set_back;
  subscribers[id] = {head.name, head.idle_expiry, seen, seen, 0};
  if (set_back != 0) changed_heads.insert(id);
  is_changed |= set_back != 0;
  stored.push_back({id, head.name, head.idle_expiry, seen, core::progress::from(head.cursors)});
  stored_subscriber& s = stored.back();
  s.so_far.last_lease = head.last_lease;
  if (id == 0 || id > subscribers_ever) refuse(s, "the topic has not had so many");
  if (head.cursors.size() != options.priorities) refuse(s, "it has other priorities");
  for (core::priority_level p = 0; p != options.priorities; ++p) {
    const core::place cursor = head.cursors[p];
    if (cursor < messages.begin(p)) refuse(s, "it has not read what was erased");
    if (cursor > messages.end(p)) refuse(s, "it has read what was never published");
  }
}

/// Deadlines that are changed here are stored again, for the time of the change will be.
void topic_log::state::add_page(stored_subscriber& to, std::string_view key, std::string_view value,
                                wall_time set_back) {
  const core::page_number page = parse_topic_key(key).page;
  if (page.priority >= options.priorities) refuse(to, "a page is of another priority");
  stored_pages.emplace(to.id, page);
  for (auto [id, flight] : decode_page(key, value)) {
    if (id.at < messages.begin(id.priority)) refuse(to, "it has not finished what was erased");
    if (id.at >= to.so_far.streams[id.priority].cursor) {
      refuse(to, "a page goes beyond what it has read");
    }
    if (flight.deadline != core::no_time && set_back != 0) {
      flight.deadline -= set_back;
      changed_pages.emplace(to.id, page);
    }
    to.so_far.put_back(id, flight);
  }
}

void topic_log::state::read_window(wall_time set_back, wall_time now) {
  const std::string prefix = window_prefix(number), end = behind(prefix);
  const auto at = from.walk(family::topic);
  for (at->seek(prefix); at->valid() && at->key() < end; at->next()) {
    const topic_family_key key = parse_topic_key(at->key());
    oldest_remembered = std::min(oldest_remembered, key.time);
    window_n = std::max(window_n, key.n + 1);
    const wall_time time = std::min(key.time - set_back, now);
    if (time <= now - options.dedupe_window.count()) continue;
    window.is_first(decode_window(at->key(), at->value()), time);
  }
}

std::vector<stored_subscriber> topic_log::take_subscribers() {
  return std::exchange(state_->stored, {});
}

core::dedupe_window topic_log::take_window() {
  return std::exchange(state_->window, core::dedupe_window{state_->options.dedupe_window});
}

// --- subscribers ---

subscriber_id topic_log::add_subscriber(const std::string& name, milliseconds idle_expiry,
                                        wall_time now) {
  if (state_->subscribers_ever == std::numeric_limits<subscriber_id>::max()) {
    throw error{error::kind::failed,
                "topic " + std::to_string(state_->number) + " has had all subscribers it can have"};
  }
  const subscriber_id id = ++state_->subscribers_ever;
  state_->subscribers[id] = {name, idle_expiry, now, now, 0};
  state_->changed_heads.insert(id);
  state_->change(name.size());
  return id;
}

void topic_log::remove_subscriber(subscriber_id id) {
  const auto found = state_->subscribers.find(id);
  if (found == state_->subscribers.end()) return;
  if (found->second.head_stored != 0) state_->erased.push_back(head_key(state_->number, id));
  auto& pages = state_->stored_pages;
  for (auto p = pages.lower_bound({id, {}}); p != pages.end() && p->first == id;) {
    state_->erased.push_back(page_key(state_->number, id, p->second));
    p = pages.erase(p);
  }
  state_->subscribers.erase(found);
  state_->change(0);
}

void topic_log::seen(subscriber_id id, wall_time now) {
  const auto found = state_->subscribers.find(id);
  if (found == state_->subscribers.end()) return;
  state::subscriber& s = found->second;
  s.seen = now;
  const wall_time expiry = s.idle_expiry.count();
  const wall_time longest = expiry == 0 ? longest_unseen : std::min(longest_unseen, expiry / 8);
  if (now - s.seen_stored < longest || !state_->changed_heads.insert(id).second) return;
  state_->change(0);
}

void topic_log::changed(subscriber_id id, core::page_number page) {
  if (state_->changed_pages.emplace(id, page).second) state_->change(0);
}

// --- messages ---

core::place topic_log::begin(core::priority_level priority) const {
  return state_->messages.begin(priority);
}

core::place topic_log::end(core::priority_level priority) const {
  return state_->messages.end(priority);
}

std::optional<core::message> topic_log::read(core::message_id id) {
  return state_->messages.read(id);
}

core::message_id topic_log::append(core::priority_level priority, const core::message& m) {
  const core::message_id id = state_->messages.append(priority, m);
  if (state_->options.dedupe == dedupe_policy::replace && !m.key.empty()) {
    state_->keys.set(m.key, id);
  }
  state_->change(size_of(m));
  return id;
}

void topic_log::overwrite(core::message_id id, const core::message& m) {
  state_->messages.overwrite(id, m);
  state_->change(size_of(m));
}

void topic_log::erase(core::message_id id) {
  // An erase of what was erased before would be stored for nothing, many times over when a
  // subscriber goes.
  const auto m = read(id);
  if (!m) return;
  forget_key(id, m->key);
  state_->messages.erase(id);
  state_->change(0);
}

void topic_log::erase_before(core::message_id upto) {
  upto.at = std::min(upto.at, end(upto.priority));
  core::message_id first{upto.priority, begin(upto.priority)};
  if (upto.at <= first.at) return;
  if (state_->options.dedupe == dedupe_policy::replace) {
    for (; first != upto; ++first.at) {
      if (const auto m = read(first)) forget_key(first, m->key);
    }
  }
  state_->messages.erase_before(upto);
  state_->change(0);
}

std::optional<core::message_id> topic_log::find(const std::string& key) {
  if (state_->options.dedupe != dedupe_policy::replace || key.empty()) return std::nullopt;
  if (const auto* changed = state_->keys.find(key)) return *changed;
  const std::string stored_key = place_key(state_->number, key);
  const auto stored = state_->from.get(family::topic, stored_key);
  if (!stored) return std::nullopt;
  const core::message_id id = decode_place(stored_key, *stored);
  if (id.priority >= state_->options.priorities || id.at < begin(id.priority) ||
      id.at >= end(id.priority)) {
    damaged("the place of a key", stored_key, "there is no message");
  }
  return id;
}

void topic_log::forget_key(core::message_id id, const std::string& key) {
  if (find(key) == id) state_->keys.set(key, std::nullopt);
}

void topic_log::delay(wall_time due, core::priority_level priority, const core::message& m) {
  state_->delayed.add(due, {priority, m});
  state_->change(size_of(m));
}

std::uint64_t topic_log::delayed() const {
  return state_->delayed.count();
}

wall_time topic_log::next_due() const {
  return state_->delayed.next_due();
}

std::optional<std::pair<core::priority_level, core::message>> topic_log::take_due(wall_time now) {
  auto due = state_->delayed.take_due(now);
  if (!due) return std::nullopt;
  state_->change(0);
  return std::pair{due->priority, std::move(due->what)};
}

void topic_log::remember(const std::string& key, wall_time now) {
  state_->remembered.emplace_back(now, key);
  state_->change(key.size());
}

// --- what is to be committed ---

bool topic_log::has_changes() const {
  return state_->is_changed;
}

std::size_t topic_log::gathered() const {
  return state_->gathered;
}

changes topic_log::take_changes(const core::topic_queue& queue, wall_time now) {
  changes all;
  state& s = *state_;
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
  if (is_changed) {
    std::string key = state_key(s.number);
    std::string value = encode(key, topic_state{s.messages.streams(), s.delayed.count(),
                                                s.delayed.ever(), s.subscribers_ever, now});
    all.put(family::topic, std::move(key), std::move(value));
  }
  return all;
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

void topic_log::committed() {
  state_->messages.committed();
  state_->delayed.committed();
  state_->keys.committed([](const std::string&, auto&&) {});
}

std::vector<std::string> topic_log::take_damage() {
  return state_->messages.take_damage();
}

}  // namespace skein::store
