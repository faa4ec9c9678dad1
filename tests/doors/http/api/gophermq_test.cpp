#include <gtest/gtest.h>

#include <string>

#include "doors/http/api/answers.hpp"
#include "doors/http/api/asking.hpp"

namespace skein::api {
namespace {

using namespace std::string_literals;
using core::publish_outcome;

/// Status and body; the type is always the same.
std::string shown(const io::http_response& response) {
  EXPECT_EQ(response.content_type, "application/json; charset=UTF-8");
  EXPECT_TRUE(response.headers.empty());
  return std::to_string(response.status) + " " + response.body;
}

std::string answer_to(const io::http_request& http) {
  return shown(response_to(http));
}

constexpr char invalid_body[] = "400 {\"message\":\"request's body is invalid\"}\n";
constexpr char invalid_subject[] = "400 {\"message\":\"invalid subject\"}\n";
constexpr char is_ok[] = "200 {\"status\":\"ok\"}\n";

const char* const paths[] = {"/api/publish", "/api/publish/async", "/api/subscribe", "/api/fetch"};

/// Topic and payload of a publish.
std::string published_by(std::string body, std::string_view type = "application/json") {
  const auto c = call_of<topic_call>(post("/api/publish", std::move(body), type));
  const auto* const p = std::get_if<publish>(&c.what);
  if (p == nullptr || p->messages.size() != 1) return "?";
  return c.topic + " " + *p->messages[0].payload;
}

TEST(GophermqPublish, PublishesOneMessage) {
  settings with;
  with.api_wait = wait_for::delivered;
  with.longest_wait = std::chrono::seconds{5};
  const auto r = request_of(post("/api/publish", R"({"subject":"a.b","data":"x"})"), with);
  EXPECT_EQ(r.form.to, endpoint::gophermq_publish);
  const auto& c = std::get<topic_call>(r.what);
  EXPECT_EQ(c.topic, "a.b");
  const auto& p = std::get<publish>(c.what);
  ASSERT_EQ(p.messages.size(), 1U);
  const auto& m = p.messages[0];
  EXPECT_EQ(*m.payload, "x");
  EXPECT_EQ(m.priority, 0);
  EXPECT_EQ(m.key, "");
  EXPECT_EQ(m.deliver_at, 0);
  EXPECT_EQ(m.delay.count(), 0);
  EXPECT_EQ(m.expires, core::no_time);
  EXPECT_FALSE(m.ttl);
  EXPECT_EQ(p.wait, wait_for::delivered);
  EXPECT_EQ(p.timeout, with.longest_wait) << "if that is less than 30 s";
}

TEST(GophermqPublish, ReadsFieldsAsGoDoes) {
  EXPECT_EQ(published_by(R"({"subject":"a"})"), "a ");
  EXPECT_EQ(published_by(R"({"SUBJECT":"a","Data":"x"})"), "a x");
  EXPECT_EQ(published_by(R"({"subject":"a","subject":"b","data":"x","DATA":"y"})"), "b y");
  EXPECT_EQ(published_by(R"({"subject":"a","subject":null,"data":null})"), "a ");
  EXPECT_EQ(published_by(R"({"id":1,"x":[{}],"subject":"a","data":"x","y":null})"), "a x");
  EXPECT_EQ(published_by(R"({"\u0073ubject":"\u0061\u002eb","data":"\n\u00e9\ud83d\ude00"})"),
            "a.b \n\u00e9\U0001F600");
  EXPECT_EQ(published_by(R"({"subject":"*","data":"a.>"})"), "* a.>");
  EXPECT_EQ(published_by(" \n{ \"data\" : \"\\u0000\" , \"subject\" : \"a\" } \n"), "a \0"s);
}

TEST(GophermqPublish, TakesSoMuchBesideItsFields) {
  const std::string deep = std::string(31, '[') + std::string(31, ']');
  EXPECT_EQ(published_by(R"({"subject":"a","x":)" + deep + "}"), "a ");
  std::string many = "0";
  for (int i = 1; i != 997; ++i) many += ",0";  // with the root, the subject and the array: 1000
  EXPECT_EQ(published_by(R"({"subject":"a","x":[)" + many + "]}"), "a ");
  many += ",0";
  EXPECT_EQ(answer_to(post("/api/publish", R"({"subject":"a","x":[)" + many + "]}")), invalid_body);
}

TEST(GophermqPublish, TakesParametersOfTheType) {
  for (const char* type :
       {"APPLICATION/JSON", "application/json;charset=UTF-8", "Application/JSON ; charset=utf-8",
        " application/json", "application/json;"})
    EXPECT_EQ(published_by(R"({"subject":"a","data":"x"})", type), "a x") << type;
}

TEST(Gophermq, RefusesABodyThatIsInvalid) {
  std::string many = "0";
  for (int i = 0; i != 1000; ++i) many += ",0";
  for (const char* path : paths) {
    for (const auto& body :
         {"{"s, "x"s, "[]"s, "\"a\""s, "1"s, "{}x"s, R"({"subject":1})"s, R"({"subject":["a"]})"s,
          R"({"subject":{}})"s, R"({"subject":true})"s, R"({"subject":1,"subject":"a"})"s,
          R"({"subject":"a",})"s, "{\"subject\":\"\xff\"}"s, "{\"subject\":\"a\",\"x\":\"\xff\"}"s,
          R"({"subject":"a","x":)"s + std::string(32, '[') + std::string(32, ']') + "}",
          R"({"subject":"a","x":[)"s + many + "]}"})
      EXPECT_EQ(answer_to(post(path, body)), invalid_body) << path << " " << body;
  }
  EXPECT_EQ(answer_to(post("/api/publish", R"({"subject":"a","data":1})")), invalid_body);
  EXPECT_EQ(answer_to(post("/api/publish/async", R"({"subject":"a","data":{}})")), invalid_body);
  EXPECT_EQ(answer_to(post("/api/fetch", R"({"subject":"a","id":1})")), invalid_body);
}

TEST(Gophermq, RefusesABodyOfAnotherType) {
  for (const char* path : paths) {
    for (const char* type : {"", "text/plain", "application/xml", "application/jsonp", "json",
                             "application/x-www-form-urlencoded", "multipart/form-data"})
      EXPECT_EQ(answer_to(post(path, R"({"subject":"a","id":"b"})", type)), invalid_body) << type;
  }
}

TEST(Gophermq, RefusesABodyThatIsEncoded) {
  for (const char* path : paths) {
    auto http = post(path, R"({"subject":"a","id":"b"})");
    http.headers.add("Content-Encoding", "gzip");
    EXPECT_EQ(answer_to(http), invalid_body) << path;
  }
}

TEST(Gophermq, LooksAtTheBodyBeforeTheSubject) {
  EXPECT_EQ(answer_to(post("/api/publish", R"({"subject":"a b","data":1})")), invalid_body);
  EXPECT_EQ(answer_to(post("/api/fetch", R"({"subject":"","id":1})")), invalid_body);
}

TEST(Gophermq, RefusesASubjectThatIsNone) {
  for (const char* path : {"/api/publish", "/api/subscribe", "/api/fetch"}) {
    for (const auto& subject : {""s, " "s, "a b"s, "a\\tb"s, "a\\n"s, "\\r"s, "."s, "a."s, ".a"s,
                                "a..b"s, std::string(256, 'a')})
      EXPECT_EQ(answer_to(post(path, R"({"id":"x","subject":")" + subject + "\"}")),
                invalid_subject)
          << path << " " << subject;
    for (const char* body : {"", "{}", "null", R"({"subject":null})"})
      EXPECT_EQ(answer_to(post(path, body)), invalid_subject) << path << " " << body;
    EXPECT_EQ(answer_to(post(path, "", "")), invalid_subject);
  }
  EXPECT_EQ(published_by(R"({"subject":")" + std::string(255, 'a') + "\"}"),
            std::string(255, 'a') + " ");
}

