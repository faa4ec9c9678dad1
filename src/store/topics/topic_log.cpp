#include "store/topics/topic_log.hpp"

#include <algorithm>
#include <limits>

#include "store/topics/topic_log_state.hpp"

namespace skein::store {

namespace {

/// `seen` is stored at least so often.
constexpr wall_time longest_unseen = 60'000;  // ms

/// So many may wait to be erased, unless they cannot be read.
constexpr std::size_t most_unerased = 4096;

}  // namespace

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

void topic_log::set_idle_expiry(subscriber_id id, milliseconds idle_expiry) {
  const auto found = state_->subscribers.find(id);
  if (found == state_->subscribers.end()) return;
  found->second.idle_expiry = idle_expiry;
  state_->changed_heads.insert(id);
  state_->change(0);
}

void topic_log::change(const core::topic_options& options) {
  state_->options = options;
}

void topic_log::keep_time() {
  state_->change(0);
}

void topic_log::changed(subscriber_id id, core::page_number page) {
  if (state_->changed_pages.emplace(id, page).second) state_->change(0);
}

// --- messages ---

core::place topic_log::begin(core::priority_level priority) const {
  return state_->begins[priority];
}

core::place topic_log::end(core::priority_level priority) const {
  return state_->messages.end(priority);
}

std::optional<core::message> topic_log::read(core::message_id id) {
  return state_->is_erased(id) ? std::nullopt : state_->messages.read(id);
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
  if (state_->is_erased(id)) return;
  state_->unerased.insert(id);
  if (state_->unerased.size() >= most_unerased) state_->erase_single();
  state_->change(0);
}

void topic_log::erase_before(core::message_id upto) {
  core::place& begin = state_->begins[upto.priority];
  upto.at = std::min(upto.at, end(upto.priority));
  if (upto.at <= begin) return;
  begin = upto.at;
  state_->withdrawn[upto.priority].add_before(begin);
  state_->change(0);
}

void topic_log::withdraw(core::message_id id) {
  state_->withdrawn[id.priority].add(id.at);
  if (state_->changed_withdrawn.insert(core::page_of(id)).second) state_->change(0);
}

const core::place_set& topic_log::withdrawn(core::priority_level priority) const {
  return state_->withdrawn[priority];
}

bool topic_log::state::is_erased(core::message_id id) const {
  return id.priority >= begins.size() || id.at < begins[id.priority] || unerased.count(id) != 0;
}

std::optional<core::message_id> topic_log::find(const std::string& key) {
  if (state_->options.dedupe != dedupe_policy::replace || key.empty()) return std::nullopt;
  const auto id = state_->place_of(key);
  // A key may lead to a message that was damaged, and whose key could not be forgotten.
  const auto m = id ? read(*id) : std::nullopt;
  return m && m->key == key ? id : std::nullopt;
}

std::optional<core::message_id> topic_log::state::place_of(const std::string& key) {
  if (const auto* changed = keys.find(key)) return *changed;
  const std::string stored_key = place_key(number, key);
  const auto place = from.get(family::topic, stored_key);
  try {
    return place ? std::optional{decode_place(stored_key, *place)} : std::nullopt;
  } catch (const error& e) {
    if (e.what_kind() != error::kind::corrupted) throw;
    damage.emplace_back(e.what());
    return std::nullopt;
  }
}

void topic_log::state::forget_key(core::message_id id, const std::string& key) {
  if (options.dedupe != dedupe_policy::replace || key.empty()) return;
  if (place_of(key) == id) keys.set(key, std::nullopt);
}

core::delayed_id topic_log::delay(core::clock_time due, core::priority_level priority,
                                  const core::message& m) {
  state_->change(size_of(m));
  return state_->delayed.add(due, {priority, m});
}

std::vector<core::delayed_entry> topic_log::list_delayed(std::optional<core::delayed_id> after,
                                                         std::size_t most, std::size_t most_bytes) {
  return state_->delayed.list(after, most, most_bytes);
}

bool topic_log::cancel(core::delayed_id id) {
  const bool was_there = state_->delayed.cancel(id);
  if (was_there) state_->change(0);
  return was_there;
}

std::uint64_t topic_log::delayed() const {
  return state_->delayed.count();
}

wall_time topic_log::next_due(core::moment now) const {
  const std::uint64_t before = delayed();
  const wall_time due = state_->delayed.next_due(now);
  if (delayed() != before) state_->change(0);  // some were damaged
  return due;
}

std::optional<core::delayed_entry> topic_log::take_due(core::moment now) {
  const std::uint64_t before = delayed();
  auto due = state_->delayed.take_due(now);
  if (delayed() != before) state_->change(0);
  return due;
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

void topic_log::committed() {
  state_->messages.committed();
  state_->delayed.committed();
  state_->keys.committed([](const std::string&, auto&&) {});
}

std::vector<std::string> topic_log::take_damage() {
  std::vector<std::string> all = std::exchange(state_->damage, {});
  for (auto& found : {state_->messages.take_damage(), state_->delayed.take_damage()}) {
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

}  // namespace skein::store
