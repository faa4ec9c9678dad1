/// Requests over HTTP: what is one, and how it is answered.

#include "http_bytes.hpp"

namespace skein::test {
namespace {

using namespace std::string_literals;

TEST(HttpRequest, MayComeByteByByte) {
  daemon broker;
  program client{broker};
  client.subscribe("t", "s");
  const http_message message{"POST", "/v1/topics/t/messages", R"({"payload":"a message"})"};
  for (const auto& bytes : {bytes_of(message), chunked_bytes_of(message, 3)}) {
    for (const char byte : bytes) client.http().send(std::string(1, byte));
    EXPECT_EQ(outcomes_in(client.http().receive()), "published");
  }
  EXPECT_EQ(client.drain("t", "s"), "a message a message");
}

TEST(HttpRequest, MayHaveChunks) {
  daemon broker{{{"http.max-body", "64KiB"}}};
  program client{broker};
  client.create("t", R"({"no_subscribers":"drop"})");
  const http_message message{"POST", "/v1/topics/t/messages",
                             R"({"payload":")" + std::string(60'000, 'x') + R"("})"};
  for (const std::size_t size : {1u, 1000u, 65'000u}) {
    client.http().send(chunked_bytes_of(message, size));
    EXPECT_EQ(outcomes_in(client.http().receive()), "dropped") << size;
  }
  client.http().send(
      "POST /v1/topics/t/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: Chunked\r\n\r\n000D;a=b;c=\"d\"\r\n{\"payload\":\"x\r\n2 \r\n");
  EXPECT_EQ(client.http().receive().status, 400u);
}

TEST(HttpRequest, MayHaveExtensionsAndTrailers) {
  daemon broker;
  program client{broker};
  client.create("t", R"({"no_subscribers":"drop"})");
  for (int i = 0; i != 2; ++i) {
    client.http().send(
        "POST /v1/topics/t/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
        "application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n00D;a=b;c=\"d\"\r\n{\"payload\":\"x\r\n2\r\n\"}\r\n"
        "0;e\r\nTrailer: y\r\n\r\n");
    EXPECT_EQ(outcomes_in(client.http().receive()), "dropped");
  }
}

TEST(HttpRequest, MayWaitForContinue) {
  daemon broker;
  program client{broker};
  client.create("t", R"({"no_subscribers":"drop"})");
  http_message message{"POST", "/v1/topics/t/messages", R"({"payload":"x"})"};
  message.headers["Expect"] = "100-continue";
  for (const auto& bytes : {bytes_of(message), chunked_bytes_of(message, 4)}) {
    const auto head = bytes.find("\r\n\r\n") + 4;
    client.http().send(bytes.substr(0, head));
    EXPECT_EQ(client.http().receive().status_line, "HTTP/1.1 100 Continue");
    client.http().send(bytes.substr(head));
    EXPECT_EQ(outcomes_in(client.http().receive()), "dropped");
    // Who does not wait is not told.
    client.http().send(bytes);
    EXPECT_EQ(outcomes_in(client.http().receive()), "dropped");
  }
}

TEST(HttpRequest, DoesNotWaitForContinueIfItsBodyIsTooLarge) {
  daemon broker{{{"http.max-body", "1KiB"}}};
  EXPECT_EQ(answer_to(broker, request_of("POST /v1/epochs HTTP/1.1",
                                         "Expect: 100-continue\r\nContent-Length: 1025\r\n")),
            "413 closed: the body is too large");
}

TEST(HttpRequest, OfHeadIsAnsweredWithoutABody) {
  daemon broker;
  http_client client{broker.http_port()};
  for (const char* target : {"/v1/topics", "/openapi.json", "/v1/epochs/current", "/nothing"}) {
    const auto with_body = client.get(target);
    const auto without = client.ask({"HEAD", target, ""});
    EXPECT_EQ(without.status_line, with_body.status_line);
    EXPECT_EQ(without.header("content-length"), std::to_string(with_body.body.size())) << target;
    EXPECT_EQ(without.header("content-type"), with_body.header("content-type"));
    EXPECT_EQ(without.body, "");
  }
  EXPECT_EQ(client.ask(ready).status, 204u);
}

TEST(HttpRequest, OfAnotherMethodIsToldWhichThereAre) {
  daemon broker;
  http_client client{broker.http_port()};
  const struct {
    const char* target;
    const char* allow;
    const char* other;
  } all[] = {{"/ready", "OPTIONS, GET, HEAD", "POST"},
             {"/api/publish", "OPTIONS, POST", "GET"},
             {"/v1/topics", "OPTIONS, GET, HEAD", "DELETE"},
             {"/v1/topics/t", "OPTIONS, DELETE, GET, HEAD, PATCH, PUT", "POST"},
             {"/v1/topics/t/messages", "OPTIONS, POST", "HEAD"},
             {"/v1/topics/t/subscribers/s", "OPTIONS, DELETE, GET, HEAD, PATCH, PUT", "POST"},
             {"/v1/epochs", "OPTIONS, POST", "PUT"},
             {"/v1/statistics", "OPTIONS, GET, HEAD", "TRACE"},
             {"/openapi.json", "OPTIONS, GET, HEAD", "BREW"}};
  for (const auto& one : all) {
    const auto options = client.ask({"OPTIONS", one.target, ""});
    EXPECT_EQ(options.status, 204u) << one.target;
    EXPECT_EQ(options.header("allow"), one.allow);
    const auto refused = client.ask({one.other, one.target, ""});
    EXPECT_EQ(refused.status_line, "HTTP/1.1 405 Method Not Allowed") << one.target;
    EXPECT_EQ(refused.header("allow"), one.allow);
  }
  EXPECT_EQ(client.ask({"OPTIONS", "*", ""}).header("allow"),
            "OPTIONS, DELETE, GET, HEAD, PATCH, POST, PUT");
  EXPECT_EQ(client.ask({"OPTIONS", "/nothing", ""}).status, 404u);
}

TEST(HttpRequest, ForNothingIsNotFound) {
  daemon broker;
  http_client client{broker.http_port()};
  for (const char* target : {"/", "/v1", "/v1/", "/v1/topics/", "/v1//topics", "/v2/topics",
                             "/READY", "/ready/", "/v1/topics/t/messages/1", "/%2e%2e/etc/passwd",
                             "/v1/topics/t%2fmessages/x/y", "/v1/topics?x/../messages/x"}) {
    const auto answer = client.get(target);
    EXPECT_TRUE(answer.status == 404 ||
                (answer.status == 400 && std::string{target}.find('?') != std::string::npos))
        << target << text_of(answer);
    EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  }
  EXPECT_EQ(text_of(client.get("/v1/nothing")),
            "404 {\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
            "\"detail\":\"there is nothing at this path\"}\n");
  EXPECT_EQ(text_of(client.get("/v1/topics/%zz")),
            "400 {\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":"
            "\"two hexadecimal digits must follow every % of the target\"}\n");
}

TEST(HttpRequest, OfAnotherTypeIsRefused) {
  daemon broker;
  http_client client{broker.http_port()};
  for (const char* type : {"", "text/plain", "application/xml", "application/jsonx"}) {
    EXPECT_EQ(text_of(client.ask({"POST", "/v1/topics/t/messages", "{}", type})),
              "415 {\"type\":\"about:blank\",\"title\":\"Unsupported Media Type\",\"status\":415,"
              "\"detail\":\"must be application/json\"}\n")
        << type;
  }
  EXPECT_EQ(client.ask({"POST", "/v1/events", "1|B\n", "application/json"}).status, 415u);
  EXPECT_EQ(client.ask(ready).status, 204u);
}

TEST(HttpRequest, MustNotBeTooLarge) {
  daemon broker{
      {{"http.max-target", "256"}, {"http.max-headers", "1KiB"}, {"http.max-body", "1KiB"}}};
  const auto get = [](std::size_t target) {
    return request_of("GET /" + std::string(target - 1, 'x') + " HTTP/1.1");
  };
  EXPECT_EQ(answer_to(broker, get(256)), "404: there is nothing at this path");
  EXPECT_EQ(answer_to(broker, get(257)), "414 closed: the target is too long");
  EXPECT_EQ(answer_to(broker, get(100'000)), "414 closed: the target is too long");
  EXPECT_EQ(answer_to(broker, "GET /" + std::string(400, 'x')),
            "414 closed: the target is too long");
  const auto with_header = [](std::size_t size) {
    return request_of("GET /ready HTTP/1.1", "X: " + std::string(size, 'x') + "\r\n");
  };
  EXPECT_EQ(answer_to(broker, with_header(1000)), "204");
  EXPECT_EQ(answer_to(broker, with_header(1024)), "431 closed: the headers are too large");
  EXPECT_EQ(answer_to(broker, with_header(100'000)), "431 closed: the headers are too large");
  std::string many;
  for (int i = 0; i != 1000; ++i) many += "a:\r\n";
  EXPECT_EQ(answer_to(broker, request_of("GET /ready HTTP/1.1", many)),
            "431 closed: the headers are too large");
  const auto with_body = [](const std::string& size) {
    return request_of("POST /v1/epochs HTTP/1.1", "Content-Length: " + size + "\r\n");
  };
  EXPECT_EQ(answer_to(broker, with_body("1024") + std::string(1024, ' ')),
            "415: must be application/json");
  EXPECT_EQ(answer_to(broker, with_body("1025")), "413 closed: the body is too large");
  EXPECT_EQ(answer_to(broker, with_body("18446744073709551615")),
            "413 closed: the body is too large");
  EXPECT_EQ(answer_to(broker, request_of("POST /v1/epochs HTTP/1.1",
                                         "Transfer-Encoding: chunked\r\n", "401\r\n")),
            "413 closed: the body is too large");
  EXPECT_EQ(
      answer_to(broker, request_of("POST /v1/epochs HTTP/1.1", "Transfer-Encoding: chunked\r\n",
                                   "1;" + std::string(1100, 'x'))),
      "431 closed: extensions of chunks are too large");
}

TEST(HttpRequest, ThatIsTooLargeIsAnsweredThoughItIsStillSent) {
  daemon broker{{{"http.max-body", "1KiB"}}};
  const std::string body(8 << 20, 'x');
  for (int i = 0; i != 5; ++i) {
    http_client client{broker.http_port()};
    try {
      client.send(http_message{"POST", "/v1/epochs", body});
    } catch (const std::runtime_error&) {  // it takes no more
    }
    EXPECT_EQ(client.receive().status, 413u);
  }
}

TEST(HttpRequest, ThatIsMalformedIsRefusedAndEndsTheConnection) {
  daemon broker;
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const struct {
    std::string bytes;
    const char* answer;
  } all[] = {
      {"\r\n\r\n", "400 closed: the first line is no request"},
      {"x\r\n", "400 closed: the first line is no request"},
      {"GET /ready\r\n", "400 closed: the first line is no request"},
      {"GET  /ready HTTP/1.1\r\n", "400 closed: the first line is no request"},
      {"GET /ready HTTP/1.1 \r\n", "400 closed: the first line is no request"},
      {"GET /re\x01y HTTP/1.1\r\n", "400 closed: the first line is no request"},
      {"GET ready HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 closed: the target is no path"},
      {"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 closed: the target is no path"},
      {"GET /ready HTTP/2.0\r\n", "505 closed: neither HTTP/1.0 nor HTTP/1.1"},
      {"GET /ready HTTP/1.2\r\n", "505 closed: neither HTTP/1.0 nor HTTP/1.1"},
      {"GET /ready HTTP/1.1\n", "400 closed: a line that does not end in CRLF"},
      {"GET /ready HTTP/1.1\r\nHost: a\n\n", "400 closed: a line that does not end in CRLF"},
      {"GET /ready HTTP/1.1\r\n\r\n", "400 closed: not one Host"},
      {"GET /ready HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
       "400 closed: not one Host"},
      {"GET /ready HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 closed: Host is malformed"},
      {request_of("GET /ready HTTP/1.1", "X : y\r\n"), "400 closed: a header is malformed"},
      {request_of("GET /ready HTTP/1.1", "X: y\r\n z\r\n"), "400 closed: a header is folded"},
      {request_of("GET /ready HTTP/1.1", "X\r\n"), "400 closed: a header is malformed"},
      {request_of("GET /ready HTTP/1.1", "X: "s + '\0' + "\r\n"),
       "400 closed: a header is malformed"},
      {request_of("POST /v1/epochs HTTP/1.1", "Content-Length: 1x\r\n"),
       "400 closed: where the body ends is not clear"},
      {request_of("POST /v1/epochs HTTP/1.1", "Content-Length: -1\r\n"),
       "400 closed: where the body ends is not clear"},
      {request_of("POST /v1/epochs HTTP/1.1", "Content-Length: +1\r\n"),
       "400 closed: where the body ends is not clear"},
      {request_of("POST /v1/epochs HTTP/1.1", "Content-Length: 1, 1\r\n"),
       "400 closed: where the body ends is not clear"},
      {request_of("POST /v1/epochs HTTP/1.1", "Content-Length: 1\r\nContent-Length: 1\r\n"),
       "400 closed: where the body ends is not clear"},
      {request_of("POST /v1/epochs HTTP/1.1", "Content-Length: 5\r\n" + chunked),
       "400 closed: where the body ends is not clear"},
      {request_of("POST /v1/epochs HTTP/1.0", chunked),
       "400 closed: where the body ends is not clear"},
      {request_of("POST /v1/epochs HTTP/1.1", "Transfer-Encoding: gzip, chunked\r\n"),
       "501 closed: a transfer coding other than chunked"},
      {request_of("POST /v1/epochs HTTP/1.1", "Expect: wonders\r\n"),
       "417 closed: an expectation other than 100-continue"},
      {request_of("POST /v1/epochs HTTP/1.1", chunked, "x\r\n"),
       "400 closed: a chunk's size is malformed"},
      {request_of("POST /v1/epochs HTTP/1.1", chunked, "-1\r\n"),
       "400 closed: a chunk's size is malformed"},
      {request_of("POST /v1/epochs HTTP/1.1", chunked, "11112222333344445\r\n"),
       "400 closed: a chunk's size has too many digits"},
      {request_of("POST /v1/epochs HTTP/1.1", chunked, "1\r\nxx"),
       "400 closed: a chunk is longer than its size"},
      {request_of("POST /v1/epochs HTTP/1.1", chunked, "0\r\nx\r\n\r\n"),
       "400 closed: a trailer is malformed"},
  };
  for (const auto& one : all) EXPECT_EQ(answer_to(broker, one.bytes), one.answer) << one.bytes;
  EXPECT_EQ(answer_to(broker, bytes_of(ready)), "204");
  EXPECT_EQ(broker.stop()["http_refused"], std::size(all));
}

TEST(HttpRequest, BeforeAMalformedOneIsAnswered) {
  daemon broker;
  http_client client{broker.http_port()};
  client.send(bytes_of(ready) + bytes_of(ready) + "x\r\n\r\n" + bytes_of(ready));
  for (const unsigned status : {204u, 204u, 400u}) EXPECT_EQ(client.receive().status, status);
  client.expect_end();
}

}  // namespace
}  // namespace skein::test
