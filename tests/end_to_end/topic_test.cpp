/// Topics over HTTP: how they, their subscribers and messages are made, listed and removed.

#include <gtest/gtest.h>

#include <regex>

#include "support/program.hpp"

namespace skein::test {
namespace {

const std::string default_options =
    R"({"storage":"durable","priorities":1,"order":"strict","no_subscribers":"reject",)"
    R"("max_pending":10000,"max_delayed":10000,"overflow":"reject","dedupe":"off",)"
    R"("dedupe_window_ms":60000,)"
    R"("expire":true,"ordered":false,"batch":50,"lease_ms":30000,"retry_delay_ms":1000,)"
    R"("max_retry_delay_ms":60000,"max_deliveries":10})";

std::string problem(unsigned status, const std::string& type, const std::string& title,
                    const std::string& more = "") {
  const auto number = std::to_string(status);
  return number + R"( {"type":"/problems/)" + type + R"(","title":")" + title + R"(","status":)" +
         number + more + "}\n";
}

std::string no_topic(const std::string& name) {
  return problem(404, "no-such-topic", "There is no such topic",
                 R"(,"detail":"there is no topic )" + name + "\"");
}

std::string no_subscriber(const std::string& name) {
  return problem(404, "no-such-subscriber", "There is no such subscriber",
                 R"(,"detail":"there is no subscriber )" + name + "\"");
}

/// The names of a list, page by page.
std::string listed(program& client, const std::string& target, const std::string& list,
                   std::size_t limit) {
  std::string names, after;
  for (;;) {
    const auto answer = client.get(target + "?limit=" + std::to_string(limit) +
                                   (after.empty() ? "" : "&after=" + after));
    const auto page = answer.json();
    const auto& all = page.at(list).as_array();
    EXPECT_LE(all.size(), limit);
    for (const auto& one : all) names.append(one.at("name").as_string().c_str()) += ' ';
    const auto* const next = page.as_object().if_contains("next");
    if (next == nullptr) return names;
    EXPECT_EQ(all.size(), limit);
    after = next->as_string().c_str();
  }
}

class Topic : public testing::Test {
 protected:
  explicit Topic(const daemon::options& options = {}) : broker{options}, client{broker} {}

  std::string publish(const std::string& body, const std::string& query = "") {
    return text_of(client.post("/v1/topics/t/messages" + query, body));
  }

  daemon broker;
  program client;
};

// --- topics ---

TEST_F(Topic, IsMadeOnceAndDescribed) {
  const auto made = client.put("/v1/topics/t");
  EXPECT_EQ(text_of(made), R"(201 {"name":"t","options":)" + default_options + "}\n");
  EXPECT_EQ(made.header("location"), "/v1/topics/t");
  const auto again = client.put("/v1/topics/t", "{}");
  EXPECT_EQ(text_of(again), R"(200 {"name":"t","options":)" + default_options + "}\n");
  EXPECT_EQ(again.header("location"), "");
  EXPECT_EQ(text_of(client.put("/v1/topics/t", R"({"priorities":2})")),
            problem(409, "exists-differently", "It is there with other options",
                    R"(,"detail":"the topic exists and differs in priorities",)"
                    R"("differs":["priorities"])"));
  EXPECT_EQ(text_of(client.get("/v1/topics/t")),
            R"(200 {"name":"t","options":)" + default_options +
                ",\"messages\":0,\"delayed\":0,\"subscribers\":0}\n");
}

TEST_F(Topic, HasTheOptionsThatItIsGiven) {
  const std::string options =
      R"({"storage":"memory","priorities":32,"order":"weighted","no_subscribers":"hold",)"
      R"("max_pending":7,"max_delayed":10000,"overflow":"drop-oldest","dedupe":"first","dedupe_window_ms":5,)"
      R"("expire":false,"ordered":true,"batch":3,"lease_ms":0,"retry_delay_ms":0,)"
      R"("max_retry_delay_ms":1,"max_deliveries":0})";
  EXPECT_EQ(text_of(client.put("/v1/topics/t", options)),
            R"(201 {"name":"t","options":)" + options + "}\n");
  EXPECT_EQ(text_of(client.get("/v1/topics")),
            R"(200 {"topics":[{"name":"t","options":)" + options + "}]}\n");
}

