/// Arbitrary bytes as what is stored of topics, with right checksums or not: decoders refuse them
/// as damaged or of a later version, read nothing beyond them, and what they take they write again.

#include "store/topics/topic_layout.hpp"

#include "fuzz/fuzz_input.hpp"
#include "store/engine.hpp"
#include "store/value_codec.hpp"

namespace {

using namespace skein;
using store::error;

/// What `decode` gives, written again; nothing if it refuses as it should.
template <class F>
std::string written(F&& decode) {
  try {
    return decode();
  } catch (const error& e) {
    SKEIN_REQUIRE(e.what_kind() == error::kind::corrupted ||
                  e.what_kind() == error::kind::newer_version);
    return {};
  }
}

/// `again` decodes and encodes. Numbers may have been longer than need be; once written they stay.
template <class F>
void read(std::string_view value, F&& again) {
  const std::string once = written([&] { return again(value); });
  if (!once.empty()) SKEIN_REQUIRE(written([&] { return again(once); }) == once);
}

void decode_any(std::string_view key, std::string_view value) {
  namespace s = store;
  using view = std::string_view;
  read(value, [](view v) { return s::encode_topics(s::decode_topics(v)); });
  read(value, [&](view v) { return s::encode(key, s::decode_topic(key, v)); });
  read(value, [&](view v) { return s::encode(key, s::decode_state(key, v)); });
  read(value, [&](view v) { return s::encode(key, s::decode_place(key, v)); });
  read(value, [&](view v) { return s::encode(key, s::decode_head(key, v)); });
  read(value, [&](view v) { return s::encode(key, s::decode_page(key, v)); });
  read(value, [&](view v) { return s::encode_window(key, s::decode_window(key, v)); });
  read(value, [&](view v) { return s::encode(key, s::decode_message(key, v)); });
  read(value, [&](view v) { return s::encode(key, s::decode_delayed(key, v)); });
}

/// A key that is one is the key of what it says.
void parse_any(std::string_view key) {
  written([&] {
    using kind = store::topic_family_key::kind;
    const store::topic_family_key k = store::parse_topic_key(key);
    std::string same;
    switch (k.what) {
      case kind::topic:
        same = store::topic_key(k.text);
        break;
      case kind::state:
        same = store::state_key(k.topic);
        break;
      case kind::place:
        same = store::place_key(k.topic, k.text);
        break;
      case kind::head:
        same = store::head_key(k.topic, k.subscriber);
        break;
      case kind::page:
        same = store::page_key(k.topic, k.subscriber, k.page);
        break;
      case kind::window:
        same = store::window_key(k.topic, k.time, k.n);
        break;
    }
    SKEIN_REQUIRE(same == key);
    return same;
  });
  written([&] {
    const store::message_family_key k = store::parse_message_key(key);
    const std::string same =
        k.is_delayed ? store::delayed_key(k.topic, k.due, k.n) : store::message_key(k.topic, k.id);
    SKEIN_REQUIRE(same == key);
    return same;
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in{bytes, size};
  std::string key;
  if (in.flag()) key = in.flag() ? std::string{"t\0\0\0\7s", 6} : std::string{"\0\0\0\7", 4};
  key += in.take(in.flag() ? 13 : in.below(20));
  parse_any(key);
  const bool is_whole = in.flag();
  const std::size_t before_sum = in.below(32);
  std::string value = "\1";
  value += in.take(is_whole ? size : before_sum);
  const std::string rest{in.take(size)};
  store::append_little(value, store::checksum(key, value, rest));
  value += rest;
  decode_any(key, value);
  value.back() = static_cast<char>(value.back() ^ 1);
  const auto refuses = [&](auto&& decode) {
    SKEIN_REQUIRE(written([&] {
                    decode();
                    return std::string{"taken"};
                  }).empty());
  };
  refuses([&] { store::decode_state(key, value); });
  refuses([&] { store::decode_head(key, value); });
  refuses([&] { store::decode_window(key, value); });
  refuses([&] { store::decode_message(key, value); });
  return 0;
}
