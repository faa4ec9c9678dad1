#include "store/events/log_format.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace skein::store {
namespace {

/// Of type 1, `whole`.
std::string record_of(std::uint32_t checksum, const std::string& bytes) {
  std::string record;
  for (int shift = 0; shift < 32; shift += 8) record += static_cast<char>(checksum >> shift);
  record += static_cast<char>(bytes.size());
  record += static_cast<char>(bytes.size() >> 8);
  return record + '\x01' + bytes;
}

/// With the checksums that RocksDB writes for these.
const std::string hello = record_of(0x5857B90Bu, "hello");
const std::string world = record_of(0x6454845Du, "world");

TEST(LogFormat, TakesWhatWasWritten) {
  EXPECT_FALSE(has_hidden_damage(""));
  EXPECT_FALSE(has_hidden_damage(hello));
  EXPECT_FALSE(has_hidden_damage(hello + world));
  EXPECT_FALSE(has_hidden_damage(hello + std::string(6, '\0')));
  EXPECT_FALSE(has_hidden_damage(hello + std::string(100, '\0')));
}

TEST(LogFormat, TakesARecordThatWasCutOff) {
  for (std::size_t size = 0; size < world.size(); ++size) {
    EXPECT_FALSE(has_hidden_damage(hello + world.substr(0, size))) << size;
  }
}

TEST(LogFormat, FindsALengthBeyondTheEnd) {
  for (std::size_t at : {4u, 5u}) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = hello + world;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const auto length = static_cast<std::size_t>(static_cast<unsigned char>(damaged[4]) |
                                                   static_cast<unsigned char>(damaged[5]) << 8);
      if (length + 7 <= damaged.size()) continue;  // its checksum is wrong
      EXPECT_TRUE(has_hidden_damage(damaged)) << at << ' ' << bit;
    }
  }
}

TEST(LogFormat, FindsTypesThatAreNeverWritten) {
  for (int bit = 2; bit < 8; ++bit) {
    std::string damaged = hello + world;
    damaged[6] = static_cast<char>(damaged[6] ^ (1 << bit));
    EXPECT_TRUE(has_hidden_damage(damaged)) << bit;
  }
}

}  // namespace
}  // namespace skein::store
