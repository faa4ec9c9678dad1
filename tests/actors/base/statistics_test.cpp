#include "actors/base/statistics.hpp"

#include <caf/send.hpp>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <vector>

#include "actors/base/log.hpp"
#include "support/actor_test.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using core::counter;

class Statistics : public actor_test {
 protected:
  Statistics() { log::start(log_level::info, out_); }
  ~Statistics() override { log::stop(); }

  statistics_actor start(std::chrono::milliseconds interval) {
    const auto actor = system.spawn(statistics, interval, std::cref(flow));
    run();
    return actor;
  }

  /// What was logged so far, without the time of each line.
  std::string logged() {
    log::stop();
    std::string lines;
    std::istringstream in{out_.str()};
    for (std::string line; std::getline(in, line);) lines += line.substr(line.find(' ') + 1) + "\n";
    out_.str("");
    log::start(log_level::info, out_);
    return lines;
  }

  static core::counts broadcasts(core::counts::value received, core::counts::value sent) {
    core::counts counted;
    const auto kind = static_cast<std::size_t>(core::event_kind::broadcast);
    counted.at(counter::events_received, kind) = received;
    counted.at(counter::notifications_sent, kind) = sent;
    return counted;
  }

 private:
  std::ostringstream out_;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Statistics, LogsTheSumsOfWhatIsReported) {
  const auto actor = start(2s);
  core::counts other = broadcasts(1, 10);
  other += {{counter::events_late, 3}, {counter::clients, 5}, {counter::clients_total, 5}};
  other.at(counter::malformed, static_cast<std::size_t>(core::malformed::bad_user)) = 2;
  caf::anon_send(actor, report{broadcasts(2, 20)});
  caf::anon_send(actor, report{other});
  pass(1999ms);
  EXPECT_EQ(logged(), "");
  pass(1ms);
  const std::string line = logged();
  EXPECT_TRUE(has(line, "msg=\"statistics\"")) << line;
  EXPECT_TRUE(has(line,
                  " events_received=3 events_received_by_kind=broadcast:3 notifications_sent=30 "
                  "notifications_sent_by_kind=broadcast:30 "))
      << line;
  EXPECT_TRUE(has(line, " malformed=2 malformed_by_reason=bad_user:2 events_late=3 ")) << line;
  EXPECT_TRUE(has(line, " clients=5 clients_total=5 ")) << line;
}

TEST_F(Statistics, IsSilentWhenNothingHasMoved) {
  const auto actor = start(2s);
  pass(10s);
  EXPECT_EQ(logged(), "");
  caf::anon_send(actor, report{broadcasts(1, 1)});
  pass(2s);
  EXPECT_NE(logged(), "");
  caf::anon_send(actor, report{});
  pass(10s);
  EXPECT_EQ(logged(), "");
  flow.count_written(6);
  pass(2s);
  EXPECT_TRUE(has(logged(), " bytes_written=6"));
  pass(10s);
  EXPECT_EQ(logged(), "");
}

TEST_F(Statistics, DrainLogsTheTotalsAnswersAndEnds) {
  const auto actor = start(2s);
  caf::anon_send(actor, report{broadcasts(4, 7)});
  pass(2s);
  logged();
  EXPECT_TRUE(drains(actor));
  const std::string line = logged();
  EXPECT_TRUE(has(line, "msg=\"totals\" events_received=4 ")) << line;
  EXPECT_TRUE(has_ended(actor));
  pass(4s);
  EXPECT_FALSE(timer_is_left());
}

TEST_F(Statistics, WithoutAnIntervalOnlyTheTotalsAreLogged) {
  const auto actor = start(0s);
  caf::anon_send(actor, report{broadcasts(4, 7)});
  pass(10s);
  EXPECT_EQ(logged(), "");
  EXPECT_FALSE(timer_is_left());
  EXPECT_TRUE(drains(actor));
  EXPECT_TRUE(has(logged(), "msg=\"totals\""));
}

std::string read_file(const std::string& path) {
  std::ifstream in{path};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Words in backquotes in the first column of the tables of a section of a page.
std::set<std::string> keys_of(const std::string& page, const std::string& section) {
  const auto begin = page.find("\n## " + section + "\n");
  const auto end = page.find("\n## ", begin + 1);
  std::set<std::string> keys;
  std::istringstream lines{page.substr(begin, end - begin)};
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    const std::string first = line.substr(0, line.find(" |", 1));
    for (auto at = first.find('`'); at != first.npos; at = first.find('`', at + 1)) {
      const auto word = at + 1;
      at = first.find('`', word);
      keys.insert(first.substr(word, at - word));
    }
  }
  return keys;
}

TEST_F(Statistics, EachCounterHasOneNameInLogStatusAndDocs) {
  std::set<std::string> in_log;
  std::vector<std::string> in_status;
  for (const auto& row : core::counter_table) {
    const std::string name{row.name};
    in_log.insert(name);
    in_status.push_back(name);
    if (row.labels == core::counter_labels::none) continue;
    in_log.insert(name + "_by_" + std::string{core::name_of(row.labels)});
    for (std::size_t i = 0; i != core::size_of(row.labels); ++i) {
      in_status.push_back(name + "_" + std::string{core::name_of(row.labels, i)});
    }
  }
  EXPECT_EQ(keys_of(read_file(SKEIN_ROOT "/docs/operations.md"), "Statistics"), in_log);

  const auto actor = start(0s);
  std::vector<std::string> told;
  system.spawn([&](caf::event_based_actor* self) {
    self->request(actor, caf::infinite, status_wanted{}).then([&](const status& s) {
      for (const auto& [key, number] : s.facts) {
        if (key.rfind("handled_", 0) != 0) told.push_back(key);
      }
    });
  });
  run();
  EXPECT_EQ(told, in_status);

  EXPECT_TRUE(drains(actor));
  const std::string line = logged();
  std::set<std::string> logs;
  std::istringstream words{line.substr(line.find("msg=\"totals\" ") + 13)};
  for (std::string word; words >> word;) logs.insert(word.substr(0, word.find('=')));
  EXPECT_EQ(logs, in_log);
}

}  // namespace
}  // namespace skein
