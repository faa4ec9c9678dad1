/// What below /v1 is no valid request is refused with the place and the reason, and changes
/// nothing.

#include <gtest/gtest.h>

#include "support/program.hpp"

namespace skein::test {
namespace {

using namespace std::string_literals;

/// `400 /payload must be a string; limit must be ...`, or the status and detail.
std::string errors_in(const http_answer& answer) {
  std::string text = std::to_string(answer.status);
  if (answer.status != 400) return text + " " + answer.body;
  const auto body = answer.json();
  EXPECT_EQ(body.at("type"), "/problems/invalid-request");
  const auto* const errors = body.as_object().if_contains("errors");
  if (errors == nullptr) return text + " " + body.at("detail").as_string().c_str();
  for (const auto& e : errors->as_array()) {
    const auto* const pointer = e.as_object().if_contains("pointer");
    const auto& where = pointer ? *pointer : e.at("parameter");
    text += (text.size() == 3 ? " " : "; ") + std::string{where.as_string().c_str()} + " " +
            e.at("detail").as_string().c_str();
  }
  return text;
}

class HttpInput : public testing::Test {
 protected:
  HttpInput() { client.create("t", R"({"no_subscribers":"hold"})"); }
  std::string post(const std::string& target, const std::string& body) {
    return errors_in(client.post(target, body));
  }
  std::string message(const std::string& body, const std::string& query = "") {
    return post("/v1/topics/t/messages" + query, body);
  }
  /// A message with this field besides its payload.
  std::string with(const std::string& field) { return message(R"({"payload":"x",)" + field + "}"); }
  std::string options(const std::string& body) {
    return errors_in(client.put("/v1/topics/new", body));
  }

