#include "cli/maze/stream_verifier.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace skein::cli::test {
namespace {

maze_script script_of(mix m, core::line_ending ending = core::line_ending::crlf) {
  recipe r;
  r.mix = m;
  r.events = 5000;
  r.clients = 20;
  r.users = m == mix::a ? 20 : 100;
  r.received_ending = ending;
  return write_script(r);
}

/// A client's lines with their ends, and the event of each.
struct expected_line {
  std::string text;
  std::uint32_t event;
};

std::vector<expected_line> lines_of(const maze_script& script, std::size_t client) {
  std::vector<std::uint32_t> events;
  for (const auto& own : script.clients()[client].own) events.push_back(own.event);
  for (std::uint32_t b = 0; b < script.broadcasts(); ++b) {
    events.push_back(script.broadcast_event(b));
  }
  std::sort(events.begin(), events.end());
  std::vector<expected_line> lines;
  for (const auto e : events) {
    lines.push_back(
        {std::string{script.line(e)}.append(core::text_of(script.made_from().received_ending)), e});
  }
  return lines;
}

std::string joined(const std::vector<expected_line>& lines) {
  std::string text;
  for (const auto& l : lines) text += l.text;
  return text;
}

/// Feeds the text in pieces of random sizes up to `largest`; stops like a reader at a difference.
void feed(stream_verifier& v, const std::string& text, std::uint32_t largest,
          std::uint64_t seed = 1) {
  random_source random{seed};
  for (std::size_t at = 0; at < text.size() && !v.wrong_line_ended();) {
    const auto size = std::min<std::size_t>(1 + random.below(largest), text.size() - at);
    v.feed(text.data() + at, size);
    at += size;
  }
}

constexpr std::uint32_t piece_sizes[] = {1, 3, 17, 40, 300, 5000, 1'000'000};

TEST(StreamVerifier, AcceptsTheExpectedStreamHoweverItIsCut) {
  for (const auto m : {mix::maze, mix::fan, mix::a}) {
    for (const auto ending : {core::line_ending::lf, core::line_ending::crlf}) {
      const auto script = script_of(m, ending);
      for (std::size_t client = 0; client < script.clients().size(); ++client) {
        const auto lines = lines_of(script, client);
        for (const auto largest : piece_sizes) {
          stream_verifier v{script, client};
          feed(v, joined(lines), largest, client);
          EXPECT_FALSE(v.wrong());
          EXPECT_TRUE(v.complete());
          EXPECT_EQ(v.lines(), lines.size());
        }
      }
    }
  }
}

TEST(StreamVerifier, TellsWhichLinesEndedInEachPiece) {
  const auto script = script_of(mix::a);
  const auto lines = lines_of(script, 3);
  const auto text = joined(lines);
  std::vector<std::size_t> line_at;  // by byte
  for (std::size_t i = 0; i < lines.size(); ++i)
    line_at.resize(line_at.size() + lines[i].text.size(), i);
  for (const auto largest : piece_sizes) {
    stream_verifier v{script, 3};
    random_source random{largest};
    for (std::size_t at = 0; at < text.size();) {
      const auto size = std::min<std::size_t>(1 + random.below(largest), text.size() - at);
      const auto first = line_at[at];
      ASSERT_EQ(v.next_event(), lines[first].event);
      const auto fed = v.feed(text.data() + at, size);
      at += size;
      const auto next = at < text.size() ? line_at[at] : lines.size();
      ASSERT_EQ(fed.count, next - first);
      if (fed.count == 0) continue;
      ASSERT_EQ(fed.first_event, lines[first].event);
      ASSERT_EQ(fed.last_event, lines[next - 1].event);
    }
  }
}

/// Changes the stream of one client in each of many places and expects the difference there.
template <class Change>
void expect_found(mix m, const std::string& what, Change change) {
  const auto script = script_of(m);
  const auto lines = lines_of(script, 5);
  for (std::size_t n = 0; n + 1 < lines.size(); n += 7) {
    for (const auto largest : piece_sizes) {
      SCOPED_TRACE("line " + std::to_string(n) + ", pieces up to " + std::to_string(largest));
      auto changed = lines;
      change(changed, n);
      stream_verifier v{script, 5};
      feed(v, joined(changed), largest, n);
      ASSERT_TRUE(v.wrong());
      ASSERT_FALSE(v.complete());
      const auto d = v.first_difference();
      EXPECT_EQ(d.user, script.clients()[5].user);
      EXPECT_EQ(d.position, n + 1);
      EXPECT_EQ(d.expected, lines[n].text);
      EXPECT_EQ(d.received, changed[n].text);
      EXPECT_EQ(d.what.substr(0, what.size()), what);
    }
  }
}

TEST(StreamVerifier, FindsAnAlteredByte) {
  for (const auto m : {mix::fan, mix::a}) {
    expect_found(m, "altered line", [](auto& lines, std::size_t n) {
      auto& text = lines[n].text;
      text[n % (text.size() - 2)] = 'x';
    });
  }
}

TEST(StreamVerifier, FindsAMissingLine) {
  for (const auto m : {mix::fan, mix::a}) {
    expect_found(m, "missing line(s)", [](auto& lines, std::size_t n) {
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(n));
    });
  }
}

