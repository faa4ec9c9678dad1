#include "cli/topics/topic_commands.hpp"

namespace skein::cli::test {
namespace {

using lines = std::vector<std::string>;

/// What the daemon says of messages with these outcomes.
std::string results(const std::vector<std::string>& outcomes) {
  std::string text = "\"messages\":[";
  for (const auto& o : outcomes)
    text += (text.back() == '[' ? "{\"outcome\":\"" : ",{\"outcome\":\"") + o + "\"}";
  return text + "]";
}
io::http_response published(const std::vector<std::string>& outcomes) {
  return json_answer(200, "{" + results(outcomes) + "}");
}

TEST(PubCommand, PublishesItsArguments) {
  const fake_http daemon{{published({"published", "published", "delayed"})}};
  const auto done = run(pub_command, daemon, {"a.b", "x", "", "\"y\""});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err.substr(0, 14), "3 messages in ");
  EXPECT_EQ(summary(done.err), "2 published, 1 delayed\n");
  EXPECT_EQ(daemon.requests(),
            lines{"POST /v1/topics/a.b/messages?wait=durable "
                  R"({"messages":[{"payload":"x"},{"payload":""},{"payload":"\"y\""}]})"});
}

TEST(PubCommand, DescribesAllMessagesByItsOptions) {
  const fake_http daemon{{published({"published"})}};
  const auto done = run(pub_command, daemon,
                        {"t\xc3\xb6/p?", "--key", "k", "--priority", "2", "--delay", "2s", "--ttl",
                         "1min", "--wait", "delivered", "--timeout", "500ms", "--", "-x\xff"});
  EXPECT_EQ(done.status, exit_good) << done.err;
  EXPECT_EQ(daemon.requests(),
            lines{"POST /v1/topics/t%C3%B6%2Fp%3F/messages?wait=delivered&timeout_ms=500 "
                  R"({"messages":[{"payload_base64":"LXj/","key":"k","priority":2,)"
                  R"("delay_ms":2000,"ttl_ms":60000}]})"});
}

