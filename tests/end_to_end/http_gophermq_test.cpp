/// /api and /ready, byte for byte as gophermq answers.

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "support/daemon.hpp"
#include "support/http_client.hpp"

namespace skein::test {
namespace {

using namespace std::string_literals;

/// What goes over the wire, but for the date, which has its form.
std::string on_the_wire(http_client& client, const http_message& message) {
  client.send(message);
  const auto answer = client.receive(message.method == "HEAD");
  std::string text = answer.status_line + "\r\n";
  for (const auto& [name, value] : answer.headers) {
    if (name == "date") {
      static const std::regex form{
          "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) "
          "\\d{4} \\d\\d:\\d\\d:\\d\\d GMT"};
      EXPECT_TRUE(std::regex_match(value, form)) << value;
    } else {
      text += name + ": " + value + "\r\n";
    }
  }
  return text + "\r\n" + answer.body;
}

std::string json_bytes(const std::string& status_line, const std::string& body,
                       const std::string& more = "") {
  return "HTTP/1.1 " + status_line + "\r\n" + more +
         "content-length: " + std::to_string(body.size() + 1) +
         "\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n" + body + "\n";
}

std::string message_of(const std::string& text) {
  return R"({"message":")" + text + "\"}";
}

const std::string ok = R"(200 {"status":"ok"})"
                       "\n";
const std::string nobody = R"(404 {"message":"subscriber not found"})"
                           "\n";
const std::string bad_id = R"(404 {"message":"bad id"})"
                           "\n";

class Gophermq : public testing::Test {
 protected:
  explicit Gophermq(const daemon::options& options = {})
      : broker{options}, http{broker.http_port()} {}

  std::string post(const std::string& path, const std::string& body) {
    return text_of(http.post(path, body));
  }
  std::string publish(const std::string& subject, const std::string& data) {
    return post("/api/publish",
                R"({"subject":)" + json_text(subject) + R"(,"data":)" + json_text(data) + "}");
  }
  std::string publish_async(const std::string& subject, const std::string& data) {
    return post("/api/publish/async",
                R"({"subject":)" + json_text(subject) + R"(,"data":)" + json_text(data) + "}");
  }
  std::string subscribe(const std::string& subject) {
    const auto answer = http.post("/api/subscribe", R"({"subject":)" + json_text(subject) + "}");
    EXPECT_EQ(answer.status, 200u) << answer.body;
    return answer.body.substr(7, 36);
  }
  std::string fetch(const std::string& subject, const std::string& id) {
    return post("/api/fetch",
                R"({"subject":)" + json_text(subject) + R"(,"id":)" + json_text(id) + "}");
  }
  static std::string fetched(const std::string& subject, const std::string& id,
                             const std::string& data) {
    return R"(200 {"data":[)" + data + R"(],"id":")" + id + R"(","subject":")" + subject + "\"}\n";
  }

  daemon broker;
  http_client http;
};