TEST(TopicDefaults, AreThoseOfTheConfiguration) {
  daemon broker{{{"topic.storage", "memory"},
                 {"topic.no-subscribers", "hold"},
                 {"topic.max-pending", "7"},
                 {"topic.overflow", "drop-oldest"},
                 {"topic.priorities", "3"},
                 {"topic.lease", "1s"},
                 {"topic.retry-delay", "2s"},
                 {"topic.max-retry-delay", "3s"},
                 {"topic.max-deliveries", "4"},
                 {"topic.batch", "5"},
                 {"topic.ordered", "true"}}};
  program client{broker};
  const std::string options =
      R"({"storage":"memory","priorities":3,"order":"strict","no_subscribers":"hold",)"
      R"("max_pending":7,"max_delayed":10000,"overflow":"drop-oldest","dedupe":"off","dedupe_window_ms":60000,)"
      R"("expire":true,"ordered":true,"batch":5,"lease_ms":1000,"retry_delay_ms":2000,)"
      R"("max_retry_delay_ms":3000,"max_deliveries":4})";
  EXPECT_EQ(text_of(client.put("/v1/topics/t")), R"(201 {"name":"t","options":)" + options + "}\n");
  // Where messages are held, the first one makes the topic.
  client.publish("u", "x");
  client.subscribe("u", "s");
  EXPECT_EQ(client.drain("u", "s"), "x");
}

TEST(TopicDefaults, OfAnotherConfigurationDoNotConcernTopicsThatAreThere) {
  daemon broker{{{"topic.max-pending", "7"}}};
  program client{broker};
  EXPECT_EQ(client.put("/v1/topics/t").status, 201u);
  broker.stop();
  broker.start_again({{"topic.max-pending", "9"}});
  program later{broker};
  auto again = later.put("/v1/topics/t", "{}");
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(again.json().at("options").at("max_pending"), 7);
  const auto changed = later.ask({"PATCH", "/v1/topics/t", R"({"max_pending":8})"});
  EXPECT_EQ(changed.status, 200u);
  EXPECT_EQ(later.put("/v1/topics/t", R"({"max_pending":8})").status, 200u);
}

TEST_F(Topic, IsNamedByWhateverMayBeAName) {
  const std::string longest(255, 'x');
  const struct {
    std::string path, name;
  } all[] = {
      {"a.b.c", "a.b.c"}, {"%61", "a"},       {"a%2Fb", "a/b"},  {"%C3%A4%3F%23", "\u00e4?#"},
      {"*", "*"},         {"%22%5C", "\"\\"}, {longest, longest}};
  for (const auto& one : all) {
    const auto made = client.put("/v1/topics/" + one.path + "/subscribers/" + one.path);
    EXPECT_EQ(text_of(made), R"(201 {"name":)" + json_text(one.name) + "}\n");
    const auto where = made.header("location");
    EXPECT_EQ(text_of(client.get(where)).substr(0, 12 + one.name.size() / 2),
              (R"(200 {"name":)" + json_text(one.name)).substr(0, 12 + one.name.size() / 2));
    EXPECT_EQ(client.publish(one.path, "x") != 0, true);
    EXPECT_EQ(client.drain(one.path, one.path), "x");
    EXPECT_EQ(client.remove(where).status, 204u);
  }
  for (const std::string name : {"a%20b", "a%0A", "%09", ".", "a.", ".a", "a..b", "%FF", "a%0D"}) {
    EXPECT_EQ(client.put("/v1/topics/" + name).status, 400u) << name;
    EXPECT_EQ(client.put("/v1/topics/t/subscribers/" + name).status, 400u) << name;
  }
  EXPECT_EQ(client.put("/v1/topics/" + longest + "x").status, 400u);
}

TEST_F(Topic, IsListedByPages) {
  std::string all;
  for (int i = 10; i != 35; ++i) {
    client.create("t" + std::to_string(i), i % 2 == 0 ? "{}" : R"({"storage":"memory"})");
    all += "t" + std::to_string(i) + " ";
  }
  for (const std::size_t limit : {1u, 2u, 5u, 24u, 25u, 26u, 1000u}) {
    EXPECT_EQ(listed(client, "/v1/topics", "topics", limit), all) << limit;
  }
  EXPECT_EQ(client.remove("/v1/topics/t20").status, 204u);
  all.erase(all.find("t20 "), 4);
  EXPECT_EQ(listed(client, "/v1/topics", "topics", 3), all);
  EXPECT_EQ(text_of(client.get("/v1/topics?after=t34")), "200 {\"topics\":[]}\n");
}

