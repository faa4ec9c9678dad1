/// Connections over HTTP: how long they live, what comes in which order, and how they end.

#include <algorithm>
#include <csignal>
#include <vector>

#include "http_bytes.hpp"

namespace skein::test {
namespace {

using namespace std::string_literals;

TEST(HttpConnection, IsKept) {
  daemon broker;
  http_client client{broker.http_port()};
  for (int i = 0; i != 100; ++i) {
    const auto answer = client.ask(ready);
    EXPECT_EQ(answer.status, 204u);
    EXPECT_TRUE(answer.keeps_open());
  }
  client.connection().half_close();
  client.expect_end();
  const auto totals = broker.stop();
  EXPECT_EQ(totals["http_connections_total"], 1u);
  EXPECT_EQ(totals["http_connections"], 0u);
  EXPECT_EQ(totals["http_requests"], 100u);
  EXPECT_EQ(totals["http_refused"], 0u);
}

TEST(HttpConnection, IsClosedWhenTheClientWantsThat) {
  daemon broker;
  EXPECT_EQ(answer_to(broker, request_of("GET /ready HTTP/1.1", "Connection: close\r\n")),
            "204 closed");
  EXPECT_EQ(answer_to(broker, request_of("GET /ready HTTP/1.1", "connection: a, Close\r\n")),
            "204 closed");
  EXPECT_EQ(answer_to(broker, request_of("GET /ready HTTP/1.1", "Connection: keep-alive\r\n")),
            "204");
  EXPECT_EQ(answer_to(broker, "GET /ready HTTP/1.0\r\n\r\n"), "204 closed");
  http_client old{broker.http_port()};
  for (int i = 0; i != 2; ++i) {
    old.send("GET /ready HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    const auto answer = old.receive();
    EXPECT_EQ(answer.status_line, "HTTP/1.1 204 No Content");
    EXPECT_EQ(answer.header("connection"), "keep-alive");
  }
}

TEST(HttpConnection, AnswersInTheOrderOfTheRequests) {
  daemon broker;
  program client{broker};
  client.subscribe("t", "s");
  std::string bytes;
  for (int i = 0; i != 500; ++i) {
    bytes += bytes_of(http_message{"POST", "/v1/topics/t/messages",
                                   R"({"payload":")" + std::to_string(i) + R"("})"});
    bytes += bytes_of(ready);
    bytes += bytes_of(http_message{"POST", "/v1/topics/t/subscribers/s/lease", R"({"max":1})"});
    bytes += bytes_of(http_message{"GET", "/nothing/" + std::to_string(i), ""});
  }
  client.http().send(bytes);
  for (int i = 0; i != 500; ++i) {
    EXPECT_EQ(outcomes_in(client.http().receive()), "published");
    EXPECT_EQ(client.http().receive().status, 204u);
    EXPECT_EQ(payloads_of(deliveries_in(client.http().receive())), std::to_string(i));
    EXPECT_EQ(client.http().receive().status, 404u);
  }
}

TEST(HttpConnection, AnswersInOrderAlsoWhenOneHasToWait) {
  daemon broker;
  program waiting{broker}, other{broker};
  other.subscribe("t", "s");
  waiting.http().send(
      bytes_of({"POST", "/v1/topics/t/subscribers/s/lease", R"({"wait_ms":30000})"}) +
      bytes_of(ready) + bytes_of({"GET", "/v1/topics/t", ""}));
  other.publish("t", "x");
  EXPECT_EQ(payloads_of(deliveries_in(waiting.http().receive())), "x");
  EXPECT_EQ(waiting.http().receive().status, 204u);
  EXPECT_EQ(waiting.http().receive().status, 200u);
}

TEST(HttpConnection, EndsWhenTheClientHasSentAllAndGotAll) {
  daemon broker{{{"http.operator", "true"}}};
  http_client client{broker.http_port()};
  client.send(bytes_of(ready) + bytes_of({"POST", "/v1/epochs", ""}) + bytes_of(ready));
  client.connection().half_close();
  for (const unsigned status : {204u, 201u, 204u}) EXPECT_EQ(client.receive().status, status);
  client.expect_end();
}

TEST(HttpConnection, MayEndAtAnyByte) {
  daemon broker;
  program other{broker};
  other.subscribe("t", "s");
  const std::string bytes =
      bytes_of(http_message{"POST", "/v1/topics/t/messages", R"({"payload":"a message"})"});
  std::size_t ends = 0;
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    for (const bool with_reset : {false, true}) {
      peer client{broker.http_port()};
      client.send(bytes.substr(0, size));
      if (with_reset) {
        client.reset();
      } else {
        client.half_close();
        EXPECT_EQ(client.receive_all(), "") << size;
      }
      ++ends;
    }
  }
  broker.await_counter("http_connections_total", ends + 1);
  broker.await_exactly("http_connections", 1);
  EXPECT_EQ(other.number("/v1/topics/t", "messages"), 0u);
}

TEST(HttpConnection, ThatEndsWhileAnAnswerIsWrittenLosesNothing) {
  daemon broker;
  program other{broker};
  other.create("t", R"({"storage":"memory","lease_ms":0})");
  other.subscribe("t", "s");
  for (int i = 0; i != 8; ++i) other.publish("t", std::string(4 << 20, 'x'));
  const http_message lease{"POST", "/v1/topics/t/subscribers/s/lease", R"({"max":1})"};
  const http_message fetch{"POST", "/api/fetch", R"({"subject":"t","id":"s"})"};
  for (const http_message& asks : {lease, fetch}) {
    for (int i = 0; i != 4; ++i) {
      http_client client{broker.http_port(), 4096};
      client.send(asks);
      client.connection().receive(1000);
      i % 2 == 0 ? client.connection().reset() : client.connection().close();
    }
  }
  broker.await_exactly("http_connections", 1);
  await("the messages to be given back",
        [&] { return other.number("/v1/topics/t/subscribers/s", "leased") == 0; });
  const auto again = other.lease("t", "s", R"({"max":1})");
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].attempt, 1u);
}

