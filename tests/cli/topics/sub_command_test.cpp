#include "cli/topics/topic_commands.hpp"

namespace skein::cli::test {
namespace {

using lines = std::vector<std::string>;

/// A lease of messages with these payloads, whose leases are called 1.1, 1.2, ...
io::http_response leased(const lines& payloads) {
  std::string text;
  for (const auto& p : payloads) {
    text += text.empty() ? "" : ",";
    text += "{\"lease\":\"1." + std::to_string(&p - payloads.data() + 1) + "\"," + p + "}";
  }
  return json_answer(200, "{\"deliveries\":[" + text + "]}");
}
const auto acknowledged = json_answer(200, "{\"leases\":[]}");
const auto subscribed = json_answer(201, "{\"name\":\"n\"}");

const std::string here = "/v1/topics/t/subscribers/n";

TEST(SubCommand, SubscribesPrintsAndAcknowledges) {
  const fake_http daemon{{subscribed, leased({R"("payload":"a")", R"("payload_base64":"/wA=")"}),
                          acknowledged, leased({}), leased({R"("payload":"c\nd")"}), acknowledged}};
  const auto done = run(sub_command, daemon, {"t", "n", "--count", "3", "--wait", "2s"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.err, "");
  EXPECT_EQ(done.out, (std::string{"a\n\xff\0\nc\nd\n", 9}));
  EXPECT_EQ(daemon.requests(),
            (lines{"PUT " + here + " {}", "POST " + here + "/lease {\"max\":3,\"wait_ms\":2000}",
                   "POST " + here + "/ack {\"leases\":[\"1.1\",\"1.2\"]}",
                   "POST " + here + "/lease {\"max\":1,\"wait_ms\":2000}",
                   "POST " + here + "/lease {\"max\":1,\"wait_ms\":2000}",
                   "POST " + here + "/ack {\"leases\":[\"1.1\"]}"}));
}

TEST(SubCommand, PrintsWholeDeliveriesAsTheyAreAndNeedNotAcknowledge) {
  const fake_http daemon{{subscribed, leased({R"("id":"7","payload":"a\u0001")"})}};
  const auto done =
      run(sub_command, daemon, {"t", "n", "--json", "--no-ack", "--count", "1", "--max", "1"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.out, "{\"lease\":\"1.1\",\"id\":\"7\",\"payload\":\"a\\u0001\"}\n");
  EXPECT_EQ(daemon.requests().size(), 2u);
}

TEST(SubCommand, LeasesAsTheTopicSaysIfItIsNotTold) {
  const fake_http daemon{{subscribed, problem_answer(404, "There is no such subscriber")}};
  const auto done = run(sub_command, daemon, {"t", "n"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.err, "skein: There is no such subscriber\n");
  EXPECT_EQ(daemon.requests().back(), "POST " + here + "/lease {\"wait_ms\":20000}");
}

TEST(SubCommand, GoesOnWhenTheDaemonIsThereAgain) {
  const fake_http daemon{[](const io::http_request&, std::size_t nth) {
    const std::vector<std::optional<io::http_response>> answers{
        subscribed,
        {},  // the lease
        problem_answer(503, "The daemon is ending"),
        subscribed,
        leased({R"("payload":"a")"}),
        {},  // the acknowledgement
        subscribed,
        problem_answer(409, "Some were not there",
                       ",\"leases\":[{\"lease\":\"1.1\",\"outcome\":\"unknown\"}]")};
    return answers[nth];
  }};
  const auto done = run(sub_command, daemon, {"t", "n", "--count", "1", "--retry", "1ms"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.out, "a\n");
  const std::string lost = "skein: the daemon at 127.0.0.1:" + daemon.port() +
                           " closed the connection without a whole answer; trying again\n";
  const std::string back = "skein: the daemon at 127.0.0.1:" + daemon.port() + " is there again\n";
  EXPECT_EQ(done.err, lost + back + lost + back);
  EXPECT_EQ(daemon.requests().size(), 8u);
}

TEST(SubCommand, EndsWithALostDaemonIfThatIsWanted) {
  const fake_http daemon{{subscribed}};
  const auto done = run(sub_command, daemon, {"t", "n", "--retry", "0"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.err, "skein: the daemon at 127.0.0.1:" + daemon.port() +
                          " closed the connection without a whole answer\n");
}

TEST(SubCommand, EndsIfThereWasNoDaemonAtAll) {
  const fake_http daemon{std::vector<io::http_response>{}};
  EXPECT_EQ(run(sub_command, daemon, {"t", "n"}).status, exit_bad);
  EXPECT_EQ(daemon.requests(), lines{"PUT " + here + " {}"});
}

TEST(SubCommand, SaysWhichWereAcknowledgedTooLate) {
  const fake_http daemon{{subscribed, leased({R"("payload":"a")", R"("payload":"b")"}),
                          problem_answer(409, "Some of the leases were not there any more",
                                         ",\"leases\":[{\"lease\":\"1.1\",\"outcome\":\"over\"},"
                                         "{\"lease\":\"1.2\",\"outcome\":\"done\"}]")}};
  const auto done = run(sub_command, daemon, {"t", "n", "--count", "2"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.err,
            "skein: 1 messages were printed, but not acknowledged in time: they may come again\n");
}

TEST(SubCommand, AcknowledgesInSeveralRequestsWhatIsTooMuchForOne) {
  const fake_http daemon{
      {subscribed, leased(lines(1001, R"("payload":"a")")), acknowledged, acknowledged}};
  const auto done = run(sub_command, daemon, {"t", "n", "--count", "1001"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(daemon.requests()[1], "POST " + here + "/lease {\"max\":1000,\"wait_ms\":20000}");
  EXPECT_EQ(daemon.requests().back(), "POST " + here + "/ack {\"leases\":[\"1.1001\"]}");
}

TEST(SubCommand, Unsubscribes) {
  const fake_http daemon{{json_answer(204)}};
  const auto done = run(sub_command, daemon, {"t", "n", "--unsubscribe"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.out + done.err, "");
  EXPECT_EQ(daemon.requests(), lines{"DELETE " + here});
  const fake_http json{{json_answer(204)}};
  EXPECT_EQ(run(sub_command, json, {"t", "n", "--unsubscribe", "--json"}).out, "{\"ok\":true}\n");
}

TEST(SubCommand, RefusesWrongArguments) {
  for (const auto command : {sub_command, fetch_command}) {
    EXPECT_THROW(command({}), usage_error);
    EXPECT_THROW(command({"t", "n", "m"}), usage_error);
    EXPECT_THROW(command({"t", "a..b"}), usage_error);
    EXPECT_THROW(command({"t", "n", "--max", "-1"}), usage_error);
    EXPECT_THROW(command({"t", "n", "--port", "0"}), usage_error);
  }
  EXPECT_THROW(sub_command({"t", "n", "--retry", "often"}), usage_error);
  EXPECT_THROW(fetch_command({"t"}), usage_error);
  EXPECT_THROW(fetch_command({"t", "n", "--count", "1"}), usage_error);
}

TEST(FetchCommand, PrintsWhatIsThereAndEnds) {
  const fake_http daemon{
      {leased({R"("payload":"a")", R"("payload":"b")"}), acknowledged, leased({})}};
  const auto done = run(fetch_command, daemon, {"t", "n"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.out, "a\nb\n");
  EXPECT_EQ(daemon.requests(), (lines{"POST " + here + "/lease {\"wait_ms\":0}",
                                      "POST " + here + "/ack {\"leases\":[\"1.1\",\"1.2\"]}",
                                      "POST " + here + "/lease {\"wait_ms\":0}"}));
}

TEST(FetchCommand, PrintsNoMoreThanItIsToldTo) {
  const fake_http daemon{{leased({R"("payload":"a")"}), acknowledged}};
  EXPECT_EQ(run(fetch_command, daemon, {"t", "n", "--max", "1"}).out, "a\n");
  EXPECT_EQ(daemon.requests().front(), "POST " + here + "/lease {\"max\":1,\"wait_ms\":0}");
}

TEST(FetchCommand, DoesNotMakeASubscriber) {
  const fake_http daemon{{problem_answer(404, "There is no such subscriber")}};
  const auto done = run(fetch_command, daemon, {"t", "n"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.err, "skein: There is no such subscriber\n");
}

}  // namespace
}  // namespace skein::cli::test