TEST_F(Topic, IsGoneWithAllOfItsOwnWhenItIsDeleted) {
  client.subscribe("t", "s");
  client.publish("t", "x");
  EXPECT_EQ(client.remove("/v1/topics/t").status, 204u);
  for (const char* target :
       {"/v1/topics/t", "/v1/topics/t/subscribers", "/v1/topics/t/subscribers/s",
        "/v1/topics/t/subscribers/s/dead-letters"}) {
    EXPECT_EQ(text_of(client.get(target)), no_topic("t")) << target;
  }
  EXPECT_EQ(text_of(client.remove("/v1/topics/t")), no_topic("t"));
  EXPECT_EQ(publish(R"({"payload":"x"})"), no_topic("t"));
  EXPECT_EQ(text_of(client.post("/v1/topics/t/subscribers/s/lease")), no_topic("t"));
  EXPECT_EQ(text_of(client.post("/v1/topics/t/subscribers/s/ack", R"({"leases":["32.1"]})")),
            no_topic("t"));
  client.subscribe("t", "s");
  EXPECT_EQ(client.drain("t", "s"), "");
}

TEST_F(Topic, KnowsNoLeasesOfOneThatHadItsName) {
  client.subscribe("t", "s");
  client.publish("t", "1");
  const auto before = client.lease("t", "s");
  EXPECT_EQ(client.remove("/v1/topics/t").status, 204u);
  client.subscribe("t", "s");
  client.publish("t", "2");
  EXPECT_EQ(client.lease("t", "s").size(), 1u);
  EXPECT_NE(client.settle("ack", "t", "s", leases_of(before)), "done");
}

TEST_F(Topic, TellsThoseWhoWaitWhenItIsDeleted) {
  client.subscribe("t", "s");
  program waiting{broker}, publisher{broker}, other{broker};
  other.subscribe("u", "s");
  publisher.begin({"POST", "/v1/topics/t/messages?wait=delivered", R"({"payload":"x"})"});
  broker.await_counter("messages_published", 1);
  client.lease("t", "s");
  waiting.begin({"POST", subscriber_path("t", "s") + "/lease", R"({"wait_ms":30000})"});
  // Whether it waits already or comes too late: it is told the same but for the detail.
  EXPECT_EQ(client.remove("/v1/topics/t").status, 204u);
  EXPECT_EQ(waiting.end().status, 404u);
  EXPECT_EQ(text_of(publisher.end()), problem(404, "no-such-topic", "There is no such topic",
                                              R"(,"detail":"the topic was deleted")"));
}

// --- subscribers ---

TEST_F(Topic, HasSubscribersByName) {
  const auto made = client.put("/v1/topics/t/subscribers/s", R"({"idle_expiry_ms":3600000})");
  EXPECT_EQ(text_of(made), "201 {\"name\":\"s\"}\n");
  EXPECT_EQ(made.header("location"), "/v1/topics/t/subscribers/s");
  EXPECT_EQ(text_of(client.put("/v1/topics/t/subscribers/s")), "200 {\"name\":\"s\"}\n");
  EXPECT_EQ(text_of(client.put("/v1/topics/t/subscribers/s", R"({"idle_expiry_ms":3600000})")),
            "200 {\"name\":\"s\"}\n");
  EXPECT_EQ(text_of(client.put("/v1/topics/t/subscribers/s", R"({"idle_expiry_ms":0})")),
            problem(409, "exists-differently", "It is there with other options",
                    R"(,"detail":"the subscriber exists and differs in idle_expiry_ms",)"
                    R"("differs":["idle_expiry_ms"])"));
  EXPECT_EQ(text_of(client.get("/v1/topics/t/subscribers/s")),
            R"(200 {"name":"s","idle_expiry_ms":3600000,"pending":0,"unread":0,"leased":0,)"
            "\"waiting\":0,\"dead\":0}\n");
  EXPECT_EQ(client.number("/v1/topics/t", "subscribers"), 1u);
  EXPECT_EQ(client.remove("/v1/topics/t/subscribers/s").status, 204u);
  EXPECT_EQ(text_of(client.remove("/v1/topics/t/subscribers/s")), no_subscriber("s"));
  EXPECT_EQ(text_of(client.get("/v1/topics/t/subscribers/s")), no_subscriber("s"));
  EXPECT_EQ(text_of(client.post("/v1/topics/t/subscribers/s/lease")), no_subscriber("s"));
}