TEST(HttpConnection, IsOneOfAsManyAsThereMayBe) {
  daemon broker{{{"http.max-connections", "3"}}};
  std::vector<http_client> some;
  for (int i = 0; i != 3; ++i) {
    some.emplace_back(broker.http_port());
    EXPECT_EQ(some.back().ask(ready).status, 204u);
  }
  for (int i = 0; i != 3; ++i) {
    http_client client{broker.http_port()};
    const auto answer = client.receive();
    EXPECT_EQ(answer.status, 503u);
    EXPECT_EQ(answer.header("retry-after"), "1");
    EXPECT_FALSE(answer.keeps_open());
    client.expect_end();
  }
  EXPECT_EQ(program{broker}.http().receive().status, 503u);
  broker.await_exactly("http_turned_away", 4);
  broker.await_exactly("connections_refused", 4);
  broker.await_line("msg=\"connection refused, there are too many\" door=http");
  for (auto& client : some) EXPECT_EQ(client.ask(ready).status, 204u);
  some.pop_back();
  await("room for one more", [&] {
    peer client{broker.http_port()};
    try {
      client.send(request_of("GET /ready HTTP/1.1", "Connection: close\r\n"));
    } catch (const std::runtime_error&) {  // it is closed
    }
    return client.receive_all().rfind("HTTP/1.1 204 ", 0) == 0;
  });
}

// --- time ---

const daemon::options impatient{{"http.request-timeout", "400ms"}, {"http.idle-timeout", "300ms"}};

TEST(HttpTimeout, EndsARequestThatDoesNotComeToItsEnd) {
  daemon broker{impatient};
  const std::string post = "POST /v1/epochs HTTP/1.1\r\nHost: localhost\r\n";
  std::vector<http_client> all;
  for (const std::string& bytes :
       {"G"s, "GET /ready HTTP/1.1\r\n"s, "GET /ready HTTP/1.1\r\nHost: localhost\r\n"s,
        post + "Content-Length: 10\r\n\r\n{", post + "Transfer-Encoding: chunked\r\n\r\n1\r\n"}) {
    for (const bool behind_another : {false, true}) {
      all.emplace_back(broker.http_port());
      if (behind_another) {
        EXPECT_EQ(all.back().ask(ready).status, 204u);
      }
      all.back().send(bytes);
    }
  }
  for (auto& client : all) {
    EXPECT_EQ(client.receive().status_line, "HTTP/1.1 408 Request Timeout");
    client.expect_end();
  }
}

