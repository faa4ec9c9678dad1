#include "store/topics/topic_layout.hpp"

#include <limits>
#include <optional>
#include <utility>

#include "store/engine.hpp"
#include "store/value_codec.hpp"

namespace skein::store {

namespace {

using milliseconds = std::chrono::milliseconds;

constexpr std::uint64_t no_bound = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t longest_time = std::numeric_limits<milliseconds::rep>::max();

void append_time(std::string& to, wall_time t) {
  append_varint(to, zigzag(t) + 2);
}

wall_time read_time(reader& in) {
  return unzigzag(in.read_varint() - 2);
}

core::priority_level read_priority(reader& in) {
  return static_cast<core::priority_level>(in.read_varint(core::most_priorities - 1));
}

std::size_t read_priorities(reader& in) {
  const std::uint64_t priorities = in.read_varint(core::most_priorities);
  if (priorities == 0) in.fail("it has no priority");
  return static_cast<std::size_t>(priorities);
}

/// Calls `f(tag, option, least, most)` for each.
template <class Options, class F>
void for_each_option(Options& o, F&& f) {
  const auto last = [](auto v) { return static_cast<std::uint64_t>(v); };
  f(1, o.storage, 0, last(core::topic_storage::durable));
  f(2, o.priorities, 1, core::most_priorities);
  f(3, o.order, 0, last(core::priority_policy::weighted));
  f(4, o.no_subscribers, 0, last(core::no_subscribers_policy::drop));
  f(5, o.max_pending, 1, no_bound);
  f(6, o.overflow, 0, last(core::pending_policy::drop_oldest));
  f(7, o.dedupe, 0, last(core::dedupe_policy::first));
  f(8, o.dedupe_window, 0, longest_time);
  f(9, o.expire, 0, 1);
  f(10, o.ordered, 0, 1);
  f(11, o.batch, 1, std::numeric_limits<std::uint32_t>::max());
  f(12, o.lease, 0, longest_time);
  f(13, o.retry_delay, 0, longest_time);
  f(14, o.most_retry_delay, 0, longest_time);
  f(15, o.max_deliveries, 0, std::numeric_limits<std::uint32_t>::max());
  f(16, o.max_delayed, 1, no_bound);
}

constexpr std::uint64_t option_count = 16;

template <class T>
std::uint64_t number_of(T option) {
  return static_cast<std::uint64_t>(option);
}
std::uint64_t number_of(milliseconds option) {
  return static_cast<std::uint64_t>(option.count());
}

template <class T>
void set(T& option, std::uint64_t number) {
  option = static_cast<T>(number);
}
void set(milliseconds& option, std::uint64_t number) {
  option = milliseconds{static_cast<milliseconds::rep>(number)};
}

void append_message(std::string& to, std::string_view key, const core::message& m) {
  append_time(to, m.published);
  append_time(to, m.expires);
  append_varint(to, m.key.size());
  to += m.key;
  const std::string_view payload = m.payload ? std::string_view{*m.payload} : std::string_view{};
  append_little(to, checksum(key, to, payload));
  to += payload;
}

/// Of messages: 2 if a time is a measured one; an earlier skein would take it for a time long ago.
constexpr std::uint8_t newest_message = 2;

std::string begin_message(bool has_measured_time) {
  std::string value = begin_value(0);
  if (has_measured_time) value.front() = static_cast<char>(newest_message);
  return value;
}

core::message read_message(reader& in) {
  core::message m;
  m.published = read_time(in);
  m.expires = read_time(in);
  m.key = in.read_bytes(in.read_varint());
  m.payload = std::make_shared<const std::string>(in.checked_rest());
  return m;
}

}  // namespace

std::string encode_topics(topic_number next) {
  std::string value = begin_value(0);
  append_varint(value, next);
  return with_checksum(topics_key, std::move(value));
}

topic_number decode_topics(std::string_view value) {
  reader in{"the number of topics", topics_key, value};
  const std::uint64_t next = in.read_varint(std::numeric_limits<topic_number>::max());
  in.check_all();
  return static_cast<topic_number>(next);
}

std::string encode_lives(std::uint64_t lives) {
  std::string value = begin_value(0);
  append_varint(value, lives);
  return with_checksum(lives_key, std::move(value));
}

std::uint64_t decode_lives(std::string_view value) {
  reader in{"the number of lives", lives_key, value};
  const std::uint64_t lives = in.read_varint();
  in.check_all();
  return lives;
}

std::string encode_clock(core::moment now) {
  std::string value = begin_value(0);
  append_time(value, now.measured);
  append_time(value, now.wall);
  return with_checksum(clock_key, std::move(value));
}

core::moment decode_clock(std::string_view value) {
  reader in{"the clock", clock_key, value};
  const wall_time measured = read_time(in);
  const wall_time wall = read_time(in);
  in.check_all();
  return {measured, wall};
}

std::string encode(std::string_view key, const topic_record& t) {
  std::string value = begin_value(0);
  append_varint(value, t.number);
  append_varint(value, option_count);
  for_each_option(t.options, [&](std::uint64_t tag, auto option, std::uint64_t, std::uint64_t) {
    append_varint(value, tag);
    append_varint(value, number_of(option));
  });
  return with_checksum(key, std::move(value));
}

topic_record decode_topic(std::string_view key, std::string_view value) {
  constexpr const char* what = "the topic";
  reader in{what, key, value};
  topic_record t;
  t.number = static_cast<topic_number>(in.read_varint(std::numeric_limits<topic_number>::max()));
  std::vector<std::pair<std::uint64_t, std::uint64_t>> stored;
  for (std::uint64_t count = in.read_varint(); count != 0; --count) {
    const std::uint64_t tag = in.read_varint();
    stored.emplace_back(tag, in.read_varint());
  }
  in.check_all();
  auto next = stored.begin();
  for_each_option(t.options,
                  [&](std::uint64_t tag, auto& option, std::uint64_t least, std::uint64_t most) {
                    if (next == stored.end() || next->first != tag) return;
                    if (next->second < least || next->second > most) written_later(what, key);
                    set(option, next->second);
                    ++next;
                  });
  if (next != stored.end()) written_later(what, key);
  return t;
}

std::string encode(std::string_view key, const topic_state& s) {
  std::string value = begin_value(0);
  append_varint(value, s.streams.size());
  for (const topic_state::stream& one : s.streams) {
    append_varint(value, one.kept);
    append_varint(value, one.begin - one.kept);
    append_varint(value, one.end - one.begin);
  }
  append_varint(value, s.delayed);
  append_varint(value, s.delayed_ever);
  append_varint(value, s.subscribers_ever);
  append_time(value, s.time);
  return with_checksum(key, std::move(value));
}

topic_state decode_state(std::string_view key, std::string_view value) {
  reader in{"the state of the topic", key, value};
  topic_state s;
  for (std::size_t priorities = read_priorities(in); priorities != 0; --priorities) {
    topic_state::stream one;
    one.kept = in.read_varint();
    one.begin = one.kept + in.read_varint(no_bound - one.kept);
    one.end = one.begin + in.read_varint(no_bound - one.begin);
    s.streams.push_back(one);
  }
  s.delayed = in.read_varint();
  s.delayed_ever = in.read_varint();
  s.subscribers_ever = static_cast<core::subscriber_id>(
      in.read_varint(std::numeric_limits<core::subscriber_id>::max()));
  s.time = read_time(in);
  in.check_all();
  return s;
}

std::string encode(std::string_view key, core::message_id place) {
  std::string value = begin_value(0);
  append_varint(value, place.priority);
  append_varint(value, place.at);
  return with_checksum(key, std::move(value));
}

core::message_id decode_place(std::string_view key, std::string_view value) {
  reader in{"the place of a key", key, value};
  core::message_id id;
  id.priority = read_priority(in);
  id.at = in.read_varint();
  in.check_all();
  return id;
}

std::string encode(std::string_view key, const subscriber_head& h) {
  std::string value = begin_value(0);
  append_varint(value, h.name.size());
  value += h.name;
  append_varint(value, number_of(h.idle_expiry));
  append_time(value, h.seen);
  append_varint(value, h.last_lease);
  append_varint(value, h.cursors.size());
  for (const core::place cursor : h.cursors) append_varint(value, cursor);
  return with_checksum(key, std::move(value));
}

subscriber_head decode_head(std::string_view key, std::string_view value) {
  reader in{"the subscriber", key, value};
  subscriber_head h;
  h.name = in.read_bytes(in.read_varint());
  set(h.idle_expiry, in.read_varint(longest_time));
  h.seen = read_time(in);
  h.last_lease = in.read_varint();
  for (std::size_t priorities = read_priorities(in); priorities != 0; --priorities) {
    h.cursors.push_back(in.read_varint());
  }
  in.check_all();
  return h;
}

std::string encode(std::string_view key, const stored_page& p) {
  std::string value = begin_value(0);
  append_varint(value, p.size());
  for (const auto& [id, f] : p) {
    append_varint(value, id.at % core::page_places);
    append_varint(value, static_cast<std::uint64_t>(f.state));
    append_varint(value, f.attempts);
    append_varint(value, f.lease);
    append_time(value, f.deadline);
  }
  return with_checksum(key, std::move(value));
}

stored_page decode_page(std::string_view key, std::string_view value) {
  reader in{"the page of a subscriber", key, value};
  const topic_family_key of = parse_topic_key(key);
  if (of.what != topic_family_key::kind::page) in.fail("its key is malformed");
  const std::uint64_t count = in.read_varint(core::page_places);
  if (count == 0) in.fail("it is empty");
  stored_page p;
  std::uint64_t next = 0;  // offset
  for (std::uint64_t i = 0; i != count; ++i) {
    const std::uint64_t offset = in.read_varint(core::page_places - 1);
    if (offset < next) in.fail("its places are not in order");
    next = offset + 1;
    core::flight f;
    f.state = static_cast<core::flight_state>(
        in.read_varint(static_cast<std::uint64_t>(core::flight_state::dead)));
    f.attempts =
        static_cast<std::uint32_t>(in.read_varint(std::numeric_limits<std::uint32_t>::max()));
    f.lease = in.read_varint();
    f.deadline = read_time(in);
    p.emplace_back(core::message_id{of.page.priority, of.page.number * core::page_places + offset},
                   f);
  }
  in.check_all();
  return p;
}

std::string encode_window(std::string_view key, std::string_view text) {
  std::string value = begin_value(0);
  append_little(value, checksum(key, value, text));
  value += text;
  return value;
}

std::string decode_window(std::string_view key, std::string_view value) {
  reader in{"the key of a message", key, value};
  return std::string{in.checked_rest()};
}

std::string encode_withdrawn(std::string_view key, std::uint64_t places) {
  std::string value = begin_value(0);
  append_varint(value, places);
  return with_checksum(key, std::move(value));
}

std::uint64_t decode_withdrawn(std::string_view key, std::string_view value) {
  reader in{"the withdrawn messages", key, value};
  const std::uint64_t places = in.read_varint();
  in.check_all();
  if (places == 0) in.fail("there is none");
  return places;
}

std::string encode(std::string_view key, const core::message& m) {
  std::string value = begin_message(core::is_measured(m.expires));
  append_message(value, key, m);
  return value;
}

core::message decode_message(std::string_view key, std::string_view value) {
  reader in{"the message", key, value, newest_message};
  return read_message(in);
}

std::string encode(std::string_view key, const delayed_message& d) {
  std::string value = begin_message(core::is_measured(d.what.expires) ||
                                    core::is_measured(parse_message_key(key).due));
  append_varint(value, d.priority);
  append_message(value, key, d.what);
  return value;
}

delayed_message decode_delayed(std::string_view key, std::string_view value) {
  reader in{"the delayed message", key, value, newest_message};
  delayed_message d;
  d.priority = read_priority(in);
  d.what = read_message(in);
  return d;
}

}  // namespace skein::store
