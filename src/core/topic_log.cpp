#include "core/topic_log.hpp"

namespace skein::core {

std::optional<message>* memory_topic_log::at(message_id id) {
  stream& s = streams_[id.priority];
  if (id.at < s.begin || id.at >= end(id.priority)) return nullptr;
  return &s.messages[id.at - s.begin];
}

std::optional<message> memory_topic_log::read(message_id id) {
  const auto* const found = at(id);
  return found ? *found : std::nullopt;
}

message_id memory_topic_log::append(priority_level priority, const message& m) {
  const message_id id{priority, end(priority)};
  streams_[priority].messages.emplace_back(m);
  if (!m.key.empty()) keys_[m.key] = id;
  ++size_;
  return id;
}

void memory_topic_log::overwrite(message_id id, const message& m) {
  *at(id) = m;
}

void memory_topic_log::erase(message_id id) {
  auto* const found = at(id);
  if (!found || !*found) return;
  const auto key = keys_.find((*found)->key);
  if (key != keys_.end() && key->second == id) keys_.erase(key);
  found->reset();
  --size_;
  stream& s = streams_[id.priority];
  for (; !s.messages.empty() && !s.messages.front(); ++s.begin) s.messages.pop_front();
}

void memory_topic_log::erase_before(message_id upto) {
  stream& s = streams_[upto.priority];
  while (s.begin < upto.at && !s.messages.empty()) erase({upto.priority, s.begin});
}

std::optional<message_id> memory_topic_log::find(const std::string& key) {
  const auto found = keys_.find(key);
  if (found == keys_.end()) return std::nullopt;
  return found->second;
}

void memory_topic_log::delay(wall_time due, priority_level priority, const message& m) {
  delayed_.emplace(due, std::pair{priority, m});
}

std::optional<std::pair<priority_level, message>> memory_topic_log::take_due(wall_time now) {
  if (next_due() > now) return std::nullopt;
  auto taken = std::move(delayed_.begin()->second);
  delayed_.erase(delayed_.begin());
  return taken;
}

}  // namespace skein::core