TEST_F(Gophermq, AnswersByteForByte) {
  EXPECT_EQ(on_the_wire(http, {"GET", "/ready", ""}), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(on_the_wire(http, {"HEAD", "/ready", ""}), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(on_the_wire(http, {"POST", "/api/publish", R"({"subject":"s","data":"d"})"}),
            json_bytes("404 Not Found", message_of("subscriber not found")));
  const std::string id = subscribe("s");
  EXPECT_EQ(on_the_wire(http, {"POST", "/api/publish", R"({"subject":"s","data":"d"})"}),
            json_bytes("200 OK", R"({"status":"ok"})"));
  EXPECT_EQ(on_the_wire(http, {"POST", "/api/publish/async", R"({"subject":"s","data":"e"})"}),
            json_bytes("200 OK", R"({"status":"ok"})"));
  broker.await_counter("messages_published", 2);
  EXPECT_EQ(on_the_wire(http, {"POST", "/api/fetch", R"({"subject":"s","id":")" + id + "\"}"}),
            json_bytes("200 OK", R"({"data":["d","e"],"id":")" + id + R"(","subject":"s"})"));
  EXPECT_EQ(on_the_wire(http, {"POST", "/api/fetch", R"({"subject":"s","id":")" + id + "\"}"}),
            json_bytes("200 OK", R"({"data":[],"id":")" + id + R"(","subject":"s"})"));
  EXPECT_EQ(on_the_wire(http, {"POST", "/api/fetch", R"({"subject":"s","id":"x"})"}),
            json_bytes("404 Not Found", message_of("bad id")));
  EXPECT_EQ(on_the_wire(http, {"POST", "/api/publish", "x"}),
            json_bytes("400 Bad Request", message_of("request's body is invalid")));
  EXPECT_EQ(on_the_wire(http, {"POST", "/api/publish", "{}"}),
            json_bytes("400 Bad Request", message_of("invalid subject")));
  EXPECT_EQ(on_the_wire(http, {"GET", "/api/nothing", ""}),
            json_bytes("404 Not Found", message_of("Not Found")));
  EXPECT_EQ(on_the_wire(http, {"GET", "/api/publish", ""}),
            json_bytes("405 Method Not Allowed", message_of("Method Not Allowed"),
                       "allow: OPTIONS, POST\r\n"));
  EXPECT_EQ(on_the_wire(http, {"POST", "/ready", ""}),
            json_bytes("405 Method Not Allowed", message_of("Method Not Allowed"),
                       "allow: OPTIONS, GET, HEAD\r\n"));
  EXPECT_EQ(on_the_wire(http, {"OPTIONS", "/api/fetch", ""}),
            "HTTP/1.1 204 No Content\r\nallow: OPTIONS, POST\r\n\r\n");
  EXPECT_EQ(broker.stop()["http_refused"], 7u);
}

TEST_F(Gophermq, RefusesInvalidBodies) {
  const std::string invalid = "400 " + message_of("request's body is invalid") + "\n";
  const std::string deep(40, '[');
  for (const char* path : {"/api/publish", "/api/publish/async", "/api/subscribe", "/api/fetch"}) {
    for (const std::string& body : {"{"s, "x"s, "[]"s, "1"s, R"({"subject":1})"s,
                                    R"({"subject":"s"}x)"s, "{\"subject\":\"\xff\"}"s,
                                    R"({"subject":"s","x":)" + deep + std::string(40, ']') + "}"}) {
      EXPECT_EQ(post(path, body), invalid) << path << " " << body;
    }
    EXPECT_EQ(text_of(http.ask({"POST", path, R"({"subject":"s"})", "text/plain"})), invalid);
    EXPECT_EQ(text_of(http.ask({"POST", path, R"({"subject":"s"})", ""})), invalid);
  }
}

TEST_F(Gophermq, RefusesSubjectsThatAreNone) {
  const std::string invalid = "400 " + message_of("invalid subject") + "\n";
  for (const std::string& subject : {""s, " "s, "a b"s, "a\tb"s, "a\r"s, "a\n"s, "."s, ".a"s, "a."s,
                                     "a..b"s, std::string(256, 'a')}) {
    EXPECT_EQ(publish(subject, "x"), invalid) << subject;
    EXPECT_EQ(publish_async(subject, "x"), ok) << subject;
    EXPECT_EQ(fetch(subject, "x"), invalid) << subject;
    EXPECT_EQ(post("/api/subscribe", R"({"subject":)" + json_text(subject) + "}"), invalid)
        << subject;
  }
  for (const char* path : {"/api/publish", "/api/subscribe", "/api/fetch"}) {
    EXPECT_EQ(post(path, ""), invalid);
    EXPECT_EQ(post(path, "{}"), invalid);
    EXPECT_EQ(post(path, "null"), invalid);
    EXPECT_EQ(post(path, R"({"subject":null})"), invalid);
  }
}

