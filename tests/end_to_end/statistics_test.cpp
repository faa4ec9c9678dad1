/// The line of statistics.

#include "audience.hpp"

namespace skein::test {
namespace {

constexpr const char* line = "msg=\"statistics\"";

TEST(Statistics, ComeEveryIntervalInWhichSomethingMovedAndElseNot) {
  daemon broker{{{"statistics.interval", "50ms"}}};
  // Ten intervals: nothing but time shows that nothing comes.
  std::this_thread::sleep_for(500ms);
  EXPECT_EQ(broker.lines_with(line), 0u);

  audience users{broker, {1, 2}};
  auto source = broker.source();
  for (int n = 1; n <= 10; ++n) {
    const auto before = broker.lines_with(line);
    const auto event = std::to_string(n) + "|B";
    source.send(event + "\n");
    users.expect({event});
    users.await();
    broker.await_counter("events_received", static_cast<std::uint64_t>(n));
    EXPECT_GT(broker.lines_with(line), before);
  }
  broker.await_counter("bytes_written", 2 * (9 * 5 + 6));
  std::this_thread::sleep_for(200ms);  // the last ones that still moved
  const auto settled = broker.lines_with(line);
  std::this_thread::sleep_for(500ms);
  EXPECT_EQ(broker.lines_with(line), settled);
  users.verify();
}

TEST(Statistics, MayComeOnlyAtTheEnd) {
  daemon broker{{{"statistics.interval", "0"}}};
  audience users{broker, {1}};
  auto source = broker.source();
  source.send("1|B\n2|P|1|1\nx\n3|B\n");
  users.expect({"1|B", "2|P|1|1", "3|B"});
  const auto totals = users.verify();
  EXPECT_EQ(broker.lines_with(line), 0u);
  EXPECT_EQ(totals["events_received"], 3u);
}

TEST(Statistics, CountEverythingOnceAtTheEnd) {
  daemon broker;
  audience users{broker, {1, 2, 3}};
  auto source = broker.source();
  const std::string text =
      "1|F|1|2\n2|F|3|2\n3|U|3|2\n4|S|2\n5|P|2|3\n6|P|2|9\n7|B\nbad\n\n7|B\n8|B\n";
  source.send(text);
  users.expect({"1|F|1|2", "2|F|3|2", "3|U|3|2", "4|S|2", "5|P|2|3", "6|P|2|9", "7|B", "8|B"});
  const auto totals = users.verify();
  EXPECT_EQ(totals["events_received"], 9u);
  EXPECT_EQ(totals["notifications_sent"], 2u + 1 + 1 + 6);
  EXPECT_EQ(totals.text("events_received_by_kind"),
            "follow:2 unfollow:1 broadcast:3 private:2 status:1");
  EXPECT_EQ(totals.text("notifications_sent_by_kind"), "follow:2 broadcast:6 private:1 status:1");
  EXPECT_EQ(totals.text("malformed_by_reason"), "empty_line:1 no_separator:1");
  EXPECT_EQ(totals["events_duplicate"], 1u);
  EXPECT_EQ(totals["bytes_read"], text.size());
  EXPECT_EQ(totals["bytes_written"], 9u + 9 + 7 + 9 + 6 * 5);
  EXPECT_EQ(totals["sources_total"], 1u);
  EXPECT_EQ(totals["clients_total"], 3u);
  for (const char* key :
       {"events_late", "events_beyond", "gaps", "events_missing", "epochs", "notifications_dropped",
        "overflows", "handshakes_failed", "accept_errors", "sources", "clients"}) {
    EXPECT_EQ(totals[key], 0u) << key;
  }
}

}  // namespace
}  // namespace skein::test