  daemon broker;
  program client{broker};
};

TEST_F(HttpInput, ThatIsNoJsonIsRefused) {
  for (const std::string& body :
       {"{"s, "{}x"s, "{,}"s, "{\"payload\":\"x\",}"s, "{'payload':1}"s, "{\"payload\":\"\xff\"}"s,
        "{\"payload\":\"\xed\xa0\x80\"}"s, "{\"payload\":\"\xc0\x80\"}"s,
        R"({"payload":"\ud800"})"s, "{\"payload\":\"a\nb\"}"s, "{\"payload\":01}"s,
        "{\"payload\":NaN}"s, "\xef\xbb\xbf{}"s,
        "{\"payload\":"s + std::string(40, '[') + std::string(40, ']') + "}",
        std::string(100'000, '['), "nul"s, "{\"payload\":\"x\"} {}"s, "\0"s}) {
    const auto answer = message(body);
    EXPECT_EQ(answer.rfind("400 the body cannot be read as JSON: ", 0), 0u)
        << body.substr(0, 80) << answer;
  }
  for (const char* body : {"[]", "1", "\"x\"", "true", "null", "1.5"}) {
    EXPECT_EQ(message(body), "400  must be an object") << body;
  }
  std::string many = "{\"messages\":[0";
  for (int i = 0; i != 20'000; ++i) many += ",0";
  EXPECT_EQ(message(many + "]}"), "400 the body cannot be read as JSON: more than 16100 values");
}

TEST_F(HttpInput, NeedsAPayload) {
  const auto missing = "400 /payload must be there, or payload_base64, not both"s;
  EXPECT_EQ(message(""), "400 the body cannot be read as JSON: incomplete JSON at byte 0");
  EXPECT_EQ(message("{}"), missing);
  EXPECT_EQ(message(R"({"payload":"x","payload_base64":""})"), missing);
  for (const char* value : {"1", "null", "true", "[]", "{}", "1.5"}) {
    EXPECT_EQ(message("{\"payload\":"s + value + "}"), "400 /payload must be a string");
    EXPECT_EQ(message("{\"payload_base64\":"s + value + "}"),
              "400 /payload_base64 must be a string");
  }
  for (const char* value :
       {"A", "AA", "AAA", "A===", "AB==", "AAB=", "AA-_", "AAAA AAAA", "AA==AAAA"}) {
    EXPECT_EQ(message("{\"payload_base64\":\""s + value + "\"}"),
              "400 /payload_base64 must be base64 of RFC 4648, padded")
        << value;
  }
}

TEST_F(HttpInput, OfMessagesIsChecked) {
  EXPECT_EQ(with(R"("key":1)"), "400 /key must be a string");
  EXPECT_EQ(with("\"key\":\"" + std::string(256, 'x') + "\""),
            "400 /key must be no longer than 255 bytes");
  for (const char* value : {"-1", "32", "1.5", "\"0\"", "null", "1e30", "18446744073709551616"}) {
    EXPECT_EQ(with("\"priority\":"s + value), "400 /priority must be an integer, 0..31") << value;
  }
  EXPECT_EQ(with(R"("delay_ms":-1)"), "400 /delay_ms must be an integer, 0..3155760000000");
  EXPECT_EQ(with(R"("delay_ms":3155760000001)"),
            "400 /delay_ms must be an integer, 0..3155760000000");
  EXPECT_EQ(with(R"("ttl_ms":0)"), "400 /ttl_ms must be an integer, 1..3155760000000");
  for (const char* name : {"deliver_at", "expires_at"}) {
    for (const char* value : {"", "now", "2025-01-31", "2025-01-31T12:00:00",
                              "2025-02-30T12:00:00Z", "2025-01-31T25:00:00Z", "1738324800000"}) {
      EXPECT_EQ(with("\""s + name + "\":\"" + value + "\""),
                "400 /"s + name + " must be a time of RFC 3339, for example 2025-01-31T12:00:00Z")
          << value;
    }
    EXPECT_EQ(with("\""s + name + "\":0"), "400 /"s + name + " must be a string");
  }
  EXPECT_EQ(with(R"("x":1)"), "400 /x is unknown");
  EXPECT_EQ(with(R"("a/b~c":1)"), "400 /a~1b~0c is unknown");
  EXPECT_EQ(with(R"("key":"a","key":"a")"), "400 /key is there more than once");
  EXPECT_EQ(with(R"("payload":"y")"), "400 /payload is there more than once");
  EXPECT_EQ(with(R"("x":1,"x":2)"), "400 /x is unknown; /x is unknown");
  EXPECT_EQ(with(R"("priority":"a","key":2,"ttl_ms":null,"y":[{}])"),
            "400 /key must be a string; /priority must be an integer, 0..31; "
            "/ttl_ms must be an integer, 1..3155760000000; /y is unknown");
  EXPECT_EQ(client.number("/v1/topics/t", "messages"), 0u);
}

TEST_F(HttpInput, OfListsOfMessagesIsChecked) {
  for (const char* value : {"1", "{}", "null", "\"x\""}) {
    EXPECT_EQ(message("{\"messages\":"s + value + "}"), "400 /messages must be an array");
  }
  EXPECT_EQ(message(R"({"messages":[]})"), "400 /messages must have 1..1000 elements");
  std::string many = "{\"messages\":[{\"payload\":\"\"}";
  for (int i = 0; i != 1000; ++i) many += ",{\"payload\":\"\"}";
  EXPECT_EQ(message(many + "]}"), "400 /messages must have 1..1000 elements");
  EXPECT_EQ(message(R"({"messages":[{"payload":"x"}],"payload":"x"})"), "400 /payload is unknown");
  EXPECT_EQ(
      message(R"({"messages":[{"payload":"x"},1,{},{"payload":"x","y":1}]})"),
      "400 /messages/1 must be an object; "
      "/messages/2/payload must be there, or payload_base64, not both; /messages/3/y is unknown");
  std::string wrong = "{\"messages\":[0";
  for (int i = 0; i != 20; ++i) wrong += ",0";
  const auto answer = message(wrong + "]}");
  EXPECT_NE(answer.find("/messages/9 "), std::string::npos);
  EXPECT_EQ(answer.find("/messages/10 "), std::string::npos);
  EXPECT_EQ(client.number("/v1/topics/t", "messages"), 0u);
}

TEST_F(HttpInput, OfQueriesIsChecked) {
  const auto body = R"({"payload":"x"})"s;
  EXPECT_EQ(message(body, "?wait=x"), "400 wait must be accepted, durable, delivered");
  EXPECT_EQ(message(body, "?wait="), "400 wait must be accepted, durable, delivered");
  EXPECT_EQ(message(body, "?timeout_ms=60001"), "400 timeout_ms must be an integer, 0..60000");
  EXPECT_EQ(message(body, "?x=1"), "400 x is unknown");
  EXPECT_EQ(message(body, "?wait=durable&wait=durable"), "400 wait is there more than once");
  for (const char* value :
       {"0", "1001", "-1", "x", "", "1x", "1.0", "+1", "99999999999999999999"}) {
    EXPECT_EQ(errors_in(client.get("/v1/topics?limit="s + value)),
              "400 limit must be an integer, 1..1000")
        << value;
  }
  EXPECT_EQ(errors_in(client.get("/v1/topics?after=" + std::string(256, 'x'))),
            "400 after must be UTF-8, no longer than 255 bytes");
  EXPECT_EQ(errors_in(client.get("/v1/statistics?x")), "400 x is unknown");
  EXPECT_EQ(client.number("/v1/topics/t", "messages"), 0u);
}

TEST_F(HttpInput, OfOptionsIsChecked) {
  const struct {
    const char* name;
    std::vector<std::string> wrong;
    const char* detail;
  } all[] = {
      {"storage", {"1", "null", "\"disk\"", "\"Memory\""}, nullptr},
      {"priorities", {"0", "33", "\"1\"", "1.5"}, "must be an integer, 1..32"},
      {"order", {"\"fifo\"", "1"}, nullptr},
      {"no_subscribers", {"\"keep\"", "false"}, nullptr},
      {"max_pending", {"0", "9007199254740993"}, "must be an integer, 1..9007199254740992"},
      {"overflow", {"\"drop_oldest\""}, nullptr},
      {"dedupe", {"\"on\"", "true"}, nullptr},
      {"dedupe_window_ms", {"0", "86400001"}, "must be an integer, 1..86400000"},
      {"expire", {"\"true\"", "1", "null"}, "must be true or false"},
      {"ordered", {"0"}, "must be true or false"},
      {"batch", {"0", "10001"}, "must be an integer, 1..10000"},
      {"lease_ms", {"-1", "86400001"}, "must be an integer, 0..86400000"},
      {"retry_delay_ms", {"-1", "86400001"}, "must be an integer, 0..86400000"},
      {"max_retry_delay_ms", {"-1", "86400001"}, "must be an integer, 0..86400000"},
      {"max_deliveries", {"-1", "1000001"}, "must be an integer, 0..1000000"},
  };
  for (const auto& one : all) {
    for (const auto& value : one.wrong) {
      const auto answer = options("{\""s + one.name + "\":" + value + "}");
      EXPECT_EQ(answer.rfind("400 /"s + one.name + " " + (one.detail ? one.detail : "must be "), 0),
                0u)
          << value << ": " << answer;
    }
  }
  EXPECT_EQ(options(R"({"storage":"disk"})"), "400 /storage must be memory, durable");
  EXPECT_EQ(options(R"({"ttl":1,"ordered":true})"), "400 /ttl is unknown");
  EXPECT_EQ(options(R"({"batch":1,"batch":1})"), "400 /batch is there more than once");
  EXPECT_EQ(client.get("/v1/topics/new").status, 404u);
}

TEST_F(HttpInput, OfSubscribersIsChecked) {
  const auto path = "/v1/topics/new/subscribers";
  for (const char* value : {"-1", "3155760000001", "\"1\"", "null"}) {
    EXPECT_EQ(post(path, "{\"idle_expiry_ms\":"s + value + "}"),
              "400 /idle_expiry_ms must be an integer, 0..3155760000000");
  }
  EXPECT_EQ(post(path, R"({"name":"x"})"), "400 /name is unknown");
  EXPECT_EQ(client.get("/v1/topics/new").status, 404u);
}

TEST_F(HttpInput, OfLeasesIsChecked) {
  client.subscribe("t", "s");
  const auto path = subscriber_path("t", "s");
  EXPECT_EQ(post(path + "/lease", R"({"max":0})"), "400 /max must be an integer, 1..1000");
  EXPECT_EQ(post(path + "/lease", R"({"max":1001})"), "400 /max must be an integer, 1..1000");
  EXPECT_EQ(post(path + "/lease", R"({"wait_ms":60001})"),
            "400 /wait_ms must be an integer, 0..60000");
  EXPECT_EQ(post(path + "/lease", "[]"), "400  must be an object");
  EXPECT_EQ(post(path + "/lease", R"({"wait":1})"), "400 /wait is unknown");
  for (const char* how : {"/ack", "/nack", "/extend"}) {
    const auto more = how == "/extend"s ? R"(,"lease_ms":1)"s : ""s;
    EXPECT_EQ(post(path + how, "{" + (more.empty() ? more : more.substr(1)) + "}"),
              "400 /leases is missing");
    EXPECT_EQ(post(path + how, R"({"leases":[])" + more + "}"),
              "400 /leases must have 1..1000 elements");
    EXPECT_EQ(post(path + how, R"({"leases":"1.1")" + more + "}"), "400 /leases must be an array");
    for (const char* lease :
         {"1", "\"\"", "\"1\"", "\".\"", "\"1.\"", "\".1\"", "\"1.1.1\"", "\"-1.1\"", "\"1.+1\"",
          "\"01.1\"", "\"1. 1\"", "\"18446744073709551616.1\"", "null"}) {
      EXPECT_EQ(post(path + how, R"({"leases":["1.1",)"s + lease + "]" + more + "}"),
                "400 /leases/1 must be a string, as it was in an answer")
          << how << lease;
    }
  }
  EXPECT_EQ(post(path + "/ack", R"({"leases":["1.1"],"delay_ms":1})"), "400 /delay_ms is unknown");
  EXPECT_EQ(post(path + "/nack", R"({"leases":["1.1"],"delay_ms":86400001})"),
            "400 /delay_ms must be an integer, 0..86400000");
  EXPECT_EQ(post(path + "/extend", R"({"leases":["1.1"]})"), "400 /lease_ms is missing");
  EXPECT_EQ(post(path + "/extend", R"({"leases":["1.1"],"lease_ms":0})"),
            "400 /lease_ms must be an integer, 1..86400000");
}

TEST_F(HttpInput, OfDeadLettersIsChecked) {
  client.subscribe("t", "s");
  const auto path = subscriber_path("t", "s") + "/dead-letters";
  for (const char* how : {"/replay", "/purge"}) {
    EXPECT_EQ(post(path + how, R"({"ids":[]})"), "400 /ids must have 1..1000 elements");
    for (const char* id : {"1", "\"x\"", "\"1.1\"", "\"-1\"", "\"01\"", "null"}) {
      EXPECT_EQ(post(path + how, R"({"ids":[)"s + id + "]}"),
                "400 /ids/0 must be a string, as it was in an answer")
          << id;
    }
    EXPECT_EQ(post(path + how, R"({"all":true})"), "400 /all is unknown");
  }
  EXPECT_EQ(errors_in(client.get(path + "?after=x")),
            "400 after must be an integer, 0..18446744073709551615");
}

TEST_F(HttpInput, OfPathsIsChecked) {
  const auto why =
      " must be a name: 1..255 bytes of UTF-8 without blanks and controls, and something before, "
      "between and after its dots"s;
  EXPECT_EQ(post("/v1/topics/a..b/messages", R"({"payload":"x"})"), "400 topic" + why);
  EXPECT_EQ(post("/v1/topics/./subscribers/%20/lease", "{}"),
            "400 topic" + why + "; subscriber" + why);
  EXPECT_EQ(post("/v1/topics/a%00b/subscribers", "{}"), "400 topic" + why);
}

}  // namespace
}  // namespace skein::test
