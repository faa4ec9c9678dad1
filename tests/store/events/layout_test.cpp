#include "store/events/layout.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <set>

#include "store/engine.hpp"
#include "support/naive_graph.hpp"
#include "support/random.hpp"

namespace skein::store {
namespace {

constexpr core::user_id greatest = std::numeric_limits<core::user_id>::max();

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i != bytes.size(); ++i) {
    if (i != 0 && i % 8 == 0) text += ' ';
    text += digits[static_cast<unsigned char>(bytes[i]) >> 4];
    text += digits[static_cast<unsigned char>(bytes[i]) & 15];
  }
  return text;
}

TEST(Layout, OrdersPositionsAsTheirKeys) {
  core::log_position before = 0;
  for (const core::log_position p : {1ull, 255ull, 256ull, 1ull << 32, 1ull << 63, ~0ull}) {
    EXPECT_LT(position_key(before), position_key(p));
    EXPECT_EQ(position_of(position_key(p)), p);
    before = p;
  }
}

TEST(Layout, OrdersUsersAsTheirKeys) {
  core::user_id before = -greatest;
  for (const core::user_id u : {-256l, -1l, 0l, 1l, 255l, 256l, greatest}) {
    EXPECT_LT(user_key(before), user_key(u));
    EXPECT_EQ(user_of(user_key(u)), u);
    before = u;
  }
}

TEST(Layout, RefusesKeysThatAreNone) {
  for (const std::size_t size : {0u, 7u, 9u}) {
    const std::string key(size, 'x');
    EXPECT_THROW(position_of(key), error);
    EXPECT_THROW(user_of(key), error);
    EXPECT_THROW(place_of_slice(key), error);
  }
  const epoch_begin e;
  EXPECT_THROW(decode_epoch("", encode(e)), error);
  EXPECT_THROW(decode_epoch("epoch", encode(e)), error);
  EXPECT_THROW(decode_epoch("Epoch123", encode(e)), error);
  EXPECT_THROW(decode_checkpoint("checkpoint12345", encode(checkpoint{})), error);
}

/// One value of each kind, and what decodes it.
struct example {
  const char* name;
  std::string key;
  std::string value;
  std::function<void(std::string_view key, std::string_view value)> decode;
  const char* bytes;  ///< of `value`, in hexadecimal
};

core::follower_graph small_graph() {
  core::follower_graph graph;
  graph.follow(1, 2);
  graph.follow(1, -300);
  return graph;
}

std::vector<example> examples() {
  std::vector<example> all;
  const auto add = [&](const char* name, const std::string& key, const std::string& value,
                       auto decode, const char* bytes) {
    all.push_back({name, key, value, decode, bytes});
  };

  const std::string key = position_key(1000);
  record r;
  r.epoch = 2;
  r.events = 2;
  r.line_end = 2;
  r.text = "7|F|1|2\r\n8|B\r\n";
  add("record", key, encode_head(key, r) + std::string{r.text}, decode_record,
      "0100000002000000 0200000002000000 d4b7bc288633043d 377c467c317c320d 0a387c420d0a");

  entry e;
  e.epoch = 2;
  e.next = 9;
  e.time = 1'700'000'000'123;
  e.before = 100;
  e.events = 2;
  e.broadcasts = 1;
  e.bytes = 12;
  e.filter = "0123456789abcdef0123456789abcdef";
  add("entry", key, encode_head(key, e) + std::string{e.filter}, decode_entry,
      "0100000002000000 0900000000000000 7b68e5cf8b010000 6400000000000000 0200000001000000 "
      "0c00000000000000 7b47b3191507bc01 3031323334353637 3839616263646566 "
      "3031323334353637 3839616263646566");

  const log_begin b{1000, 100, 7, 1'700'000'000'000};
  add(
      "begin", std::string{begin_key}, encode(b), [](auto, auto value) { decode_begin(value); },
      "0100000000000000 e803000000000000 6400000000000000 0700000000000000 0068e5cf8b010000 "
      "61666c93b551e81a");

  add(
      "over", std::string{over_key}, encode_over(1012),
      [](auto, auto value) { decode_over(value); },
      "0100000000000000 f403000000000000 f3091c6e876fa66e");

  const epoch_begin epoch{2, 1000, 0x1122334455667788, 1'700'000'000'000, true};
  add("epoch", epoch_key(2), encode(epoch), decode_epoch,
      "0101000000000000 e803000000000000 8877665544332211 0068e5cf8b010000 "
      "a15dfc26885b225b");

  const checkpoint c{3, 2, 1000, 100, 1012, 8, 2, 1'700'000'000'123, 0x1122334455667788};
  add("checkpoint", checkpoint_key(3), encode(c), decode_checkpoint,
      "0200000002000000 e803000000000000 6400000000000000 f403000000000000 0800000000000000 "
      "0200000000000000 7b68e5cf8b010000 8877665544332211 f729b1a607544f80");

  const inbox i{2, 8, 1'700'000'000'123};
  add("inbox", user_key(-1), encode(user_key(-1), i), decode_inbox,
      "0100000002000000 0800000000000000 7b68e5cf8b010000 a84dd8aa0b23aff5");

  const core::follower_graph graph = small_graph();
  const std::string slice = slice_key(3, 0);
  add(
      "slice", slice, encode_slice(slice, graph, 0, graph.places()),
      [](auto k, auto value) { decode_slice(k, value, [](auto, auto) {}); },
      "0100000009000000 39f65f42bddf6983 020204d704");
  return all;
}