TEST_F(Topic, NamesSubscribersThatHaveNoName) {
  const std::regex uuid{"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"};
  const auto made = client.post("/v1/topics/t/subscribers");
  EXPECT_EQ(made.status, 201u);
  const std::string name = made.json().at("name").as_string().c_str();
  EXPECT_TRUE(std::regex_match(name, uuid)) << name;
  EXPECT_EQ(made.header("location"), "/v1/topics/t/subscribers/" + name);
  client.publish("t", "x");
  EXPECT_EQ(client.drain("t", name), "x");
}

TEST_F(Topic, ListsSubscribersByPages) {
  std::string all;
  for (int i = 10; i != 33; ++i) {
    client.subscribe("t", "s" + std::to_string(i));
    all += "s" + std::to_string(i) + " ";
  }
  for (const std::size_t limit : {1u, 7u, 22u, 23u, 24u}) {
    EXPECT_EQ(listed(client, "/v1/topics/t/subscribers", "subscribers", limit), all) << limit;
  }
}

TEST_F(Topic, DeliversToEachSubscriberWhatWasPublishedSinceItCame) {
  client.subscribe("t", "a");
  client.publish("t", "1");
  client.subscribe("t", "b");
  client.publish("t", "2");
  client.remove(subscriber_path("t", "a"));
  client.subscribe("t", "a");
  client.publish("t", "3");
  EXPECT_EQ(client.drain("t", "a"), "3");
  EXPECT_EQ(client.drain("t", "b"), "2 3");
  EXPECT_EQ(client.number("/v1/topics/t", "messages"), 0u);
}

TEST(TopicIdle, LeavesMemoryAndComesBack) {
  daemon broker{{{"topic.idle-timeout", "20ms"}}};
  program client{broker};
  client.subscribe("t", "s");
  for (int i = 0; i != 5; ++i) {
    client.publish("t", std::to_string(i));
    broker.await_exactly("topics_in_memory", 0);
  }
  const auto first = client.lease("t", "s", R"({"max":2})");
  broker.await_exactly("topics_in_memory", 0);
  client.ack("t", "s", {first[1]});
  broker.await_exactly("topics_in_memory", 0);
  EXPECT_EQ(client.number(subscriber_path("t", "s"), "leased"), 1u);
  broker.await_exactly("topics_in_memory", 0);
  EXPECT_EQ(client.drain("t", "s"), "2 3 4");
  broker.await_exactly("topics_in_memory", 0);
  client.ack("t", "s", {first[0]});
  EXPECT_EQ(client.number("/v1/topics/t", "messages"), 0u);
}

// --- publishing ---

TEST_F(Topic, TakesBytesOfAnyKind) {
  client.subscribe("t", "s");
  EXPECT_EQ(publish(R"({"messages":[{"payload":""},{"payload_base64":""},)"
                    R"({"payload_base64":"AP8K"},{"payload":"\u0000\u00e4\ud83d\ude00\"<"}]})")
                .substr(0, 4),
            "200 ");
  const auto answer = client.post("/v1/topics/t/subscribers/s/lease");
  const boost::json::array deliveries = answer.json().at("deliveries").as_array();
  ASSERT_EQ(deliveries.size(), 4u);
  EXPECT_EQ(deliveries[0].at("payload"), "");
  EXPECT_EQ(deliveries[1].at("payload"), "");
  EXPECT_EQ(deliveries[2].at("payload_base64"), "AP8K");
  EXPECT_NE(answer.body.find("\"payload\":\"\\u0000\u00e4\U0001F600\\\"<\""), std::string::npos)
      << answer.body;
}

TEST_F(Topic, TakesLargeMessages) {
  client.subscribe("t", "s");
  const std::string large(12 << 20, 'x');
  client.publish("t", large);
  const auto got = client.lease("t", "s");
  ASSERT_EQ(got.size(), 1u);
  EXPECT_TRUE(got[0].payload == large);
  client.ack("t", "s", got);
}

TEST_F(Topic, TakesSeveralMessagesAtOnceInTheirOrder) {
  client.subscribe("t", "s");
  std::string body, all;
  for (int i = 0; i != 1000; ++i) {
    body += std::string{i == 0 ? "" : ","} + R"({"payload":")" + std::to_string(i) + R"("})";
    all += (i == 0 ? "" : " ") + std::to_string(i);
  }
  const auto answer = client.post("/v1/topics/t/messages", R"({"messages":[)" + body + "]}");
  EXPECT_EQ(answer.status, 200u);
  std::uint64_t last = 0;
  const auto published = answer.json();
  for (const auto& m : published.at("messages").as_array()) {
    const auto id = std::stoull(m.at("id").as_string().c_str());
    EXPECT_GT(id, last);
    last = id;
  }
  EXPECT_EQ(client.drain("t", "s"), all);
}