TEST(GophermqPublish, IsAnsweredByWhatCameOfIt) {
  const auto answered = [](const answer& a) {
    return shown(write_answer({endpoint::gophermq_publish, {}, {}, {}}, a));
  };
  for (const auto what :
       {publish_outcome::published, publish_outcome::delayed, publish_outcome::replaced,
        publish_outcome::duplicate, publish_outcome::dropped})
    EXPECT_EQ(answered(published{{{what, 1}}}), is_ok);
  EXPECT_EQ(answered(published{{{publish_outcome::no_subscribers, 0}}}),
            "404 {\"message\":\"subscriber not found\"}\n");
  EXPECT_EQ(answered(published{{{publish_outcome::overflow, 0}}}),
            "429 {\"message\":\"broker overflow\"}\n");
  EXPECT_EQ(answered(published{{{publish_outcome::no_such_priority, 0}}}),
            "500 {\"message\":\"server error\"}\n");
  EXPECT_EQ(answered(refused_for(refused::reason::no_such_topic)),
            "404 {\"message\":\"subscriber not found\"}\n");
  EXPECT_EQ(answered(refused_for(refused::reason::no_subscribers)),
            "404 {\"message\":\"subscriber not found\"}\n");
  EXPECT_EQ(answered(refused_for(refused::reason::overflow)),
            "429 {\"message\":\"broker overflow\"}\n");
  for (const auto why :
       {refused::reason::not_stored, refused::reason::nothing_stored, refused::reason::ending,
        refused::reason::failed, refused::reason::not_delivered})
    EXPECT_EQ(answered(refused_for(why, "the disk is full")),
              "500 {\"message\":\"server error\"}\n");
}