TEST(Layout, IsTheSameToTheByteForEver) {
  for (const example& x : examples()) {
    EXPECT_EQ(hex(x.value), x.bytes) << x.name;
  }
}

TEST(Layout, GivesBackEveryField) {
  const auto all = examples();
  const auto value_of = [&](const char* name) {
    for (const example& x : all) {
      if (x.name == std::string_view{name}) return x;
    }
    throw std::runtime_error{name};
  };
  const auto x = value_of("record");
  const record r = decode_record(x.key, x.value);
  EXPECT_EQ(r.epoch, 2u);
  EXPECT_EQ(r.events, 2u);
  EXPECT_EQ(r.line_end, 2u);
  EXPECT_EQ(r.text, "7|F|1|2\r\n8|B\r\n");

  const auto y = value_of("entry");
  const entry e = decode_entry(y.key, y.value);
  EXPECT_EQ(e.epoch, 2u);
  EXPECT_EQ(e.next, 9);
  EXPECT_EQ(e.time, 1'700'000'000'123);
  EXPECT_EQ(e.before, 100u);
  EXPECT_EQ(e.events, 2u);
  EXPECT_EQ(e.broadcasts, 1u);
  EXPECT_EQ(e.bytes, 12u);
  EXPECT_EQ(e.filter, "0123456789abcdef0123456789abcdef");

  const log_begin b = decode_begin(value_of("begin").value);
  EXPECT_EQ(b.position, 1000u);
  EXPECT_EQ(b.before, 100u);
  EXPECT_EQ(b.next, 7);
  EXPECT_EQ(b.time, 1'700'000'000'000);
  EXPECT_EQ(decode_over(value_of("over").value), 1012u);

  const auto z = value_of("epoch");
  const epoch_begin epoch = decode_epoch(z.key, z.value);
  EXPECT_EQ(epoch.epoch, 2u);
  EXPECT_EQ(epoch.begin, 1000u);
  EXPECT_EQ(epoch.first_event, 0x1122334455667788u);
  EXPECT_EQ(epoch.time, 1'700'000'000'000);
  EXPECT_TRUE(epoch.keeps_graph);
  EXPECT_FALSE(decode_epoch(epoch_key(7), encode(epoch_begin{7, 0, 0, 0, false})).keeps_graph);

  const auto w = value_of("checkpoint");
  const checkpoint c = decode_checkpoint(w.key, w.value);
  EXPECT_EQ(c.generation, 3u);
  EXPECT_EQ(c.epoch, 2u);
  EXPECT_EQ(c.from, 1000u);
  EXPECT_EQ(c.before, 100u);
  EXPECT_EQ(c.upto, 1012u);
  EXPECT_EQ(c.places, 8u);
  EXPECT_EQ(c.edges, 2u);
  EXPECT_EQ(c.time, 1'700'000'000'123);
  EXPECT_EQ(c.secret, 0x1122334455667788u);

  const auto v = value_of("inbox");
  const inbox i = decode_inbox(v.key, v.value);
  EXPECT_EQ(i.epoch, 2u);
  EXPECT_EQ(i.number, 8);
  EXPECT_EQ(i.time, 1'700'000'000'123);

  const slice_place place = place_of_slice(slice_key(3, 5));
  EXPECT_EQ(place.generation, 3u);
  EXPECT_EQ(place.place, 5u);
}