TEST_F(Topic, SaysWhatBecameOfEachMessage) {
  EXPECT_EQ(publish(R"({"payload":"x"})"), no_topic("t"));
  client.create("t", R"({"max_pending":2,"dedupe":"first"})");
  EXPECT_EQ(publish(R"({"payload":"x"})"),
            problem(404, "no-subscribers", "The topic has no subscribers",
                    R"(,"messages":[{"outcome":"no_subscribers"}])"));
  client.subscribe("t", "s");
  EXPECT_EQ(publish(R"({"payload":"x","priority":1})"),
            problem(400, "no-such-priority", "The topic has no such priority",
                    R"(,"messages":[{"outcome":"no_such_priority"}])"));
  const auto some = client.post(
      "/v1/topics/t/messages",
      R"({"messages":[{"payload":"1","key":"k"},{"payload":"2","key":"k"},{"payload":"3"},)"
      R"({"payload":"4"},{"payload":"5","priority":3}]})");
  EXPECT_EQ(some.status, 409u);
  EXPECT_EQ(outcomes_in(some), "published duplicate published overflow no_such_priority");
  const auto full = client.post("/v1/topics/t/messages", R"({"payload":"6"})");
  EXPECT_EQ(text_of(full),
            problem(429, "overflow", "A subscriber has too many messages pending",
                    R"(,"detail":"subscriber s is full","messages":[{"outcome":"overflow"}],)"
                    R"("full_subscriber":"s")"));
  EXPECT_EQ(full.header("retry-after"), "1");
  EXPECT_EQ(client.drain("t", "s"), "1 3");
}

TEST_F(Topic, AnswersAPublishAtOnceOrWhenItIsOnDisk) {
  client.subscribe("t", "s");
  for (const char* query : {"?wait=accepted", "?wait=durable", ""})
    client.publish("t", "x", "", query);
  EXPECT_EQ(client.drain("t", "s"), "x x x");
}

class Delivery : public Topic {
 protected:
  Delivery() : publisher{broker} {
    for (const char* s : {"a", "b"}) client.subscribe("t", s);
  }
  void begin(const std::string& query) {
    publisher.begin({"POST", "/v1/topics/t/messages?wait=delivered" + query,
                     R"({"messages":[{"payload":"1"},{"payload":"2"}]})"});
    broker.await_counter("messages_published", 2);
  }
  void expect_no_answer() { EXPECT_EQ(publisher.http().connection().receive_now(), ""); }
  static void expect_failed(program& who, const std::string& missed_by) {
    const auto answer = who.end();
    EXPECT_EQ(answer.status, 409u);
    const auto problem = answer.json();
    EXPECT_EQ(problem.at("type"), "/problems/delivery-failed");
    std::string all;
    for (const auto& m : problem.at("missed_by").as_array()) {
      all += (all.empty() ? "" : ", ") + std::to_string(m.at("message").as_int64()) + " " +
             std::string{m.at("subscriber").as_string()} + " " +
             std::string{m.at("outcome").as_string()};
    }
    EXPECT_EQ(all, missed_by);
  }

  program publisher;
};

TEST_F(Delivery, IsAnsweredByTheLastAcknowledgement) {
  begin("");
  const auto for_a = client.lease("t", "a");
  client.ack("t", "a", for_a);
  expect_no_answer();
  const auto for_b = client.lease("t", "b");
  client.ack("t", "b", {for_b[1]});
  expect_no_answer();
  client.ack("t", "b", {for_b[0]});
  const auto answer = publisher.end();
  EXPECT_EQ(answer.status, 200u);
  EXPECT_EQ(outcomes_in(answer), "published published");
}

TEST_F(Delivery, FailsWhenTheLastWhoHasNotAcknowledgedLeaves) {
  begin("");
  client.drain("t", "a");
  expect_no_answer();
  EXPECT_EQ(client.remove(subscriber_path("t", "b")).status, 204u);
  expect_failed(publisher, "0 b removed, 1 b removed");
}

