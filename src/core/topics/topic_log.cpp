#include "core/topics/topic_log.hpp"

namespace skein::core {

std::optional<message> memory_topic_log::read(message_id id) {
  const auto& messages = streams_[id.priority].messages;
  const auto found = messages.find(id.at);
  return found == messages.end() ? std::nullopt : std::optional{found->second};
}

message_id memory_topic_log::append(priority_level priority, const message& m) {
  stream& s = streams_[priority];
  const message_id id{priority, s.end++};
  s.messages.emplace_hint(s.messages.end(), id.at, m);
  if (!m.key.empty()) keys_[m.key] = id;
  ++size_;
  bytes_ += size_of(m);
  return id;
}

void memory_topic_log::overwrite(message_id id, const message& m) {
  message& there = streams_[id.priority].messages.at(id.at);
  bytes_ += size_of(m);
  bytes_ -= size_of(there);
  there = m;
}

void memory_topic_log::erase(message_id id) {
  auto& messages = streams_[id.priority].messages;
  const auto found = messages.find(id.at);
  if (found == messages.end()) return;
  const auto key = keys_.find(found->second.key);
  if (key != keys_.end() && key->second == id) keys_.erase(key);
  bytes_ -= size_of(found->second);
  messages.erase(found);
  --size_;
}

void memory_topic_log::erase_before(message_id upto) {
  const auto& messages = streams_[upto.priority].messages;
  while (!messages.empty() && messages.begin()->first < upto.at) {
    erase({upto.priority, messages.begin()->first});
  }
  streams_[upto.priority].withdrawn.add_before(upto.at);
}

std::optional<message_id> memory_topic_log::find(const std::string& key) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

delayed_id memory_topic_log::delay(clock_time due, priority_level priority, const message& m) {
  const delayed_id id{due, delayed_ever_++};
  delayed_.emplace(id, std::pair{priority, m});
  bytes_ += size_of(m);
  return id;
}

std::vector<delayed_entry> memory_topic_log::list_delayed(std::optional<delayed_id> after,
                                                          std::size_t most,
                                                          std::size_t most_bytes) {
  std::vector<delayed_entry> all;
  std::size_t bytes = 0;
  for (auto d = after ? delayed_.upper_bound(*after) : delayed_.begin();
       d != delayed_.end() && all.size() != most && bytes < most_bytes; ++d) {
    bytes += d->second.second.payload->size();
    all.push_back({d->first, d->second.first, d->second.second});
  }
  return all;
}

memory_topic_log::delayed_map::const_iterator memory_topic_log::first_due(moment now) const {
  const auto measured = delayed_.begin();
  const auto wall = delayed_.lower_bound({no_measured_time / 2, 0});
  if (measured == wall || wall == delayed_.end()) return measured;
  const bool is_later = now.measured_of(wall->first.due) < now.measured_of(measured->first.due);
  return is_later ? wall : measured;
}

std::optional<delayed_entry> memory_topic_log::take_due(moment now) {
  const auto first = first_due(now);
  if (first == delayed_.end() || !now.has_reached(first->first.due)) return std::nullopt;
  delayed_entry taken{first->first, first->second.first, first->second.second};
  delayed_.erase(first);
  bytes_ -= size_of(taken.what);
  return taken;
}

bool memory_topic_log::cancel(delayed_id id) {
  const auto found = delayed_.find(id);
  if (found == delayed_.end()) return false;
  bytes_ -= size_of(found->second.second);
  delayed_.erase(found);
  return true;
}

}  // namespace skein::core
