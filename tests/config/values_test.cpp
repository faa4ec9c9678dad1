#include "config/values.hpp"

#include <gtest/gtest.h>

namespace skein::config {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ReadsEveryUnitAndABareNumberAsMilliseconds) {
  EXPECT_EQ(read_duration("500ms"), 500ms);
  EXPECT_EQ(read_duration("2s"), 2s);
  EXPECT_EQ(read_duration("10us"), 10us);
  EXPECT_EQ(read_duration("7ns"), 7ns);
  EXPECT_EQ(read_duration("1min"), 1min);
  EXPECT_EQ(read_duration("3h"), 3h);
  EXPECT_EQ(read_duration("250"), 250ms);
  EXPECT_EQ(read_duration("0"), 0ms);
}

TEST(Duration, RefusesEverythingElse) {
  for (const auto* text : {"", "ms", "-1ms", "+1ms", "1.5s", "1 s", " 1s", "1s ", "1S", "1m",
                           "1sec", "0x10", "1e3", "9223372036854775808", "999999999999h"})
    EXPECT_FALSE(read_duration(text)) << text;
}

TEST(Duration, IsWrittenInTheLargestUnitThatFits) {
  EXPECT_EQ(write_duration(0ms), "0ms");
  EXPECT_EQ(write_duration(10'000us), "10ms");
  EXPECT_EQ(write_duration(1500ms), "1500ms");
  EXPECT_EQ(write_duration(2000ms), "2s");
  EXPECT_EQ(write_duration(90s), "90s");
  EXPECT_EQ(write_duration(120s), "2min");
  EXPECT_EQ(write_duration(24h), "24h");
}

TEST(Size, ReadsUnitsOf1000AndOf1024) {
  EXPECT_EQ(read_size("4096"), 4096);
  EXPECT_EQ(read_size("4096B"), 4096);
  EXPECT_EQ(read_size("4KiB"), 4096);
  EXPECT_EQ(read_size("64MiB"), 64 << 20);
  EXPECT_EQ(read_size("4GiB"), 4ll << 30);
  EXPECT_EQ(read_size("16MB"), 16'000'000);
  EXPECT_EQ(read_size("2kB"), 2000);
  EXPECT_EQ(read_size("2KB"), 2000);
  EXPECT_EQ(read_size("64mib"), 64 << 20);
}

TEST(Size, RefusesEverythingElse) {
  for (const auto* text : {"", "MiB", "-1", "1.5MiB", "1 MiB", "1M", "1Mi", "9999999999TiB"})
    EXPECT_FALSE(read_size(text)) << text;
}

TEST(Size, IsWrittenSoThatItReadsBack) {
  EXPECT_EQ(write_size(0), "0");
  EXPECT_EQ(write_size(4000), "4000");
  EXPECT_EQ(write_size(4096), "4KiB");
  EXPECT_EQ(write_size(16'000'000), "16MB");
  for (const std::int64_t bytes : {1ll, 1000ll, 1024ll, 1025ll, 16'000'000ll, 1ll << 30, 1ll << 40})
    EXPECT_EQ(read_size(write_size(bytes)), bytes);
}

std::string as_written(std::string_view text) {
  const auto value = read_address(text, 9090);
  return value ? write_address(*value) : "refused";
}

TEST(Address, FillsInWhatIsMissing) {
  EXPECT_EQ(as_written("localhost:80"), "localhost:80");
  EXPECT_EQ(as_written("10.0.0.1:80"), "10.0.0.1:80");
  EXPECT_EQ(as_written(":80"), ":80");
  EXPECT_EQ(as_written("80"), ":80");
  EXPECT_EQ(as_written("0"), ":0");
  EXPECT_EQ(as_written("localhost"), "localhost:9090");
  EXPECT_EQ(as_written("localhost:"), "localhost:9090");
  EXPECT_EQ(as_written(":"), ":9090");
  EXPECT_EQ(as_written("[::1]:80"), "[::1]:80");
  EXPECT_EQ(as_written("[::1]"), "[::1]:9090");
  EXPECT_EQ(as_written("[fe80::1%eth0]:80"), "[fe80::1%eth0]:80");
}

TEST(Address, RefusesEverythingElse) {
  for (const auto* text : {"", ":notanumber", "host:notanumber", "host:65536", "65536", "host:-1",
                           "::1", "[::1", "a b:80", "host:80:81", "a/b", "[]:80"})
    EXPECT_EQ(as_written(text), "refused") << text;
}

TEST(List, IsWordsWithCommasBetween) {
  using words = std::vector<std::string>;
  EXPECT_EQ(read_list(""), words{""});
  EXPECT_EQ(read_list(" "), words{""});
  EXPECT_EQ(read_list("none"), words{});
  EXPECT_EQ(write_list({}), "none");
  EXPECT_EQ(read_list(" a,\tb , c"), (words{"a", "b", "c"}));
  EXPECT_EQ(read_list("a,,b,"), (words{"a", "", "b", ""}));
  EXPECT_EQ(read_list(write_list({"a", "b"})), (words{"a", "b"}));
}

TEST(Origin, IsASchemeAndAHost) {
  for (const auto* text : {"http://a", "https://a.example:8443", "HTTPS://A", "http://[::1]:80"})
    EXPECT_TRUE(is_origin(text)) << text;
  for (const auto* text : {"", "a", "http://", "http://a/", "http://a:", "http://a:x", "ftp://a",
                           "http://:80", "null", "*", "http://80"})
    EXPECT_FALSE(is_origin(text)) << text;
  for (const auto* text : {"", "a:80", "a/", "[::1]"}) EXPECT_FALSE(is_host_name(text)) << text;
  EXPECT_TRUE(is_host_name("broker-1.example"));
}

}  // namespace
}  // namespace skein::config