TEST_F(Delivery, SaysInTimeForWhomItWaits) {
  begin("&timeout_ms=50");
  auto answer = publisher.end();
  EXPECT_EQ(answer.status, 504u);
  EXPECT_EQ(answer.json().at("waits_for"), (boost::json::array{"a", "b"}));
  EXPECT_EQ(outcomes_in(answer), "published published");
  client.drain("t", "a");
  publisher.begin(
      {"POST", "/v1/topics/t/messages?wait=delivered&timeout_ms=0", R"({"payload":"3"})"});
  client.drain("t", "a");
  answer = publisher.end();
  EXPECT_EQ(answer.status, 504u);
  EXPECT_EQ(client.drain("t", "b"), "1 2 3");
}

TEST_F(Delivery, FailsIfTheMessageExpires) {
  publisher.begin({"POST", "/v1/topics/t/messages?wait=delivered&timeout_ms=5000",
                   R"({"payload":"x","expires_at":"2020-01-01T00:00:00Z"})"});
  broker.await_counter("messages_published", 1);
  for (const char* s : {"a", "b"}) EXPECT_EQ(client.drain("t", s), "");
  expect_failed(publisher, "0 a expired, 0 b expired");
}

TEST_F(Delivery, FailsIfADeadLetterIsPurged) {
  program other{broker};
  other.create("u", R"({"max_deliveries":1})");
  other.subscribe("u", "s");
  publisher.begin({"POST", "/v1/topics/u/messages?wait=delivered", R"({"payload":"x"})"});
  const auto got = other.lease("u", "s", R"({"wait_ms":30000})");
  EXPECT_EQ(other.settle("nack", "u", "s", leases_of(got)), "done");
  EXPECT_EQ(publisher.http().connection().receive_now(), "");
  const std::string id = got.at(0).lease.substr(0, got.at(0).lease.find('.'));
  EXPECT_EQ(text_of(other.post(subscriber_path("u", "s") + "/dead-letters/purge",
                               R"({"ids":[")" + id + R"("]})")),
            "200 {\"messages\":1,\"unknown\":[]}\n");
  expect_failed(publisher, "0 s purged");
}

TEST_F(Delivery, FailsIfAnotherMessageTakesThePlaceOfOne) {
  program other{broker};
  other.create("u", R"({"dedupe":"replace","priorities":2})");
  other.subscribe("u", "s");
  for (const char* const priority : {"1", "0"}) {  // in its place, or moved up
    publisher.begin({"POST", "/v1/topics/u/messages?wait=delivered",
                     R"({"payload":"x","key":"k","priority":1})"});
    EXPECT_EQ(payloads_of(other.lease("u", "s", R"({"wait_ms":30000})")), "x");
    other.publish("u", "y", R"("key":"k","priority":)" + std::string{priority});
    expect_failed(publisher, "0 s replaced");
    other.drain("u", "s");
  }
}

TEST_F(Delivery, FailsIfNobodyIsThere) {
  program other{broker};
  other.create("u", R"({"no_subscribers":"drop"})");
  publisher.begin({"POST", "/v1/topics/u/messages?wait=delivered", R"({"payload":"x"})"});
  const auto answer = publisher.end();
  EXPECT_EQ(answer.status, 409u);
  EXPECT_EQ(outcomes_in(answer), "dropped");
}

TEST_F(Delivery, OfADelayedMessageIsNotWaitedFor) {
  publisher.begin(
      {"POST", "/v1/topics/t/messages?wait=delivered", R"({"payload":"x","delay_ms":1})"});
  EXPECT_EQ(publisher.end().status, 400u);
}

TEST(TopicsUnstored, LiveInMemory) {
  daemon broker{{{"event.durability", "none"}, {"topic.storage", "memory"}}};
  program client{broker};
  EXPECT_EQ(text_of(client.put("/v1/topics/t", R"({"storage":"durable"})")),
            problem(409, "nothing-stored", "This daemon stores nothing",
                    R"(,"detail":"nothing is stored here: topics can only be in memory")"));
  client.create("t");
  client.subscribe("t", "s");
  client.publish("t", "x", "", "?wait=durable");
  EXPECT_EQ(listed(client, "/v1/topics", "topics", 1), "t ");
  EXPECT_EQ(client.drain("t", "s"), "x");
  EXPECT_EQ(client.remove("/v1/topics/t").status, 204u);
  EXPECT_EQ(listed(client, "/v1/topics", "topics", 1), "");
}

}  // namespace
}  // namespace skein::test