TEST(PubCommand, PublishesLinesInBatches) {
  const input_file input{"1\n\n2\r\n3\n4"};
  const fake_http daemon{[](const io::http_request& r, std::size_t) {
    lines outcomes;
    for (auto at = r.body.find("payload"); at != r.body.npos; at = r.body.find("payload", at + 1))
      outcomes.emplace_back("published");
    return std::optional{published(outcomes)};
  }};
  const auto done = run(pub_command, daemon, {"t", "--file", input.name(), "--batch", "2"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(summary(done.err), "5 published\n");
  const std::string to = "POST /v1/topics/t/messages?wait=durable ";
  EXPECT_EQ(daemon.requests(), (lines{to + R"({"messages":[{"payload":"1"},{"payload":""}]})",
                                      to + R"({"messages":[{"payload":"2\r"},{"payload":"3"}]})",
                                      to + R"({"messages":[{"payload":"4"}]})"}));
}

TEST(PubCommand, NamesWhatIsRefusedAndWhy) {
  const input_file input{"1\n2\n3\n4\n5\n6\n"};
  const fake_http daemon{
      {problem_answer(409, "Some of the messages were refused",
                      "," + results({"published", "overflow", "overflow", "no_such_priority"})),
       problem_answer(404, "The topic has no subscribers",
                      "," + results({"no_subscribers", "no_subscribers"}))}};
  const auto done = run(pub_command, daemon, {"t", "--file", input.name(), "--batch", "4"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(before_summary(done.err),
            "skein: lines 2 to 3 are refused: a subscriber has too many messages pending\n"
            "skein: line 4 is refused: the topic has no such priority\n"
            "skein: lines 5 to 6 are refused: the topic has no subscribers\n");
  EXPECT_EQ(summary(done.err), "1 published, 5 refused\n");
}

TEST(PubCommand, TakesJsonAndPublishesWhatTheDaemonUnderstands) {
  const input_file input{
      "{\"payload\":\"a\",\"key\":\"b\"}\n{\"payload\":1,\"x\":0}\n[]\n{\"payload\" : "
      "12345678901234567890}\n"};
  const fake_http daemon{
      {problem_answer(400, "The request is not valid",
                      R"(,"errors":[{"pointer":"/messages/1/payload","detail":"must be text"},)"
                      R"({"pointer":"/messages/1/x","detail":"is unknown"}])"),
       published({"published", "replaced"})}};
  const auto done = run(pub_command, daemon, {"t", "--json", "--file", input.name()});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.out,
            "{\"outcome\":\"published\"}\n"
            "{\"outcome\":\"refused\",\"detail\":\"/payload must be text; /x is unknown\"}\n"
            "{\"outcome\":\"refused\",\"detail\":\"it is no JSON object\"}\n"
            "{\"outcome\":\"replaced\"}\n");
  EXPECT_EQ(before_summary(done.err),
            "skein: line 2 is refused: /payload must be text; /x is unknown\n"
            "skein: line 3 is refused: it is no JSON object\n");
  const std::string to = "POST /v1/topics/t/messages?wait=durable {\"messages\":[";
  const std::string first = "{\"payload\":\"a\",\"key\":\"b\"},";
  const std::string last = "{\"payload\" : 12345678901234567890}]}";
  EXPECT_EQ(daemon.requests(),
            (lines{to + first + "{\"payload\":1,\"x\":0}," + last, to + first + last}));
}

TEST(PubCommand, PublishesOneByOneWhatIsTooMuchAtOnce) {
  const fake_http daemon{
      {problem_answer(413, "Content Too Large"), published({"published"}),
       problem_answer(413, "Content Too Large", ",\"detail\":\"more than 9 bytes\"")}};
  const auto done = run(pub_command, daemon, {"t", "a", "b"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(before_summary(done.err),
            "skein: message 2 is refused: Content Too Large: more than 9 bytes\n");
  EXPECT_EQ(summary(done.err), "1 published, 1 refused\n");
}

TEST(PubCommand, SaysWhoHasNotAcknowledgedInTime) {
  const fake_http daemon{
      {problem_answer(504, "The messages were not acknowledged in time",
                      "," + results({"published", "published"}) + ",\"waits_for\":[\"a\",\"b\"]")}};
  const auto done = run(pub_command, daemon, {"t", "x", "y", "--wait", "delivered"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(before_summary(done.err),
            "skein: messages 1 to 2: The messages were not acknowledged in time; not by \"a\", "
            "\"b\"\n");
  EXPECT_EQ(summary(done.err), "2 published\n");
}

TEST(PubCommand, SaysWhoNeverWillAcknowledge) {
  const fake_http daemon{{json_answer(
      409, R"({"type":"/problems/delivery-failed","title":"Not all have","status":409,)" +
               results({"published"}) +
               R"(,"missed_by":[{"message":0,"subscriber":"a","outcome":"expired"}]})")}};
  const auto done = run(pub_command, daemon, {"t", "x", "--wait", "delivered"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(before_summary(done.err), "skein: message 1: Not all have; not by \"a\" (expired)\n");
}

TEST(PubCommand, EndsIfNothingCanBePublished) {
  const fake_http none{{problem_answer(404, "There is no such topic", ",\"detail\":\"no t\"")}};
  const auto done = run(pub_command, none, {"t", "x"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.err, "skein: There is no such topic: no t\n");
  const fake_http wrong{
      {problem_answer(400, "The request is not valid",
                      ",\"errors\":[{\"parameter\":\"timeout_ms\",\"detail\":\"must be less\"}]")}};
  EXPECT_EQ(run(pub_command, wrong, {"t", "x"}).err,
            "skein: The request is not valid: timeout_ms must be less\n");
}

TEST(PubCommand, SaysWhatIsKnownWhenItIsNoDaemonThatAnswers) {
  const fake_http other{{json_answer(200, "<html>")}};
  const auto done = run(pub_command, other, {"t", "x"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.err, "skein: the daemon at 127.0.0.1:" + other.port() +
                          " gave an answer that is no JSON object; message 1 may be published or "
                          "not\n");
}

TEST(PubCommand, SaysWhatIsKnownWhenTheDaemonIsLost) {
  const input_file input{"1\n2\n3\n4\n5\n"};
  const fake_http daemon{{published({"published", "published"})}};
  const auto done = run(pub_command, daemon, {"t", "--file", input.name(), "--batch", "2"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.err.substr(0, 14), "2 messages in ");
  EXPECT_EQ(summary(done.err), "2 published\nskein: the daemon at 127.0.0.1:" + daemon.port() +
                                   " closed the connection without a whole answer; lines 3 to 4 "
                                   "may be published or not\n");
  EXPECT_EQ(daemon.requests().size(), 2u);
}

TEST(PubCommand, SaysWhichFileCannotBeReadAsAWhole) {
  try {
    pub_command({"t", "--whole", "--file", "/proc/self/mem"});
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_EQ(std::string{e.what()}.rfind("cannot read /proc/self/mem: ", 0), 0u) << e.what();
  }
}

TEST(PubCommand, RefusesWrongArguments) {
  EXPECT_THROW(pub_command({}), usage_error);
  EXPECT_THROW(pub_command({""}), usage_error);
  EXPECT_THROW(pub_command({"a b", "x"}), usage_error);
  EXPECT_THROW(pub_command({"t", "x", "--file", "f"}), usage_error);
  EXPECT_THROW(pub_command({"t", "x", "--wait", "long"}), usage_error);
  EXPECT_THROW(pub_command({"t", "x", "--delay", "soon"}), usage_error);
  EXPECT_THROW(pub_command({"t", "x", "--ttl", "1us"}), usage_error);
  EXPECT_THROW(pub_command({"t", "x", "--batch", "0"}), usage_error);
  EXPECT_THROW(pub_command({"t", "{}", "--json", "--key", "k"}), usage_error);
  EXPECT_THROW(pub_command({"t", "--file", "/does/not/exist"}), std::runtime_error);
}

}  // namespace
}  // namespace skein::cli::test
