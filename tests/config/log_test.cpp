#include "actors/base/log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>
#include <regex>
#include <sstream>
#include <thread>
#include <vector>

#include "core/expects.hpp"

namespace skein::log {
namespace {

using namespace std::chrono_literals;

TEST(LogLine, IsKeysAndValues) {
  EXPECT_EQ(format(log_level::info, "source connected", {{"peer", "127.0.0.1:4711"}, {"id", 3}}),
            "level=info msg=\"source connected\" peer=127.0.0.1:4711 id=3");
  EXPECT_EQ(format(log_level::warn, "x", {}), "level=warn msg=\"x\"");
  EXPECT_EQ(format(log_level::error, "x", {}), "level=error msg=\"x\"");
  EXPECT_EQ(format(log_level::debug, "x", {}), "level=debug msg=\"x\"");
}

TEST(LogLine, WritesNumbersOfEveryType) {
  EXPECT_EQ(format(log_level::info, "n",
                   {{"a", -1},
                    {"b", std::uint32_t{7}},
                    {"c", std::uint64_t{18446744073709551615u}},
                    {"d", INT64_MIN},
                    {"e", 0.25},
                    {"f", true},
                    {"g", std::size_t{9}}}),
            "level=info msg=\"n\" a=-1 b=7 c=18446744073709551615 d=-9223372036854775808 e=0.25 "
            "f=true g=9");
}

TEST(LogLine, QuotesWhatWouldNotReadAsOneValue) {
  const auto value = [](const std::string& text) {
    return format(log_level::info, "m", {{"v", text}}).substr(19);
  };
  EXPECT_EQ(value("plain/text-1.0"), "v=plain/text-1.0");
  EXPECT_EQ(value("größe"), "v=größe");
  EXPECT_EQ(value(""), "v=\"\"");
  EXPECT_EQ(value("two words"), "v=\"two words\"");
  EXPECT_EQ(value("a=b"), "v=\"a=b\"");
  EXPECT_EQ(value("say \"hi\""), "v=\"say \\\"hi\\\"\"");
  EXPECT_EQ(value("back\\slash"), "v=\"back\\\\slash\"");
}

TEST(LogLine, StaysOneLineWhateverItHolds) {
  EXPECT_EQ(format(log_level::info, "a\nb", {{"v", std::string_view("\r\t\0\x1b[2J\x7f", 8)}}),
            "level=info msg=\"a\\nb\" v=\"\\r\\t\\u0000\\u001b[2J\\u007f\"");
}

TEST(LogLine, ShowsNothingThatATerminalActsOn) {
  EXPECT_EQ(format(log_level::info, "m", {{"v", "a\u009bb\u202ec\xff"}}),
            "level=info msg=\"m\" v=\"a\\u009bb\\u202ec\\xff\"");
}

TEST(Log, WritesTimeLevelMessageAndFields) {
  std::ostringstream out;
  start(log_level::info, out);
  info("client connected", {{"user", 2932}});
  stop();
  EXPECT_TRUE(
      std::regex_match(out.str(), std::regex{R"(time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z )"
                                             R"(level=info msg="client connected" user=2932\n)"}))
      << out.str();
}

TEST(Log, LeavesOutLowerLevels) {
  std::ostringstream out;
  start(log_level::warn, out);
  EXPECT_FALSE(enabled(log_level::info));
  EXPECT_TRUE(enabled(log_level::warn));
  debug("1");
  info("2");
  warn("3");
  error("4");
  stop();
  EXPECT_EQ(out.str().find("msg=\"1\""), std::string::npos);
  EXPECT_EQ(out.str().find("msg=\"2\""), std::string::npos);
  EXPECT_NE(out.str().find("msg=\"3\""), std::string::npos);
  EXPECT_NE(out.str().find("msg=\"4\""), std::string::npos);
}

TEST(Log, IsSilentBeforeStartAndAfterStop) {
  std::ostringstream out;
  EXPECT_FALSE(enabled(log_level::error));
  error("early");
  start(log_level::debug, out);
  stop();
  stop();
  error("late");
  EXPECT_EQ(out.str(), "");
}

TEST(Log, WritesEveryWaitingLineAtStop) {
  std::ostringstream out;
  start(log_level::debug, out);
  for (int i = 0; i < 1000; ++i) info("line", {{"i", i}});
  EXPECT_EQ(dropped(), 0u);
  stop();
  const auto text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1000);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Log, WritesOnlySoManyLinesOfAKindAndCountsTheOthers) {
  std::ostringstream out;
  start(log_level::info, out);
  for (int i = 0; i < 1000; ++i) info("source connected", {{"i", i}});
  const auto left_out = omitted();
  for (int i = 0; i < 3; ++i) info("another", {{"i", i}});
  stop();
  const auto text = out.str();
  EXPECT_EQ(count_of(text, "source connected") + left_out, 1000u);
  EXPECT_GT(left_out, 0u);
  EXPECT_EQ(count_of(text, "another"), 3u);
  EXPECT_EQ(count_of(text, "msg=\"log lines omitted\" lines=" + std::to_string(left_out)), 1u);
}

TEST(Log, WritesAllOfAKindAtLevelDebug) {
  std::ostringstream out;
  start(log_level::debug, out);
  for (int i = 0; i < 1000; ++i) info("source connected", {{"i", i}});
  EXPECT_EQ(omitted(), 0u);
  stop();
  EXPECT_EQ(count_of(out.str(), "source connected"), 1000u);
}

/// Takes nothing until it is opened.
class closed_gate : public std::stringbuf {
 public:
  std::mutex gate;
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    const std::lock_guard guard{gate};
    return std::stringbuf::xsputn(text, count);
  }
};

TEST(Log, DropsTheOldestLinesAndTellsHowManyWhenItsPlaceIsStuck) {
  closed_gate buffer;
  std::ostream out{&buffer};
  start(log_level::debug, out);
  {
    const std::lock_guard stuck{buffer.gate};
    for (std::size_t i = 0; i < queue_capacity + 100; ++i) info("line", {{"i", i}});
    EXPECT_GE(dropped(), 98u);
    EXPECT_LE(dropped(), 100u);
  }
  info("the newest");
  stop();
  EXPECT_NE(buffer.str().find("msg=\"the newest\""), std::string::npos);
  EXPECT_NE(buffer.str().find("level=warn msg=\"log lines dropped\" lines="), std::string::npos);
}

TEST(Log, MayBeUsedByManyThreadsWhileItStops) {
  std::ostringstream out;
  start(log_level::info, out);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      for (int i = 0; i < 500; ++i) info("line", {{"i", i}});
    });
  stop();
  for (auto& t : threads) t.join();
  EXPECT_FALSE(enabled(log_level::error));
}

TEST(Log, SaysWhichBugHasEndedTheProcess) {
  EXPECT_DEATH(
      {
        log::start(log_level::info);
        log::info("before", {});
        core::expects(false, "two is one");
      },
      "msg=\"before\"\n.*level=error msg=\"a bug: this does not hold\" what=\"two is one\"");
}

}  // namespace
}  // namespace skein::log
