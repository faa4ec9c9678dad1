#include "store/layout.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <type_traits>
#include <utility>

#include "store/engine.hpp"

namespace skein::store {

namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "core::key_filter is stored as it is");

constexpr std::uint8_t version = 1;
constexpr std::uint64_t sign = std::uint64_t{1} << 63;

template <class T>
void append_big(std::string& to, T value) {
  for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) {
    to.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

/// Reads the number at the end of `from`, which is at least as long.
template <class T>
T big_at_end(std::string_view from) {
  T value = 0;
  for (const char c : from.substr(from.size() - sizeof(T))) {
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(c));
  }
  return value;
}

template <class T>
void append_little(std::string& to, T value) {
  const auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = 0; i != sizeof(T); ++i) {
    to.push_back(static_cast<char>(static_cast<unsigned char>(bits >> (8 * i))));
  }
}

std::string hex(std::string_view key) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : key) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

[[noreturn]] void damaged(const char* what, std::string_view key, const char* why) {
  throw error{error::kind::corrupted,
              std::string{what} + " with the key " + hex(key) + " is damaged: " + why};
}

std::uint64_t checksum(std::string_view key, std::string_view head, std::string_view rest = {}) {
  std::string start{key};
  start += head;
  return XXH3_64bits_withSeed(rest.data(), rest.size(), XXH3_64bits(start.data(), start.size()));
}

/// Reads a value from front to back.
class reader {
 public:
  reader(const char* what, std::string_view key, std::string_view value)
      : what_(what), key_(key), value_(value) {
    const auto v = read<std::uint8_t>();
    if (v > version) {
      throw error{error::kind::newer_version, std::string{what} + " with the key " + hex(key) +
                                                  " was written by a later version"};
    }
    if (v != version) fail("its version is unknown");
  }

  template <class T>
  T read() {
    if (value_.size() - at_ < sizeof(T)) fail("it is too short");
    std::make_unsigned_t<T> bits = 0;
    for (std::size_t i = 0; i != sizeof(T); ++i) {
      const std::uint64_t byte = static_cast<unsigned char>(value_[at_ + i]);
      bits = static_cast<std::make_unsigned_t<T>>(bits | byte << (8 * i));
    }
    at_ += sizeof(T);
    return static_cast<T>(bits);
  }

  void skip_zeros(std::size_t n) {
    while (n-- != 0) {
      if (read<std::uint8_t>() != 0) fail("a byte that must be zero is not");
    }
  }

  std::uint64_t read_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = read<std::uint8_t>();
      value |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    fail("a number has no end");
  }

  /// The checksum stands here; what is left is the rest.
  std::string_view checked_rest() {
    const std::string_view head = value_.substr(0, at_);
    const auto expected = read<std::uint64_t>();
    const std::string_view all = value_.substr(at_);
    if (checksum(key_, head, all) != expected) fail("its checksum is wrong");
    return all;
  }

  /// The checksum stands here, and nothing comes behind it.
  void check_all() {
    if (!checked_rest().empty()) fail("it is too long");
  }

  bool ended() const { return at_ == value_.size(); }

  [[noreturn]] void fail(const char* why) const { damaged(what_, key_, why); }

 private:
  const char* what_;
  std::string_view key_;
  std::string_view value_;
  std::size_t at_ = 0;
};

std::string begin_value(std::size_t zeros) {
  std::string value(1, char{version});
  value.append(zeros, '\0');
  return value;
}

std::string with_checksum(std::string_view key, std::string value) {
  append_little(value, checksum(key, value));
  return value;
}

std::uint64_t zigzag(core::user_id user) {
  return (static_cast<std::uint64_t>(user) << 1) ^ static_cast<std::uint64_t>(user >> 63);
}

core::user_id unzigzag(std::uint64_t value) {
  return static_cast<core::user_id>((value >> 1) ^ (~(value & 1) + 1));
}

void append_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>(value | 0x80));
  to.push_back(static_cast<char>(value));
}

