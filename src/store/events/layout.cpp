#include "store/events/layout.hpp"

#include <utility>

#include "store/engine.hpp"
#include "store/value_codec.hpp"

namespace skein::store {

namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "core::key_filter is stored as it is");

constexpr std::uint64_t sign = std::uint64_t{1} << 63;

template <class T>
std::string named_key(std::string_view name, T number) {
  std::string key{name};
  append_big(key, number);
  return key;
}

template <class T>
T number_of(const char* what, std::string_view name, std::string_view key) {
  if (key.size() != name.size() + sizeof(T) || key.substr(0, name.size()) != name) {
    damaged(what, key, "its key is malformed");
  }
  return big_at_end<T>(key);
}

constexpr std::string_view epoch_name = "epoch";
constexpr std::string_view checkpoint_name = "checkpoint";
constexpr std::uint8_t checkpoint_version = 2;

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
  std::string value = begin_value(3, checkpoint_version);
  append_little(value, c.epoch);
  append_little(value, c.from);
  append_little(value, c.before);
  append_little(value, c.upto);
  append_little(value, c.places);
  value.append(4, '\0');
  append_little(value, c.edges);
  append_little(value, c.time);
  append_little(value, c.secret);
  return with_checksum(checkpoint_key(c.generation), std::move(value));
}

checkpoint decode_checkpoint(std::string_view key, std::string_view value) {
  reader in{"the checkpoint", key, value, checkpoint_version};
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
  if (in.version() > 1) c.secret = in.read<std::uint64_t>();
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
