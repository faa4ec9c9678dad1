#include "actors/base/statistics.hpp"

#include <caf/send.hpp>
#include <functional>
#include <sstream>

#include "actors/base/log.hpp"
#include "support/actor_test.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;

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

  static traffic broadcasts(traffic::counter received, traffic::counter sent) {
    traffic counted;
    const auto kind = static_cast<std::size_t>(core::event_kind::broadcast);
    counted.received[kind] = received;
    counted.sent[kind] = sent;
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
  traffic other = broadcasts(1, 10);
  other.late = 3;
  other.clients_opened = 5;
  other.malformed[static_cast<std::size_t>(core::malformed::bad_user)] = 2;
  caf::anon_send(actor, report{broadcasts(2, 20)});
  caf::anon_send(actor, report{other});
  pass(1999ms);
  EXPECT_EQ(logged(), "");
  pass(1ms);
  const std::string line = logged();
  EXPECT_TRUE(has(line, "msg=\"statistics\"")) << line;
  EXPECT_TRUE(has(line, " received=3 sent=30 received_sent_by_kind=broadcast:3/30 ")) << line;
  EXPECT_TRUE(has(line, " malformed=2 malformed_by_reason=bad_user:2 late=3 ")) << line;
  EXPECT_TRUE(has(line, " clients=5 clients_total=5 ")) << line;
}

TEST_F(Statistics, IsSilentWhenNothingHasMoved) {
  const auto actor = start(2s);
  pass(10s);
  EXPECT_EQ(logged(), "");
  caf::anon_send(actor, report{broadcasts(1, 1)});
  pass(2s);
  EXPECT_NE(logged(), "");
  caf::anon_send(actor, report{traffic{}});
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
  EXPECT_TRUE(has(line, "msg=\"totals\" received=4 sent=7")) << line;
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

}  // namespace
}  // namespace skein