TEST(Layout, ReadsACheckpointOfTheFirstVersion) {
  std::string value;
  for (const unsigned char byte :
       {0x01, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0xe8, 0x03, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xf4, 0x03,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x7b, 0x68, 0xe5, 0xcf,
        0x8b, 0x01, 0x00, 0x00, 0x09, 0xd2, 0xf9, 0x8d, 0xe5, 0x28, 0x45, 0xb2}) {
    value += static_cast<char>(byte);
  }
  const checkpoint c = decode_checkpoint(checkpoint_key(3), value);
  EXPECT_EQ(c.upto, 1012u);
  EXPECT_EQ(c.places, 8u);
  EXPECT_EQ(c.time, 1'700'000'000'123);
  EXPECT_EQ(c.secret, 0u);
}

/// Whether `decode` refuses as it says.
bool refuses(const example& x, std::string_view key, std::string_view value) {
  // A block of its own: a sanitizer sees what is read beyond it.
  const std::vector<char> own(value.begin(), value.end());
  try {
    x.decode(key, {own.data(), own.size()});
    return false;
  } catch (const error& e) {
    return e.what_kind() == error::kind::corrupted || e.what_kind() == error::kind::newer_version;
  }
}

TEST(Layout, RefusesEveryValueWithAFlippedBit) {
  for (const example& x : examples()) {
    ASSERT_FALSE(refuses(x, x.key, x.value)) << x.name;
    for (std::size_t bit = 0; bit != 8 * x.value.size(); ++bit) {
      std::string value = x.value;
      value[bit / 8] = static_cast<char>(value[bit / 8] ^ 1 << bit % 8);
      EXPECT_TRUE(refuses(x, x.key, value)) << x.name << ", bit " << bit;
    }
  }
}

TEST(Layout, RefusesEveryValueUnderAnotherKey) {
  for (const example& x : examples()) {
    if (x.key == begin_key || x.key == over_key) continue;  // there is but one
    for (std::size_t bit = 0; bit != 8 * x.key.size(); ++bit) {
      std::string key = x.key;
      key[bit / 8] = static_cast<char>(key[bit / 8] ^ 1 << bit % 8);
      EXPECT_TRUE(refuses(x, key, x.value)) << x.name << ", bit " << bit;
    }
  }
}

TEST(Layout, RefusesEveryValueThatIsCutShortOrGoesOn) {
  for (const example& x : examples()) {
    for (std::size_t size = 0; size != x.value.size(); ++size) {
      EXPECT_TRUE(refuses(x, x.key, std::string_view{x.value}.substr(0, size)))
          << x.name << ", " << size << " bytes";
    }
    EXPECT_TRUE(refuses(x, x.key, x.value + '\0')) << x.name;
    EXPECT_TRUE(refuses(x, x.key, x.value + x.value)) << x.name;
  }
}

TEST(Layout, TellsALaterVersionFromDamage) {
  for (const example& x : examples()) {
    std::string value = x.value;
    ++value[0];
    try {
      x.decode(x.key, value);
      ADD_FAILURE() << x.name;
    } catch (const error& e) {
      EXPECT_EQ(e.what_kind(), error::kind::newer_version) << x.name;
    }
  }
}

TEST(Layout, NamesTheKeyOfWhatIsDamaged) {
  const example x = examples().front();
  try {
    x.decode(x.key, x.value.substr(1));
    ADD_FAILURE();
  } catch (const error& e) {
    EXPECT_NE(std::string{e.what()}.find("00000000000003e8"), std::string::npos) << e.what();
  }
}

TEST(Layout, KeepsAGraphInSlices) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    core::follower_graph graph;
    const auto some_user = [&] {
      return random.one_in(4) ? random.between<core::user_id>(-greatest, greatest)
                              : random.between<core::user_id>(-20, 200);
    };
    for (auto n = random.between(0, 2000); n > 0; --n) graph.follow(some_user(), some_user());
    std::set<std::pair<core::user_id, core::user_id>> edges;
    for (std::uint32_t first = 0; first != graph.places();) {
      const auto last = std::min(graph.places(), first + random.between<std::uint32_t>(1, 50));
      const std::string key = slice_key(1, first);
      const auto follows = [&](auto follower, auto followee) {
        EXPECT_TRUE(edges.insert({follower, followee}).second);
      };
      EXPECT_EQ(decode_slice(key, encode_slice(key, graph, first, last), follows), last);
      first = last;
    }
    EXPECT_EQ(edges, test::edges_of(graph));
  }
}

}  // namespace
}  // namespace skein::store