TEST_F(Gophermq, ReadsBodiesAsGoDoes) {
  const auto id = subscribe("s");
  EXPECT_EQ(post("/api/publish", R"({"SUBJECT":"s","Data":"1","more":[{"x":null}]})"), ok);
  EXPECT_EQ(post("/api/publish", R"({"subject":"t","data":"x","subject":"s","data":"2"})"), ok);
  EXPECT_EQ(post("/api/publish", R"({"subject":"s"})"), ok);
  EXPECT_EQ(post("/api/publish", R"({"subject":"s","data":null})"), ok);
  EXPECT_EQ(post("/api/publish", " {\n\"data\":\"\\u0033\",\"subject\":\"\\u0073\"}\r\n"), ok);
  EXPECT_EQ(text_of(http.ask({"POST", "/api/publish", R"({"subject":"s","data":"4"})",
                              "application/json; charset=utf-8"})),
            ok);
  EXPECT_EQ(fetch("s", id), fetched("s", id, R"("1","2","","","3","4")"));
}

TEST_F(Gophermq, EscapesAsGoDoes) {
  const auto subject = "<&>\u2028."s + "\"\\\u00e9";
  const auto id = subscribe(subject);
  publish(subject, "</b>&\u2028\u2029\U0001F600\"\\/\b\f\n\r\t\x01\x7f");
  EXPECT_EQ(fetch(subject, id), fetched(R"(\u003c\u0026\u003e\u2028.\"\\)"s + "\u00e9", id,
                                        R"("\u003c/b\u003e\u0026\u2028\u2029)"s + "\U0001F600" +
                                            R"(\"\\/\u0008\u000c\n\r\t\u0001)" + "\x7f\""));
}

TEST_F(Gophermq, NamesSubscribersByUuids) {
  const std::regex uuid{"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"};
  std::vector<std::string> ids;
  for (int i = 0; i != 50; ++i) {
    ids.push_back(subscribe("s"));
    EXPECT_TRUE(std::regex_match(ids.back(), uuid)) << ids.back();
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST_F(Gophermq, DeliversWhatIsPublishedAfterSubscribing) {
  EXPECT_EQ(publish("s", "0"), nobody);
  const auto a = subscribe("s");
  EXPECT_EQ(publish("s", "1"), ok);
  const auto b = subscribe("s");
  EXPECT_EQ(publish("s", "2"), ok);
  EXPECT_EQ(fetch("s", a), fetched("s", a, R"("1","2")"));
  EXPECT_EQ(fetch("s", b), fetched("s", b, R"("2")"));
  EXPECT_EQ(publish("s", "3"), ok);
  EXPECT_EQ(fetch("s", b), fetched("s", b, R"("3")"));
  EXPECT_EQ(fetch("s", a), fetched("s", a, R"("3")"));
  EXPECT_EQ(fetch("s", a), fetched("s", a, ""));
}

TEST_F(Gophermq, KeepsSubjectsApart) {
  const auto a = subscribe("s.a");
  const auto b = subscribe("s.b");
  EXPECT_EQ(publish("s.*", "x"), nobody);
  EXPECT_EQ(publish("s", "x"), nobody);
  EXPECT_EQ(publish("s.a", "1"), ok);
  EXPECT_EQ(fetch("s.b", b), fetched("s.b", b, ""));
  EXPECT_EQ(fetch("s.b", a), bad_id);
  EXPECT_EQ(fetch("s.a", b), bad_id);
  EXPECT_EQ(fetch("s.c", a), bad_id);
  EXPECT_EQ(fetch("s.a", ""), bad_id);
  EXPECT_EQ(fetch("s.a", "no name"), bad_id);
  EXPECT_EQ(fetch("s.a", a), fetched("s.a", a, R"("1")"));
}

TEST_F(Gophermq, FetchesEverythingInOneAnswer) {
  const auto id = subscribe("s");
  std::string expected;
  for (int i = 0; i != 2000; ++i) {
    http.send(http_message{"POST", "/api/publish",
                           R"({"subject":"s","data":")" + std::to_string(i) + "\"}"});
    expected += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\"";
  }
  for (int i = 0; i != 2000; ++i) EXPECT_EQ(text_of(http.receive()), ok);
  EXPECT_EQ(fetch("s", id), fetched("s", id, expected));
}

TEST_F(Gophermq, PublishesAsynchronouslyInOrder) {
  const auto id = subscribe("s");
  std::string expected;
  std::string bytes;
  for (int i = 0; i != 1000; ++i) {
    bytes += bytes_of(http_message{"POST", "/api/publish/async",
                                   R"({"subject":"s","data":")" + std::to_string(i) + "\"}"});
    expected += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\"";
  }
  http.send(bytes);
  for (int i = 0; i != 1000; ++i) EXPECT_EQ(text_of(http.receive()), ok);
  broker.await_counter("messages_published", 1000);
  EXPECT_EQ(fetch("s", id), fetched("s", id, expected));
}

