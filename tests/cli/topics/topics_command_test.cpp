#include <boost/json/parse.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "cli/topics/topic_commands.hpp"
#include "doors/http/api/openapi.hpp"

namespace skein::cli::test {
namespace {

using lines = std::vector<std::string>;

TEST(TopicsCommand, ListsAllPages) {
  const auto page = [](const std::string& name, const std::string& next) {
    return json_answer(200, R"({"topics":[{"name":")" + name +
                                R"(","options":{"storage":"memory","lease_ms":90000}}])" + next +
                                "}");
  };
  const std::vector<io::http_response> pages{page("a", R"(,"next":"a&\u00f6")"), page("b", "")};
  const fake_http daemon{pages};
  EXPECT_EQ(run(topics_command, daemon, {}).out, "a memory\nb memory\n");
  EXPECT_EQ(daemon.requests(),
            (lines{"GET /v1/topics?limit=1000", "GET /v1/topics?limit=1000&after=a%26%C3%B6"}));
  const fake_http verbose{pages};
  EXPECT_EQ(run(topics_command, verbose, {"-v"}).out,
            "a storage=memory lease=90s\nb storage=memory lease=90s\n");
  const fake_http json{pages};
  EXPECT_EQ(run(topics_command, json, {"--json"}).out,
            R"({"name":"a","options":{"storage":"memory","lease_ms":90000}})"
            "\n"
            R"({"name":"b","options":{"storage":"memory","lease_ms":90000}})"
            "\n");
}

TEST(TopicsCommand, ShowsTheWordsOfStrangersWithoutWhatATerminalActsOn) {
  const std::string name = R"(evil\u001b[2J\u009b31m\u202e)";
  const auto list =
      json_answer(200, R"({"topics":[{"name":")" + name + R"(","options":{"storage":"memory"}}]})");
  const fake_http daemon{{list}};
  EXPECT_EQ(run(topics_command, daemon, {}).out, name + " memory\n");
  const fake_http lying{
      {json_answer(200, R"({"topics":[{"name":"a","options":{"storage":")" + name + R"("}}]})")}};
  EXPECT_EQ(run(topics_command, lying, {}).out, "a " + name + "\n");
  const fake_http naming{
      {json_answer(200, "{\"" + name + "\":1}"), json_answer(200, R"({"subscribers":[]})")}};
  EXPECT_EQ(run(topics_command, naming, {"show", "a"}).out, name + ": 1\n");
  const fake_http delaying{{json_answer(200, R"({"messages":[{"key":")" + name + R"("}]})")}};
  EXPECT_EQ(run(topics_command, delaying, {"delayed", "a", "--json"}).out,
            "{\"key\":\"" + name + "\"}\n");
  const fake_http json{{list}};
  EXPECT_EQ(run(topics_command, json, {"--json"}).out,
            "{\"name\":\"" + name + "\",\"options\":{\"storage\":\"memory\"}}\n");
  const fake_http refusing{{problem_answer(404, "There is no topic " + name)}};
  EXPECT_EQ(run(topics_command, refusing, {}).err, "skein: There is no topic " + name + "\n");
}

