/// What the options of a topic promise: priorities, order, deduplication, time, room.

#include <gtest/gtest.h>

#include "support/program.hpp"

namespace skein::test {
namespace {

const std::string waits = R"({"wait_ms":30000})";
const std::string long_ago = R"("expires_at":"2020-01-01T00:00:00Z")";

class Policy : public testing::Test {
 protected:
  void make(const std::string& options, bool with_subscriber = true) {
    client.create("t", options);
    if (with_subscriber) client.subscribe("t", "s");
  }
  std::string publish(const std::string& payload, const std::string& more = "") {
    const auto answer =
        client.post("/v1/topics/t/messages",
                    "{\"payload\":" + json_text(payload) + (more.empty() ? "" : ",") + more + "}");
    return outcomes_in(answer);
  }
  std::string leased(const std::string& body = "") {
    return payloads_of(client.lease("t", "s", body));
  }
  std::string drained() { return client.drain("t", "s"); }

  daemon broker;
  program client{broker};
};

// --- priorities ---

TEST_F(Policy, StrictPriorityLetsTheHighestGoFirst) {
  make(R"({"priorities":3})");
  for (const char* p : {"2", "0", "1", "2", "0", "1"})
    publish(p, std::string{R"("priority":)"} + p);
  publish("0");
  const auto first = client.lease("t", "s", R"({"max":1})");
  EXPECT_EQ(payloads_of(first), "0");
  EXPECT_EQ(client.settle("nack", "t", "s", leases_of(first), R"("delay_ms":0)"), "done");
  const auto all = client.lease("t", "s");
  EXPECT_EQ(payloads_of(all), "0 0 0 1 1 2 2");
  EXPECT_EQ(all[0].attempt, 2u);
  EXPECT_EQ(all[6].priority, 2u);
}

TEST_F(Policy, WeightedPriorityLetsOneInEightGoFromBelow) {
  make(R"({"priorities":2,"order":"weighted"})");
  for (int i = 0; i != 20; ++i) publish("high");
  for (int i = 0; i != 3; ++i) publish("low", R"("priority":1)");
  const auto all = client.lease("t", "s");
  ASSERT_EQ(all.size(), 23u);
  for (std::size_t i = 0; i != all.size(); ++i) {
    EXPECT_EQ(all[i].payload, i == 7 || i == 15 || i == 22 ? "low" : "high") << i;
  }
}

// --- order ---

TEST_F(Policy, OrderHoldsMessagesBehindOneWithTheirKey) {
  make(R"({"ordered":true,"retry_delay_ms":0})");
  for (const char* text : {"a1", "a2", "b1", "a3", "b2"}) {
    publish(text, std::string{R"("key":")"} + text[0] + "\"");
  }
  const auto a1 = client.lease("t", "s", R"({"max":1})");
  ASSERT_EQ(payloads_of(a1), "a1");
  const auto b1 = client.lease("t", "s", R"({"max":1})");
  ASSERT_EQ(payloads_of(b1), "b1");
  EXPECT_EQ(leased(), "");
  EXPECT_EQ(client.settle("nack", "t", "s", leases_of(b1)), "done");
  const auto both_b = client.lease("t", "s");
  EXPECT_EQ(payloads_of(both_b), "b1 b2");
  program waiting{broker};
  waiting.begin({"POST", subscriber_path("t", "s") + "/lease", waits});
  client.ack("t", "s", a1);
  const auto rest = deliveries_in(waiting.end());
  EXPECT_EQ(payloads_of(rest), "a2 a3");
  client.ack("t", "s", rest);
  client.ack("t", "s", both_b);
  EXPECT_EQ(client.number(subscriber_path("t", "s"), "pending"), 0u);
}

TEST_F(Policy, OrderPassesByADeadLetter) {
  make(R"({"ordered":true,"max_deliveries":1})");
  for (const char* text : {"1", "2"}) publish(text, R"("key":"k")");
  const auto first = client.lease("t", "s", R"({"max":1})");
  EXPECT_EQ(leased(), "");
  EXPECT_EQ(client.settle("nack", "t", "s", leases_of(first)), "done");
  EXPECT_EQ(drained(), "2");
}

TEST_F(Policy, WithoutOrderNothingIsHeld) {
  make("{}");
  for (const char* text : {"1", "2"}) publish(text, R"("key":"k")");
  EXPECT_EQ(leased(R"({"max":1})"), "1");
  EXPECT_EQ(leased(), "2");
}

// --- deduplication ---

TEST_F(Policy, ReplaceKeepsTheNewestOfAKey) {
  make(R"({"dedupe":"replace","priorities":2})");
  EXPECT_EQ(publish("a1", R"("key":"a")"), "published");
  EXPECT_EQ(publish("b1", R"("key":"b")"), "published");
  EXPECT_EQ(publish("a2", R"("key":"a")"), "replaced");
  EXPECT_EQ(publish("x"), "published");
  EXPECT_EQ(publish("x"), "published");
  EXPECT_EQ(drained(), "a2 b1 x x");
  EXPECT_EQ(publish("a3", R"("key":"a")"), "published");
  EXPECT_EQ(drained(), "a3");
}

TEST_F(Policy, ReplaceDeliversAnewWhatWasDelivered) {
  make(R"({"dedupe":"replace","priorities":2})");
  publish("1", R"("key":"k","priority":1)");
  const auto first = client.lease("t", "s");
  EXPECT_EQ(publish("2", R"("key":"k","priority":1)"), "replaced");
  EXPECT_EQ(client.settle("ack", "t", "s", leases_of(first)), "over");
  const auto second = client.lease("t", "s");
  ASSERT_EQ(payloads_of(second), "2");
  EXPECT_EQ(second[0].id, first[0].id);
  EXPECT_EQ(second[0].attempt, 1u);
  EXPECT_EQ(publish("3", R"("key":"k")"), "replaced");
  const auto third = client.lease("t", "s");
  ASSERT_EQ(payloads_of(third), "3");
  EXPECT_EQ(third[0].priority, 0u);
  EXPECT_NE(client.settle("ack", "t", "s", leases_of(second)), "done");
  client.ack("t", "s", third);
  EXPECT_EQ(client.number("/v1/topics/t", "messages"), 0u);
}

TEST_F(Policy, FirstDropsWhatComesWithinTheWindow) {
  make(R"({"dedupe":"first","dedupe_window_ms":86400000})");
  EXPECT_EQ(publish("1", R"("key":"k")"), "published");
  EXPECT_EQ(publish("2", R"("key":"k")"), "duplicate");
  EXPECT_EQ(drained(), "1");
  EXPECT_EQ(publish("3", R"("key":"k")"), "duplicate");
  EXPECT_EQ(publish("4", R"("key":"l","delay_ms":1)"), "delayed");
  EXPECT_EQ(publish("5", R"("key":"l")"), "duplicate");
  EXPECT_EQ(publish("6"), "published");
  EXPECT_EQ(publish("6"), "published");
}

TEST_F(Policy, FirstForgetsWhenTheWindowIsOver) {
  make(R"({"dedupe":"first","dedupe_window_ms":30})");
  EXPECT_EQ(publish("1", R"("key":"k")"), "published");
  await("the end of the window", [&] { return publish("2", R"("key":"k")") == "published"; });
  EXPECT_EQ(drained(), "1 2");
}

// --- time ---

TEST_F(Policy, WhatHasExpiredIsNotDelivered) {
  make("{}");
  publish("1", long_ago);
  publish("2");
  publish("3", R"("ttl_ms":1)");
  publish("4", R"("ttl_ms":86400000)");
  await("the third to expire", [&] {
    const auto all = client.lease("t", "s");
    if (payloads_of(all) == "2 4") return true;
    EXPECT_EQ(payloads_of(all), "2 3 4");  // no millisecond is over
    for (const auto& d : all) client.settle("nack", "t", "s", {d.lease}, R"("delay_ms":0)");
    return false;
  });
  EXPECT_EQ(client.number(subscriber_path("t", "s"), "pending"), 2u);
}

TEST_F(Policy, WhatHasExpiredIsNotDeliveredAgain) {
  make(R"({"lease_ms":60,"retry_delay_ms":0})");
  publish("x", R"("ttl_ms":40)");
  await("it to be gone", [&] {
    for (const auto& d : client.lease("t", "s")) EXPECT_EQ(d.attempt, 1u);
    return client.number(subscriber_path("t", "s"), "pending") == 0;
  });
}

TEST_F(Policy, ExpiryMayBeIgnored) {
  make(R"({"expire":false})");
  publish("1", long_ago);
  EXPECT_EQ(drained(), "1");
}

TEST_F(Policy, WhatIsDelayedComesWhenItIsDue) {
  make("{}");
  EXPECT_EQ(publish("late", R"("delay_ms":86400000)"), "delayed");
  EXPECT_EQ(publish("3", R"("delay_ms":90)"), "delayed");
  EXPECT_EQ(publish("2", R"("delay_ms":20)"), "delayed");
  EXPECT_EQ(publish("1", R"("deliver_at":"2020-01-01T00:00:00Z","delay_ms":0)"), "published");
  EXPECT_EQ(publish("far", R"("deliver_at":"2999-01-01T00:00:00Z")"), "delayed");
  std::string all;
  for (int i = 0; i != 3; ++i) {
    const auto one = client.lease("t", "s", R"({"max":1,"wait_ms":30000})");
    all += payloads_of(one);
    client.ack("t", "s", one);
  }
  EXPECT_EQ(all, "123");
  EXPECT_EQ(client.number("/v1/topics/t", "delayed"), 2u);
  EXPECT_EQ(client.number(subscriber_path("t", "s"), "pending"), 0u);
}

TEST_F(Policy, WhatIsDelayedComesAlsoToWhoDoesNotWaitForIt) {
  make("{}");
  EXPECT_EQ(publish("1", R"("delay_ms":20)"), "delayed");
  await(
      "it to come", [&] { return drained() == "1"; }, 5s);
  const auto id = client.http().post("/api/subscribe", R"({"subject":"t"})").body.substr(7, 36);
  EXPECT_EQ(publish("2", R"("delay_ms":20)"), "delayed");
  await(
      "it to be fetched",
      [&] {
        const auto answer = client.post("/api/fetch", R"({"subject":"t","id":")" + id + "\"}");
        return answer.body.rfind(R"({"data":["2"])", 0) == 0;
      },
      5s);
}

TEST_F(Policy, WhatIsDelayedIsForWhoeverIsThereThen) {
  make("{}");
  EXPECT_EQ(publish("x", R"("delay_ms":50)"), "delayed");
  client.subscribe("t", "later");
  client.remove(subscriber_path("t", "s"));
  EXPECT_EQ(payloads_of(client.lease("t", "later", waits)), "x");
}

// --- room ---

TEST_F(Policy, WithoutSubscribersMessagesAreHeldForTheFirst) {
  make(R"({"no_subscribers":"hold","max_pending":3})", false);
  for (const char* text : {"1", "2", "3"}) EXPECT_EQ(publish(text), "published");
  EXPECT_EQ(publish("4"), "overflow");
  client.subscribe("t", "s");
  client.subscribe("t", "second");
  EXPECT_EQ(publish("5"), "overflow");
  EXPECT_EQ(drained(), "1 2 3");
  EXPECT_EQ(publish("6"), "published");
  EXPECT_EQ(drained(), "6");
  EXPECT_EQ(client.drain("t", "second"), "6");
}

TEST_F(Policy, WithoutSubscribersMessagesAreDropped) {
  make(R"({"no_subscribers":"drop"})", false);
  EXPECT_EQ(publish("1"), "dropped");
  client.subscribe("t", "s");
  EXPECT_EQ(publish("2"), "published");
  EXPECT_EQ(drained(), "2");
}

TEST_F(Policy, WithoutSubscribersMessagesAreRejected) {
  make("{}", false);
  EXPECT_EQ(publish("1"), "no_subscribers");
  client.subscribe("t", "s");
  EXPECT_EQ(drained(), "");
}

TEST_F(Policy, OverflowIsRejectedForAll) {
  make(R"({"max_pending":3})");
  client.subscribe("t", "quick");
  for (const char* text : {"1", "2"}) publish(text);
  EXPECT_EQ(publish("never", R"("delay_ms":86400000)"), "delayed") << "that does not count";
  EXPECT_EQ(publish("3"), "published");
  EXPECT_EQ(client.drain("t", "quick"), "1 2 3");
  EXPECT_EQ(publish("4"), "overflow");
  const auto some = client.lease("t", "s", R"({"max":1})");
  EXPECT_EQ(publish("4"), "overflow");
  client.ack("t", "s", some);
  EXPECT_EQ(publish("4"), "published");
  EXPECT_EQ(drained(), "2 3 4");
  EXPECT_EQ(client.drain("t", "quick"), "4");
}

TEST_F(Policy, FarDelayedMessagesAreBoundedByThemselvesListedAndCancelled) {
  for (const char* overflow : {"reject", "drop-oldest"}) {
    make(std::string{R"({"max_pending":3,"max_delayed":3,"overflow":")"} + overflow + "\"}");
    const std::string far = R"("delay_ms":3155760000000)";
    for (const char* text : {"1", "2", "3"}) EXPECT_EQ(publish(text, far), "delayed");
    EXPECT_EQ(publish("4", far), "too_many_delayed");
    EXPECT_EQ(publish("now"), "published");
    const auto list = client.get("/v1/topics/t/delayed?limit=2");
    const std::string second(list.json().at_pointer("/messages/1/id").as_string());
    EXPECT_EQ(list.json().at("next").as_string(), second);
    const auto rest = client.get("/v1/topics/t/delayed?after=" + second);
    EXPECT_EQ(rest.json().at("messages").as_array().size(), 1u);
    EXPECT_EQ(rest.json().at_pointer("/messages/0/payload").as_string(), "3");
    const std::string ids = "{\"ids\":[\"" + second + "\",\"1.1\"]}";
    EXPECT_EQ(client.post("/v1/topics/t/delayed/cancel", ids).body,
              "{\"messages\":1,\"unknown\":[\"1.1\"]}\n");
    EXPECT_EQ(publish("4", far), "delayed");
    EXPECT_EQ(drained(), "now");
    client.remove("/v1/topics/t");
  }
}

TEST_F(Policy, WhatHasExpiredIsPassedOverBeforeAnybodyIsRefused) {
  make(R"({"max_pending":3})");
  for (const char* text : {"1", "2", "3"}) EXPECT_EQ(publish(text, long_ago), "published");
  for (const char* text : {"4", "5", "6"}) EXPECT_EQ(publish(text), "published");
  EXPECT_EQ(publish("7"), "overflow");
  EXPECT_EQ(drained(), "4 5 6");
}

TEST_F(Policy, OverflowDropsTheOldestOfWhoIsSlow) {
  make(R"({"max_pending":3,"overflow":"drop-oldest"})");
  client.subscribe("t", "quick");
  for (int i = 1; i <= 9; ++i) {
    EXPECT_EQ(publish(std::to_string(i)), "published");
    EXPECT_EQ(client.drain("t", "quick"), std::to_string(i));
  }
  EXPECT_EQ(leased(), "7 8 9");
  EXPECT_EQ(publish("10"), "published") << "what is leased goes if there is nothing else";
  EXPECT_EQ(leased(), "10");
}

TEST_F(Policy, OverflowDropsTheLowestPriorityFirst) {
  make(R"({"max_pending":3,"overflow":"drop-oldest","priorities":2})");
  publish("high1");
  publish("low1", R"("priority":1)");
  publish("low2", R"("priority":1)");
  for (const char* text : {"high2", "high3", "high4"}) publish(text);
  EXPECT_EQ(drained(), "high2 high3 high4");
}

TEST_F(Policy, OverflowThatDropsTheLastAnswersWhoWaitsForIt) {
  make(R"({"max_pending":1,"overflow":"drop-oldest"})");
  program publisher{broker};
  publisher.begin(
      {"POST", "/v1/topics/t/messages?wait=delivered&timeout_ms=5000", R"({"payload":"1"})"});
  broker.await_counter("messages_published", 1);
  publish("2");
  const auto answer = publisher.end();
  EXPECT_EQ(answer.status, 409u);
  EXPECT_NE(answer.body.find(R"("outcome":"dropped"}])"), std::string::npos) << answer.body;
}

}  // namespace
}  // namespace skein::test
