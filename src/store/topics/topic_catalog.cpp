#include "store/topics/topic_catalog.hpp"

#include <limits>
#include <utility>

namespace skein::store {

topic_catalog::topic_catalog(engine& from) : engine_(from), next_(1) {
  if (const auto stored = from.get(family::meta, topics_key)) next_ = decode_topics(*stored);
}

std::optional<topic_entry> topic_catalog::find(const std::string& name) {
  const std::string key = topic_key(name);
  const auto stored = engine_.get(family::topic, key);
  if (!stored) return std::nullopt;
  const topic_record t = decode_topic(key, *stored);
  return topic_entry{t.number, name, t.options};
}

std::vector<topic_entry> topic_catalog::list(const std::string& after, std::size_t most) {
  std::vector<topic_entry> all;
  const std::string first = topic_key(after), end = behind(topic_names_prefix);
  const auto at = engine_.walk(family::topic);
  for (at->seek(first); at->valid() && at->key() < end && all.size() != most; at->next()) {
    if (at->key() == first && !after.empty()) continue;
    const topic_record t = decode_topic(at->key(), at->value());
    all.push_back({t.number, std::string{parse_topic_key(at->key()).text}, t.options});
  }
  return all;
}

std::size_t topic_catalog::count() {
  std::size_t all = 0;
  const std::string first = topic_key({}), end = behind(topic_names_prefix);
  const auto at = engine_.walk(family::topic);
  for (at->seek(first); at->valid() && at->key() < end; at->next()) ++all;
  return all;
}

topic_entry topic_catalog::create(const std::string& name, const core::topic_options& options,
                                  changes& to) {
  if (next_ == std::numeric_limits<topic_number>::max())
    throw error{error::kind::failed, "the store has had all topics it can have"};
  const topic_record t{next_++, options};
  std::string key = topic_key(name);
  std::string value = encode(key, t);
  to.put(family::meta, std::string{topics_key}, encode_topics(next_));
  to.put(family::topic, std::move(key), std::move(value));
  return {t.number, name, options};
}

void topic_catalog::change(const topic_entry& topic, changes& to) {
  std::string key = topic_key(topic.name);
  std::string value = encode(key, topic_record{topic.number, topic.options});
  to.put(family::topic, std::move(key), std::move(value));
}

void topic_catalog::remove(const topic_entry& topic, changes& to) {
  const std::string all = state_key(topic.number), messages = messages_prefix(topic.number);
  to.erase(family::topic, topic_key(topic.name));
  to.erase_range(family::topic, all, behind(all));
  to.erase_range(family::message, messages, behind(messages));
}

}  // namespace skein::store
