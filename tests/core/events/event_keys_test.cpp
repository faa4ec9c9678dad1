#include "core/events/event_keys.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <vector>

#include "core/events/event_line.hpp"

namespace skein::core {
namespace {

std::vector<std::uint64_t> keys_of(std::string_view line) {
  std::uint64_t keys[most_keys_of_an_event];
  return {keys, keys + write_keys(parse_event(line).value, keys)};
}

using keys_t = std::vector<std::uint64_t>;

TEST(EventKeys, NameWhoIsTold) {
  EXPECT_EQ(keys_of("1|P|1|2"), keys_t{key_of(concern::told, 2)});
  EXPECT_EQ(keys_of("1|F|1|2").front(), key_of(concern::told, 2));
}

TEST(EventKeys, NameTheAuthorOfAStatusUpdate) {
  EXPECT_EQ(keys_of("1|S|7"), keys_t{key_of(concern::author, 7)});
}

TEST(EventKeys, NameTheFollowerOfWhatChangesTheGraph) {
  EXPECT_EQ(keys_of("1|F|1|2"), (keys_t{key_of(concern::told, 2), key_of(concern::follower, 1)}));
  EXPECT_EQ(keys_of("1|U|1|2"), keys_t{key_of(concern::follower, 1)});
}

TEST(EventKeys, AreNoneForABroadcast) {
  EXPECT_EQ(keys_of("1|B"), keys_t{});
}

TEST(EventKeys, TellUsersAndConcernsApart) {
  constexpr user_id greatest = std::numeric_limits<user_id>::max();
  std::set<std::uint64_t> seen;
  std::size_t made = 0;
  for (const concern what : {concern::told, concern::author, concern::follower}) {
    for (user_id u = -1000; u != 1000; ++u, ++made) seen.insert(key_of(what, u));
    for (const user_id u : {greatest, greatest - 1, -greatest})
      seen.insert(key_of(what, u)), ++made;
  }
  EXPECT_EQ(seen.size(), made);
}

}  // namespace
}  // namespace skein::core