template <class T>
std::string named_key(std::string_view name, T number) {
  std::string key{name};
  append_big(key, number);
  return key;
}

template <class T>
T number_of(const char* what, std::string_view name, std::string_view key) {
  if (key.size() != name.size() + sizeof(T) || key.substr(0, name.size()) != name) {
    damaged(what, key, "this is no key of one");
  }
  return big_at_end<T>(key);
}

constexpr std::string_view epoch_name = "epoch";
constexpr std::string_view checkpoint_name = "checkpoint";

}  // namespace

std::string position_key(core::log_position position) {
  return named_key("", position);
}

core::log_position position_of(std::string_view key) {
  return number_of<core::log_position>("the record", "", key);
}

std::string user_key(core::user_id user) {
  return named_key("", static_cast<std::uint64_t>(user) ^ sign);
}

core::user_id user_of(std::string_view key) {
  return static_cast<core::user_id>(number_of<std::uint64_t>("the inbox", "", key) ^ sign);
}

std::string epoch_key(core::epoch_number epoch) {
  return named_key(epoch_name, epoch);
}

std::string checkpoint_key(generation_number generation) {
  return named_key(checkpoint_name, generation);
}

std::string slice_key(generation_number generation, std::uint32_t place) {
  std::string key = named_key("", generation);
  append_big(key, place);
  return key;
}

slice_place place_of_slice(std::string_view key) {
  const auto both = number_of<std::uint64_t>("the slice of the graph", "", key);
  return {static_cast<generation_number>(both >> 32), static_cast<std::uint32_t>(both)};
}

std::string encode_head(std::string_view key, const record& r) {
  std::string head = begin_value(3);
  append_little(head, r.epoch);
  append_little(head, r.events);
  append_little(head, r.line_end);
  append_little(head, checksum(key, head, r.text));
  return head;
}

record decode_record(std::string_view key, std::string_view value) {
  reader in{"the record", key, value};
  record r;
  in.skip_zeros(3);
  r.epoch = in.read<core::epoch_number>();
  r.events = in.read<std::uint32_t>();
  r.line_end = in.read<std::uint32_t>();
  r.text = in.checked_rest();
  if (r.line_end != 1 && r.line_end != 2) in.fail("its line end is unknown");
  return r;
}

std::string encode_head(std::string_view key, const entry& e) {
  std::string head = begin_value(3);
  append_little(head, e.epoch);
  append_little(head, e.next);
  append_little(head, e.time);
  append_little(head, e.before);
  append_little(head, e.events);
  append_little(head, e.broadcasts);
  append_little(head, e.bytes);
  head.append(4, '\0');
  append_little(head, checksum(key, head, e.filter));
  return head;
}

entry decode_entry(std::string_view key, std::string_view value) {
  reader in{"the index entry", key, value};
  entry e;
  in.skip_zeros(3);
  e.epoch = in.read<core::epoch_number>();
  e.next = in.read<core::sequence_number>();
  e.time = in.read<wall_time>();
  e.before = in.read<std::uint64_t>();
  e.events = in.read<std::uint32_t>();
  e.broadcasts = in.read<std::uint32_t>();
  e.bytes = in.read<std::uint32_t>();
  in.skip_zeros(4);
  e.filter = in.checked_rest();
  return e;
}

std::string encode(const log_begin& b) {
  std::string value = begin_value(7);
  append_little(value, b.position);
  append_little(value, b.before);
  append_little(value, b.next);
  append_little(value, b.time);
  return with_checksum(begin_key, std::move(value));
}

log_begin decode_begin(std::string_view value) {
  reader in{"the begin of the log", begin_key, value};
  log_begin b;
  in.skip_zeros(7);
  b.position = in.read<core::log_position>();
  b.before = in.read<std::uint64_t>();
  b.next = in.read<core::sequence_number>();
  b.time = in.read<wall_time>();
  in.check_all();
  return b;
}

std::string encode_over(core::log_position position) {
  std::string value = begin_value(7);
  append_little(value, position);
  return with_checksum(over_key, std::move(value));
}

