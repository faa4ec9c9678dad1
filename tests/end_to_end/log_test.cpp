/// What strangers can make the daemon log: bounded for each kind of line, and counted.

#include <gtest/gtest.h>

#include <cmath>
#include <ctime>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "audience.hpp"
#include "support/program.hpp"

namespace skein::test {
namespace {

struct kind_of_line {
  std::vector<double> at;  ///< seconds
  std::uint64_t omitted = 0;
};

double seconds_of(const std::string& time) {
  std::tm parts{};
  const char* const rest = ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  return static_cast<double>(::timegm(&parts)) + std::stod(std::string{"0"} + rest);
}

std::map<std::string, kind_of_line> kinds_in(const std::string& log) {
  std::map<std::string, kind_of_line> kinds;
  std::istringstream lines{log};
  for (std::string line; std::getline(lines, line);) {
    const log_fields fields{line};
    kind_of_line& kind = kinds[fields.text("msg")];
    kind.at.push_back(seconds_of(fields.text("time")));
    if (!fields.text("omitted").empty()) kind.omitted += fields["omitted"];
  }
  return kinds;
}

/// A second may begin at any line, and the clock of the log's lines is another one.
void expect_bounded(const std::string& name, const kind_of_line& kind) {
  constexpr double most_in_a_second = 20;
  const double span = kind.at.back() - kind.at.front();
  EXPECT_LE(static_cast<double>(kind.at.size()), most_in_a_second * (std::floor(span + 0.1) + 1))
      << name << " in " << span << " s";
}

constexpr int many = 400;

class Strangers : public testing::Test {
 protected:
  /// Of a daemon that has ended: `caused` lines of each kind would there have been, and of no other
  /// kind more than are written.
  void expect_bounded_log(const std::map<std::string, std::uint64_t>& caused) {
    const auto totals = broker_.totals();
    const auto kinds = kinds_in(broker_.program().err());
    std::uint64_t written = 0;
    std::uint64_t would_be = 0;
    for (const auto& [name, times] : caused) {
      const auto found = kinds.find(name);
      ASSERT_NE(found, kinds.end()) << name;
      expect_bounded(name, found->second);
      EXPECT_LE(found->second.at.size() + found->second.omitted, times) << name;
      written += found->second.at.size();
      would_be += times;
    }
    EXPECT_EQ(would_be - written, totals["log_omitted"]);
    EXPECT_GT(totals["log_omitted"], 0u);
    EXPECT_NE(broker_.program().err().find("msg=\"log lines omitted\" lines=" +
                                           std::to_string(totals["log_omitted"]) + "\n"),
              std::string::npos);
  }

  daemon broker_{{{"log.level", "info"},
                  {"client.max-outbox", "4KiB"},
                  {"topic.idle-timeout", "50ms"},
                  {"http.max-connections", "500"},
                  {"source.max-connections", "500"},
                  {"statistics.interval", "200ms"}}};
};

TEST_F(Strangers, WhoConnectAndGoFillNoLog) {
  for (int i = 0; i != many; ++i) {
    for (const auto port : {broker_.source_port(), broker_.client_port(), broker_.http_port()}) {
      peer stranger{port};
      // Nothing, half a line, a line that is none, a browser.
      if (i % 4 == 1) stranger.send("12");
      if (i % 4 == 2) stranger.send("nonsense\r\nmore of it\r\n\r\n");
      if (i % 4 == 3) stranger.send("GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n");
      if (i % 8 < 4) stranger.reset();
    }
  }
  broker_.await_counter("sources_total", many);
  const auto sources = broker_.stop()["sources_total"];
  expect_bounded_log({{"source connected", sources}, {"source ended", sources}});
}

TEST_F(Strangers, WhoBeginAgainAndAgainFillNoLog) {
  for (int i = 0; i != many; ++i) {
    auto source = peer{broker_.source_port()};
    source.send("1|P|1|" + std::to_string(i) + "\nnonsense\n-1|B\n5000000|B\n");
    source.half_close();
    source.receive_all();
  }
  broker_.await_status("epoch", many);
  broker_.stop();
  expect_bounded_log(
      {{"source connected", many}, {"source ended", many}, {"the stream starts again", many - 1}});
}

TEST_F(Strangers, WhoDoNotReadFillNoLog) {
  std::vector<peer> clients;
  clients.reserve(many);
  for (int i = 0; i != many; ++i) {
    clients.emplace_back(broker_.client_port(), 4096);
    clients.back().send("7\n");
  }
  broker_.await_status("clients", many);
  peer source{broker_.source_port()};
  std::uint64_t sent = 0;
  while (broker_.status("overflows") < many) {
    std::string lines;
    for (int i = 0; i != 200; ++i)
      lines += std::string(2000, '0') + std::to_string(++sent) + "|B\n";
    source.send(lines);
  }
  source.close();
  broker_.await_status("sources", 0);
  broker_.await_status("clients", 0);
  broker_.stop();
  expect_bounded_log({{"client disconnected, it does not read", many}});
}

TEST_F(Strangers, WhoseSubscribersAreIdleFillNoLog) {
  program stranger{broker_};
  stranger.create("t");
  for (int i = 0; i != many; ++i) {
    EXPECT_EQ(stranger.put(subscriber_path("t", "s" + std::to_string(i)), R"({"idle_expiry_ms":1})")
                  .status,
              201u);
  }
  broker_.await_status("subscribers_expired", many);
  broker_.stop();
  expect_bounded_log({{"subscriber removed, it was idle", many}});
}

TEST_F(Strangers, WhosePublishesAreRefusedUnheardFillNoLog) {
  for (int i = 0; i != many; ++i) {
    program stranger{broker_};
    EXPECT_EQ(stranger.post("/api/publish/async", R"({"subject":"t","data":"d"})").status, 200u);
  }
  broker_.await_status("messages_refused_unheard", many);
  broker_.stop();
  expect_bounded_log({{"message refused after it was answered", many}});
}

}  // namespace
}  // namespace skein::test
