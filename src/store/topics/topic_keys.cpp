/// The keys of topic_layout.hpp; topic_layout.cpp has the values.

#include <limits>
#include <utility>

#include "store/topics/topic_layout.hpp"
#include "store/value_codec.hpp"

namespace skein::store {

namespace {

constexpr std::uint64_t sign = std::uint64_t{1} << 63;

constexpr unsigned char delayed_mark = 0xff;  ///< in place of the priority

constexpr std::uint64_t bits_of(wall_time t) {
  return static_cast<std::uint64_t>(t) ^ sign;
}
constexpr wall_time time_of(std::uint64_t bits) {
  return static_cast<wall_time>(bits ^ sign);
}

std::string key_of(topic_number topic) {
  std::string key{"t"};
  append_big(key, topic);
  return key;
}

void append_page(std::string& key, core::page_number page) {
  append_big(key, page.priority);
  append_big(key, page.number);
}

/// Reads a key from front to back; a key that is too short reads as zeros, and is malformed.
class key_reader {
 public:
  explicit key_reader(std::string_view key) : left_(key) {}

  template <class T>
  T read() {
    if (left_.size() < sizeof(T)) {
      good_ = false;
      left_ = {};
      return 0;
    }
    const T value = big_at_end<T>(left_.substr(0, sizeof(T)));
    left_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view rest() { return std::exchange(left_, {}); }
  bool at_end() const { return left_.empty(); }
  bool good() const { return good_ && left_.empty(); }

 private:
  std::string_view left_;
  bool good_ = true;
};

core::page_number read_page(key_reader& in) {
  core::page_number page;
  page.priority = in.read<core::priority_level>();
  page.number = in.read<std::uint64_t>();
  return page;
}

}  // namespace

std::string topic_key(std::string_view name) {
  return std::string{topic_names_prefix}.append(name);
}

std::string state_key(topic_number topic) {
  return key_of(topic);
}

std::string place_key(topic_number topic, std::string_view key) {
  return key_of(topic).append("k").append(key);
}

std::string head_key(topic_number topic, core::subscriber_id subscriber) {
  std::string key = heads_prefix(topic);
  append_big(key, subscriber);
  return key;
}

std::string page_key(topic_number topic, core::subscriber_id subscriber, core::page_number page) {
  std::string key = head_key(topic, subscriber);
  append_page(key, page);
  return key;
}

std::string window_key(topic_number topic, wall_time time, std::uint32_t n) {
  std::string key = window_prefix(topic);
  append_big(key, bits_of(time));
  append_big(key, n);
  return key;
}

std::string withdrawn_key(topic_number topic, core::page_number page) {
  std::string key = withdrawn_prefix(topic);
  append_page(key, page);
  return key;
}

std::string message_key(topic_number topic, core::message_id id) {
  std::string key = messages_prefix(topic);
  append_big(key, id.priority);
  append_big(key, id.at);
  return key;
}

std::string delayed_key(topic_number topic, wall_time due, std::uint64_t n) {
  std::string key = delayed_prefix(topic);
  append_big(key, bits_of(due));
  append_big(key, n);
  return key;
}

std::string heads_prefix(topic_number topic) {
  return key_of(topic).append("s");
}

std::string window_prefix(topic_number topic) {
  return key_of(topic).append("w");
}

std::string withdrawn_prefix(topic_number topic) {
  return key_of(topic).append("x");
}

std::string messages_prefix(topic_number topic) {
  std::string prefix;
  append_big(prefix, topic);
  return prefix;
}

std::string delayed_prefix(topic_number topic) {
  return messages_prefix(topic) + static_cast<char>(delayed_mark);
}

std::string behind(std::string_view prefix) {
  std::string key{prefix};
  while (static_cast<unsigned char>(key.back()) == 0xff) key.pop_back();
  key.back() = static_cast<char>(static_cast<unsigned char>(key.back()) + 1);
  return key;
}

topic_family_key parse_topic_key(std::string_view key) {
  using kind = topic_family_key::kind;
  topic_family_key k;
  key_reader in{key};
  const auto family = in.read<std::uint8_t>();
  if (family == 'n') {
    k.text = in.rest();
    return k;
  }
  bool known = family == 't';
  k.topic = in.read<topic_number>();
  if (in.at_end()) {
    k.what = kind::state;
  } else {
    switch (in.read<std::uint8_t>()) {
      case 'k':
        k.what = kind::place;
        k.text = in.rest();
        break;
      case 's':
        k.what = kind::head;
        k.subscriber = in.read<core::subscriber_id>();
        if (in.at_end()) break;
        k.what = kind::page;
        k.page = read_page(in);
        break;
      case 'w':
        k.what = kind::window;
        k.time = time_of(in.read<std::uint64_t>());
        k.n = in.read<std::uint32_t>();
        break;
      case 'x':
        k.what = kind::withdrawn;
        k.page = read_page(in);
        break;
      default:
        known = false;
    }
  }
  known &= k.page.priority < core::most_priorities &&
           k.page.number <= std::numeric_limits<std::uint64_t>::max() / core::page_places;
  if (!known || !in.good()) damaged("a value of family topic", key, "its key is malformed");
  return k;
}

message_family_key parse_message_key(std::string_view key) {
  message_family_key k;
  key_reader in{key};
  k.topic = in.read<topic_number>();
  const auto mark = in.read<std::uint8_t>();
  k.is_delayed = mark == delayed_mark;
  if (k.is_delayed) {
    k.due = time_of(in.read<std::uint64_t>());
    k.n = in.read<std::uint64_t>();
  } else {
    k.id = {mark, in.read<core::place>()};
  }
  const bool known = k.is_delayed || mark < core::most_priorities;
  if (!known || !in.good()) damaged("the message", key, "its key is malformed");
  return k;
}

}  // namespace skein::store
