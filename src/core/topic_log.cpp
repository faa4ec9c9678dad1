#include "core/topic_log.hpp"

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
  return id;
}

void memory_topic_log::overwrite(message_id id, const message& m) {
  streams_[id.priority].messages.at(id.at) = m;
}

void memory_topic_log::erase(message_id id) {
  auto& messages = streams_[id.priority].messages;
  const auto found = messages.find(id.at);
  if (found == messages.end()) return;
  const auto key = keys_.find(found->second.key);
  if (key != keys_.end() && key->second == id) keys_.erase(key);
  messages.erase(found);
  --size_;
}

void memory_topic_log::erase_before(message_id upto) {
  const auto& messages = streams_[upto.priority].messages;
  while (!messages.empty() && messages.begin()->first < upto.at) {
    erase({upto.priority, messages.begin()->first});
  }
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
