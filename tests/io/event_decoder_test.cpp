#include "io/event_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "support/random.hpp"

namespace skein::io {
namespace {

/// Everything that a decoder made of some bytes, put together.
struct collected {
  std::vector<std::string> texts;
  std::vector<core::sequence_number> numbers;
  std::array<std::uint32_t, core::event_kinds> received{};
  std::array<std::uint32_t, core::malformed_reasons> malformed{};
  std::uint32_t malformed_lines = 0;
};

void feed(event_decoder& decoder, std::string_view bytes, collected& all) {
  while (!bytes.empty()) {
    const auto space = decoder.space();
    ASSERT_GT(space.size, 0u);
    const std::size_t n = std::min(space.size, bytes.size());
    std::memcpy(space.data, bytes.data(), n);
    const decoded_events decoded = decoder.commit(n);
    bytes.remove_prefix(n);
    for (const core::event& e : decoded.block.events) {
      all.texts.emplace_back(decoded.block.text_of(e));
      all.numbers.push_back(e.sequence);
    }
    for (std::size_t i = 0; i != all.received.size(); ++i) all.received[i] += decoded.received[i];
    for (std::size_t i = 0; i != all.malformed.size(); ++i) {
      all.malformed[i] += decoded.malformed[i];
    }
    all.malformed_lines += decoded.malformed_lines;
  }
}

std::uint32_t count_of(const collected& all, core::malformed reason) {
  return all.malformed[static_cast<std::size_t>(reason)];
}

TEST(EventDecoder, KeepsEachTextAsItWasRead) {
  event_decoder decoder{4096};
  collected all;
  feed(decoder, "+01|B\r\n2|F|007|-3\n3|S|+4\n", all);
  EXPECT_EQ(all.texts, (std::vector<std::string>{"+01|B", "2|F|007|-3", "3|S|+4"}));
  EXPECT_EQ(all.numbers, (std::vector<core::sequence_number>{1, 2, 3}));
}

TEST(EventDecoder, CountsEventsByKindAndOtherLinesByReason) {
  event_decoder decoder{16};
  collected all;
  feed(decoder, "1|B\n2|F|1|2\n3|F|1|3\n4|U|1|2\n5|P|1|2\n6|S|1\n\nx\n1|Y\n1|B|an extra field\n",
       all);
  EXPECT_EQ(all.received, (std::array<std::uint32_t, 5>{2, 1, 1, 1, 1}));
  EXPECT_EQ(count_of(all, core::malformed::empty_line), 1u);
  EXPECT_EQ(count_of(all, core::malformed::no_separator), 1u);
  EXPECT_EQ(count_of(all, core::malformed::unknown_type), 1u);
  EXPECT_EQ(count_of(all, core::malformed::line_too_long), 1u);
  EXPECT_EQ(all.malformed_lines, 4u);
}

TEST(EventDecoder, GoesOnBehindALineWithoutAnEnd) {
  event_decoder decoder{4096};
  collected all;
  feed(decoder, std::string(10 * event_decoder::read_size, '7'), all);
  EXPECT_FALSE(decoder.mid_line());
  feed(decoder, "\n1|B\n", all);
  EXPECT_EQ(all.texts, std::vector<std::string>{"1|B"});
  EXPECT_EQ(count_of(all, core::malformed::line_too_long), 1u);
}

TEST(EventDecoder, SaysWhetherTheSourceEndedWithinALine) {
  event_decoder decoder{4096};
  collected all;
  EXPECT_FALSE(decoder.mid_line());
  feed(decoder, "1|B\n2|", all);
  EXPECT_TRUE(decoder.mid_line());
  feed(decoder, "B\n", all);
  EXPECT_FALSE(decoder.mid_line());
  EXPECT_EQ(all.texts.size(), 2u);
}

TEST(EventDecoder, TakesTheLongestLineItCanBeSetTo) {
  constexpr std::size_t max_line = event_decoder::read_size / 2;
  event_decoder decoder{max_line};
  collected all;
  const std::string longest = std::string(max_line - 2, '0') + "1|B";
  feed(decoder, longest.substr(1) + "\r\n" + longest + "\n2|B\n", all);
  EXPECT_EQ(all.texts, (std::vector<std::string>{longest.substr(1), "2|B"}));
  EXPECT_EQ(count_of(all, core::malformed::line_too_long), 1u);
}

TEST(EventDecoder, YieldsTheSameEventsHoweverTheBytesArrive) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    const std::vector<std::string> samples{
        "1|B",   "77|F|1|2", "9|S|",      "",  "no event",
        "8|S|5", "5|P|9|-9", "12|U|3|44", "|", std::string(50, '1')};
    std::string bytes;
    for (int i = random.between(1, 300); i != 0; --i) {
      bytes += samples[random.between<std::size_t>(0, samples.size() - 1)];
      bytes += random.one_in(2) ? "\r\n" : "\n";
    }
    collected whole;
    event_decoder at_once{40};
    feed(at_once, bytes, whole);
    collected pieces;
    event_decoder piecewise{40};
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::size_t n = std::min(random.between<std::size_t>(1, 60), rest.size());
      ASSERT_NO_FATAL_FAILURE(feed(piecewise, rest.substr(0, n), pieces));
      rest.remove_prefix(n);
    }
    ASSERT_EQ(pieces.texts, whole.texts);
    ASSERT_EQ(pieces.numbers, whole.numbers);
    ASSERT_EQ(pieces.received, whole.received);
    ASSERT_EQ(pieces.malformed, whole.malformed);
    ASSERT_EQ(std::accumulate(whole.malformed.begin(), whole.malformed.end(), 0u),
              whole.malformed_lines);
  }
}

TEST(EventDecoder, LooksAtNothingThatABrowserSends) {
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\n\r\n1|B\n2|B\n";
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    event_decoder decoder{16};
    bool refused = false;
    for (std::size_t at = 0; at < request.size() && !refused; at += piece) {
      const std::string_view bytes = std::string_view{request}.substr(at, piece);
      std::memcpy(decoder.space().data, bytes.data(), bytes.size());
      const auto decoded = decoder.commit(bytes.size());
      refused = decoded.of_a_browser;
      EXPECT_TRUE(decoded.block.events.empty()) << piece;
      EXPECT_EQ(decoded.malformed_lines, 0u) << piece;
    }
    EXPECT_TRUE(refused) << piece;
  }
}

TEST(EventDecoder, TakesARequestBehindItsFirstLineForLines) {
  event_decoder decoder{64};
  collected all;
  feed(decoder, "1|B\nPOST / HTTP/1.1\r\n2|B\n", all);
  EXPECT_EQ(all.texts, (std::vector<std::string>{"1|B", "2|B"}));
  EXPECT_EQ(all.malformed_lines, 1u);
}

TEST(EventDecoder, OfABodyHasNoBrowserToFear) {
  event_decoder decoder{64, false};
  collected all;
  feed(decoder, "POST / HTTP/1.1\r\n2|B\n", all);
  EXPECT_EQ(all.texts, (std::vector<std::string>{"2|B"}));
}

}  // namespace
}  // namespace skein::io