TEST(StreamVerifier, FindsSwappedLines) {
  for (const auto m : {mix::fan, mix::a}) {
    expect_found(m, "missing line(s)",
                 [](auto& lines, std::size_t n) { std::swap(lines[n], lines[n + 1]); });
  }
}

TEST(StreamVerifier, FindsARepeatedLine) {
  for (const auto m : {mix::fan, mix::a}) {
    const auto script = script_of(m);
    auto lines = lines_of(script, 5);
    lines.insert(lines.begin() + 100, lines[99]);
    stream_verifier v{script, 5};
    feed(v, joined(lines), 50);
    ASSERT_TRUE(v.wrong());
    EXPECT_EQ(v.first_difference().position, 101U);
    EXPECT_EQ(v.first_difference().what, "extra line, repeated or too late");
  }
}

TEST(StreamVerifier, FindsALineOfSomebodyElse) {
  const auto script = script_of(mix::fan);
  const auto lines = lines_of(script, 5);
  const auto others = lines_of(script, 6);
  const auto foreign = std::find_if(others.begin(), others.end(), [&](const auto& other) {
    return std::none_of(lines.begin(), lines.end(),
                        [&](const auto& l) { return l.event == other.event; });
  });
  ASSERT_NE(foreign, others.end());
  auto changed = lines;
  changed.insert(changed.begin() + 50, *foreign);
  stream_verifier v{script, 5};
  feed(v, joined(changed), 64);
  ASSERT_TRUE(v.wrong());
  EXPECT_EQ(v.first_difference().position, 51U);
  EXPECT_EQ(v.first_difference().what, "extra line, meant for others");
}

TEST(StreamVerifier, FindsAWrongLineEnd) {
  for (const auto m : {mix::fan, mix::a}) {
    expect_found(m, "altered line end", [](auto& lines, std::size_t n) {
      auto& text = lines[n].text;
      text.erase(text.size() - 2, 1);
    });
  }
}

TEST(StreamVerifier, FindsALineBehindTheLast) {
  const auto script = script_of(mix::maze);
  const auto lines = lines_of(script, 0);
  stream_verifier v{script, 0};
  feed(v, joined(lines), 100);
  ASSERT_TRUE(v.complete());
  feed(v, "77777|B\r\n", 4);
  ASSERT_TRUE(v.wrong());
  EXPECT_EQ(sentence_of(v.first_difference()),
            "client " + std::to_string(v.user()) + ", line " + std::to_string(lines.size() + 1) +
                ": extra line: expected nothing more, received \"77777|B\\r\\n\"");
}

}  // namespace
}  // namespace skein::cli::test
