#include <gtest/gtest.h>

#include <ctime>
#include <random>
#include <string>

#include "doors/http/api/target.hpp"
#include "json/base64.hpp"
#include "json/time_text.hpp"

namespace skein::api {
namespace {

TEST(TimeText, IsRfc3339InUtcWithMilliseconds) {
  EXPECT_EQ(time_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time_text(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(time_text(951'782'400'001), "2000-02-29T00:00:00.001Z");
  EXPECT_EQ(time_text(1'738'324'800'250), "2025-01-31T12:00:00.250Z");
}

TEST(TimeText, EndsWithTheYears) {
  EXPECT_EQ(time_text(core::no_time), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(time_text(std::numeric_limits<core::wall_time>::min()), "0000-01-01T00:00:00.000Z");
}

TEST(TimeText, IsReadWithZOrAnOffset) {
  constexpr core::wall_time noon = 1'738'324'800'000;
  EXPECT_EQ(time_in("2025-01-31T12:00:00Z"), noon);
  EXPECT_EQ(time_in("2025-01-31t12:00:00z"), noon);
  EXPECT_EQ(time_in("2025-01-31T12:00:00.25Z"), noon + 250);
  EXPECT_EQ(time_in("2025-01-31T12:00:00.9999999999999999999999Z"), noon + 999);
  EXPECT_EQ(time_in("2025-01-31T14:30:00+02:30"), noon);
  EXPECT_EQ(time_in("2025-01-30T18:00:00-18:00"), noon);
  EXPECT_EQ(time_in("2025-01-31T12:00:00-00:00"), noon);
  EXPECT_EQ(time_in("2016-12-31T23:59:60Z"), time_in("2017-01-01T00:00:00Z"));
  EXPECT_EQ(time_in("2024-02-29T00:00:00Z"), 1'709'164'800'000);
  EXPECT_EQ(time_in("0000-01-01T00:00:00.000Z"), -62'167'219'200'000);
}

TEST(TimeText, IsNothingElse) {
  for (const char* text : {"",
                           "2025",
                           "2025-01-31",
                           "2025-01-31T12:00:00",
                           "2025-01-31 12:00:00Z",
                           "2025-01-31T12:00Z",
                           "2025-01-31T12:00:00.Z",
                           "2025-01-31T12:00:00,5Z",
                           "2025-01-31T12:00:00+0200",
                           "2025-01-31T12:00:00+24:00",
                           "2025-01-31T12:00:00+02:60",
                           "2025-01-31T12:00:00Zx",
                           "2025-01-31T12:00:00Z ",
                           " 2025-01-31T12:00:00Z",
                           "2025-13-01T00:00:00Z",
                           "2025-00-01T00:00:00Z",
                           "2025-01-32T00:00:00Z",
                           "2025-04-31T00:00:00Z",
                           "2025-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2025-01-00T00:00:00Z",
                           "2025-01-31T24:00:00Z",
                           "2025-01-31T12:60:00Z",
                           "2025-01-31T12:00:61Z",
                           "+025-01-31T12:00:00Z",
                           "12025-01-31T12:00:00Z",
                           "-1-01-01"})
    EXPECT_FALSE(time_in(text)) << text;
}

TEST(TimeText, IsReadAsItWasWritten) {
  std::mt19937_64 random{1};
  for (int i = 0; i != 20'000; ++i) {
    const auto time =
        static_cast<core::wall_time>(random() % 315'537'897'600'000) - 62'167'219'200'000;
    ASSERT_EQ(time_in(time_text(time)), time);
    const std::time_t seconds = (time - ((time % 1000) + 1000) % 1000) / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char expected[96];
    std::snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.%03d",
                  parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                  parts.tm_min, parts.tm_sec, static_cast<int>(((time % 1000) + 1000) % 1000));
    ASSERT_EQ(time_text(time), std::string{expected} + "Z");
  }
}

TEST(Base64, IsWhatRfc4648Says) {
  const char* const pairs[][2] = {{"", ""},
                                  {"f", "Zg=="},
                                  {"fo", "Zm8="},
                                  {"foo", "Zm9v"},
                                  {"foob", "Zm9vYg=="},
                                  {"fooba", "Zm9vYmE="},
                                  {"foobar", "Zm9vYmFy"},
                                  {"\xff\xfe\xfb", "//77"}};
  for (const auto& [bytes, text] : pairs) {
    EXPECT_EQ(base64_of(bytes), text);
    EXPECT_EQ(bytes_in_base64(text), bytes);
  }
}

TEST(Base64, IsNothingElse) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "====", "=", "Zh==", "Zm9=", "Zm9v\n", "Zm 9",
                           "Zm9-", "Zm9_", "Z=g=", "Zm8=Zm8=", "\xc3\xa9\xc3\xa9"})
    EXPECT_FALSE(bytes_in_base64(text)) << text;
}

TEST(Base64, GivesBackAllBytes) {
  std::mt19937_64 random{1};
  for (std::size_t size = 0; size != 200; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random() & 0xFF);
    ASSERT_EQ(bytes_in_base64(base64_of(bytes)), bytes);
  }
}

TEST(Target, IsPercentDecoded) {
  EXPECT_TRUE(is_well_encoded("/a%20b%2Fc%2f"));
  EXPECT_EQ(percent_decoded("a%20b%2Fc%2f+%c3%A9"), "a b/c/+\u00e9");
  for (const char* text : {"%", "a%", "a%2", "a%2g", "%%20", "%zz"})
    EXPECT_FALSE(is_well_encoded(text)) << text;
}

TEST(Target, IsPercentEncoded) {
  std::string out;
  append_percent_encoded(out, "aZ09-._~ /%\u00e9\x01");
  EXPECT_EQ(out, "aZ09-._~%20%2F%25%C3%A9%01");
}

}  // namespace
}  // namespace skein::api
