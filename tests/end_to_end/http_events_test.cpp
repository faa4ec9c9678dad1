/// Events, users and the daemon itself over HTTP.

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "harm.hpp"
#include "support/program.hpp"

namespace skein::test {
namespace {

std::string send_events(program& from, const std::string& lines,
                        const std::string& type = "text/plain") {
  const std::string answer = text_of(from.ask({"POST", "/v1/events", lines, type}));
  return answer.substr(0, answer.find(",\"durable\":"));  // what follows is where the stream is
}

/// Epoch and next; what is durable follows them in time.
std::string place(program& asked) {
  const std::string answer = text_of(asked.get("/v1/epochs/current"));
  return answer.substr(0, answer.find(",\"durable_next\":"));
}

std::string taken(int events) {
  return R"(200 {"events":)" + std::to_string(events) + ",\"malformed\":0,\"first\":[]";
}

TEST(HttpEvents, ReachClientsInOrderTogetherWithThoseOfSources) {
  daemon broker{{{"sequence.gap-timeout", "1h"}}};
  auto user = broker.client(2);
  auto source = broker.source();
  program client{broker};
  constexpr int last = 3000;
  std::string by_source, by_http, all;
  int sent = 0;
  for (int i = 1; i <= last; ++i) {
    const std::string line = std::to_string(i) + (i % 10 == 0 ? "|P|1|2" : "|B");
    all += line + "\r\n";
    (i % 3 == 0 ? by_http : by_source) += line + "\n";
    sent += i % 3 == 0;
    if (i % 300 != 0) continue;
    source.send(std::exchange(by_source, {}));
    EXPECT_EQ(send_events(client, std::exchange(by_http, {})), taken(sent));
    sent = 0;
  }
  expect_told(user, all);
  const auto totals = broker.stop();
  EXPECT_EQ(totals["events_received"], 3000u);
  for (const char* key : {"events_late", "events_missing", "epochs", "events_duplicate"})
    EXPECT_EQ(totals[key], 0u) << key;
}

/// Sources of requests are beside those of sockets, and others ask meanwhile.
TEST(HttpEvents, OfManyAtOnceAreAllTaken) {
  daemon broker{{{"sequence.gap-timeout", "1h"}, {"sequence.on-restart", "continue"}}};
  constexpr int publishers = 4, requests = 250;
  std::vector<std::thread> all;
  for (int p = 0; p != publishers; ++p) {
    all.emplace_back([&broker, p] {
      program client{broker};
      for (int i = 0; i != requests; ++i) {
        const std::string line = std::to_string(i * publishers + p + 1) + "|B\n";
        EXPECT_EQ(send_events(client, line), taken(1));
        EXPECT_EQ(client.get("/ready").status, 204u);
      }
    });
  }
  for (std::thread& one : all) one.join();
  broker.await_status("next", publishers * requests + 1);
  EXPECT_EQ(broker.stop()["events_received"], std::uint64_t{publishers * requests});
}

TEST(HttpEvents, MayBeRepeated) {
  daemon broker;
  auto user = broker.client(2);
  program client{broker};
  for (int i = 0; i != 3; ++i) EXPECT_EQ(send_events(client, "1|F|2|3\n2|S|3\n3|B\n"), taken(3));
  EXPECT_EQ(send_events(client, "4|S|3\n"), taken(1));
  expect_told(user, "2|S|3\r\n3|B\r\n4|S|3\r\n");
  broker.stop();
  broker.start_again();
  program other{broker};
  auto again = broker.client(2);
  EXPECT_EQ(send_events(other, "1|F|2|3\n2|S|3\n3|B\n"), taken(3));
  EXPECT_EQ(send_events(other, "5|S|3\n"), taken(1));
  expect_told(again, "5|S|3\r\n");
  EXPECT_EQ(place(other), "200 {\"epoch\":1,\"next\":6");
}

TEST(HttpEvents, MayBeAllThereAre) {
  daemon broker;
  auto user = broker.durable(2, 0);
  program client{broker};
  EXPECT_EQ(send_events(client, "1|F|2|3\n2|S|3\r\n", "application/octet-stream"), taken(2));
  EXPECT_EQ(send_events(client, "3|P|3|2"), taken(1));
  EXPECT_EQ(send_events(client, "4|B\n", "text/plain; charset=utf-8"), taken(1));
  expect_told(user, "2|S|3\r\n3|P|3|2\r\n4|B\r\n");
  EXPECT_EQ(place(client), "200 {\"epoch\":1,\"next\":5");
  EXPECT_EQ(broker.stop()["sources_total"], 3u);
}

TEST(HttpEvents, ThatAreNoneAreNamed) {
  daemon broker{{{"source.max-line", "20"}}};
  auto user = broker.client(2);
  program client{broker};
  EXPECT_EQ(send_events(client, "1|B\nx\n\n2|Q\n3\n2|B\n00000000000000000003|B\n3|P|1|2"),
            "200 {\"events\":3,\"malformed\":5,\"first\":["
            "{\"line\":2,\"reason\":\"no_separator\"},{\"line\":3,\"reason\":\"empty_line\"},"
            "{\"line\":4,\"reason\":\"unknown_type\"},{\"line\":5,\"reason\":\"no_separator\"},"
            "{\"line\":7,\"reason\":\"line_too_long\"}]");
  expect_told(user, "1|B\r\n2|B\r\n3|P|1|2\r\n");
  EXPECT_EQ(send_events(client, ""), taken(0));
  std::string junk;
  for (int i = 0; i != 1000; ++i) junk += "junk\n";
  const auto answer = client.ask({"POST", "/v1/events", junk, "text/plain"});
  EXPECT_EQ(answer.json().at("malformed"), 1000);
  EXPECT_EQ(broker.stop()["malformed"], 1005u);
}

TEST(HttpEvents, MayBeMany) {
  daemon broker;
  auto user = broker.client(1);
  program client{broker};
  const auto lines = broadcasts(1, 100'000);
  EXPECT_EQ(send_events(client, sent(lines)), taken(100'000));
  expect_told(user, told(1, 100'000));
}

TEST(HttpEvents, OutliveARestart) {
  daemon broker;
  {
    program client{broker};
    EXPECT_EQ(send_events(client, "1|F|2|3\n2|S|3\n"), taken(2));
    broker.await_status("next", 3);
    broker.stop();
  }
  broker.start_again();
  program client{broker};
  EXPECT_EQ(text_of(client.get("/v1/users/2/followees")), "200 {\"users\":[3]}\n");
  EXPECT_EQ(place(client), "200 {\"epoch\":1,\"next\":3");
}

// --- users ---

TEST(HttpUsers, AreListedWithWhomTheyFollow) {
  daemon broker;
  program client{broker};
  std::string lines;
  for (int i = 1; i <= 100; ++i)
    lines += std::to_string(i) + "|F|" + std::to_string(1000 + i) + "|7\n";
  lines += "101|F|7|-5\n102|U|1050|7\n103|F|1001|7\n";
  EXPECT_EQ(send_events(client, lines), taken(103));
  broker.await_status("next", 104);
  EXPECT_EQ(text_of(client.get("/v1/users/7/followees")), "200 {\"users\":[-5]}\n");
  EXPECT_EQ(text_of(client.get("/v1/users/-5/followers")), "200 {\"users\":[7]}\n");
  EXPECT_EQ(text_of(client.get("/v1/users/8/followers")), "200 {\"users\":[]}\n");
  for (const char* limit : {"1", "7", "98", "99", "100", "1000"}) {
    std::vector<std::int64_t> users;
    std::string after;
    for (;;) {
      const auto page =
          client.get("/v1/users/7/followers?limit=" + std::string{limit} + after).json();
      for (const auto& user : page.at("users").as_array()) users.push_back(user.as_int64());
      const auto* const next = page.as_object().if_contains("next");
      if (next == nullptr) break;
      after = std::string{"&after="} + next->as_string().c_str();
    }
    std::sort(users.begin(), users.end());
    ASSERT_EQ(users.size(), 99u) << limit;
    EXPECT_EQ(std::adjacent_find(users.begin(), users.end()), users.end());
    EXPECT_EQ(users.front(), 1001);
    EXPECT_EQ(users.back(), 1100);
  }
  for (const char* user :
       {"x", "1x", "9223372036854775808", "-9223372036854775808", "1.0", "%20"}) {
    EXPECT_EQ(client.get(std::string{"/v1/users/"} + user + "/followers").status, 400u) << user;
  }
}

// --- the daemon ---

TEST(HttpEpochs, BeginAnew) {
  daemon broker{{{"http.operator", "true"}}};
  auto user = broker.client(2);
  program client{broker};
  EXPECT_EQ(place(client), "200 {\"epoch\":1,\"next\":1");
  EXPECT_EQ(send_events(client, "1|F|2|3\n2|B\n"), taken(2));
  expect_told(user, "2|B\r\n");
  EXPECT_EQ(text_of(client.post("/v1/epochs")), "201 {\"epoch\":2,\"next\":1}\n");
  EXPECT_EQ(text_of(client.post("/v1/epochs", "{}")), "201 {\"epoch\":3,\"next\":1}\n");
  EXPECT_EQ(client.post("/v1/epochs", R"({"x":1})").status, 400u);
  EXPECT_EQ(text_of(client.get("/v1/users/2/followees")), "200 {\"users\":[]}\n");
  EXPECT_EQ(send_events(client, "1|S|3\n2|P|3|2\n"), taken(2));
  expect_told(user, "2|P|3|2\r\n");
  EXPECT_EQ(place(client), "200 {\"epoch\":3,\"next\":3");
}

TEST(HttpStatistics, TellWhatTheDaemonHasCounted) {
  daemon broker;
  program client{broker};
  client.subscribe("t", "s");
  for (int i = 0; i != 3; ++i) client.publish("t", "x");
  auto some = client.lease("t", "s");
  client.ack("t", "s", {some[0]});
  client.settle("nack", "t", "s", {some[1].lease});
  client.post("/v1/topics/none/messages", R"({"payload":"x"})");
  send_events(client, "1|B\n");
  const auto expected = [&](const char* name, std::uint64_t value) {
    await(name, [&] { return client.number("/v1/statistics", name) == value; });
  };
  expected("messages_published", 3);
  expected("messages_delivered", 3);
  expected("messages_acknowledged", 1);
  expected("messages_returned", 1);
  expected("events_received", 1);
  expected("topics_in_memory", 1);
  expected("http_connections", 1);
  expected("http_refused", 1);
  const auto totals = broker.stop();
  EXPECT_EQ(totals["messages_published"], 3u);
  EXPECT_EQ(totals["messages_acknowledged"], 1u);
  EXPECT_EQ(totals["http_connections"], 0u);
}

TEST(HttpOpenapi, IsServedAsItIs) {
  daemon broker;
  program client{broker};
  const auto answer = client.get("/openapi.json");
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_TRUE(answer.body == bytes_of(std::filesystem::path{SKEIN_ROOT "/docs/openapi.json"}));
}

}  // namespace
}  // namespace skein::test
