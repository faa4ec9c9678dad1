/// The benchmark of go-eventserver, all of it, against a daemon that has that program's own file.

#include <fstream>

#include "support/daemon.hpp"

namespace skein::test {
namespace {

struct row {
  int events;
  int batch;
  int users;
};

void PrintTo(const row& r, std::ostream* out) {
  *out << r.events << " events in batches of " << r.batch << " for " << r.users << " users";
}

class RowOfGoEventserver : public testing::TestWithParam<row> {};

TEST_P(RowOfGoEventserver, IsPlayedWithoutFault) {
  const temporary_directory place;
  const auto file = (place.path() / "config.json").string();
  {
    const taken_port source;
    const taken_port client;
    std::ofstream{file} << "{\n  \"eventListenerPort\": " << source.number()
                        << ",\n  \"clientListenerPort\": " << client.number() << "\n}\n";
  }
  daemon broker{{{"source.listen", ""}, {"client.listen", ""}}, {{"-config", file}}};
  const auto [events, batch, users] = GetParam();
  const auto played =
      run(SKEIN_PATH,
          {{"maze", "--event-listener-port", std::to_string(broker.source_port()),
            "--client-listener-port", std::to_string(broker.client_port()), "--total-events",
            std::to_string(events), "--max-event-source-batch-size", std::to_string(batch),
            "--concurrency-level", std::to_string(users), "--log-level", "error"}},
          300s);
  EXPECT_EQ(played.status, 0) << played.out << played.err;
  const auto totals = broker.stop();
  EXPECT_EQ(totals["events_received"], static_cast<std::uint64_t>(events));
  EXPECT_EQ(totals["clients_total"], static_cast<std::uint64_t>(users));
  for (const char* key : {"malformed", "events_late", "events_duplicate", "events_beyond", "gaps",
                          "epochs", "notifications_dropped"}) {
    EXPECT_EQ(totals[key], 0u) << key;
  }
}

INSTANTIATE_TEST_SUITE_P(All, RowOfGoEventserver,
                         testing::Values(row{1'000, 1, 10}, row{1'000, 10, 10}, row{1'000, 100, 10},
                                         row{10'000, 100, 100}, row{10'000, 1'000, 100},
                                         row{10'000, 10'000, 100}, row{100'000, 10'000, 1'000}),
                         [](const auto& instance) {
                           const row& r = instance.param;
                           return std::to_string(r.events) + "EventsInBatchesOf" +
                                  std::to_string(r.batch) + "For" + std::to_string(r.users);
                         });

}  // namespace
}  // namespace skein::test