TEST_F(Gophermq, CountsAndLogsWhatWasAnsweredAndThenRefused) {
  for (int i = 0; i != 3; ++i) EXPECT_EQ(publish_async("nobody.hears", "x"), ok);
  EXPECT_EQ(publish("nobody.hears", "x"), nobody);
  broker.await_exactly("messages_refused_unheard", 3);
  broker.await_line("level=warn msg=\"message refused after it was answered\" topic=nobody.hears");
  EXPECT_NE(text_of(http.get("/v1/statistics")).find(R"("messages_refused_unheard":3)"),
            std::string::npos);
  EXPECT_EQ(broker.stop()["messages_refused_unheard"], 3u);
}

class GophermqOfFew : public Gophermq {
 protected:
  GophermqOfFew() : Gophermq{{{"topic.max-pending", "3"}}} {}
};

TEST_F(GophermqOfFew, RefusesWhatIsTooMuch) {
  const std::string overflow = "429 " + message_of("broker overflow") + "\n";
  const auto slow = subscribe("s");
  const auto quick = subscribe("s");
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(publish("s", std::to_string(i)), ok);
  EXPECT_EQ(fetch("s", quick), fetched("s", quick, R"("1","2","3")"));
  EXPECT_EQ(publish("s", "4"), overflow);
  EXPECT_EQ(publish_async("s", "4"), ok);
  broker.await_exactly("messages_refused_unheard", 1);
  EXPECT_EQ(fetch("s", slow), fetched("s", slow, R"("1","2","3")"));
  EXPECT_EQ(publish("s", "5"), ok);
  EXPECT_EQ(fetch("s", slow), fetched("s", slow, R"("5")"));
  EXPECT_EQ(fetch("s", quick), fetched("s", quick, R"("5")"));
}

class GophermqIdle : public Gophermq {
 protected:
  GophermqIdle() : Gophermq{{{"http.api-expiry", "1s"}, {"topic.idle-timeout", "20ms"}}} {}
};

TEST_F(GophermqIdle, RemovesSubscribersWhoFetchNothing) {
  const auto id = subscribe("s");
  EXPECT_EQ(publish("s", "1"), ok);
  EXPECT_EQ(fetch("s", id), fetched("s", id, R"("1")"));
  EXPECT_EQ(publish("s", "2"), ok);
  await("the subscriber to be gone", [&] {
    return text_of(http.get("/v1/topics/s")).find(R"("subscribers":0)") != std::string::npos;
  });
  broker.await_line("msg=\"subscriber removed, it was idle\" topic=s subscriber=" + id);
  EXPECT_EQ(fetch("s", id), bad_id);
  EXPECT_EQ(publish("s", "3"), nobody);
}

TEST_F(Gophermq, KeepsEverythingOverARestart) {
  const auto id = subscribe("s");
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(publish("s", std::to_string(i)), ok);
  broker.stop();
  broker.start_again();
  http_client again{broker.http_port()};
  EXPECT_EQ(text_of(again.post("/api/fetch", R"({"subject":"s","id":")" + id + "\"}")),
            fetched("s", id, R"("1","2","3")"));
}

}  // namespace
}  // namespace skein::test
