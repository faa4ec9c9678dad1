/// What of topics is there again when the daemon has ended and is started again: in order, or
/// killed.

#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "support/program.hpp"
#include "support/random.hpp"

namespace skein::test {
namespace {

const std::string waits = R"({"wait_ms":30000})";

class TopicRestart : public testing::TestWithParam<const char*> {
 protected:
  void restart() {
    if (std::string{GetParam()} == "killed") {
      broker.kill();
    } else {
      broker.stop();
    }
    broker.start_again();
    connection = std::make_unique<program>(broker);
  }
  program& client() { return *connection; }

  void make(const std::string& options = "{}") {
    client().create("t", options);
    client().subscribe("t", "s");
  }
  std::string publish(const std::string& payload, const std::string& more = "") {
    return outcomes_in(client().post(
        "/v1/topics/t/messages",
        "{\"payload\":" + json_text(payload) + (more.empty() ? "" : ",") + more + "}"));
  }
  std::vector<delivered> lease(const std::string& body = "") {
    return client().lease("t", "s", body);
  }
  std::string settle(const std::string& how, const std::vector<delivered>& what,
                     const std::string& more = "") {
    return client().settle(how, "t", "s", leases_of(what), more);
  }
  std::uint64_t of_subscriber(const std::string& name) {
    return client().number(subscriber_path("t", "s"), name);
  }
  std::uint64_t of_topic(const std::string& name) { return client().number("/v1/topics/t", name); }

  /// All that can be seen without changing anything.
  std::string everything(const std::vector<std::string>& subscribers = {"s"}) {
    std::string text;
    for (const char* target : {"/v1/topics", "/v1/topics/t", "/v1/topics/t/subscribers"}) {
      text += text_of(client().get(target));
    }
    for (const auto& s : subscribers) {
      text += text_of(client().get(subscriber_path("t", s) + "/dead-letters?limit=1000"));
    }
    return text;
  }
  void expect_the_same_after_a_restart() {
    const auto before = everything();
    restart();
    EXPECT_EQ(everything(), before);
  }

