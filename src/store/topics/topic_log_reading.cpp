#include <algorithm>

#include "store/topics/lives.hpp"
#include "store/topics/topic_log_state.hpp"
#include "store/value_codec.hpp"

namespace skein::store {

namespace {

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

topic_log::topic_log(engine& from, topic_number number, const core::topic_options& options,
                     const topic_start& start, const topic_memory& memory) {
  const topic_state stored = state_of(from, number, options, start.first);
  const wall_time set_back = std::max<wall_time>(stored.time - start.now, 0);
  const wall_time shift = std::max(start.up_since - stored.time, -set_back);
  state_ = std::make_unique<state>(from, number, options, stored, memory);
  state_->read_withdrawn();
  state_->read_subscribers(shift, start.life);
  if (options.dedupe == dedupe_policy::first) state_->read_window(set_back, start.now);
}

topic_log::~topic_log() = default;

void topic_log::state::refuse(const stored_subscriber& s, const char* why) const {
  throw error{error::kind::corrupted, "subscriber " + std::to_string(s.id) + " (" + s.name +
                                          ") of topic " + std::to_string(number) +
                                          " is damaged: " + why};
}

void topic_log::state::read_subscribers(wall_time shift, std::uint64_t life) {
  using kind = topic_family_key::kind;
  const std::string prefix = heads_prefix(number), end = behind(prefix);
  const auto at = from.walk(family::topic);
  for (at->seek(prefix); at->valid() && at->key() < end; at->next()) {
    const topic_family_key key = parse_topic_key(at->key());
    if (key.what == kind::head) {
      add_stored(key.subscriber, decode_head(at->key(), at->value()), shift);
      // Leases that were given while the store failed are not in it.
      auto& last_lease = stored.back().so_far.last_lease;
      last_lease = std::max(last_lease, life * leases_of_a_life);
      subscribers[key.subscriber].head_stored = checksum_of(at->value());
    } else if (!stored.empty() && stored.back().id == key.subscriber) {
      add_page(stored.back(), at->key(), at->value(), shift);
    } else {
      damaged("the page of a subscriber", at->key(), "there is no such subscriber");
    }
  }
}

void topic_log::state::add_stored(subscriber_id id, const subscriber_head& head, wall_time shift) {
  const wall_time seen = head.seen + shift;
  subscribers[id] = {head.name, head.idle_expiry, seen, seen, 0};
  if (shift != 0) changed_heads.insert(id);
  is_changed |= shift != 0;
  stored.push_back({id, head.name, head.idle_expiry, seen, core::progress::from(head.cursors)});
  stored_subscriber& s = stored.back();
  s.so_far.last_lease = head.last_lease;
  if (id == 0 || id > subscribers_ever) refuse(s, "the topic has had fewer subscribers");
  if (head.cursors.size() != options.priorities) refuse(s, "it has other priorities");
  for (core::priority_level p = 0; p != options.priorities; ++p) {
    const core::place cursor = head.cursors[p];
    if (cursor < messages.begin(p)) refuse(s, "it has not read what was erased");
    if (cursor > messages.end(p)) refuse(s, "it has read what was never published");
  }
}

/// Deadlines that are changed here have to be stored again, since the time of the change will be
/// stored.
void topic_log::state::add_page(stored_subscriber& to, std::string_view key, std::string_view value,
                                wall_time shift) {
  const core::page_number page = parse_topic_key(key).page;
  if (page.priority >= options.priorities) refuse(to, "a page is of another priority");
  stored_pages.emplace(to.id, page);
  for (auto [id, flight] : decode_page(key, value)) {
    if (id.at < messages.begin(id.priority)) refuse(to, "it has not finished what was erased");
    if (id.at >= to.so_far.streams[id.priority].cursor) {
      refuse(to, "a page goes beyond what it has read");
    }
    if (flight.deadline != core::no_time && shift != 0) {
      flight.deadline += shift;
      changed_pages.emplace(to.id, page);
    }
    to.so_far.put_back(id, flight);
  }
}

/// What is before the begin of its stream is a remain.
void topic_log::state::read_withdrawn() {
  const std::string prefix = withdrawn_prefix(number), end = behind(prefix);
  const auto at = from.walk(family::topic);
  for (at->seek(prefix); at->valid() && at->key() < end; at->next()) {
    const core::page_number page = parse_topic_key(at->key()).page;
    const std::uint64_t places = decode_withdrawn(at->key(), at->value());
    stored_withdrawn.insert(page);
    if (page.priority >= options.priorities) continue;
    for (core::place i = 0; i != core::page_places; ++i) {
      if ((places >> i & 1) != 0) withdrawn[page.priority].add(page.number * core::page_places + i);
    }
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
    const std::string text = decode_window(at->key(), at->value());
    if (!window.contains(text, time)) window.add(text, time);
  }
}

}  // namespace skein::store
