#include <gtest/gtest.h>

#include <string>

#include "doors/http/api/answers.hpp"
#include "doors/http/api/asking.hpp"

namespace skein::api {
namespace {

/// Status, headers if any, and body of an answer in JSON.
std::string shown(const io::http_response& response) {
  EXPECT_EQ(response.content_type, response.body.empty() ? "" : "application/json");
  std::string all = std::to_string(response.status) + " ";
  for (std::size_t i = 0; i != response.headers.size(); ++i)
    all.append(response.headers.name(i)).append(": ").append(response.headers.value(i)).append(" ");
  return all + response.body;
}

constexpr char defaults[] =
    R"({"storage":"durable","priorities":1,"order":"strict","no_subscribers":"reject",)"
    R"("max_pending":10000,"max_delayed":10000,"overflow":"reject","dedupe":"off",)"
    R"("dedupe_window_ms":60000,)"
    R"("expire":true,"ordered":false,"batch":50,"lease_ms":30000,"retry_delay_ms":1000,)"
    R"("max_retry_delay_ms":60000,"max_deliveries":10})";

TEST(Topics, AreListedByName) {
  auto list = call_of<list_topics>(get("/v1/topics"));
  EXPECT_EQ(list.after, "");
  EXPECT_EQ(list.most, 100U);
  list = call_of<list_topics>(get("/v1/topics?limit=1000&after=a%26b+%c3%a9"));
  EXPECT_EQ(list.after, "a&b+\u00e9");
  EXPECT_EQ(list.most, 1000U);

  const answer_form form{endpoint::list_topics, {}, {}, {}};
  EXPECT_EQ(shown(write_answer(form, topic_list{})), "200 {\"topics\":[]}\n");
  EXPECT_EQ(shown(write_answer(form, topic_list{{{"a", {}}, {"b\"", {}}}, true})),
            std::string{"200 {\"topics\":[{\"name\":\"a\",\"options\":"} + defaults +
                "},{\"name\":\"b\\\"\",\"options\":" + defaults + "}],\"next\":\"b\\\"\"}\n");
}

TEST(Topics, QueriesAreRefusedThatAreWrong) {
  const char* const paths[] = {"/v1/topics", "/v1/topics/a.b/subscribers", "/v1/users/1/followers",
                               "/v1/topics/a.b/subscribers/s/dead-letters"};
  for (const std::string path : paths) {
    for (const char* limit :
         {"", "0", "1001", "-1", "+1", "x", "1x", "01", "1.0", "%201", "18446744073709551616"})
      EXPECT_EQ(errors_of(get(path + "?limit=" + limit)), "limit: must be an integer, 1..1000");
    EXPECT_EQ(errors_of(get(path + "?limit")), "limit: must be an integer, 1..1000");
    EXPECT_EQ(errors_of(get(path + "?limit=1&limit=1")), "limit: is there more than once");
    EXPECT_EQ(errors_of(get(path + "?Limit=1&=2&x")),
              "Limit: is unknown; : is unknown; x: is unknown");
    std::string many = path + "?";
    for (int i = 0; i != 1000; ++i) many += "&x" + std::to_string(i);
    EXPECT_EQ(errors_of(get(many)).substr(0, 16), "x0: is unknown; ");
    EXPECT_EQ(errors_of(get(many)).size(), 10 * 16U - 2);
    request_of(get(path + "?"));
    request_of(get(path + "?&&"));
  }
  for (const std::string& after : {std::string(256, 'a'), std::string{"%ff"}})
    EXPECT_EQ(errors_of(get("/v1/topics?after=" + after)),
              "after: must be UTF-8, no longer than 255 bytes");
  EXPECT_EQ(errors_of(get("/v1/topics/a.b?x=1")), "x: is unknown");
  EXPECT_EQ(errors_of(post("/v1/topics/a.b/subscribers/s/lease?max=1")), "max: is unknown");
}

TEST(Topics, AreMadeWithTheOptionsGiven) {
  settings with;
  with.topic.storage = core::topic_storage::memory;
  with.topic.batch = 7;
  const auto o = topic_call_of<create_topic>(put("/v1/topics/a.b", R"({"storage":"durable",
      "priorities":32,"order":"weighted","no_subscribers":"hold","max_pending":9007199254740992,
      "max_delayed":8,
      "overflow":"drop-oldest","dedupe":"first","dedupe_window_ms":86400000,"expire":false,
      "ordered":true,"batch":10000,"lease_ms":0,"retry_delay_ms":0,"max_retry_delay_ms":86400000,
      "max_deliveries":1000000})"),
                                             with)
                     .options;
  EXPECT_EQ(o.storage, core::topic_storage::durable);
  EXPECT_EQ(o.priorities, 32U);
  EXPECT_EQ(o.order, core::priority_policy::weighted);
  EXPECT_EQ(o.no_subscribers, core::no_subscribers_policy::hold);
  EXPECT_EQ(o.max_pending, 9007199254740992U);
  EXPECT_EQ(o.max_delayed, 8U);
  EXPECT_EQ(o.overflow, core::pending_policy::drop_oldest);
  EXPECT_EQ(o.dedupe, core::dedupe_policy::first);
  EXPECT_EQ(o.dedupe_window.count(), 86'400'000);
  EXPECT_FALSE(o.expire);
  EXPECT_TRUE(o.ordered);
  EXPECT_EQ(o.batch, 10'000U);
  EXPECT_EQ(o.lease.count(), 0);
  EXPECT_EQ(o.retry_delay.count(), 0);
  EXPECT_EQ(o.most_retry_delay.count(), 86'400'000);
  EXPECT_EQ(o.max_deliveries, 1'000'000U);
}

TEST(Topics, AreMadeWithTheDefaultsElse) {
  settings with;
  with.topic.storage = core::topic_storage::memory;
  with.topic.batch = 7;
  for (const auto& http :
       {put("/v1/topics/a.b"), put("/v1/topics/a.b", "{}"), put("/v1/topics/a.b", "", "")}) {
    const auto o = topic_call_of<create_topic>(http, with).options;
    EXPECT_EQ(o.storage, core::topic_storage::memory);
    EXPECT_EQ(o.batch, 7U);
  }
}

TEST(Topics, AreToBeAsIsSaidNoMore) {
  const auto make = topic_call_of<create_topic>(put("/v1/topics/a.b", R"({"lease_ms":7})"));
  EXPECT_EQ(make.said, core::option_names{"lease_ms"});
  EXPECT_EQ(topic_call_of<create_topic>(put("/v1/topics/a.b")).said, core::option_names{});
  const auto change = topic_call_of<change_topic>(
      http_of(io::http_method::patch, "/v1/topics/a.b", R"({"batch":3,"expire":false})"));
  EXPECT_EQ(change.said, (core::option_names{"expire", "batch"}));
  EXPECT_EQ(change.options.batch, 3U);
  EXPECT_EQ(errors_of(http_of(io::http_method::patch, "/v1/topics/a.b", R"({"batch":0,"x":1})")),
            "/batch must be an integer, 1..10000; /x is unknown");
}

TEST(Topics, AreToldWhatDiffers) {
  auto r =
      refused_for(refused::reason::exists_differently, "the topic exists and differs in batch");
  r.differs = {"batch"};
  EXPECT_EQ(write_answer({endpoint::create_topic, {}, {}, {}}, r).body,
            "{\"type\":\"/problems/exists-differently\","
            "\"title\":\"It is there with other options\",\"status\":409,"
            "\"detail\":\"the topic exists and differs in batch\",\"differs\":[\"batch\"]}\n");
}

TEST(Topics, AreNotMadeWithOptionsThatAreWrong) {
  const auto errors = [](const std::string& body) {
    return errors_of(put("/v1/topics/a.b", body));
  };
  EXPECT_EQ(errors(R"({"storage":"disk"})"), "/storage must be memory, durable");
  EXPECT_EQ(errors(R"({"storage":1})"), "/storage must be a string");
  EXPECT_EQ(errors(R"({"storage":null})"), "/storage must be a string");
  EXPECT_EQ(errors(R"({"order":"Strict"})"), "/order must be strict, weighted");
  EXPECT_EQ(errors(R"({"no_subscribers":""})"), "/no_subscribers must be reject, hold, drop");
  EXPECT_EQ(errors(R"({"overflow":"drop_oldest"})"), "/overflow must be reject, drop-oldest");
  EXPECT_EQ(errors(R"({"dedupe":false})"), "/dedupe must be a string");
  EXPECT_EQ(errors(R"({"expire":1})"), "/expire must be true or false");
  EXPECT_EQ(errors(R"({"ordered":"true"})"), "/ordered must be true or false");
  const struct {
    const char* name;
    const char* range;
    const char* beyond;
  } numbers[] = {{"priorities", "1..32", "33"},
                 {"max_pending", "1..9007199254740992", "9007199254740993"},
                 {"max_delayed", "1..9007199254740992", "0"},
                 {"dedupe_window_ms", "1..86400000", "86400001"},
                 {"batch", "1..10000", "10001"},
                 {"lease_ms", "0..86400000", "86400001"},
                 {"retry_delay_ms", "0..86400000", "86400001"},
                 {"max_retry_delay_ms", "0..86400000", "86400001"},
                 {"max_deliveries", "0..1000000", "1000001"}};
  for (const auto& n : numbers) {
    for (const std::string value : {n.beyond, "-1", "1.5", "\"1\"", "null", "[]", "{}", "true",
                                    "1e300", "18446744073709551617"})
      EXPECT_EQ(errors("{\"" + std::string{n.name} + "\":" + value + "}"),
                "/" + std::string{n.name} + " must be an integer, " + n.range)
          << value;
  }
}

TEST(Topics, BodiesAreObjectsOfKnownFieldsEachOnce) {
  const auto errors = [](const std::string& body) {
    return errors_of(put("/v1/topics/a.b", body));
  };
  EXPECT_EQ(errors(R"({"stroage":"memory","a/b~c":1,"":2})"),
            "/stroage is unknown; /a~1b~0c is unknown; / is unknown");
  EXPECT_EQ(errors(R"({"batch":1,"batch":1})"), "/batch is there more than once");
  EXPECT_EQ(errors(R"({"Batch":1})"), "/Batch is unknown");
  for (const char* body : {"[]", "null", "1", "\"\"", "true"})
    EXPECT_EQ(errors(body), " must be an object");
  EXPECT_EQ(errors(R"({"batch":0,"storage":1,"x":1})"),
            "/storage must be a string; /batch must be an integer, 1..10000; /x is unknown");
  std::string many;
  for (int i = 0; i != 100; ++i) many += (i == 0 ? "{\"x" : ",\"x") + std::to_string(i) + "\":0";
  EXPECT_EQ(errors(many + "}").size(), 10 * std::string{"/x0 is unknown; "}.size() - 2);
}

TEST(Topics, BodiesAreJson) {
  for (const char* body : {"{", "{}}", "x", "{\"a\":\"\xff\"}", "{'a':1}"})
    EXPECT_EQ(errors_of(put("/v1/topics/a.b", body)).substr(0, 33),
              "?the body cannot be read as JSON:")
        << body;
  EXPECT_EQ(errors_of(put("/v1/topics/a.b", "{} x")),
            "?the body cannot be read as JSON: extra data at byte 3");
  EXPECT_EQ(errors_of(put("/v1/topics/a.b", std::string(33, '['))),
            "?the body cannot be read as JSON: too deep at byte 32");
  settings with;
  with.most_messages = 1;
  std::string many = "[0";
  for (int i = 0; i != 200; ++i) many += ",0";
  EXPECT_EQ(errors_of(put("/v1/topics/a.b", many + "]"), with),
            "?the body cannot be read as JSON: more than 116 values");
}

TEST(Topics, BodiesAreOfTheRightType) {
  for (const char* type : {"", "text/plain", "application/jsonx", "application/problem+json"}) {
    const auto response = response_to(put("/v1/topics/a.b", "{}", type));
    EXPECT_EQ(response.status, 415U);
    EXPECT_EQ(response.body,
              "{\"type\":\"about:blank\",\"title\":\"Unsupported Media Type\",\"status\":415,"
              "\"detail\":\"must be application/json\"}\n");
  }
  request_of(put("/v1/topics/a.b", "{}", "APPLICATION/JSON; charset=utf-8"));
}

TEST(Topics, BodiesAreNotEncoded) {
  for (const char* coding : {"gzip", "br, identity", "identity, gzip", "x"}) {
    auto http = put("/v1/topics/a.b", "{}");
    http.headers.add("content-encoding", coding);
    const auto response = response_to(http);
    EXPECT_EQ(response.status, 415U) << coding;
    EXPECT_EQ(response.body,
              "{\"type\":\"about:blank\",\"title\":\"Unsupported Media Type\",\"status\":415,"
              "\"detail\":\"the body must not be encoded\"}\n");
  }
  auto twice = put("/v1/topics/a.b", "{}");
  twice.headers.add("Content-Encoding", "identity");
  twice.headers.add("Content-Encoding", "gzip");
  EXPECT_EQ(response_to(twice).status, 415U);
  auto lines = post("/v1/events", "1|B\n", "text/plain");
  lines.headers.add("Content-Encoding", "gzip");
  EXPECT_EQ(response_to(lines).status, 415U);
}

TEST(Topics, BodiesAreTakenIfTheirEncodingIsNone) {
  for (const char* coding : {"identity", "Identity", "", "identity ,identity"}) {
    auto http = put("/v1/topics/a.b", "{}");
    http.headers.add("Content-Encoding", coding);
    request_of(http);
  }
  auto empty = put("/v1/topics/a.b");
  empty.headers.add("Content-Encoding", "gzip");
  request_of(empty);
}

TEST(Topics, BodiesOfGetAndDeleteDoNotMatter) {
  auto http = get("/v1/topics/a.b");
  http.body = "{";
  http.headers.add("Content-Encoding", "gzip");
  topic_call_of<describe_topic>(http);
  http.method = io::http_method::delete_;
  topic_call_of<delete_topic>(http);
}

TEST(Topics, AnswersSayWhetherTheyAreNew) {
  const auto r = request_of(put("/v1/topics/a%2fb%c3%a9"));
  const std::string body = std::string{R"({"name":"a/bé","options":)"} + defaults + "}\n";
  EXPECT_EQ(shown(write_answer(r.form, created{true, {}})),
            "201 Location: /v1/topics/a%2Fb%C3%A9 " + body);
  EXPECT_EQ(shown(write_answer(r.form, created{false, {}})), "200 " + body);
}

TEST(Topics, AreDescribed) {
  topic_call_of<describe_topic>(get("/v1/topics/a.b"));
  EXPECT_EQ(shown(write_answer({endpoint::describe_topic, {}, {}, {}},
                               topic_description{"a.b", {}, 1, 2, 3})),
            std::string{R"(200 {"name":"a.b","options":)"} + defaults +
                ",\"messages\":1,\"delayed\":2,\"subscribers\":3}\n");
}

TEST(Topics, AreDeleted) {
  topic_call_of<delete_topic>(delete_("/v1/topics/a.b"));
  EXPECT_EQ(shown(write_answer({endpoint::delete_topic, {}, {}, {}}, removed{})), "204 ");
}

TEST(Subscribers, AreListedByName) {
  const auto list =
      topic_call_of<list_subscribers>(get("/v1/topics/a.b/subscribers?after=x&limit=2"));
  EXPECT_EQ(list.after, "x");
  EXPECT_EQ(list.most, 2U);
  const answer_form form{endpoint::list_subscribers, {}, {}, {}};
  EXPECT_EQ(shown(write_answer(form, subscriber_list{})), "200 {\"subscribers\":[]}\n");
  EXPECT_EQ(
      shown(write_answer(form, subscriber_list{{{"s", milliseconds{5}, 15, 1, 2, 4, 8}}, true})),
      "200 {\"subscribers\":[{\"name\":\"s\",\"idle_expiry_ms\":5,\"pending\":15,"
      "\"unread\":1,\"leased\":2,\"waiting\":4,\"dead\":8}],\"next\":\"s\"}\n");
}

TEST(Subscribers, AreMadeByNameOrNamedHere) {
  const std::string path = "/v1/topics/a.b/subscribers";
  auto s = topic_call_of<subscribe>(put(path + "/s", R"({"idle_expiry_ms":3155760000000})"));
  EXPECT_EQ(s.subscriber, "s");
  EXPECT_EQ(s.idle_expiry, milliseconds{3'155'760'000'000});
  EXPECT_EQ(topic_call_of<subscribe>(put(path + "/s", R"({"idle_expiry_ms":0})")).idle_expiry,
            milliseconds{0});
  EXPECT_EQ(topic_call_of<subscribe>(put(path + "/s", "{}")).idle_expiry, std::nullopt);
  s = topic_call_of<subscribe>(post(path));
  EXPECT_EQ(s.subscriber, "");
  EXPECT_EQ(s.idle_expiry, std::nullopt);
  EXPECT_EQ(errors_of(put(path + "/s", R"({"idle_expiry_ms":-1,"name":"t"})")),
            "/idle_expiry_ms must be an integer, 0..3155760000000; /name is unknown");

  auto form = request_of(put(path + "/s")).form;
  EXPECT_EQ(shown(write_answer(form, subscribed{"s", false})), "200 {\"name\":\"s\"}\n");
  EXPECT_EQ(shown(write_answer(form, subscribed{"s", true})),
            "201 Location: /v1/topics/a.b/subscribers/s {\"name\":\"s\"}\n");
  form = request_of(post(path)).form;
  EXPECT_EQ(shown(write_answer(form, subscribed{"0b9e-62f5", true})),
            "201 Location: /v1/topics/a.b/subscribers/0b9e-62f5 {\"name\":\"0b9e-62f5\"}\n");
}

TEST(Subscribers, Change) {
  const auto call = topic_call_of<change_subscriber>(
      http_of(io::http_method::patch, "/v1/topics/a.b/subscribers/s", R"({"idle_expiry_ms":5})"));
  EXPECT_EQ(call.subscriber, "s");
  EXPECT_EQ(call.idle_expiry, milliseconds{5});
}

TEST(Subscribers, AreDescribedAndRemoved) {
  const std::string path = "/v1/topics/a.b/subscribers/s%26";
  EXPECT_EQ(topic_call_of<describe_subscriber>(get(path)).subscriber, "s&");
  EXPECT_EQ(topic_call_of<unsubscribe>(delete_(path)).subscriber, "s&");
  EXPECT_EQ(shown(write_answer({endpoint::describe_subscriber, {}, {}, {}},
                               subscriber_description{"s", milliseconds{0}, 15, 1, 2, 4, 8})),
            "200 {\"name\":\"s\",\"idle_expiry_ms\":0,\"pending\":15,\"unread\":1,\"leased\":2,"
            "\"waiting\":4,\"dead\":8}\n");
  EXPECT_EQ(shown(write_answer({endpoint::unsubscribe, {}, {}, {}}, removed{})), "204 ");
}

TEST(Events, AreLinesOfText) {
  for (const char* type : {"text/plain", "text/plain; charset=utf-8", "application/octet-stream"})
    EXPECT_EQ(call_of<publish_events>(post("/v1/events", "1|B\n\xff", type)).lines, "1|B\n\xff");
  EXPECT_EQ(call_of<publish_events>(post("/v1/events", "", "")).lines, "");
  for (const char* type : {"", "application/json"})
    EXPECT_EQ(response_to(post("/v1/events", "1|B\n", type)).status, 415U);
  EXPECT_EQ(shown(write_answer(
                {endpoint::publish_events, {}, {}, {}},
                events_published{5, 2, {{3, "no_separator"}, {4, "\"?\""}}, true, {1, 6, 6}})),
            "200 {\"events\":5,\"malformed\":2,\"first\":[{\"line\":3,\"reason\":\"no_separator\"},"
            "{\"line\":4,\"reason\":\"\\\"?\\\"\"}],\"durable\":true,\"epoch\":1,\"next\":6,"
            "\"durable_next\":6}\n");
}

TEST(Follows, AreListedForAUser) {
  auto list = call_of<list_follows>(get("/v1/users/-5/followers"));
  EXPECT_EQ(list.user, -5);
  EXPECT_EQ(list.which, list_follows::direction::followers);
  EXPECT_EQ(list.after, "");
  EXPECT_EQ(list.most, 100U);
  list = call_of<list_follows>(get("/v1/users/9223372036854775807/followees?after=x:1&limit=5"));
  EXPECT_EQ(list.user, 9'223'372'036'854'775'807);
  EXPECT_EQ(list.which, list_follows::direction::followees);
  EXPECT_EQ(list.after, "x:1");
  EXPECT_EQ(list.most, 5U);
  for (const std::string user :
       {"x", "1x", "+1", "1.0", "%20", "9223372036854775808", "-9223372036854775808"})
    EXPECT_EQ(errors_of(get("/v1/users/" + user + "/followers")),
              "user: must be an integer of 64 bits, not the least");

  const answer_form form{endpoint::list_followers, {}, {}, {}};
  EXPECT_EQ(shown(write_answer(form, follow_list{})), "200 {\"users\":[]}\n");
  EXPECT_EQ(shown(write_answer(form, follow_list{{-1, 9'223'372'036'854'775'807}, "c"})),
            "200 {\"users\":[-1,9223372036854775807],\"next\":\"c\"}\n");
}

TEST(Epochs, AreDescribedAndBegun) {
  call_of<describe_epoch>(get("/v1/epochs/current"));
  call_of<new_epoch>(post("/v1/epochs"), for_operator());
  call_of<new_epoch>(post("/v1/epochs", "{}"), for_operator());
  EXPECT_EQ(errors_of(post("/v1/epochs", R"({"epoch":2})")), "/epoch is unknown");
  EXPECT_EQ(
      shown(write_answer({endpoint::describe_epoch, {}, {}, {}}, epoch_description{1, 18, 17})),
      "200 {\"epoch\":1,\"next\":18,\"durable_next\":17}\n");
  EXPECT_EQ(shown(write_answer({endpoint::new_epoch, {}, {}, {}}, epoch_description{2, 1, {}})),
            "201 {\"epoch\":2,\"next\":1}\n");
}

TEST(Statistics, KeepTheirOrder) {
  call_of<statistics>(get("/v1/statistics"));
  EXPECT_EQ(shown(write_answer({endpoint::statistics, {}, {}, {}},
                               statistics_list{{{"z", 1}, {"a", 18'446'744'073'709'551'615U}}})),
            "200 {\"z\":1,\"a\":18446744073709551615}\n");
}

}  // namespace
}  // namespace skein::api