core::log_position decode_over(std::string_view value) {
  reader in{"the end of the stream", over_key, value};
  in.skip_zeros(7);
  const auto position = in.read<core::log_position>();
  in.check_all();
  return position;
}

std::string encode(const epoch_begin& e) {
  std::string value = begin_value(0);
  append_little(value, std::uint8_t{e.keeps_graph});
  value.append(6, '\0');
  append_little(value, e.begin);
  append_little(value, e.first_event);
  append_little(value, e.time);
  return with_checksum(epoch_key(e.epoch), std::move(value));
}

epoch_begin decode_epoch(std::string_view key, std::string_view value) {
  reader in{"the epoch", key, value};
  epoch_begin e;
  e.epoch = number_of<core::epoch_number>("the epoch", epoch_name, key);
  const auto keeps_graph = in.read<std::uint8_t>();
  if (keeps_graph > 1) in.fail("a flag is neither 0 nor 1");
  e.keeps_graph = keeps_graph == 1;
  in.skip_zeros(6);
  e.begin = in.read<core::log_position>();
  e.first_event = in.read<std::uint64_t>();
  e.time = in.read<wall_time>();
  in.check_all();
  return e;
}

std::string encode(const checkpoint& c) {
  std::string value = begin_value(3);
  append_little(value, c.epoch);
  append_little(value, c.from);
  append_little(value, c.before);
  append_little(value, c.upto);
  append_little(value, c.places);
  value.append(4, '\0');
  append_little(value, c.edges);
  append_little(value, c.time);
  return with_checksum(checkpoint_key(c.generation), std::move(value));
}

checkpoint decode_checkpoint(std::string_view key, std::string_view value) {
  reader in{"the checkpoint", key, value};
  checkpoint c;
  c.generation = number_of<generation_number>("the checkpoint", checkpoint_name, key);
  in.skip_zeros(3);
  c.epoch = in.read<core::epoch_number>();
  c.from = in.read<core::log_position>();
  c.before = in.read<std::uint64_t>();
  c.upto = in.read<core::log_position>();
  c.places = in.read<std::uint32_t>();
  in.skip_zeros(4);
  c.edges = in.read<std::uint64_t>();
  c.time = in.read<wall_time>();
  in.check_all();
  return c;
}

std::string encode(std::string_view key, const inbox& i) {
  std::string value = begin_value(3);
  append_little(value, i.epoch);
  append_little(value, i.number);
  append_little(value, i.time);
  return with_checksum(key, std::move(value));
}

inbox decode_inbox(std::string_view key, std::string_view value) {
  reader in{"the inbox", key, value};
  inbox i;
  in.skip_zeros(3);
  i.epoch = in.read<core::epoch_number>();
  i.number = in.read<core::sequence_number>();
  i.time = in.read<wall_time>();
  in.check_all();
  return i;
}

std::string encode_slice(std::string_view key, const core::follower_graph& graph,
                         std::uint32_t first, std::uint32_t last) {
  std::string edges;
  const auto append = [&](core::user_id follower, const core::user_set& followees) {
    append_varint(edges, zigzag(follower));
    append_varint(edges, followees.size());
    followees.for_each([&](core::user_id followee) { append_varint(edges, zigzag(followee)); });
  };
  graph.for_each_follower(first, last, append);
  std::string value = begin_value(3);
  append_little(value, last);
  append_little(value, checksum(key, value, edges));
  return value + edges;
}

std::uint32_t decode_slice(std::string_view key, std::string_view value,
                           const std::function<void(core::user_id, core::user_id)>& follows) {
  reader in{"the slice of the graph", key, value};
  in.skip_zeros(3);
  const auto end = in.read<std::uint32_t>();
  in.checked_rest();
  while (!in.ended()) {
    const core::user_id follower = unzigzag(in.read_varint());
    for (std::uint64_t count = in.read_varint(); count != 0; --count) {
      follows(follower, unzigzag(in.read_varint()));
    }
  }
  return end;
}

}  // namespace skein::store
