#include <gtest/gtest.h>

#include <string>

#include "calls/weight.hpp"
#include "doors/http/api/answers.hpp"
#include "doors/http/api/asking.hpp"

namespace skein::api {
namespace {

using core::lease_outcome;
using core::publish_outcome;

constexpr char messages[] = "/v1/topics/a.b/messages";

publish published_by(std::string body, std::string query = {}) {
  return topic_call_of<publish>(post(messages + std::move(query), std::move(body)));
}

std::string publish_errors(std::string body, std::string query = {}) {
  return errors_of(post(messages + std::move(query), std::move(body)));
}

TEST(Publish, TakesOneMessageOrSeveral) {
  auto p = published_by(R"({"payload":"x"})");
  ASSERT_EQ(p.messages.size(), 1U);
  const new_message& m = p.messages[0];
  EXPECT_EQ(*m.payload, "x");
  EXPECT_EQ(m.priority, 0);
  EXPECT_EQ(m.key, "");
  EXPECT_EQ(m.deliver_at, 0);
  EXPECT_EQ(m.delay.count(), 0);
  EXPECT_EQ(m.expires, core::no_time);
  EXPECT_FALSE(m.ttl);
  EXPECT_EQ(p.wait, wait_for::durable);
  EXPECT_EQ(p.timeout.count(), 30'000);

  p = published_by(R"({"messages":[{"payload":"x"},{"payload":""},{"payload_base64":"AP8="}]})");
  ASSERT_EQ(p.messages.size(), 3U);
  EXPECT_EQ(*p.messages[0].payload, "x");
  EXPECT_EQ(*p.messages[1].payload, "");
  EXPECT_EQ(*p.messages[2].payload, std::string("\0\xff", 2));
}

TEST(Publish, TakesEverythingAMessageCanHave) {
  const auto p = published_by(R"({"payload":"\u00e9","key":"k\"","priority":31,
      "deliver_at":"2025-01-31T12:00:00Z","delay_ms":5,"expires_at":"2025-01-31T14:00:00.5+02:00",
      "ttl_ms":3155760000000})");
  const new_message& m = p.messages.at(0);
  EXPECT_EQ(*m.payload, "\u00e9");
  EXPECT_EQ(m.key, "k\"");
  EXPECT_EQ(m.priority, 31);
  EXPECT_EQ(m.deliver_at, noon);
  EXPECT_EQ(m.delay.count(), 5);
  EXPECT_EQ(m.expires, noon + 500);
  EXPECT_EQ(m.ttl, milliseconds{3'155'760'000'000});
}

TEST(Publish, WaitsAsLongAsItIsTold) {
  EXPECT_EQ(published_by(R"({"payload":""})", "?wait=accepted").wait, wait_for::accepted);
  EXPECT_EQ(published_by(R"({"payload":""})", "?wait=durable").wait, wait_for::durable);
  const auto p = published_by(R"({"payload":""})", "?timeout_ms=60000&wait=delivered");
  EXPECT_EQ(p.wait, wait_for::delivered);
  EXPECT_EQ(p.timeout.count(), 60'000);
  EXPECT_EQ(publish_errors(R"({"payload":""})", "?wait=long&timeout_ms=60001&x=1"),
            "wait: must be accepted, durable, delivered; timeout_ms: must be an integer, 0..60000; "
            "x: is unknown");
  settings with;
  with.longest_wait = milliseconds{10};
  EXPECT_EQ(topic_call_of<publish>(post(messages, R"({"payload":""})"), with).timeout.count(), 10);
}

TEST(Publish, IsToldWhatIsWrongWithAMessage) {
  EXPECT_EQ(publish_errors("{}"), "/payload must be there, or payload_base64, not both");
  EXPECT_EQ(publish_errors(R"({"payload":"","payload_base64":""})"),
            "/payload must be there, or payload_base64, not both");
  EXPECT_EQ(publish_errors(R"({"payload":1})"), "/payload must be a string");
  EXPECT_EQ(publish_errors(R"({"payload_base64":"?"})"),
            "/payload_base64 must be base64 of RFC 4648, padded");
  EXPECT_EQ(publish_errors(R"({"payload":"","payload":""})"), "/payload is there more than once");
  EXPECT_EQ(publish_errors(R"({"payload":"","key":")" + std::string(256, 'k') + "\"}"),
            "/key must be no longer than 255 bytes");
  const struct {
    const char* name;
    const char* range;
  } numbers[] = {
      {"priority", "0..31"}, {"delay_ms", "0..3155760000000"}, {"ttl_ms", "1..3155760000000"}};
  for (const auto& n : numbers) {
    for (const char* value : {"-1", "3155760000001", "0.5", "\"1\"", "null", "[]"})
      EXPECT_EQ(publish_errors(R"({"payload":"",")" + std::string{n.name} + "\":" + value + "}"),
                "/" + std::string{n.name} + " must be an integer, " + n.range);
  }
  for (const std::string name : {"deliver_at", "expires_at"}) {
    EXPECT_EQ(publish_errors(R"({"payload":"",")" + name + R"(":"tomorrow"})"),
              "/" + name + " must be a time of RFC 3339, for example 2025-01-31T12:00:00Z");
    EXPECT_EQ(publish_errors(R"({"payload":"",")" + name + R"(":1738324800})"),
              "/" + name + " must be a string");
  }
}

TEST(Publish, CannotWaitForTheDeliveryOfWhatIsDelayed) {
  EXPECT_EQ(
      publish_errors(R"({"payload":"","delay_ms":1,"deliver_at":"2025-01-31T12:00:00Z"})",
                     "?wait=delivered"),
      "/deliver_at must not be there with wait=delivered: delayed messages cannot be waited for; "
      "/delay_ms must not be there with wait=delivered: delayed messages cannot be waited for");
  published_by(R"({"payload":"","delay_ms":0})", "?wait=delivered");
}

TEST(Publish, IsToldInWhichMessage) {
  EXPECT_EQ(publish_errors(R"({"messages":[{"payload":""},{"payload":"","priority":32,"x":1},3]})"),
            "/messages/1/priority must be an integer, 0..31; /messages/1/x is unknown; "
            "/messages/2 must be an object");
  EXPECT_EQ(publish_errors(R"({"messages":[{"payload":""}],"payload":""})"), "/payload is unknown");
  std::string many;
  for (int i = 0; i != 1000; ++i) many += i == 0 ? "{}" : ",{}";
  const auto errors = publish_errors("{\"messages\":[" + many + "]}");
  EXPECT_EQ(errors.substr(errors.rfind(';') + 2),
            "/messages/9/payload must be there, or payload_base64, not both");
}

TEST(Publish, TakesSoManyMessagesAtOnce) {
  settings with;
  with.most_messages = 2;
  const auto body = [](int n) {
    std::string all;
    for (int i = 0; i != n; ++i) all += std::string{i == 0 ? "" : ","} + R"({"payload":""})";
    return "{\"messages\":[" + all + "]}";
  };
  request_of(post(messages, body(2)), with);
  for (const int n : {0, 3})
    EXPECT_EQ(errors_of(post(messages, body(n)), with), "/messages must have 1..2 elements");
  EXPECT_EQ(publish_errors(R"({"messages":{}})"), "/messages must be an array");
  request_of(post(messages, body(1000)));
  EXPECT_EQ(publish_errors(body(1001)), "/messages must have 1..1000 elements");
}

TEST(Publish, HasABody) {
  EXPECT_EQ(publish_errors("").substr(0, 33), "?the body cannot be read as JSON:");
  EXPECT_EQ(publish_errors("[]"), " must be an object");
}

/// Status, `Retry-After` and body.
std::string shown(const io::http_response& response) {
  EXPECT_EQ(response.content_type,
            response.status < 300 ? "application/json" : "application/problem+json");
  return std::to_string(response.status) + " " + std::string{response.headers.find("Retry-After")} +
         response.body;
}

std::string answered(endpoint to, const answer& a) {
  return shown(write_answer({to, {}, {}, {}}, a));
}

TEST(Publish, IsAnsweredForEachMessage) {
  EXPECT_EQ(answered(endpoint::publish, published{{{publish_outcome::published, 0}}}),
            "200 {\"messages\":[{\"outcome\":\"published\"}]}\n");
  EXPECT_EQ(answered(endpoint::publish,
                     published{{{publish_outcome::published, 18'446'744'073'709'551'615U},
                                {publish_outcome::replaced, 32},
                                {publish_outcome::delayed, 0},
                                {publish_outcome::duplicate, 0},
                                {publish_outcome::dropped, 0}}}),
            "200 {\"messages\":[{\"outcome\":\"published\",\"id\":\"18446744073709551615\"},"
            "{\"outcome\":\"replaced\",\"id\":\"32\"},{\"outcome\":\"delayed\"},"
            "{\"outcome\":\"duplicate\"},{\"outcome\":\"dropped\"}]}\n");
}

TEST(Publish, IsAProblemIfMessagesAreRefused) {
  const auto all = [](publish_outcome what) {
    return answered(endpoint::publish, published{{{what, 0}, {what, 0}}});
  };
  EXPECT_EQ(all(publish_outcome::no_subscribers),
            "404 {\"type\":\"/problems/no-subscribers\",\"title\":\"The topic has no subscribers\","
            "\"status\":404,\"messages\":[{\"outcome\":\"no_subscribers\"},"
            "{\"outcome\":\"no_subscribers\"}]}\n");
  EXPECT_EQ(all(publish_outcome::overflow),
            "429 1{\"type\":\"/problems/overflow\","
            "\"title\":\"A subscriber has too many messages pending\",\"status\":429,"
            "\"messages\":[{\"outcome\":\"overflow\"},{\"outcome\":\"overflow\"}]}\n");
  EXPECT_EQ(all(publish_outcome::no_such_priority),
            "400 {\"type\":\"/problems/no-such-priority\","
            "\"title\":\"The topic has no such priority\",\"status\":400,"
            "\"messages\":[{\"outcome\":\"no_such_priority\"},"
            "{\"outcome\":\"no_such_priority\"}]}\n");
  EXPECT_EQ(answered(endpoint::publish, published{{{publish_outcome::published, 64},
                                                   {publish_outcome::overflow, 0},
                                                   {publish_outcome::no_such_priority, 0}}}),
            "409 {\"type\":\"/problems/partly-refused\","
            "\"title\":\"Some of the messages were refused\",\"status\":409,"
            "\"detail\":\"2 of 3 messages were refused\","
            "\"messages\":[{\"outcome\":\"published\",\"id\":\"64\"},{\"outcome\":\"overflow\"},"
            "{\"outcome\":\"no_such_priority\"}]}\n");
}

TEST(Publish, IsToldForWhomItWaitsInVain) {
  auto r = refused_for(refused::reason::not_delivered, "after 30000 ms");
  r.so_far.messages = {{publish_outcome::published, 64}};
  r.waits_for = {"s", "t"};
  EXPECT_EQ(
      answered(endpoint::publish, r),
      "504 {\"type\":\"/problems/not-delivered\","
      "\"title\":\"The messages were not acknowledged in time\",\"status\":504,"
      "\"detail\":\"after 30000 ms\","
      "\"messages\":[{\"outcome\":\"published\",\"id\":\"64\"}],\"waits_for\":[\"s\",\"t\"]}\n");
}

TEST(Publish, IsToldWhoMissedWhatItWaitedFor) {
  auto r = refused_for(refused::reason::delivery_failed);
  r.so_far.messages = {{publish_outcome::published, 64, published::reached{2, 0, 1}}};
  r.so_far.missed_by = {{0, "s", core::fate::expired}};
  EXPECT_EQ(answered(endpoint::publish, r),
            "409 {\"type\":\"/problems/delivery-failed\","
            "\"title\":\"Not all have acknowledged the messages, nor will they\",\"status\":409,"
            "\"messages\":[{\"outcome\":\"published\",\"id\":\"64\",\"acknowledged\":2,"
            "\"waiting\":0,\"missed\":1}],"
            "\"missed_by\":[{\"message\":0,\"subscriber\":\"s\",\"outcome\":\"expired\"}]}\n");
}

TEST(Publish, IsToldWhoIsFull) {
  published p{{{publish_outcome::overflow, 0}}};
  p.full_subscriber = "slow";
  EXPECT_EQ(answered(endpoint::publish, p),
            "429 1{\"type\":\"/problems/overflow\","
            "\"title\":\"A subscriber has too many messages pending\",\"status\":429,"
            "\"detail\":\"subscriber slow is full\","
            "\"messages\":[{\"outcome\":\"overflow\"}],\"full_subscriber\":\"slow\"}\n");
}

const std::string subscriber = "/v1/topics/a.b/subscribers/s";

TEST(Lease, AsksForMessages) {
  auto l = topic_call_of<lease>(post(subscriber + "/lease", R"({"max":10,"wait_ms":20000})"));
  EXPECT_EQ(l.subscriber, "s");
  EXPECT_EQ(l.most, 10U);
  EXPECT_EQ(l.wait.count(), 20'000);
  l = topic_call_of<lease>(post(subscriber + "/lease"));
  EXPECT_EQ(l.most, 0U);
  EXPECT_EQ(l.wait.count(), 0);
  EXPECT_EQ(errors_of(post(subscriber + "/lease", R"({"max":0,"wait_ms":60001,"n":1})")),
            "/max must be an integer, 1..1000; /wait_ms must be an integer, 0..60000; "
            "/n is unknown");
}

TEST(Lease, IsAnsweredByDeliveries) {
  EXPECT_EQ(answered(endpoint::lease, leased{}), "200 {\"deliveries\":[]}\n");
  auto full = delivery_of(33, message_of("x\u00e9<", "k"));
  full.deadline = noon + 30'000;
  full.what.expires = noon + 60'000;
  EXPECT_EQ(answered(endpoint::lease, leased{{full, delivery_of(0, message_of("\xff\xfe\xfb"))}}),
            "200 {\"deliveries\":[{\"lease\":\"33.7\",\"id\":\"33\",\"attempt\":2,\"priority\":1,"
            "\"deadline\":\"2025-01-31T12:00:30.000Z\",\"key\":\"k\","
            "\"published\":\"2025-01-31T12:00:00.000Z\","
            "\"expires_at\":\"2025-01-31T12:01:00.000Z\",\"payload\":\"x\u00e9<\"},"
            "{\"lease\":\"0.7\",\"id\":\"0\",\"attempt\":2,\"priority\":0,"
            "\"published\":\"2025-01-31T12:00:00.000Z\",\"payload_base64\":\"//77\"}]}\n");
}

TEST(Settle, NamesLeases) {
  auto s = topic_call_of<settle>(
      post(subscriber + "/ack", R"({"leases":["33.7","0.0","18446744073709551615.1"]})"));
  EXPECT_EQ(s.subscriber, "s");
  EXPECT_EQ(s.what, settle::action::ack);
  EXPECT_FALSE(s.time);
  ASSERT_EQ(s.leases.size(), 3U);
  EXPECT_EQ(core::number_of(s.leases[0].id), 33U);
  EXPECT_EQ(s.leases[0].number, 7U);
  EXPECT_EQ(core::number_of(s.leases[2].id), 18'446'744'073'709'551'615U);

  s = topic_call_of<settle>(post(subscriber + "/nack", R"({"leases":["33.7"]})"));
  EXPECT_EQ(s.what, settle::action::nack);
  EXPECT_FALSE(s.time);
  s = topic_call_of<settle>(post(subscriber + "/nack", R"({"leases":["33.7"],"delay_ms":0})"));
  EXPECT_EQ(s.time, milliseconds{0});
  s = topic_call_of<settle>(
      post(subscriber + "/extend", R"({"leases":["3.7"],"lease_ms":86400000})"));
  EXPECT_EQ(s.what, settle::action::extend);
  EXPECT_EQ(s.time, milliseconds{86'400'000});
}

TEST(Settle, IsToldWhatIsWrong) {
  for (const std::string path : {"/ack", "/nack"}) {
    const auto errors = [&](std::string body) {
      return errors_of(post(subscriber + path, std::move(body)));
    };
    EXPECT_EQ(errors("{}"), "/leases is missing");
    EXPECT_EQ(errors(R"({"leases":"1.1"})"), "/leases must be an array");
    EXPECT_EQ(errors(R"({"leases":[]})"), "/leases must have 1..1000 elements");
    EXPECT_EQ(errors(R"({"leases":["1.1"],"leases":["1.1"]})"), "/leases is there more than once");
    for (const char* lease :
         {"1", "null", "\"\"", "\"1\"", "\"1.\"", "\".1\"", "\"1.1.1\"", "\"-1.1\"", "\"1. 1\"",
          "\"01.1\"", "\"18446744073709551616.1\"", "[]"})
      EXPECT_EQ(errors("{\"leases\":[\"1.1\"," + std::string{lease} + "]}"),
                "/leases/1 must be a string, as it was in an answer")
          << lease;
  }
  EXPECT_EQ(errors_of(post(subscriber + "/ack", R"({"leases":["1.1"],"delay_ms":1})")),
            "/delay_ms is unknown");
  EXPECT_EQ(errors_of(post(subscriber + "/nack", R"({"leases":["1.1"],"delay_ms":86400001})")),
            "/delay_ms must be an integer, 0..86400000");
  EXPECT_EQ(errors_of(post(subscriber + "/extend", "{}")),
            "/leases is missing; /lease_ms is missing");
  EXPECT_EQ(errors_of(post(subscriber + "/extend", R"({"leases":["1.1"],"lease_ms":0})")),
            "/lease_ms must be an integer, 1..86400000");
  std::string many = "\"1.1\"";
  for (int i = 0; i != 1000; ++i) many += ",\"1.1\"";
  EXPECT_EQ(errors_of(post(subscriber + "/ack", "{\"leases\":[" + many + "]}")),
            "/leases must have 1..1000 elements");
}

TEST(Settle, IsAnsweredForEachLease) {
  const auto form =
      request_of(post(subscriber + "/ack", R"({"leases":["33.7","0.1","64.2"]})")).form;
  EXPECT_EQ(
      shown(write_answer(form,
                         settled{{lease_outcome::done, lease_outcome::done, lease_outcome::done}})),
      "200 {\"leases\":[{\"lease\":\"33.7\",\"outcome\":\"done\"},"
      "{\"lease\":\"0.1\",\"outcome\":\"done\"},{\"lease\":\"64.2\",\"outcome\":\"done\"}]}\n");
  EXPECT_EQ(shown(write_answer(
                form, settled{{lease_outcome::done, lease_outcome::over, lease_outcome::unknown}})),
            "409 {\"type\":\"/problems/not-settled\","
            "\"title\":\"Some of the leases were not there any more\",\"status\":409,"
            "\"detail\":\"1 over, 1 unknown, of 3\","
            "\"leases\":[{\"lease\":\"33.7\",\"outcome\":\"done\"},"
            "{\"lease\":\"0.1\",\"outcome\":\"over\"},"
            "{\"lease\":\"64.2\",\"outcome\":\"unknown\"}]}\n");
}

TEST(DeadLetters, AreListed) {
  auto list = topic_call_of<list_dead>(get(subscriber + "/dead-letters"));
  EXPECT_EQ(list.subscriber, "s");
  EXPECT_FALSE(list.after);
  EXPECT_EQ(list.most, 100U);
  list = topic_call_of<list_dead>(get(subscriber + "/dead-letters?after=0&limit=1"));
  EXPECT_EQ(list.after, 0U);
  EXPECT_EQ(list.most, 1U);
  EXPECT_EQ(errors_of(get(subscriber + "/dead-letters?after=x")),
            "after: must be an integer, 0..18446744073709551615");

  EXPECT_EQ(answered(endpoint::list_dead, dead_letters{}), "200 {\"messages\":[]}\n");
  EXPECT_EQ(answered(endpoint::list_dead, dead_letters{{{33, 1, 10, message_of("x")}}, true}),
            "200 {\"messages\":[{\"id\":\"33\",\"priority\":1,\"attempts\":10,"
            "\"published\":\"2025-01-31T12:00:00.000Z\",\"payload\":\"x\"}],\"next\":\"33\"}\n");
}

TEST(DeadLetters, AreReplayedOrPurged) {
  auto s = topic_call_of<settle_dead>(
      post(subscriber + "/dead-letters/replay", R"({"ids":["33","0"]})"));
  EXPECT_EQ(s.what, settle_dead::action::replay);
  EXPECT_EQ(s.ids, (std::vector<std::uint64_t>{33, 0}));
  for (const char* body : {"", "{}"}) {
    s = topic_call_of<settle_dead>(post(subscriber + "/dead-letters/purge", body), for_operator());
    EXPECT_EQ(s.what, settle_dead::action::purge);
    EXPECT_TRUE(s.ids.empty());
  }
  const auto errors = [](std::string body) {
    return errors_of(post(subscriber + "/dead-letters/purge", std::move(body)));
  };
  EXPECT_EQ(errors(R"({"ids":[]})"), "/ids must have 1..1000 elements");
  EXPECT_EQ(errors(R"({"ids":[33,"x","33.7"]})"),
            "/ids/0 must be a string, as it was in an answer; "
            "/ids/1 must be a string, as it was in an answer; "
            "/ids/2 must be a string, as it was in an answer");
  EXPECT_EQ(errors(R"({"id":["33"]})"), "/id is unknown");

  EXPECT_EQ(answered(endpoint::replay_dead, dead_settled{3, {}}),
            "200 {\"messages\":3,\"unknown\":[]}\n");
  EXPECT_EQ(answered(endpoint::purge_dead, dead_settled{1, {0, 64}}),
            "200 {\"messages\":1,\"unknown\":[\"0\",\"64\"]}\n");
}

TEST(Delayed, AreListed) {
  auto list = topic_call_of<list_delayed>(get("/v1/topics/a.b/delayed"));
  EXPECT_FALSE(list.after);
  EXPECT_EQ(list.most, 100U);
  list = topic_call_of<list_delayed>(get("/v1/topics/a.b/delayed?after=1764526867000.17&limit=2"));
  EXPECT_EQ(list.after, (core::delayed_id{1'764'526'867'000, 17}));
  EXPECT_EQ(list.most, 2U);
  list = topic_call_of<list_delayed>(get("/v1/topics/a.b/delayed?after=m7.0"));
  EXPECT_EQ(list.after, (core::delayed_id{core::at_measured(7), 0}));
  for (const char* wrong : {"7", "7.", ".7", "9223372036854775808.1", "x.1"}) {
    EXPECT_EQ(errors_of(get(std::string{"/v1/topics/a.b/delayed?after="} + wrong)),
              "after: must be the id of a delayed message");
  }
  EXPECT_EQ(answered(endpoint::list_delayed, delayed_messages{}), "200 {\"messages\":[]}\n");
  EXPECT_EQ(
      answered(endpoint::list_delayed,
               delayed_messages{{{{1'764'526'867'000, 17}, 1, message_of("x"), 1'764'526'867'000}},
                                true}),
      "200 {\"messages\":[{\"id\":\"1764526867000.17\",\"priority\":1,"
      "\"deliver_at\":\"2025-11-30T18:21:07.000Z\",\"published\":\"2025-01-31T12:00:00.000Z\","
      "\"payload\":\"x\"}],\"next\":\"1764526867000.17\"}\n");
}

TEST(Delayed, AreCancelledByTheirIds) {
  const std::string path = "/v1/topics/a.b/delayed/cancel";
  const auto asked = topic_call_of<cancel_delayed>(post(path, R"({"ids":["7.1","8.0"]})"));
  EXPECT_EQ(asked.ids, (std::vector<core::delayed_id>{{7, 1}, {8, 0}}));
  EXPECT_EQ(errors_of(post(path, "{}")), "/ids is missing");
  EXPECT_EQ(errors_of(post(path, R"({"ids":["7"]})")),
            "/ids/0 must be a string, as it was in an answer");
  EXPECT_EQ(answered(endpoint::cancel_delayed, cancelled{1, {{core::at_measured(7), 1}}}),
            "200 {\"messages\":1,\"unknown\":[\"m7.1\"]}\n");
}

TEST(Refusals, HaveTheirStatusAndType) {
  using reason = refused::reason;
  const struct {
    reason why;
    unsigned status;
    const char* type;
    bool may_pass;
  } refusals[] = {{reason::no_such_topic, 404, "no-such-topic", false},
                  {reason::no_such_subscriber, 404, "no-such-subscriber", false},
                  {reason::no_subscribers, 404, "no-subscribers", false},
                  {reason::overflow, 429, "overflow", true},
                  {reason::too_many_delayed, 429, "too-many-delayed", true},
                  {reason::no_such_priority, 400, "no-such-priority", false},
                  {reason::no_room, 429, "no-room", true},
                  {reason::exists_differently, 409, "exists-differently", false},
                  {reason::not_stored, 507, "not-stored", true},
                  {reason::not_readable, 503, "not-readable", true},
                  {reason::nothing_stored, 409, "nothing-stored", false},
                  {reason::not_delivered, 504, "not-delivered", false},
                  {reason::delivery_failed, 409, "delivery-failed", false},
                  {reason::stale_cursor, 410, "stale-cursor", false},
                  {reason::too_many_answers, 503, "too-many-answers", true},
                  {reason::ending, 503, "ending", true},
                  {reason::failed, 500, "failed", false}};
  for (const auto& r : refusals) {
    const auto response = write_answer({}, refused_for(r.why, "because"));
    const auto begin = "{\"type\":\"/problems/" + std::string{r.type} + "\",\"title\":\"";
    EXPECT_EQ(response.status, r.status);
    EXPECT_EQ(response.body.substr(0, begin.size()), begin);
    EXPECT_NE(response.body.find("\"detail\":\"because\""), std::string::npos);
    EXPECT_EQ(response.headers.find("Retry-After"), r.may_pass ? "1" : "");
  }
}

TEST(AnswerSize, IsKnownBeforeItIsWritten) {
  const std::string all[] = {"",
                             "plain text",
                             std::string(1000, '\x01'),
                             std::string(1000, '\xff'),
                             "\u4e2d\u6587\u009b<&>\"\\\n",
                             std::string(3001, 'x') + "\xff"};
  for (const auto& payload : all) {
    core::message m;
    m.key = payload.substr(0, 255);
    m.payload = std::make_shared<const std::string>(payload);
    m.expires = noon;
    m.published = noon;
    leased l;
    dead_letters d;
    for (std::uint64_t n = 0; n != 7; ++n) {
      l.messages.push_back({{{31, n << 50}, n << 60}, 1u << 31, noon, m});
      d.messages.push_back({n << 60, 31, 1u << 31, m});
    }
    d.more = true;
    const answer_form lease_form{endpoint::lease, {}, {}, {}};
    EXPECT_LE(write_answer(lease_form, l).body.size(), most_bytes_of(lease_form, l));
    const answer_form fetch_form{endpoint::gophermq_fetch, payload, payload, {}};
    EXPECT_LE(write_answer(fetch_form, l).body.size(), most_bytes_of(fetch_form, l));
    const answer_form dead_form{endpoint::list_dead, {}, {}, {}};
    EXPECT_LE(write_answer(dead_form, d).body.size(), most_bytes_of(dead_form, d));
    EXPECT_LE(weight_of(l), most_bytes_of(lease_form, l));
  }
}

}  // namespace
}  // namespace skein::api
