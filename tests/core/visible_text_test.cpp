#include "core/visible_text.hpp"

#include <gtest/gtest.h>

#include "core/utf8.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

TEST(VisibleText, LeavesWhatIsShownAsItIs) {
  for (const char* text : {"", "orders.eu", "a \"b\" \\ c", "\u00e4\u00f6\u00fc", "\u65e5\u672c",
                           "\U0001f986", "\u00a0", "~"}) {
    EXPECT_EQ(visible(text), text);
    EXPECT_TRUE(is_visible(text)) << text;
  }
}

TEST(VisibleText, EscapesWhatATerminalWouldActOn) {
  const std::pair<std::string, std::string> cases[] = {
      {"a\x1b[2Jb", "a\\u001b[2Jb"},
      {std::string{"a\0b", 3}, "a\\u0000b"},
      {"one\ntwo\r\tthree", "one\\ntwo\\r\\tthree"},
      {"\x07\x7f", "\\u0007\\u007f"},
      {"\u0085\u009b31m", "\\u0085\\u009b31m"},
      {"\u202egpj.exe\u202c", "\\u202egpj.exe\\u202c"},
      {"\u061c\u200e\u200f\u2066\u2069", "\\u061c\\u200e\\u200f\\u2066\\u2069"},
      {"\u2028\u2029", "\\u2028\\u2029"},
  };
  for (const auto& [text, shown] : cases) {
    EXPECT_EQ(visible(text), shown);
    EXPECT_FALSE(is_visible(text)) << shown;
  }
}

TEST(VisibleText, EscapesBytesThatAreNoCharacter) {
  EXPECT_EQ(visible("\x9b\x33\x31m"), "\\x9b31m");
  EXPECT_EQ(visible("\xc3"), "\\xc3");
  EXPECT_EQ(visible("\xed\xa0\x80!"), "\\xed\\xa0\\x80!");
  EXPECT_EQ(visible("\xc0\x8a"), "\\xc0\\x8a");
}

TEST(VisibleText, OfLinesKeepsTheirEnds) {
  EXPECT_EQ(visible_lines("a\x1b[0m\n\nb\r\n"), "a\\u001b[0m\n\nb\\r\n");
  EXPECT_EQ(visible_lines(""), "");
  EXPECT_EQ(visible_lines("a"), "a");
}

TEST(VisibleText, IsVisibleWhateverItIsMadeOf) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    std::string text;
    while (random.between<int>(0, 30) != 0) {
      text += static_cast<char>(random.between<int>(0, 255));
      if (random.one_in(4)) text += "\u202e";
    }
    const auto shown = visible(text);
    EXPECT_TRUE(is_visible(shown)) << shown;
    EXPECT_TRUE(is_utf8(shown));
    EXPECT_EQ(visible(shown), shown);
    EXPECT_EQ(is_visible(text), shown == text);
  }
}

}  // namespace
}  // namespace skein::core