TEST(TopicsCommand, CreatesATopicWithOptions) {
  const fake_http daemon{
      {json_answer(201, R"({"name":"a","options":{"storage":"memory","lease_ms":1500}})")}};
  const auto done = run(topics_command, daemon,
                        {"create", "a", "--storage", "memory", "--no-subscribers", "hold",
                         "--ordered", "true", "--lease", "1500ms", "--max-deliveries", "0"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.out, "a storage=memory lease=1500ms\n");
  EXPECT_EQ(daemon.requests(),
            lines{R"(PUT /v1/topics/a {"storage":"memory","no_subscribers":"hold","ordered":true,)"
                  R"("lease_ms":1500,"max_deliveries":0})"});
}

TEST(TopicsCommand, SetsOptionsOfATopic) {
  const fake_http daemon{{json_answer(200, R"({"name":"a","options":{"max_pending":5}})")}};
  const auto done = run(topics_command, daemon, {"set", "a", "--max-pending", "5"});
  EXPECT_EQ(done.status, exit_good) << done.err;
  EXPECT_EQ(done.out, "a max_pending=5\n");
  EXPECT_EQ(daemon.requests(), lines{R"(PATCH /v1/topics/a {"max_pending":5})"});
}

TEST(TopicsCommand, HasEveryOptionOfTheApi) {
  const auto document = boost::json::parse(api::openapi_document());
  const auto& options =
      document.at("components").at("schemas").at("TopicOptionsGiven").at("properties").as_object();
  ASSERT_FALSE(options.empty());
  for (const auto& [member, schema] : options) {
    std::string name{member.data(), member.size()};
    if (name.size() > 3 && name.substr(name.size() - 3) == "_ms") name.resize(name.size() - 3);
    for (char& c : name) c = c == '_' ? '-' : c;
    const auto& type = schema.at("type").as_string();
    const std::string value = type == "boolean" ? "true" : "1";
    const fake_http daemon{{json_answer(200, "{\"options\":{}}")}};
    const auto done = run(topics_command, daemon, {"create", "a", "--" + name, value});
    EXPECT_EQ(done.status, exit_good) << done.err;
    const std::string expected = type == "string" ? "\"1\"" : value;
    EXPECT_EQ(daemon.requests(),
              lines{"PUT /v1/topics/a {\"" + std::string{member} + "\":" + expected + "}"});
  }
}

TEST(TopicsCommand, NamesEveryOptionThatTheDaemonRefuses) {
  const fake_http daemon{
      {problem_answer(400, "The request is not valid",
                      R"(,"detail":"/batch must be less","errors":[{"pointer":"/batch",)"
                      R"("detail":"must be less"},{"pointer":"","detail":"is odd"}])")}};
  const auto done = run(topics_command, daemon, {"create", "a", "--batch", "99999"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.err, "skein: The request is not valid: /batch must be less; the body is odd\n");
}

TEST(TopicsCommand, ShowsATopicAndItsSubscribers) {
  const std::vector<io::http_response> answers{
      json_answer(200, R"({"name":"a","options":{"storage":"durable","retry_delay_ms":1000},)"
                       R"("messages":5,"subscribers":2})"),
      json_answer(200, R"({"subscribers":[{"name":"x","idle_expiry_ms":0,"dead":1}],"next":"x"})"),
      json_answer(200, R"({"subscribers":[{"name":"y","idle_expiry_ms":60000,"dead":0}]})")};
  const fake_http daemon{answers};
  EXPECT_EQ(run(topics_command, daemon, {"show", "a"}).out,
            "name: a\nstorage: durable\nretry-delay: 1s\nmessages: 5\nsubscribers: 2\n"
            "subscriber: name=x idle_expiry=0ms dead=1\n"
            "subscriber: name=y idle_expiry=1min dead=0\n");
  EXPECT_EQ(daemon.requests(), (lines{"GET /v1/topics/a", "GET /v1/topics/a/subscribers?limit=1000",
                                      "GET /v1/topics/a/subscribers?limit=1000&after=x"}));
}

TEST(TopicsCommand, DeletesATopic) {
  const fake_http daemon{{json_answer(204)}};
  const auto done = run(topics_command, daemon, {"delete", "a"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.out + done.err, "");
  EXPECT_EQ(daemon.requests(), lines{"DELETE /v1/topics/a"});
  const fake_http json{{json_answer(204), problem_answer(404, "There is no such topic")}};
  EXPECT_EQ(run(topics_command, json, {"--json", "delete", "a"}).out, "{\"ok\":true}\n");
  const auto failed = run(topics_command, json, {"--json", "delete", "a"});
  EXPECT_EQ(failed.status, exit_bad);
  EXPECT_EQ(failed.out, "");
  EXPECT_EQ(failed.err, "skein: There is no such topic\n");
}

TEST(TopicsCommand, SaysSoIfItIsNoDaemonThatAnswers) {
  const fake_http other{
      {json_answer(200, "<html>"), json_answer(502, "<html>"), json_answer(200, "{\"topics\":1}")}};
  EXPECT_EQ(run(topics_command, other, {}).err, "skein: the daemon at 127.0.0.1:" + other.port() +
                                                    " gave an answer that is no JSON object\n");
  EXPECT_EQ(run(topics_command, other, {}).err, "skein: the daemon has answered with status 502\n");
  EXPECT_EQ(run(topics_command, other, {}).err, "skein: the daemon's answer has no \"topics\"\n");
}

TEST(TopicsCommand, RefusesWrongArguments) {
  EXPECT_THROW(topics_command({"create"}), usage_error);
  EXPECT_THROW(topics_command({"set", "a"}), usage_error);
  EXPECT_THROW(topics_command({"make", "a"}), usage_error);
  EXPECT_THROW(topics_command({"show", "a", "b"}), usage_error);
  EXPECT_THROW(topics_command({"delete", "a "}), usage_error);
  EXPECT_THROW(topics_command({"show", "a", "--batch", "1"}), usage_error);
  EXPECT_THROW(topics_command({"create", "a", "--batch", "many"}), usage_error);
  EXPECT_THROW(topics_command({"create", "a", "--ordered", "1"}), usage_error);
  EXPECT_THROW(topics_command({"create", "a", "--lease",
                               "1"
                               "x"}),
               usage_error);
}

TEST(TopicsCommand, ListsWhatIsDelayed) {
  const fake_http daemon{{json_answer(200, R"({"messages":[{"id":"7.1","payload":"x y"}]})")}};
  EXPECT_EQ(run(topics_command, daemon, {"delayed", "t"}).out, "id=7.1 payload=\"x y\"\n");
  EXPECT_EQ(daemon.requests(), lines{"GET /v1/topics/t/delayed?limit=1000"});
}

TEST(TopicsCommand, CancelsWhatIsDelayedAThousandAtATime) {
  const std::vector<io::http_response> answers{
      json_answer(200, R"({"messages":999,"unknown":["5.1"]})"),
      json_answer(200, R"({"messages":1,"unknown":[]})")};
  arguments args{"cancel", "t"};
  for (int id = 1; id <= 1001; ++id) args.push_back(std::to_string(id) + ".1");
  const fake_http daemon{answers};
  const auto done = run(topics_command, daemon, args);
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.out, "cancelled: 1000\n");
  EXPECT_EQ(done.err, "skein: 5.1 is not delayed\n");
  EXPECT_EQ(daemon.requests().back(), "POST /v1/topics/t/delayed/cancel {\"ids\":[\"1001.1\"]}");
  EXPECT_THROW(topics_command({"cancel", "t"}), usage_error);
}

const std::string letters = "/v1/topics/t/subscribers/n/dead-letters";

TEST(DlqCommand, ListsAllPages) {
  const std::vector<io::http_response> pages{
      json_answer(200, R"({"messages":[{"id":"7","attempts":3,"key":"a b","payload":"x\ny"}],)"
                       R"("next":"7"})"),
      json_answer(200, R"({"messages":[{"id":"9","attempts":1,"payload":""}]})")};
  const fake_http daemon{pages};
  EXPECT_EQ(run(dlq_command, daemon, {"list", "t", "n"}).out,
            "id=7 attempts=3 key=\"a b\" payload=\"x\\ny\"\nid=9 attempts=1 payload=\"\"\n");
  EXPECT_EQ(daemon.requests(),
            (lines{"GET " + letters + "?limit=1000", "GET " + letters + "?limit=1000&after=7"}));
  const fake_http json{{pages[1]}};
  EXPECT_EQ(run(dlq_command, json, {"list", "t", "n", "--json"}).out,
            R"({"id":"9","attempts":1,"payload":""})"
            "\n");
}

TEST(DlqCommand, ReplaysThoseWithTheIds) {
  const fake_http daemon{{json_answer(200, R"({"messages":1,"unknown":["8"]})")}};
  const auto some = run(dlq_command, daemon, {"replay", "t", "n", "7", "8"});
  EXPECT_EQ(some.status, exit_bad);
  EXPECT_EQ(some.out, "replayed: 1\n");
  EXPECT_EQ(some.err, "skein: 8 is no dead letter of n\n");
  EXPECT_EQ(daemon.requests(), lines{"POST " + letters + "/replay {\"ids\":[\"7\",\"8\"]}"});
}

TEST(DlqCommand, PurgesAThousandAtATime) {
  const std::vector<io::http_response> answers{
      json_answer(200, R"({"messages":999,"unknown":["5"]})"),
      json_answer(200, R"({"messages":1,"unknown":[]})")};
  arguments args{"purge", "t", "n"};
  for (int id = 1; id <= 1001; ++id) args.push_back(std::to_string(id));
  const fake_http daemon{answers};
  EXPECT_EQ(run(dlq_command, daemon, args).out, "purged: 1000\n");
  EXPECT_EQ(daemon.requests().back(), "POST " + letters + "/purge {\"ids\":[\"1001\"]}");
  const fake_http json{answers};
  args.push_back("--json");
  EXPECT_EQ(run(dlq_command, json, args).out, "{\"messages\":1000,\"unknown\":[\"5\"]}\n");
}

const std::vector<io::http_response> two_pages{
    json_answer(200, R"({"messages":[{"id":"7"},{"id":"9"}],"next":"9"})"),
    json_answer(200, R"({"messages":2,"unknown":[]})"),
    json_answer(200, R"({"messages":[{"id":"12"}]})"),
    json_answer(200, R"({"messages":1,"unknown":[]})")};

/// Of all dead letters, so that others get at the topic in between, and each but once: one that is
/// replayed and dies again keeps its id.
TEST(DlqCommand, SettlesAllPageByPageForward) {
  const fake_http daemon{two_pages};
  const auto all = run(dlq_command, daemon, {"replay", "t", "n"});
  EXPECT_EQ(all.status, exit_good);
  EXPECT_EQ(all.out, "replayed: 3\n");
  EXPECT_EQ(all.err, "");
  EXPECT_EQ(daemon.requests(), (lines{"GET " + letters + "?limit=1000",
                                      "POST " + letters + "/replay {\"ids\":[\"7\",\"9\"]}",
                                      "GET " + letters + "?limit=1000&after=9",
                                      "POST " + letters + "/replay {\"ids\":[\"12\"]}"}));
  const fake_http json{two_pages};
  EXPECT_EQ(run(dlq_command, json, {"purge", "t", "n", "--json"}).out,
            "{\"messages\":3,\"unknown\":[]}\n");
}

TEST(DlqCommand, SettlesNothingWhereNothingIsDead) {
  const std::vector<io::http_response> nothing{json_answer(200, R"({"messages":[]})")};
  const fake_http daemon{nothing};
  const auto done = run(dlq_command, daemon, {"purge", "t", "n"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.out, "purged: 0\n");
  EXPECT_EQ(daemon.requests(), lines{"GET " + letters + "?limit=1000"});
  const fake_http json{nothing};
  EXPECT_EQ(run(dlq_command, json, {"purge", "t", "n", "--json"}).out,
            "{\"messages\":0,\"unknown\":[]}\n");
}

TEST(DlqCommand, DoesNotMindWhatAnotherHasSettledMeanwhile) {
  const fake_http daemon{{json_answer(200, R"({"messages":[{"id":"7"},{"id":"9"}]})"),
                          json_answer(200, R"({"messages":1,"unknown":["7"]})")}};
  const auto done = run(dlq_command, daemon, {"purge", "t", "n"});
  EXPECT_EQ(done.status, exit_good);
  EXPECT_EQ(done.out, "purged: 1\n");
  EXPECT_EQ(done.err, "");
}

TEST(DlqCommand, SaysHowFarItCameBeforeItFailed) {
  auto answers = two_pages;
  answers[3] = problem_answer(507, "It cannot be stored");
  const fake_http daemon{answers};
  const auto done = run(dlq_command, daemon, {"purge", "t", "n"});
  EXPECT_EQ(done.status, exit_bad);
  EXPECT_EQ(done.out, "purged: 2\n");
  EXPECT_EQ(done.err, "skein: It cannot be stored\n");
}

TEST(DlqCommand, TellsEverySecondHowFarItIs) {
  using std::chrono::steady_clock;
  const auto end = std::make_shared<std::optional<steady_clock::time_point>>();
  const fake_http daemon{[end](const io::http_request& r, std::size_t nth) {
    if (nth == 0) *end = steady_clock::now() + std::chrono::seconds{1};
    if (r.method == io::http_method::post)
      return json_answer(200, R"({"messages":1,"unknown":[]})");
    const auto id = std::to_string(nth);
    return json_answer(200, R"({"messages":[{"id":")" + id + R"("}])" +
                                (steady_clock::now() < **end ? R"(,"next":")" + id + "\"}" : "}"));
  }};
  const auto done = run(dlq_command, daemon, {"purge", "t", "n"});
  EXPECT_NE(done.err.find(" dead letters in 1."), std::string::npos) << done.err;
  EXPECT_EQ(done.out, "purged: " + std::to_string(daemon.requests().size() / 2) + "\n");
}

TEST(DlqCommand, RefusesWrongArguments) {
  EXPECT_THROW(dlq_command({}), usage_error);
  EXPECT_THROW(dlq_command({"list", "t"}), usage_error);
  EXPECT_THROW(dlq_command({"list", "t", "n", "7"}), usage_error);
  EXPECT_THROW(dlq_command({"delete", "t", "n"}), usage_error);
  EXPECT_THROW(dlq_command({"purge", "t", "n", "x"}), usage_error);
}

}  // namespace
}  // namespace skein::cli::test