  daemon broker{{{"http.operator", "true"}}};
  std::unique_ptr<program> connection = std::make_unique<program>(broker);
};

INSTANTIATE_TEST_SUITE_P(When, TopicRestart, testing::Values("stopped", "killed"),
                         [](const auto& instance) { return std::string{instance.param}; });

TEST_P(TopicRestart, BringsBackWhatWasNotDelivered) {
  make();
  for (const char* text : {"1", "2", "3"}) publish(text, R"("key":"k","ttl_ms":86400000)");
  expect_the_same_after_a_restart();
  publish("4");
  expect_the_same_after_a_restart();
  const auto all = lease();
  EXPECT_EQ(payloads_of(all), "1 2 3 4");
  EXPECT_EQ(all[0].key, "k");
  EXPECT_NE(all[0].expires_at, "");
  for (const auto& d : all) EXPECT_EQ(d.attempt, 1u);
}

TEST_P(TopicRestart, BringsBackNothingThatWasAcknowledged) {
  make();
  client().subscribe("t", "other");
  for (const char* text : {"1", "2", "3", "4", "5"}) publish(text);
  const auto some = lease();
  client().ack("t", "s", {some[1], some[3], some[0]});
  expect_the_same_after_a_restart();
  EXPECT_EQ(settle("ack", some), "unknown unknown done unknown done");
  restart();
  EXPECT_EQ(payloads_of(lease()), "");
  EXPECT_EQ(of_subscriber("pending"), 0u);
  EXPECT_EQ(client().drain("t", "other"), "1 2 3 4 5");
  restart();
  EXPECT_EQ(of_topic("messages"), 0u);
  EXPECT_EQ(client().drain("t", "other"), "");
}

TEST_P(TopicRestart, KeepsLeasesAndTheirNames) {
  make();
  for (const char* text : {"1", "2", "3", "4"}) publish(text);
  const auto some = lease(R"({"max":3})");
  restart();
  EXPECT_EQ(of_subscriber("leased"), 3u);
  EXPECT_EQ(payloads_of(lease()), "4");
  EXPECT_EQ(settle("ack", {some[0]}), "done");
  EXPECT_EQ(settle("extend", {some[1]}, R"("lease_ms":86400000)"), "done");
  EXPECT_EQ(settle("nack", {some[2]}, R"("delay_ms":0)"), "done");
  restart();
  const auto again = lease();
  ASSERT_EQ(payloads_of(again), "3");
  EXPECT_EQ(again[0].attempt, 2u);
  EXPECT_NE(again[0].lease, some[2].lease);
  EXPECT_EQ(settle("ack", {some[2]}), "over");
  EXPECT_EQ(settle("ack", {some[1]}), "done");
}

TEST_P(TopicRestart, KeepsDeadlines) {
  make(R"({"lease_ms":150,"retry_delay_ms":0})");
  publish("1");
  const auto first = lease();
  ASSERT_EQ(payloads_of(first), "1");
  restart();
  const auto second = lease(waits);
  ASSERT_EQ(payloads_of(second), "1");
  EXPECT_EQ(second[0].attempt, 2u);
  // It was not delivered before the first lease was over.
  EXPECT_GE(second[0].deadline, first[0].deadline);
  EXPECT_EQ(settle("ack", first), "over");
}

TEST_P(TopicRestart, KeepsWhatWaitsToBeDeliveredAgain) {
  make();
  publish("1");
  publish("2");
  const auto both = lease();
  EXPECT_EQ(settle("nack", {both[0]}, R"("delay_ms":86400000)"), "done");
  EXPECT_EQ(settle("nack", {both[1]}, R"("delay_ms":100)"), "done");
  restart();
  const auto again = lease(waits);
  ASSERT_EQ(payloads_of(again), "2");
  EXPECT_EQ(again[0].attempt, 2u);
  EXPECT_EQ(of_subscriber("waiting"), 1u);
}

TEST_P(TopicRestart, KeepsDeadLetters) {
  make(R"({"max_deliveries":2,"retry_delay_ms":0})");
  for (const char* text : {"1", "2", "3"}) publish(text);
  EXPECT_EQ(settle("nack", lease()), "done done done");
  restart();
  EXPECT_EQ(settle("nack", lease(R"({"max":2})")), "done done");
  EXPECT_EQ(of_subscriber("dead"), 2u);
  expect_the_same_after_a_restart();
  EXPECT_EQ(client().drain("t", "s"), "3");
  client().post(subscriber_path("t", "s") + "/dead-letters/replay");
  restart();
  const auto again = lease();
  EXPECT_EQ(payloads_of(again), "1 2");
  EXPECT_EQ(again.at(0).attempt, 1u);
}

TEST_P(TopicRestart, KeepsKeysOfTheWindow) {
  make(R"({"dedupe":"first","dedupe_window_ms":86400000})");
  EXPECT_EQ(publish("1", R"("key":"a")"), "published");
  EXPECT_EQ(publish("2", R"("key":"b","delay_ms":1)"), "delayed");
  client().lease("t", "s", waits);
  restart();
  EXPECT_EQ(publish("3", R"("key":"a")"), "duplicate");
  EXPECT_EQ(publish("4", R"("key":"b")"), "duplicate");
  EXPECT_EQ(publish("5", R"("key":"c")"), "published");
  restart();
  EXPECT_EQ(publish("6", R"("key":"c")"), "duplicate");
}

TEST_P(TopicRestart, KeepsKeysThatAreToBeReplaced) {
  make(R"({"dedupe":"replace"})");
  EXPECT_EQ(publish("a1", R"("key":"a")"), "published");
  EXPECT_EQ(publish("b1", R"("key":"b")"), "published");
  restart();
  EXPECT_EQ(publish("a2", R"("key":"a")"), "replaced");
  restart();
  EXPECT_EQ(client().drain("t", "s"), "a2 b1");
  restart();
  EXPECT_EQ(publish("a3", R"("key":"a")"), "published");
  EXPECT_EQ(client().drain("t", "s"), "a3");
}

TEST_P(TopicRestart, KeepsWhatIsDelayed) {
  make();
  EXPECT_EQ(publish("soon", R"("delay_ms":150,"key":"k")"), "delayed");
  EXPECT_EQ(publish("late", R"("delay_ms":86400000)"), "delayed");
  restart();
  const auto soon = lease(waits);
  ASSERT_EQ(payloads_of(soon), "soon");
  EXPECT_EQ(soon[0].key, "k");
  EXPECT_EQ(of_topic("delayed"), 1u);
  restart();
  EXPECT_EQ(of_topic("delayed"), 1u);
  EXPECT_EQ(of_subscriber("leased"), 1u);
}

TEST_P(TopicRestart, KeepsWhatIsHeldForTheFirstSubscriber) {
  client().create("t", R"({"no_subscribers":"hold","max_pending":2})");
  EXPECT_EQ(publish("1"), "published");
  restart();
  EXPECT_EQ(publish("2"), "published");
  EXPECT_EQ(publish("3"), "overflow");
  restart();
  client().subscribe("t", "s");
  EXPECT_EQ(client().drain("t", "s"), "1 2");
}

TEST_P(TopicRestart, KeepsOrderAndPriorities) {
  make(R"({"ordered":true,"priorities":3,"retry_delay_ms":0})");
  for (const char* p : {"2", "0", "1"}) {
    for (const char* n : {"a", "b"}) {
      publish(p + std::string{n}, R"("key":"k","priority":)" + std::string{p});
    }
  }
  const auto first = lease(R"({"max":1})");
  ASSERT_EQ(payloads_of(first), "0a");
  restart();
  EXPECT_EQ(payloads_of(lease()), "1a 1b 2a 2b");
  EXPECT_EQ(settle("nack", first), "done");
  EXPECT_EQ(payloads_of(lease()), "0a 0b");
}

TEST_P(TopicRestart, KeepsTopicsAndSubscribers) {
  make(R"({"priorities":7,"order":"weighted","no_subscribers":"drop","max_pending":77,)"
       R"("overflow":"drop-oldest","dedupe":"first","dedupe_window_ms":7,"expire":false,)"
       R"("ordered":true,"batch":7,"lease_ms":7,"retry_delay_ms":7,"max_retry_delay_ms":77,)"
       R"("max_deliveries":7})");
  for (int i = 0; i != 20; ++i) client().create("u" + std::to_string(i));
  client().put("/v1/topics/t/subscribers/other", R"({"idle_expiry_ms":3600000})");
  client().post("/v1/topics/t/subscribers");
  client().post("/v1/topics/new.topic/subscribers");
  client().remove("/v1/topics/u7");
  client().remove(subscriber_path("t", "s"));
  client().subscribe("t", "s");
  expect_the_same_after_a_restart();
  client().remove("/v1/topics/u8");
  client().remove("/v1/topics/t/subscribers/other");
  expect_the_same_after_a_restart();
}

TEST_P(TopicRestart, BringsBackNothingThatWasRemoved) {
  make();
  client().subscribe("t", "other");
  publish("1");
  EXPECT_EQ(client().remove(subscriber_path("t", "s")).status, 204u);
  restart();
  EXPECT_EQ(client().get(subscriber_path("t", "s")).status, 404u);
  client().subscribe("t", "s");
  EXPECT_EQ(payloads_of(lease()), "");
  EXPECT_EQ(client().remove("/v1/topics/t").status, 204u);
  restart();
  EXPECT_EQ(client().get("/v1/topics/t").status, 404u);
  make();
  EXPECT_EQ(payloads_of(lease()), "");
  EXPECT_EQ(client().get(subscriber_path("t", "other")).status, 404u);
}

TEST_P(TopicRestart, NeverGivesAnIdOrALeaseTwice) {
  make(R"({"priorities":2,"retry_delay_ms":0})");
  std::set<std::uint64_t> ids;
  std::set<std::string> leases;
  for (int life = 0; life != 5; ++life) {
    for (int i = 0; i != 4; ++i) {
      const auto id = client().publish("t", "x", R"("priority":)" + std::to_string(i % 2));
      EXPECT_TRUE(ids.insert(id).second) << id;
    }
    for (int i = 0; i != 2; ++i) {
      const auto all = lease();
      EXPECT_EQ(all.size(), 4u);
      for (const auto& d : all) EXPECT_TRUE(leases.insert(d.lease).second) << d.lease;
      if (i == 0) {
        settle("nack", all);
        if (life % 2 == 0) restart();
      } else {
        client().ack("t", "s", all);
      }
    }
    EXPECT_EQ(of_topic("messages"), 0u);
    if (life == 2) {  // everything has gone, also who had it
      EXPECT_EQ(client().remove(subscriber_path("t", "s")).status, 204u);
      restart();
      client().subscribe("t", "s");
    }
    restart();
  }
}

TEST_P(TopicRestart, BringsMemoryTopicsBackEmpty) {
  make(R"({"storage":"memory","batch":7})");
  publish("1");
  publish("2", R"("delay_ms":86400000)");
  restart();
  EXPECT_EQ(client().get(subscriber_path("t", "s")).status, 404u);
  EXPECT_EQ(of_topic("messages"), 0u);
  EXPECT_EQ(of_topic("delayed"), 0u);
  EXPECT_NE(text_of(client().get("/v1/topics/t")).find(R"("batch":7)"), std::string::npos);
  client().subscribe("t", "s");
  publish("3");
  EXPECT_EQ(client().drain("t", "s"), "3");
}

TEST_P(TopicRestart, NeverGivesALeaseTwiceAlsoOfMemoryTopics) {
  make(R"({"storage":"memory"})");
  publish("1");
  const auto before = lease();
  restart();
  client().subscribe("t", "s");
  publish("2");
  EXPECT_EQ(lease().size(), 1u);
  EXPECT_NE(settle("ack", before), "done");
}

TEST(TopicRestartLoss, TellsNoIdTwiceThoughAMessageWasLost) {
  daemon broker{{{"topic.commit-interval", "1min"}}};
  std::set<std::uint64_t> ids;
  for (int life = 0; life != 3; ++life) {
    program client{broker};
    client.put(subscriber_path("t", "s"));
    const auto id = client.publish("t", "x");
    EXPECT_TRUE(ids.insert(id).second) << id << " twice";
    for (int i = 0; i != 3; ++i) {
      EXPECT_EQ(client.post(topic_path("t") + "/messages?wait=accepted", R"({"payload":"x"})").body,
                "{\"messages\":[{\"outcome\":\"published\"}]}\n");
    }
    broker.kill();
    broker.start_again();
  }
}

/// At random, and held against the little that has to be true.
TEST_P(TopicRestart, ChangesNothingWhateverHasHappened) {
  SKEIN_TRACE_SEED(5);
  random_source random{5};
  make(R"({"priorities":3,"lease_ms":86400000,"max_deliveries":3,"retry_delay_ms":0,)"
       R"("dedupe":"replace","no_subscribers":"hold"})");
  const std::vector<std::string> names{"s", "a", "b"};
  client().subscribe("t", "a");
  client().subscribe("t", "b");
  std::map<std::string, std::vector<delivered>> held;
  for (int life = 0; life != 6; ++life) {
    for (int i = 0; i != 60; ++i) {
      const auto& who = names[random.between<std::size_t>(0, 2)];
      auto& mine = held[who];
      switch (random.between(0, 5)) {
        case 0:
        case 1:
          publish(
              std::to_string(life * 100 + i),
              R"("priority":)" + std::to_string(random.between(0, 2)) +
                  (random.one_in(4) ? R"(,"key":")" + std::to_string(random.between(0, 5)) + "\""
                                    : ""));
          break;
        case 2:
          for (const auto& d : client().lease("t", who, R"({"max":4})")) mine.push_back(d);
          break;
        case 3:
        case 4:
          if (mine.empty()) break;
          client().settle(random.one_in(3) ? "nack" : "ack", "t", who, {mine.back().lease});
          mine.pop_back();
          break;
        default:
          if (random.one_in(3)) {
            client().post(subscriber_path("t", who) + "/dead-letters/" +
                          (random.one_in(2) ? "replay" : "purge"));
          }
      }
    }
    const auto before = everything(names);
    restart();
    ASSERT_EQ(everything(names), before) << "life " << life;
  }
  for (const auto& who : names) {
    for (const auto& d : held[who]) client().settle("ack", "t", who, {d.lease});
    client().post(subscriber_path("t", who) + "/dead-letters/purge");
    client().drain("t", who);
  }
  EXPECT_EQ(of_topic("messages"), 0u);
}

}  // namespace
}  // namespace skein::test