TEST(HttpTimeout, EndsARequestThatComesByteByByte) {
  daemon broker{impatient};
  peer client{broker.http_port()};
  client.send("GET /ready HTTP/1.1\r\nX: ");
  await("an answer", [&] {
    try {
      client.send("x");
    } catch (const std::runtime_error&) {  // it is closed
    }
    return !client.receive_now().empty();
  });
  EXPECT_EQ(client.receive_until("\r\n").substr(0, 29), "HTTP/1.1 408 Request Timeout\r");
}

TEST(HttpTimeout, EndsAConnectionThatIsIdle) {
  daemon broker{impatient};
  http_client silent{broker.http_port()}, client{broker.http_port()};
  EXPECT_EQ(client.ask(ready).status, 204u);
  client.expect_end();
  silent.expect_end();
  EXPECT_EQ(broker.stop()["http_refused"], 0u);
}

TEST(HttpTimeout, IsNoneWhileARequestIsAnswered) {
  daemon broker{impatient};
  program waiting{broker}, other{broker};
  other.subscribe("t", "s");
  waiting.begin({"POST", subscriber_path("t", "s") + "/lease", R"({"wait_ms":900})"});
  EXPECT_EQ(payloads_of(deliveries_in(waiting.end())), "");
}

TEST(HttpTimeout, LetsGoOfWhoDoesNotTakeAnAnswer) {
  daemon broker{impatient};
  http_client client{broker.http_port(), 4096};
  std::string bytes;
  // Until the daemon reads no more, because it can write no more.
  const std::string request = bytes_of({"GET", "/openapi.json", ""});
  for (int i = 0; i != 100; ++i) bytes += request;
  try {
    while (client.connection().send_some(bytes, 50ms) == bytes.size()) {
    }
  } catch (const std::runtime_error&) {  // it has let go already
  }
  broker.await_exactly("http_connections", 0);
  client.connection().receive_all();
  EXPECT_TRUE(client.connection().was_reset());
  EXPECT_EQ(answer_to(broker, bytes_of(ready)), "204");
}

// --- crowds ---

TEST(HttpCrowd, OfAThousandIsServed) {
  daemon broker;
  program other{broker};
  other.subscribe("t", "s");
  std::vector<program> all;
  for (int i = 0; i != 1000; ++i) {
    all.emplace_back(broker);
    all.back().begin(
        {"POST", subscriber_path("t", "s") + "/lease", R"({"max":1,"wait_ms":30000})"});
  }
  std::string body = R"({"messages":[)";
  for (int i = 0; i != 1000; ++i) {
    body += (i == 0 ? "{\"payload\":\"" : ",{\"payload\":\"") + std::to_string(i) + "\"}";
  }
  EXPECT_EQ(other.post("/v1/topics/t/messages", body + "]}").status, 200u);
  std::vector<int> got;
  for (auto& client : all) {
    const auto some = deliveries_in(client.end());
    ASSERT_EQ(some.size(), 1u);
    got.push_back(std::stoi(some[0].payload));
  }
  std::sort(got.begin(), got.end());
  for (int i = 0; i != 1000; ++i) ASSERT_EQ(got[static_cast<std::size_t>(i)], i);
  for (auto& client : all) {
    client.begin({"POST", subscriber_path("t", "s") + "/lease", R"({"wait_ms":30000})"});
  }
  EXPECT_EQ(broker.stop()["http_connections_total"], 1001u);
  for (auto& client : all) {
    EXPECT_EQ(client.http().connection().receive_all().rfind("HTTP/1.1 ", 0), 0u);
  }
}

TEST(HttpCrowd, OfSlowOnesTakesLittleMemory) {
  daemon broker;
  http_client other{broker.http_port()};
  EXPECT_EQ(other.ask(ready).status, 204u);
  std::vector<peer> slow;
  const auto before = broker.program().memory_kib();
  constexpr std::size_t many = 2000;
  for (std::size_t i = 0; i != many; ++i) {
    slow.emplace_back(broker.http_port());
    slow.back().send(
        "POST /v1/epochs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: 16000000\r\n\r\n{");
  }
  for (int round = 0; round != 20; ++round) {
    for (auto& client : slow) client.send(" ");
    EXPECT_EQ(other.ask(ready).status, 204u);
  }
  broker.await_counter("http_connections", many + 1);
  EXPECT_LT(broker.program().memory_kib(), before + many * 20);
}

