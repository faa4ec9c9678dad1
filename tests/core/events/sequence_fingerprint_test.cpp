#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

#include "core/hash.hpp"

namespace skein::core {
namespace {

// It is stored.
TEST(Fingerprint, IsTheSameInEveryVersion) {
  static_assert(fingerprint_of("1|B") == 0x4F9BF6900E94666Eu);
  EXPECT_EQ(fingerprint_of("1|F|12345|67890"), 0xF0998636E1660B4Bu);
}

TEST(Fingerprint, TellsTextsApart) {
  std::unordered_set<std::uint64_t> all;
  const std::string zeros(64, '\0');
  for (std::size_t n = 0; n <= 64; ++n) all.insert(fingerprint_of({zeros.data(), n}));
  EXPECT_EQ(all.size(), 65u);
  for (int from = 0; from != 300; ++from) {
    for (int to = 0; to != 300; ++to) {
      all.insert(fingerprint_of("1|F|" + std::to_string(from) + "|" + std::to_string(to)));
    }
  }
  EXPECT_EQ(all.size(), 65u + 90'000u);
  EXPECT_EQ(all.count(0), 0u);
}

}  // namespace
}  // namespace skein::core