TEST(GophermqPublishAsync, IsAlwaysOkOnceTheBodyIsUnderstood) {
  const auto r = request_of(post("/api/publish/async", R"({"subject":"a","data":"x"})"));
  EXPECT_EQ(std::get<publish>(std::get<topic_call>(r.what).what).wait, wait_for::accepted);
  EXPECT_EQ(shown(write_answer(r.form, published{})), is_ok);
  EXPECT_EQ(shown(write_answer(r.form, refused{})), is_ok);
}

TEST(GophermqPublishAsync, SaysHereThatNobodyHearsOfASubjectThatIsNone) {
  for (const char* body : {"", "{}", R"({"subject":"a b"})"}) {
    const auto result = read_request(post("/api/publish/async", body), {});
    ASSERT_TRUE(std::holds_alternative<refused_unheard>(result)) << body;
    EXPECT_EQ(shown(std::get<refused_unheard>(result).response), is_ok);
    EXPECT_EQ(std::get<refused_unheard>(result).why, "invalid subject");
  }
}

TEST(GophermqSubscribe, MakesASubscriberThatIsNamedHere) {
  settings with;
  with.subscriber_expiry = milliseconds{5000};
  const auto r = request_of(post("/api/subscribe", R"({"subject":"a<b>.c"})"), with);
  const auto& c = std::get<topic_call>(r.what);
  EXPECT_EQ(c.topic, "a<b>.c");
  EXPECT_EQ(std::get<subscribe>(c.what).subscriber, "");
  EXPECT_EQ(std::get<subscribe>(c.what).idle_expiry, milliseconds{5000});
  EXPECT_EQ(shown(write_answer(r.form, subscribed{"0b9e4f0e-62f5", true})),
            "200 {\"id\":\"0b9e4f0e-62f5\",\"subject\":\"a\\u003cb\\u003e.c\"}\n");
  EXPECT_EQ(shown(write_answer(r.form, refused_for(refused::reason::not_stored))),
            "500 {\"message\":\"server error\"}\n");
}

TEST(GophermqFetch, TakesAllThatIsThere) {
  const auto r = request_of(post("/api/fetch", R"({"subject":"a.b","id":"0b9e"})"));
  const auto& c = std::get<topic_call>(r.what);
  EXPECT_EQ(c.topic, "a.b");
  EXPECT_EQ(std::get<fetch>(c.what).subscriber, "0b9e");
  EXPECT_EQ(shown(write_answer(r.form, leased{})),
            "200 {\"data\":[],\"id\":\"0b9e\",\"subject\":\"a.b\"}\n");
  EXPECT_EQ(shown(write_answer(r.form, leased{{delivery_of(0, message_of("")),
                                               delivery_of(32, message_of("x", "k")),
                                               delivery_of(64, message_of("<\"\n\xff>&\u2028"))}})),
            "200 {\"data\":[\"\",\"x\",\"\\u003c\\\"\\n\\ufffd\\u003e\\u0026\\u2028\"],"
            "\"id\":\"0b9e\",\"subject\":\"a.b\"}\n");
}

TEST(GophermqFetch, KnowsNoOtherIds) {
  constexpr char bad_id[] = "404 {\"message\":\"bad id\"}\n";
  for (const char* body : {R"({"subject":"a"})", R"({"subject":"a","id":""})",
                           R"({"subject":"a","id":"a b"})", R"({"subject":"a","id":null})"})
    EXPECT_EQ(answer_to(post("/api/fetch", body)), bad_id) << body;
  const answer_form form{endpoint::gophermq_fetch, "a", "b", {}};
  EXPECT_EQ(shown(write_answer(form, refused_for(refused::reason::no_such_topic))), bad_id);
  EXPECT_EQ(shown(write_answer(form, refused_for(refused::reason::no_such_subscriber))), bad_id);
  EXPECT_EQ(shown(write_answer(form, refused_for(refused::reason::failed))),
            "500 {\"message\":\"server error\"}\n");
}

}  // namespace
}  // namespace skein::api
