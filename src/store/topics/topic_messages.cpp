#include "store/topics/topic_messages.hpp"

#include <algorithm>

#include "core/expects.hpp"

namespace skein::store {

namespace {

/// More are erased by a range: it is cheaper to write, but slows down what reads.
constexpr core::place most_single_erases = 256;

}  // namespace

topic_messages::topic_messages(engine& from, topic_number topic,
                               const std::vector<topic_state::stream>& streams,
                               const topic_memory& memory)
    : engine_(from), topic_(topic), memory_(memory), windows_(memory.stretches) {
  for (const topic_state::stream& s : streams) {
    streams_.push_back({s.kept, s.begin, s.end, s.end, s.end, s.kept, {}});
  }
}

std::optional<core::message> topic_messages::read(core::message_id id) {
  if (id.priority >= streams_.size()) return std::nullopt;
  const stream& s = streams_[id.priority];
  if (id.at < s.begin || id.at >= s.end) return std::nullopt;
  if (const auto* changed = changes_.find(id)) return *changed;
  if (id.at >= s.newest) {
    const auto found = s.messages.find(id.at);
    return found == s.messages.end() ? std::nullopt : std::optional{found->second};
  }
  window* const found = window_of(id);
  if (!found) return read_ahead(id);
  found->used = ++used_;
  const auto* const m = found->at(id.at);
  return m ? *m : std::nullopt;
}

core::message_id topic_messages::append(core::priority_level priority, const core::message& m) {
  const core::message_id id{priority, streams_[priority].end++};
  changes_.set(id, m);
  typical_ = (typical_ * 15 + size_of(m)) / 16;
  return id;
}

void topic_messages::overwrite(core::message_id id, const core::message& m) {
  changes_.set(id, m);
}

void topic_messages::erase(core::message_id id) {
  if (id.at < streams_[id.priority].taken) {
    changes_.set(id, std::nullopt);
  } else {
    changes_.drop(id);
  }
}

void topic_messages::erase_before(core::message_id upto) {
  stream& s = streams_[upto.priority];
  core::expects(upto.at <= s.end, "nothing after the end is erased");
  if (upto.at <= s.begin) return;
  changes_.drop({upto.priority, s.begin}, upto);
  while (!s.messages.empty() && s.messages.begin()->first < upto.at) {
    drop_newest(s, s.messages.begin());
  }
  s.begin = upto.at;
  for (window& w : windows_) {
    if (w.priority == upto.priority && w.end <= s.begin) w = {};
  }
}

std::optional<core::message>* topic_messages::window::at(core::place p) {
  const auto found = std::lower_bound(messages.begin(), messages.end(), p,
                                      [](const auto& m, core::place at) { return m.first < at; });
  return found == messages.end() || found->first != p ? nullptr : &found->second;
}

topic_messages::window* topic_messages::window_of(core::message_id id) {
  const auto found =
      std::find_if(windows_.begin(), windows_.end(), [&](const window& w) { return w.covers(id); });
  return found == windows_.end() ? nullptr : &*found;
}

/// Keeps what it has read, but for messages that are large.
/// \pre it is before the newest, and in no window
std::optional<core::message> topic_messages::read_ahead(core::message_id from) {
  auto to = std::find_if(windows_.begin(), windows_.end(), [&](const window& w) {
    return w.priority == from.priority && w.end == from.at && w.asked != 0;
  });
  std::size_t most = memory_.first_ahead;
  if (to != windows_.end()) {
    most = std::min(to->asked * 2, memory_.most_ahead);
  } else {
    to = std::min_element(windows_.begin(), windows_.end(),
                          [](const window& a, const window& b) { return a.used < b.used; });
  }
  window read{from.priority, from.at, streams_[from.priority].newest, most, 0, {}};
  for (const window& w : windows_) {
    const bool is_behind = w.priority == from.priority && w.begin > from.at && &w != &*to;
    if (is_behind) read.end = std::min(read.end, w.begin);
  }
  const std::string end = message_key(topic_, {from.priority, read.end});
  std::size_t bytes = 0;
  const auto at = engine_.walk(family::message);
  for (at->seek(message_key(topic_, from)); at->valid() && at->key() < end; at->next()) {
    const core::place place = parse_message_key(at->key()).id.at;
    if (read.messages.size() == most || bytes >= memory_.ahead_bytes) {
      read.end = place;
      break;
    }
    try {
      core::message m = decode_message(at->key(), at->value());
      if (size_of(m) > memory_.ahead_bytes) {
        if (place == from.at) return m;
        read.end = place;
        break;
      }
      bytes += size_of(m);
      typical_ = (typical_ * 15 + size_of(m)) / 16;
      read.messages.emplace_back(place, std::move(m));
    } catch (const error& e) {
      if (e.what_kind() != error::kind::corrupted) throw;
      damage_.emplace_back(e.what());
    }
  }
  read.used = ++used_;
  *to = std::move(read);
  const auto* const m = to->at(from.at);
  return m ? *m : std::nullopt;
}

void topic_messages::keep_newest(stream& s, core::place at, core::message&& m) {
  newest_bytes_ += size_of(m);
  ++newest_;
  s.messages.emplace(at, std::move(m));
}

void topic_messages::drop_newest(stream& s, std::map<core::place, core::message>::iterator at) {
  newest_bytes_ -= size_of(at->second);
  --newest_;
  s.messages.erase(at);
}

void topic_messages::take(changes& to) {
  changes_.take([&](core::message_id id, const std::optional<core::message>& m) {
    std::string key = message_key(topic_, id);
    if (m) {
      std::string value = encode(key, *m);
      to.put(family::message, std::move(key), std::move(value));
    } else {
      to.erase(family::message, std::move(key));
    }
  });
  for (core::priority_level p = 0; p != streams_.size(); ++p) {
    give_back(p, to);
    streams_[p].taken = streams_[p].end;
  }
}

/// The room of what was erased by moving the begin, if it is much, or all there is. Erased ranges
/// alone would not make files smaller until they are merged with them, which may be never.
void topic_messages::give_back(core::priority_level priority, changes& to) {
  stream& s = streams_[priority];
  const core::place end = std::min(s.begin, s.taken);  // what is behind was never put
  const core::place erased = end - s.kept;
  const bool is_empty = s.begin == s.end;
  if (erased >= std::min(most_erased, std::max<core::place>(64, most_erased_bytes / typical_)) ||
      (is_empty && erased > most_single_erases)) {
    to.erase_range(family::message, message_key(topic_, {priority, s.kept}),
                   message_key(topic_, {priority, end}));
  } else if (is_empty) {
    for (core::place at = s.kept; at != end; ++at) {
      to.erase(family::message, message_key(topic_, {priority, at}));
    }
  } else if (erased != 0) {
    return;
  }
  s.kept = s.begin;
  if ((s.kept - s.reclaimed) * typical_ < most_dead_bytes) return;
  to.reclaim(family::message, message_key(topic_, {priority, 0}),
             message_key(topic_, {priority, s.kept}));
  s.reclaimed = s.kept;
}

std::vector<topic_state::stream> topic_messages::streams() const {
  std::vector<topic_state::stream> all;
  for (const stream& s : streams_) all.push_back({s.kept, s.begin, s.end});
  return all;
}

void topic_messages::committed() {
  changes_.committed([&](core::message_id id, std::optional<core::message>&& m) {
    stream& s = streams_[id.priority];
    if (id.at < s.begin) return;
    if (id.at >= s.newest) {
      const auto former = s.messages.find(id.at);
      if (former != s.messages.end()) drop_newest(s, former);
      if (m) keep_newest(s, id.at, std::move(*m));
    } else if (window* const w = window_of(id)) {
      if (auto* const former = w->at(id.at)) *former = std::move(m);
    }
  });
  for (std::size_t p = streams_.size(); p-- != 0;) {
    stream& s = streams_[p];
    while (!s.messages.empty() &&
           (newest_ > memory_.newest || newest_bytes_ > memory_.newest_bytes)) {
      s.newest = s.messages.begin()->first + 1;
      drop_newest(s, s.messages.begin());
    }
  }
}

}  // namespace skein::store
