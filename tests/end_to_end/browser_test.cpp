/// What a browser sends because a web page of a stranger has told it to, at each door.

#include <vector>

#include "http_bytes.hpp"

namespace skein::test {
namespace {

const char* const foreign = "Origin: http://evil.example\r\nSec-Fetch-Site: cross-site\r\n";

TEST(Browser, SentByAForeignPageChangesNothing) {
  daemon broker{{{"http.operator", "true"}}};
  program client{broker};
  client.subscribe("t", "s");
  client.publish("t", "x");
  const std::string as_text = std::string{foreign} + "Content-Type: text/plain\r\n";
  const std::string path = "POST /v1/topics/t/subscribers";
  for (const std::string& request :
       {request_of("POST /v1/epochs HTTP/1.1", foreign),
        request_of(path + "/s/lease HTTP/1.1", foreign), request_of(path + " HTTP/1.1", foreign),
        request_of(path + "/s/dead-letters/purge HTTP/1.1", foreign),
        request_of(path + "/s/dead-letters/replay HTTP/1.1", foreign),
        request_of("POST /v1/events HTTP/1.1", as_text + "Content-Length: 4\r\n", "1|B\n"),
        request_of("POST /api/publish/async HTTP/1.1", as_text + "Content-Length: 2\r\n", "{}"),
        request_of("DELETE /v1/topics/t HTTP/1.1", foreign),
        request_of("GET /v1/topics HTTP/1.1", "Sec-Fetch-Site: cross-site\r\n")}) {
    EXPECT_EQ(answer_to(broker, request).substr(0, 35), "403: a web page of another site has")
        << request;
  }
  EXPECT_EQ(text_of(client.get("/v1/epochs/current")),
            "200 {\"epoch\":1,\"next\":1,\"durable_next\":1}\n");
  EXPECT_EQ(client.number("/v1/topics/t", "subscribers"), 1u);
  EXPECT_EQ(client.drain("t", "s"), "x");
}

TEST(Browser, IsServedForThePagesThatMay) {
  daemon broker{{{"http.origins", "https://a.example, http://shop.example:8000"}}};
  http_client client{broker.http_port()};
  http_message message{"PUT", "/v1/topics/t/subscribers/s", ""};
  message.headers["Origin"] = "http://shop.example:8000";
  message.headers["Sec-Fetch-Site"] = "cross-site";
  const auto answer = client.ask(message);
  EXPECT_EQ(answer.status, 201u) << text_of(answer);
  EXPECT_EQ(answer.header("access-control-allow-origin"), "http://shop.example:8000");
  message = {"OPTIONS", "/v1/topics/t/messages", ""};
  message.headers["Origin"] = "https://a.example";
  message.headers["Access-Control-Request-Method"] = "POST";
  EXPECT_EQ(client.ask(message).header("access-control-allow-methods"), "OPTIONS, POST");
}

TEST(Browser, WhosePageIsMadeToLeadHereIsRefused) {
  daemon broker;
  for (const char* host : {"evil.example", "evil.example:8082", "127.0.0.1.evil.example"}) {
    EXPECT_EQ(answer_to(broker, "GET /v1/topics HTTP/1.1\r\nHost: " + std::string{host} +
                                    "\r\nOrigin: http://" + host + "\r\n\r\n")
                  .substr(0, 31),
              "421: this daemon is not known a");
    EXPECT_EQ(answer_to(broker, "GET http://" + std::string{host} +
                                    "/v1/topics HTTP/1.1\r\nHost: localhost\r\n\r\n")
                  .substr(0, 4),
              "421:");
  }
  for (const char* host : {"localhost", "127.0.0.1:1", "[::1]:8082", "192.168.0.9", "a.localhost"})
    EXPECT_EQ(answer_to(broker, "GET /ready HTTP/1.1\r\nHost: " + std::string{host} + "\r\n\r\n"),
              "204");
}

TEST(Browser, ReachesADaemonOnEveryInterfaceByAnyNameUnlessSomeAreGiven) {
  const std::string bytes = "GET /ready HTTP/1.1\r\nHost: broker.example\r\n\r\n";
  daemon open{{{"http.listen", ":0"}}};
  EXPECT_EQ(answer_to(open, bytes), "204");
  daemon named{{{"http.listen", ":0"}, {"http.hosts", "broker.example"}}};
  EXPECT_EQ(answer_to(named, bytes), "204");
  EXPECT_EQ(answer_to(named, "GET /ready HTTP/1.1\r\nHost: other.example\r\n\r\n").substr(0, 4),
            "421:");
}

TEST(Browser, AtTheDoorForSourcesIsNoSource) {
  daemon broker;
  auto user = broker.client(2);
  const std::string body = "1|B\n2|B\n3|P|1|2\n";
  std::size_t refused = 0;
  for (const std::string first : {"POST / HTTP/1.1", "GET / HTTP/1.1", "PUT /x HTTP/1.0",
                                  "OPTIONS * HTTP/1.1", "\x16\x03\x01"}) {
    peer browser{broker.source_port()};
    browser.send(first + "\r\nHost: localhost:9090\r\nOrigin: http://evil.example\r\n\r\n" + body);
    EXPECT_EQ(browser.receive_all().substr(0, 24), "HTTP/1.1 400 Bad Request");
    EXPECT_FALSE(browser.was_reset());
    ++refused;
  }
  auto source = broker.source();
  source.send("1|P|7|2\n");
  EXPECT_EQ(user.receive_until("\n"), "1|P|7|2\r\n");
  const auto totals = broker.stop();
  EXPECT_EQ(totals["events_received"], 1u);
  EXPECT_EQ(totals["malformed"], 0u);
  EXPECT_EQ(totals["sources_refused"], refused);
}

TEST(Operator, AloneBeginsAnEpochUnlessProgramsMay) {
  daemon broker;
  EXPECT_EQ(answer_to(broker, request_of("POST /v1/epochs HTTP/1.1", "Content-Length: 0\r\n")),
            "403: only the operator begins an epoch: skein epoch new, or the option http.operator");
  EXPECT_EQ(broker.status("epoch"), 1u);
}

}  // namespace
}  // namespace skein::test
