#include "cli/maze/maze_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>

#include "cli/maze/maze_report.hpp"
#include "cli/maze/naive_server.hpp"

namespace skein::cli::test {
namespace {

maze_options options_for(const naive_server& server, mix m) {
  maze_options o;
  o.recipe.mix = m;
  o.recipe.events = 20'000;
  o.recipe.clients = 20;
  o.recipe.users = m == mix::a || m == mix::b ? 20 : 200;
  o.source_port = server.source_port();
  o.client_port = server.client_port();
  o.settle_after = std::chrono::milliseconds{50};
  return o;
}

maze_result play(const maze_options& o) {
  const auto script = write_script(o.recipe);
  auto result = run_maze(script, o);
  if (result.good()) {
    EXPECT_EQ(result.deliveries, script.deliveries());
    EXPECT_EQ(result.bytes, script.delivered_bytes());
    EXPECT_EQ(result.events_sent, script.events());
    EXPECT_EQ(result.latency.count(), script.deliveries());
  }
  return result;
}

TEST(Maze, IsWonAgainstARightServer) {
  for (const auto m : {mix::maze, mix::fan, mix::a, mix::b}) {
    SCOPED_TRACE(name_of(m));
    const naive_server server;
    EXPECT_EQ(play(options_for(server, m)).problem, "");
  }
}

TEST(Maze, IsWonWithCrlfBatchesOfOneWriteAndTwoReaders) {
  const naive_server server;
  auto o = options_for(server, mix::b);
  o.recipe.sent_ending = core::line_ending::crlf;
  o.flush_batches = true;
  o.readers = 2;
  EXPECT_EQ(play(o).problem, "");
}

TEST(Maze, KeepsSeveralSourcesInsideTheWindow) {
  const naive_server server;
  auto o = options_for(server, mix::b);
  o.sources = 5;
  o.window = 300;
  EXPECT_EQ(play(o).problem, "");
  // Events that nobody is told of do not move the frontier.
  const auto script = write_script(o.recipe);
  std::int64_t allowed = 0;
  for (std::int64_t e = 0; e < script.events(); ++e) {
    allowed = std::max(allowed, e - script.last_told(e - o.window) - 1);
  }
  EXPECT_LE(server.greatest_distance(), allowed);
  EXPECT_LT(allowed, 1000);
}

TEST(Maze, KeepsThePace) {
  const naive_server server;
  auto o = options_for(server, mix::b);
  o.rate = 50'000;
  const auto result = play(o);
  EXPECT_EQ(result.problem, "");
  EXPECT_GE(result.seconds, 0.39);
}

TEST(Maze, IsLostByAnAlteredLine) {
  const naive_server server{[](auto, auto nth, const auto&) -> std::optional<std::string> {
    if (nth != 50) return std::nullopt;
    return "what|is|this\r\n";
  }};
  const auto result = play(options_for(server, mix::b));
  EXPECT_NE(result.problem.find(", line 50: altered line: expected \""), std::string::npos)
      << result.problem;
}

TEST(Maze, IsLostByAMissingLine) {
  const naive_server server{[](auto, auto nth, const auto&) -> std::optional<std::string> {
    if (nth != 70) return std::nullopt;
    return "";
  }};
  const auto result = play(options_for(server, mix::b));
  EXPECT_NE(result.problem.find(", line 70: missing line(s)"), std::string::npos) << result.problem;
}

TEST(Maze, IsLostByALineTooManyAtTheEnd) {
  const naive_server server{[](auto, auto, const auto& line) -> std::optional<std::string> {
    if (line.substr(0, 6) != "19999|") return std::nullopt;
    return line + "\r\n" + line + "\r\n";
  }};
  const auto result = play(options_for(server, mix::a));
  EXPECT_FALSE(result.good());
}

TEST(Maze, IsLostByAClosedConnection) {
  const naive_server server{{}, 3000};
  const auto result = play(options_for(server, mix::b));
  EXPECT_FALSE(result.good());
}

TEST(Maze, IsLostWhenAnExpectedLineDoesNotComeInTime) {
  const naive_server server{[](auto, auto nth, const auto&) -> std::optional<std::string> {
    if (nth < 90) return std::nullopt;
    return "";
  }};
  auto o = options_for(server, mix::b);
  o.timeout = std::chrono::milliseconds{300};
  const auto result = play(o);
  EXPECT_NE(result.problem.find("nothing received for"), std::string::npos) << result.problem;
}

TEST(Maze, NamesTheServerThatIsNotThere) {
  maze_options o;
  {
    const naive_server gone;
    o = options_for(gone, mix::maze);
  }
  const auto script = write_script(o.recipe);
  EXPECT_THROW(run_maze(script, o), std::runtime_error);
}

TEST(MazeOptions, TakeFlagsBeforeTheEnvironment) {
  ::setenv("totalEvents", "77", 1);
  ::setenv("maxEventSourceBatchSize", "9", 1);
  const auto o = parse_maze_options({"--total-events", "88"});
  EXPECT_EQ(o->recipe.events, 88U);
  EXPECT_EQ(o->recipe.max_batch, 9U);
  ::setenv("totalEvents", "many", 1);
  EXPECT_THROW(parse_maze_options({}), usage_error);
  ::unsetenv("totalEvents");
  ::unsetenv("maxEventSourceBatchSize");
}

TEST(MazeOptions, TakeTimesAsAllCommandsDo) {
  using namespace std::chrono_literals;
  EXPECT_EQ(parse_maze_options({})->timeout, 20s);
  EXPECT_EQ(parse_maze_options({"--timeout", "3s"})->timeout, 3s);
  ::setenv("timeout", "20000", 1);
  ::setenv("logInterval", "250", 1);
  const auto o = parse_maze_options({});
  EXPECT_EQ(o->timeout, 20s);
  EXPECT_EQ(o->log_interval, 250ms);
  ::unsetenv("timeout");
  ::unsetenv("logInterval");
  EXPECT_THROW(parse_maze_options({"--timeout", "2 s"}), usage_error);
  EXPECT_THROW(parse_maze_options({"--log-interval", "0"}), usage_error);
}

TEST(MazeOptions, RefuseWhatMakesNoSense) {
  EXPECT_THROW(parse_maze_options({"--mix", "C"}), usage_error);
  EXPECT_THROW(parse_maze_options({"--total-events", "0"}), usage_error);
  EXPECT_THROW(parse_maze_options({"--total-events", "-1"}), usage_error);
  EXPECT_THROW(parse_maze_options({"--unknown"}), usage_error);
  EXPECT_THROW(parse_maze_options({"--number-of-users", "5"}), usage_error);
  EXPECT_THROW(parse_maze_options({"--sources", "2", "--window", "50"}), usage_error);
  EXPECT_THROW(parse_maze_options({"stray"}), usage_error);
}

TEST(MazeReport, SaysWhatWentWrongInOneLineOfJson) {
  maze_result result;
  result.problem = "client 7: \"x\"\n";
  const auto json = json_report(result, {}, {});
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_NE(json.find(R"("ok":false,"problem":"client 7: \"x\"\u000a")"), std::string::npos);
  EXPECT_NE(text_report(result, {}, {}).find("SOMETHING WENT WRONG\nclient 7"), std::string::npos);
}

}  // namespace
}  // namespace skein::cli::test