TEST(HttpCrowd, ThatTakesNoAnswersTakesOnlySoMuchMemory) {
  constexpr std::size_t budget = 32;  // MiB
  daemon broker{{{"http.max-answers", std::to_string(budget) + "MiB"}}};
  program other{broker};
  other.create("t", R"({"storage":"memory"})");
  std::vector<program> all;
  for (int i = 0; i != 24; ++i) {
    other.subscribe("t", "s" + std::to_string(i));
    all.emplace_back(broker);
    all.back().begin(
        {"POST", subscriber_path("t", "s" + std::to_string(i)) + "/lease", R"({"wait_ms":30000})"});
  }
  // Each control character takes six bytes of an answer: 12 MiB, and that 24 times.
  const http_message publish{
      "POST", "/api/publish",
      R"({"subject":"t","data":)" + json_text(std::string(2 << 20, '\x01')) + "}"};
  const auto before = broker.program().memory_kib();
  EXPECT_EQ(other.http().ask(publish).status, 200u);
  std::size_t refused = 0;
  await("most to be refused", [&] { return other.number("/v1/statistics", "http_refused") >= 20; });
  EXPECT_LT(broker.program().memory_kib(), before + (budget + 64) * 1024);
  for (auto& client : all) {
    const auto answer = client.end();
    if (answer.status != 200) {
      EXPECT_EQ(answer.status, 503u) << text_of(answer).substr(0, 200);
      EXPECT_EQ(answer.header("retry-after"), "1");
      ++refused;
    }
  }
  EXPECT_GT(refused, 0u);
  EXPECT_LT(refused, 24u);
}

TEST(HttpCrowd, ThatTakesNoAnswersHasNoMoreReadForIt) {
  constexpr std::size_t budget = 32;  // MiB
  daemon broker{{{"http.max-answers", std::to_string(budget) + "MiB"}}};
  program other{broker};
  const std::string large(1 << 20, 'x');
  other.subscribe("later", "s");
  for (int i = 0; i != 60; ++i) other.subscribe("now", "s" + std::to_string(i));
  for (int i = 0; i != 6; ++i) {
    other.publish("later", large, R"("delay_ms":3600000)");
    other.publish("now", large);
  }
  // The first ones go through the store's own memory.
  other.get("/v1/topics/later/delayed?limit=1000");
  const auto before = broker.program().memory_kib();
  std::vector<http_client> all;
  for (int i = 0; i != 60; ++i) {
    const std::string name = "s" + std::to_string(i);
    for (const http_message& message :
         {http_message{"GET", "/v1/topics/later/delayed?limit=1000", ""},
          i % 2 == 0
              ? http_message{"POST", subscriber_path("now", name) + "/lease", R"({"max":100})"}
              : http_message{"POST", "/api/fetch",
                             R"({"subject":"now","id":")" + name + R"("})"}}) {
      all.emplace_back(broker.http_port(), 4096);
      all.back().send(message);
    }
  }
  for (auto& client : all) client.connection().receive(20);  // the rest is not taken
  EXPECT_LT(broker.program().memory_kib(), before + (budget + 64) * 1024);
}

// --- the end of the daemon ---

TEST(HttpDrain, AnswersWhatWasAskedAndCloses) {
  daemon broker;
  program idle{broker}, waiting{broker}, undelivered{broker};
  idle.subscribe("t", "s");
  idle.subscribe("u", "s");
  waiting.begin({"POST", subscriber_path("t", "s") + "/lease", R"({"wait_ms":60000})"});
  undelivered.begin(
      {"POST", "/v1/topics/u/messages?wait=delivered&timeout_ms=60000", R"({"payload":"x"})"});
  broker.await_counter("messages_published", 1);
  broker.program().signal(SIGTERM);
  idle.http().expect_end();
  EXPECT_EQ(payloads_of(deliveries_in(waiting.end())), "");
  waiting.http().expect_end();
  const auto answer = undelivered.end();
  EXPECT_EQ(answer.status, 504u) << text_of(answer);
  EXPECT_NE(answer.body.find(R"("waits_for":["s"])"), std::string::npos) << "it is published";
  EXPECT_FALSE(answer.keeps_open());
  undelivered.http().expect_end();
  EXPECT_EQ(broker.program().wait(), 0);

  broker.start_again();
  EXPECT_EQ(program{broker}.drain("u", "s"), "x");
}

