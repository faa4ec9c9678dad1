#include <gtest/gtest.h>

#include <string>

#include "calls/calls.hpp"
#include "core/utf8.hpp"

namespace skein::api {
namespace {

using namespace std::string_literals;

TEST(Names, AreTokensWithADotBetween) {
  for (const char* name : {"a", "a.b", "orders.eu.new", "*", "a.>", "a-b_c/d", "$#|",
                           "\u00e9.\u4e2d", "\U0001F600", "0b9e4f0e-62f5-4cd9-9d3a-5f6f0c0d1a2b"})
    EXPECT_TRUE(is_name(name)) << name;
  for (const char* text : {"", ".", "..", ".a", "a.", "a..b", " ", "a b", "a\tb", "a\rb", "a\n"})
    EXPECT_FALSE(is_name(text)) << text;
}

TEST(Names, HaveNoControlCharacters) {
  for (const auto& text : {"a\x1b[2J"s, "a\0b"s, "\x7f"s, "a\u0080"s, "\u009bb"s, "a\x01"s}) {
    EXPECT_FALSE(is_name(text)) << text;
    EXPECT_TRUE(is_old_name(text)) << text;
  }
  EXPECT_TRUE(is_name("a\u00a0b"));
  EXPECT_TRUE(is_name("a\u202eb")) << "it is escaped wherever a person reads it";
}

TEST(Names, Have255BytesAtMost) {
  EXPECT_TRUE(is_name(std::string(255, 'a')));
  EXPECT_FALSE(is_name(std::string(256, 'a')));
}

TEST(Names, AreUtf8) {
  EXPECT_FALSE(is_name("a\xff"));
  EXPECT_FALSE(is_name("a.\xc3"));
}

TEST(Utf8, IsWhatRfc3629Says) {
  for (const auto& text :
       {""s, "plain text of some length"s, "\x7f"s, "\xc2\x80"s, "\xdf\xbf"s, "\xe0\xa0\x80"s,
        "\xed\x9f\xbf"s, "\xee\x80\x80"s, "\xef\xbf\xbf"s, "\xf0\x90\x80\x80"s, "\xf4\x8f\xbf\xbf"s,
        "\0"s, "seven b\xc3\xa9 and more of it \xe4\xb8\xad"s})
    EXPECT_TRUE(core::is_utf8(text)) << text;
  for (const auto& text :
       {"\x80"s, "\xbf"s, "\xc0\x80"s, "\xc1\xbf"s, "\xc2"s, "\xc2\x41"s, "\xe0\x9f\xbf"s,
        "\xe0\xa0"s, "\xed\xa0\x80"s, "\xf0\x8f\xbf\xbf"s, "\xf0\x90\x80"s, "\xf4\x90\x80\x80"s,
        "\xf5\x80\x80\x80"s, "\xff"s, "eight by\xff"s, "sixteen bytes he\x80re"s})
    EXPECT_FALSE(core::is_utf8(text)) << text;
}

TEST(Utf8, HasOneFormForEachOfItsCharacters) {
  // Every sequence of up to three bytes, against the definition.
  std::size_t valid = 0;
  for (int first = 0x80; first != 0x100; ++first) {
    for (int second = 0; second != 0x100; ++second) {
      const std::string two{static_cast<char>(first), static_cast<char>(second)};
      if (core::is_utf8(two)) ++valid;
      for (int third = 0x80; third != 0xC0; ++third)
        if (core::utf8_character(two + static_cast<char>(third)) == 3) ++valid;
    }
  }
  EXPECT_EQ(valid, (0x800U - 0x80U) + (0x10000U - 0x800U - 0x800U));
}

}  // namespace
}  // namespace skein::api
