#include "io/line_framer.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "support/random.hpp"

namespace skein::io {
namespace {

constexpr const char* too_long = "<too long>";

/// Gives `bytes` to the framer in pieces of at most `piece` and collects what comes out.
void feed(line_framer& framer, std::string_view bytes, std::vector<std::string>& lines,
          std::size_t piece = std::string_view::npos) {
  while (!bytes.empty()) {
    const auto space = framer.space();
    ASSERT_GT(space.size, 0u) << "the framer is stuck";
    const std::size_t n = std::min({piece, space.size, bytes.size()});
    std::memcpy(space.data, bytes.data(), n);
    framer.commit(
        n, [&](std::string_view line) { lines.emplace_back(line); },
        [&] { lines.emplace_back(too_long); });
    bytes.remove_prefix(n);
  }
}

std::vector<std::string> lines_of(std::string_view bytes, std::size_t max_line = 8) {
  line_framer framer{max_line, 64};
  std::vector<std::string> lines;
  feed(framer, bytes, lines);
  return lines;
}

using lines = std::vector<std::string>;

TEST(LineFramer, CutsAtBothEndings) {
  EXPECT_EQ(lines_of("one\ntwo\r\nthree\n"), (lines{"one", "two", "three"}));
}

TEST(LineFramer, KeepsEmptyLines) {
  EXPECT_EQ(lines_of("\n\r\n\n"), (lines{"", "", ""}));
}

TEST(LineFramer, TakesOnlyOneCarriageReturnAsPartOfTheEnding) {
  EXPECT_EQ(lines_of("a\r\r\n\rb\n"), (lines{"a\r", "\rb"}));
}

TEST(LineFramer, KeepsEveryOtherByte) {
  const std::string line{"\0\xFF\t|", 4};
  EXPECT_EQ(lines_of(line + "\n"), lines{line});
}

TEST(LineFramer, TakesALineOfExactlyTheLimitWithEitherEnding) {
  EXPECT_EQ(lines_of("12345678\n12345678\r\n"), (lines{"12345678", "12345678"}));
  EXPECT_EQ(lines_of("123456789\nx\n"), (lines{too_long, "x"}));
  EXPECT_EQ(lines_of("123456789\r\nx\n"), (lines{too_long, "x"}));
}

TEST(LineFramer, ReportsAnOverLongLineOnceHoweverLongItIs) {
  EXPECT_EQ(lines_of(std::string(10'000, 'x') + "\nok\n"), (lines{too_long, "ok"}));
}

TEST(LineFramer, HandsOutNothingOfALineThatHasNotEnded) {
  line_framer framer{8, 64};
  lines found;
  feed(framer, "one\ntw", found);
  EXPECT_EQ(found, lines{"one"});
  EXPECT_TRUE(framer.mid_line());
  feed(framer, "o\n", found);
  EXPECT_EQ(found, (lines{"one", "two"}));
  EXPECT_FALSE(framer.mid_line());
}

TEST(LineFramer, StandsWithinNoLineWhileItSkipsOne) {
  line_framer framer{8, 64};
  lines found;
  feed(framer, std::string(100, 'x'), found);
  EXPECT_EQ(found, lines{too_long});
  EXPECT_FALSE(framer.mid_line());
}

TEST(LineFramer, NeverRunsOutOfSpaceAtItsSmallestCapacity) {
  line_framer framer{8, 10};
  lines found;
  feed(framer, "12345678\r\n12345678\n123456789\n1234567890123\r\nend\n", found);
  EXPECT_EQ(found, (lines{"12345678", "12345678", too_long, too_long, "end"}));
}

TEST(LineFramer, YieldsTheSameLinesHoweverTheBytesArrive) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    const auto max_line = random.between<std::size_t>(1, 20);
    std::string bytes;
    lines expected;
    for (int i = random.between(0, 60); i != 0; --i) {
      std::string line(random.between<std::size_t>(0, random.one_in(10) ? 300 : 22), 'a');
      for (char& c : line) c = "ab|\r"[random.between(0, 3)];
      // A line that ends in CR would lose it to the ending.
      if (!line.empty() && line.back() == '\r') line.back() = 'z';
      expected.push_back(line.size() > max_line ? too_long : line);
      bytes += line + (random.one_in(2) ? "\r\n" : "\n");
    }
    line_framer framer{max_line, max_line + random.between<std::size_t>(2, 40)};
    lines found;
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::size_t n = std::min(random.between<std::size_t>(1, 30), rest.size());
      ASSERT_NO_FATAL_FAILURE(feed(framer, rest.substr(0, n), found));
      rest.remove_prefix(n);
    }
    ASSERT_EQ(found, expected);
    ASSERT_FALSE(framer.mid_line());
  }
}

}  // namespace
}  // namespace skein::io