TEST(HttpDrain, WaitsForWhoTakesWhatItHasFetched) {
  daemon broker;
  program other{broker};
  other.subscribe("t", "s");
  for (int i = 0; i != 4; ++i) other.publish("t", std::string(3 << 20, 'x'));
  http_client slow{broker.http_port(), 4096};
  slow.send(http_message{"POST", "/api/fetch", R"({"subject":"t","id":"s"})"});
  slow.connection().receive(1000);
  broker.program().signal(SIGTERM);
  other.http().expect_end();
  EXPECT_EQ(slow.receive().status, 200u);
  EXPECT_EQ(broker.program().wait(), 0);

  broker.start_again();
  EXPECT_EQ(program{broker}.number(subscriber_path("t", "s"), "pending"), 0u);
}

TEST(HttpDrain, RefusesWhatIsAskedMeanwhile) {
  daemon broker;
  program idle{broker};
  idle.subscribe("t", "s");
  const std::string bytes =
      bytes_of(http_message{"POST", "/v1/topics/t/messages", R"({"payload":"x"})"});
  std::vector<http_client> asking;
  for (const auto size : {std::size_t{5}, bytes.size() - 1}) {
    asking.emplace_back(broker.http_port());
    // When the first is answered the daemon has read of the second what there is.
    asking.back().send(bytes_of(ready) + bytes.substr(0, size));
    EXPECT_EQ(asking.back().receive().status, 204u);
  }
  broker.program().signal(SIGTERM);
  idle.http().expect_end();
  for (std::size_t i = 0; i != 2; ++i) {
    asking[i].send(bytes.substr(i == 0 ? 5 : bytes.size() - 1));
    const auto answer = asking[i].receive();
    EXPECT_EQ(answer.status, 503u) << text_of(answer);
    EXPECT_FALSE(answer.keeps_open());
    asking[i].expect_end();
  }
  EXPECT_EQ(broker.program().wait(), 0);
}

TEST(HttpDrain, HoldsNoEventsUpBehindWhatManyAskFor) {
  daemon broker{{{"drain-timeout", "2s"}}};
  program other{broker};
  other.create("t", R"({"max_deliveries":1,"retry_delay_ms":0})");
  other.subscribe("t", "s");
  for (int i = 0; i != 2; ++i) other.publish("t", std::string(2 << 20, '\x01'));
  for (auto got = other.lease("t", "s"); !got.empty(); got = other.lease("t", "s")) {
    other.settle("nack", "t", "s", leases_of(got));
  }
  peer source{broker.source_port()};
  std::vector<http_client> all;
  for (int i = 0; i != 400; ++i) {
    all.emplace_back(broker.http_port(), 4096);
    all.back().send(
        http_message{"GET", subscriber_path("t", "s") + "/dead-letters?limit=1000", ""});
  }
  broker.await_counter("http_connections", 401);
  source.send("1|B\n2|B\n3|B\n");
  broker.await_counter("events_received", 3);
  broker.program().signal(SIGTERM);
  EXPECT_EQ(broker.program().wait(), 0);
  EXPECT_EQ(broker.lines_with("does not end"), 0u);

  broker.start_again();
  EXPECT_EQ(program{broker}.number("/v1/epochs/current", "next"), 4u);
}

TEST(HttpDrain, DoesNotWaitForWhoIsTooSlow) {
  daemon broker{{{"drain-timeout", "200ms"}}};
  peer slow{broker.http_port()};
  slow.send("GET /ready HTTP/1.1\r\n");
  broker.await_counter("http_connections", 1);
  broker.program().signal(SIGTERM);
  EXPECT_EQ(broker.program().wait(), 0);
  EXPECT_NE(slow.receive_all().find("503 Service Unavailable"), std::string::npos);
  EXPECT_EQ(broker.lines_with("the drain timeout is over"), 0u);
}

}  // namespace
}  // namespace skein::test
