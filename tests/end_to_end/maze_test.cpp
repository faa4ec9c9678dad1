/// The main job: the follower maze, played by the load tool against the daemon.

#include <tuple>

#include "audience.hpp"
#include "support/tampering_proxy.hpp"

namespace skein::test {
namespace {

/// `skein maze` with small numbers.
finished play_maze(std::uint16_t source_port, std::uint16_t client_port,
                   const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"maze",
                                     "--event-listener-port",
                                     std::to_string(source_port),
                                     "--client-listener-port",
                                     std::to_string(client_port),
                                     "--log-level",
                                     "error"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run(SKEIN_PATH, {arguments}, 60s);
}

class Maze : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(Maze, IsPlayedWithoutFault) {
  const auto [mix, sources] = GetParam();
  daemon broker;
  const auto played =
      play_maze(broker.source_port(), broker.client_port(),
                {"--mix", mix, "--sources", std::to_string(sources), "--total-events", "30000",
                 "--concurrency-level", "60", "--host", "127.0.0.1"});
  EXPECT_EQ(played.status, 0) << played.out << played.err;
  const auto totals = broker.stop();
  EXPECT_GE(totals["events_received"], 30'000u);
  EXPECT_EQ(totals["sources_total"], static_cast<std::uint64_t>(sources));
  EXPECT_EQ(totals["clients_total"], 60u);
  for (const char* key :
       {"malformed", "events_late", "events_duplicate", "events_beyond", "gaps", "events_missing",
        "epochs", "notifications_dropped", "overflows", "handshakes_failed", "accept_errors"}) {
    EXPECT_EQ(totals[key], 0u) << key;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Maze,
                         testing::Combine(testing::Values("maze", "fan", "A", "B"),
                                          testing::Values(1, 3)),
                         [](const auto& instance) {
                           return std::string{std::get<0>(instance.param)} + "From" +
                                  std::to_string(std::get<1>(instance.param));
                         });

TEST(MazeAgain, IsPlayedWithoutFault) {
  daemon broker;
  for (int epoch = 0; epoch != 3; ++epoch) {
    const auto played = play_maze(broker.source_port(), broker.client_port(),
                                  {"--total-events", "20000", "--concurrency-level", "50", "--host",
                                   "127.0.0.1", "--random-seed", std::to_string(epoch)});
    EXPECT_EQ(played.status, 0) << played.out << played.err;
  }
  EXPECT_EQ(broker.stop()["epochs"], 2u);
}

TEST(MazeAgain, WithTheSameEventsIsPlayedWithoutFault) {
  for (const char* const sources : {"1", "3"}) {
    daemon broker;
    for (int epoch = 0; epoch != 3; ++epoch) {
      const auto played =
          play_maze(broker.source_port(), broker.client_port(),
                    {"--total-events", "10000", "--concurrency-level", "50", "--host", "127.0.0.1",
                     "--random-seed", "7", "--sources", sources});
      EXPECT_EQ(played.status, 0) << played.out << played.err;
    }
    EXPECT_EQ(broker.stop()["epochs"], 2u);
  }
}

const std::vector<std::string> quick{
    "--total-events", "5000",     "--concurrency-level", "20", "--timeout", "1000",
    "--host",         "127.0.0.1"};

TEST(MazeAgainstADaemonWithTooSmallAWindow, Fails) {
  daemon broker{{{"sequence.window", "10"}}};
  const auto played = play_maze(broker.source_port(), broker.client_port(), quick);
  EXPECT_EQ(played.status, 1) << played.out << played.err;
  EXPECT_GT(broker.stop()["events_late"], 0u);
}

TEST(MazeAgainstADaemonWithOtherLineEnds, Fails) {
  daemon broker{{{"client.line-ending", "lf"}}};
  const auto played = play_maze(broker.source_port(), broker.client_port(), quick);
  EXPECT_EQ(played.status, 1) << played.out << played.err;
}

struct tampering {
  const char* name;
  tampering_proxy::tamper change;
};

void PrintTo(const tampering& t, std::ostream* out) {
  *out << t.name;
}

class TamperedMaze : public testing::TestWithParam<tampering> {};

TEST_P(TamperedMaze, Fails) {
  daemon broker;
  int passed = 0;
  const tampering_proxy proxy{broker.client_port(), [&](std::string& bytes) {
                                if (++passed == 5) GetParam().change(bytes);
                              }};
  const auto played = play_maze(broker.source_port(), proxy.port(), quick);
  EXPECT_EQ(played.status, 1) << played.out << played.err;
}

INSTANTIATE_TEST_SUITE_P(
    By, TamperedMaze,
    testing::Values(
        tampering{"ChangingAByte", [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; }},
        tampering{"LosingALine", [](std::string& bytes) { bytes.erase(0, bytes.find('\n') + 1); }},
        tampering{
            "RepeatingALine",
            [](std::string& bytes) { bytes.insert(0, bytes.substr(0, bytes.find('\n') + 1)); }},
        tampering{"AddingALine", [](std::string& bytes) { bytes += "1|B\r\n"; }}),
    [](const auto& instance) { return instance.param.name; });

TEST(UntamperedMaze, IsPlayedWithoutFault) {
  daemon broker;
  const tampering_proxy proxy{broker.client_port(), [](std::string&) {}};
  const auto played = play_maze(broker.source_port(), proxy.port(), quick);
  EXPECT_EQ(played.status, 0) << played.out << played.err;
}

}  // namespace
}  // namespace skein::test
