/// Leases over HTTP: who gets a message, and what becomes of it until it is acknowledged.

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "support/program.hpp"
#include "support/random.hpp"

namespace skein::test {
namespace {

/// A request for messages that waits for them.
const std::string waits = R"({"wait_ms":30000})";

class Lease : public testing::Test {
 protected:
  explicit Lease(const std::string& options = "{}") : client{broker} {
    client.create("t", options);
    client.subscribe("t", "s");
  }

  http_message waiting_lease(const std::string& body = waits) const {
    return {"POST", subscriber_path("t", "s") + "/lease", body};
  }
  std::uint64_t of_subscriber(const std::string& name) {
    return client.number(subscriber_path("t", "s"), name);
  }
  void publish(int first, int last) {
    for (int i = first; i <= last; ++i) client.publish("t", std::to_string(i));
  }

  daemon broker{{{"http.operator", "true"}}};
  program client;
};

TEST_F(Lease, GivesMessagesInTheirOrderWithAllThatIsKnown) {
  publish(1, 3);
  const auto id = client.publish("t", "4", R"("key":"k","expires_at":"2999-01-01T01:00:00+01:00")");
  const auto some = client.lease("t", "s", R"({"max":3})");
  EXPECT_EQ(payloads_of(some), "1 2 3");
  for (const auto& d : some) {
    EXPECT_EQ(d.attempt, 1u);
    EXPECT_EQ(d.priority, 0u);
    EXPECT_EQ(d.key, "");
    EXPECT_EQ(d.expires_at, "");
    EXPECT_GT(d.deadline, d.published);
  }
  const auto rest = client.lease("t", "s");
  ASSERT_EQ(payloads_of(rest), "4");
  EXPECT_EQ(rest[0].id, id);
  EXPECT_EQ(rest[0].key, "k");
  EXPECT_EQ(rest[0].expires_at, "2999-01-01T00:00:00.000Z");
  EXPECT_EQ(of_subscriber("leased"), 4u);
  EXPECT_EQ(payloads_of(client.lease("t", "s")), "");
}

TEST_F(Lease, GivesAsManyAsABatchAtMost) {
  client.create("u", R"({"batch":2})");
  client.subscribe("u", "s");
  for (const char* text : {"1", "2", "3", "4", "5"}) client.publish("u", text);
  EXPECT_EQ(payloads_of(client.lease("u", "s")), "1 2");
  EXPECT_EQ(payloads_of(client.lease("u", "s", R"({"max":1000})")), "3 4");
  EXPECT_EQ(payloads_of(client.lease("u", "s", R"({"max":1})")), "5");
}

TEST_F(Lease, IsOfOneSubscriber) {
  client.subscribe("t", "other");
  publish(1, 2);
  const auto mine = client.lease("t", "s");
  const auto others = client.lease("t", "other");
  EXPECT_EQ(payloads_of(mine), "1 2");
  EXPECT_EQ(payloads_of(others), "1 2");
  client.ack("t", "s", mine);
  EXPECT_EQ(client.settle("ack", "t", "s", leases_of(others)), "unknown unknown");
  EXPECT_EQ(of_subscriber("pending"), 0u);
  EXPECT_EQ(client.number(subscriber_path("t", "other"), "leased"), 2u);
}

// --- waiting ---

TEST_F(Lease, WaitsForAPublishOfAnother) {
  program waiting{broker};
  for (int i = 0; i != 100; ++i) {
    waiting.begin(waiting_lease());
    client.publish("t", std::to_string(i), "", i % 2 == 0 ? "?wait=accepted" : "");
    const auto some = deliveries_in(waiting.end());
    ASSERT_EQ(payloads_of(some), std::to_string(i));
    client.ack("t", "s", some);
  }
}

TEST_F(Lease, WaitsNoLongerThanItWants) {
  program waiting{broker};
  waiting.begin(waiting_lease(R"({"wait_ms":50})"));
  EXPECT_EQ(payloads_of(deliveries_in(waiting.end())), "");
}

TEST_F(Lease, WaitsWithOthersAndEachMessageGoesToOne) {
  std::vector<program> all;
  for (int i = 0; i != 20; ++i) {
    all.emplace_back(broker);
    all.back().begin(waiting_lease(R"({"max":1,"wait_ms":30000})"));
  }
  publish(1, 20);
  std::set<std::string> got;
  for (auto& one : all) got.insert(payloads_of(deliveries_in(one.end())));
  EXPECT_EQ(got.size(), 20u);
}

TEST_F(Lease, WaitsForWhatIsToBeDeliveredAgain) {
  publish(1, 1);
  auto first = client.lease("t", "s");
  program waiting{broker};
  waiting.begin(waiting_lease());
  EXPECT_EQ(client.settle("nack", "t", "s", leases_of(first), R"("delay_ms":0)"), "done");
  auto second = deliveries_in(waiting.end());
  ASSERT_EQ(payloads_of(second), "1");
  EXPECT_EQ(second[0].attempt, 2u);
  waiting.begin(waiting_lease());
  EXPECT_EQ(client.settle("nack", "t", "s", leases_of(second), R"("delay_ms":30)"), "done");
  EXPECT_EQ(deliveries_in(waiting.end()).at(0).attempt, 3u);
}

/// Leases that never end: what somebody has got who is not there is lost.
class EndlessLease : public Lease {
 protected:
  EndlessLease() : Lease{R"({"lease_ms":0})"} {}

  /// A client asks for messages, then for `more`, and goes away; then there are some, for another.
  void expect_for_others(const std::string& more, bool with_reset, int rounds) {
    for (int i = 1; i <= rounds; ++i) {
      SCOPED_TRACE(i);
      {
        http_client gone{broker.http_port()};
        gone.send(bytes_of(waiting_lease(R"({"wait_ms":60000})")) + more);
        if (with_reset) gone.connection().reset();
      }
      broker.await_counter("http_connections_total", ++connections);
      broker.await_exactly("http_connections", 1);
      client.publish("t", std::to_string(i));
      program other{broker};
      ++connections;
      const auto some = other.lease("t", "s", R"({"wait_ms":5000})");
      ASSERT_EQ(payloads_of(some), std::to_string(i));
      other.ack("t", "s", some);
    }
  }

  std::uint64_t connections = 1;
};

TEST_F(EndlessLease, OfAClientWhoHasGoneAwayIsForOthers) {
  expect_for_others("", false, 5);
  expect_for_others("", true, 5);
}

TEST_F(EndlessLease, OfAClientWhoHasGoneAwayIsForOthersThoughItHadAskedForMore) {
  const auto more = bytes_of({"GET", "/ready", ""});
  expect_for_others(more, false, 1);
  expect_for_others(more, true, 1);
}

TEST_F(Lease, OfAClientWhoSendsNoMoreIsAnsweredAtOnce) {
  program waiting{broker};
  waiting.begin(waiting_lease());
  waiting.http().connection().half_close();
  EXPECT_EQ(payloads_of(deliveries_in(waiting.end())), "");
  waiting.http().expect_end();
  publish(1, 1);
  EXPECT_EQ(client.drain("t", "s"), "1");
}

TEST_F(Lease, EndsInNothingWhenTheSubscriberIsRemoved) {
  program waiting{broker};
  waiting.begin(waiting_lease());
  EXPECT_EQ(client.remove(subscriber_path("t", "s")).status, 204u);
  EXPECT_EQ(waiting.end().status, 404u);
}

class BriefLease : public Lease {
 protected:
  BriefLease() : Lease{R"({"lease_ms":20,"retry_delay_ms":0,"max_deliveries":0})"} {}
};

TEST_F(BriefLease, OfAClientWhoGoesAwayAtAnyMomentIsForOthersInTheEnd) {
  for (int i = 0; i != 60; ++i) {
    SCOPED_TRACE(i);
    http_client gone{broker.http_port()};
    gone.send(waiting_lease());
    if (i % 3 == 1) gone.connection().close();
    client.publish("t", std::to_string(i), "", "?wait=accepted");
    i % 3 == 0 ? gone.connection().reset() : gone.connection().close();
    for (bool done = false; !done;) {
      const auto some = client.lease("t", "s", waits);
      ASSERT_EQ(payloads_of(some), std::to_string(i));
      done = client.settle("ack", "t", "s", leases_of(some)) == "done";
    }
  }
}

// --- settling ---

TEST_F(Lease, IsAcknowledgedInAnyOrder) {
  publish(1, 50);
  auto all = client.lease("t", "s");
  ASSERT_EQ(all.size(), 50u);
  std::mt19937 random{7};
  std::shuffle(all.begin(), all.end(), random);
  for (std::size_t at = 0; at != all.size(); at += 5) {
    client.ack("t", "s",
               {all.begin() + static_cast<std::ptrdiff_t>(at),
                all.begin() + static_cast<std::ptrdiff_t>(at) + 5});
    EXPECT_EQ(of_subscriber("leased"), 45 - at);
  }
  EXPECT_EQ(client.number("/v1/topics/t", "messages"), 0u);
}

TEST_F(Lease, IsSettledOnce) {
  publish(1, 3);
  const auto all = client.lease("t", "s");
  const auto names = leases_of(all);
  client.ack("t", "s", {all[0]});
  EXPECT_EQ(client.settle("ack", "t", "s", names), "unknown done done");
  EXPECT_EQ(client.settle("ack", "t", "s", names), "unknown unknown unknown");
  EXPECT_EQ(client.settle("nack", "t", "s", {names[0]}), "unknown");
  EXPECT_EQ(client.settle("extend", "t", "s", {names[0]}, R"("lease_ms":1000)"), "unknown");
  publish(4, 4);
  const auto last = client.lease("t", "s");
  EXPECT_EQ(client.settle("ack", "t", "s", {last[0].lease, last[0].lease}), "done unknown");
}

TEST_F(Lease, ThatThereNeverWasIsUnknown) {
  publish(1, 1);
  const auto all = client.lease("t", "s");
  const std::string id = all[0].lease.substr(0, all[0].lease.find('.'));
  for (const std::string& lease :
       {id + ".1000", id + ".18446744073709551615", std::string{"18446744073709551615.1"},
        std::string{"0.0"}, std::string{"1.1"}, std::string{"31.1"}}) {
    for (const char* how : {"ack", "nack", "extend"}) {
      const bool extends = std::string{how} == "extend";
      EXPECT_EQ(client.settle(how, "t", "s", {lease}, extends ? R"("lease_ms":1000)" : ""),
                "unknown")
          << how << " " << lease;
    }
  }
  EXPECT_EQ(client.settle("ack", "t", "s", {id + ".0"}), "over");
  client.ack("t", "s", all);
}

TEST_F(Lease, IsOverWhenTheMessageWasGivenBack) {
  publish(1, 2);
  const auto all = client.lease("t", "s");
  EXPECT_EQ(client.settle("nack", "t", "s", {all[0].lease}, R"("delay_ms":86400000)"), "done");
  EXPECT_EQ(of_subscriber("waiting"), 1u);
  EXPECT_EQ(client.settle("ack", "t", "s", leases_of(all)), "over done");
  EXPECT_EQ(of_subscriber("pending"), 1u);
  EXPECT_EQ(payloads_of(client.lease("t", "s")), "");
}

class ShortLease : public Lease {
 protected:
  ShortLease() : Lease{R"({"lease_ms":40,"retry_delay_ms":0,"max_deliveries":3})"} {}
};

TEST_F(ShortLease, IsOverAtItsDeadlineAndTheMessageIsDeliveredAgain) {
  publish(1, 1);
  const auto first = client.lease("t", "s");
  ASSERT_EQ(first.size(), 1u);
  const auto second = client.lease("t", "s", waits);
  ASSERT_EQ(payloads_of(second), "1");
  EXPECT_EQ(second[0].attempt, 2u);
  EXPECT_EQ(second[0].id, first[0].id);
  EXPECT_NE(second[0].lease, first[0].lease);
  EXPECT_EQ(second[0].published, first[0].published);
  EXPECT_GT(second[0].deadline, first[0].deadline);
  EXPECT_EQ(client.settle("ack", "t", "s", leases_of(first)), "over");
  EXPECT_EQ(client.settle("nack", "t", "s", leases_of(first)), "over");
}

TEST_F(BriefLease, MayBeExtended) {
  publish(1, 1);
  std::vector<delivered> got;
  // On a slow machine it may be over before it is extended.
  do {
    got = client.lease("t", "s", waits);
    ASSERT_EQ(payloads_of(got), "1");
  } while (client.settle("extend", "t", "s", leases_of(got), R"("lease_ms":3600000)") != "done");
  EXPECT_EQ(payloads_of(client.lease("t", "s", R"({"wait_ms":200})")), "");
  client.ack("t", "s", got);
}

TEST_F(ShortLease, TooOftenMakesADeadLetter) {
  publish(1, 1);
  client.publish("t", "2", R"("key":"k","expires_at":"2999-01-01T00:00:00Z")");
  for (std::uint64_t attempt = 1; attempt <= 3; ++attempt) {
    for (std::size_t got = 0; got != 2;) {
      for (const auto& d : client.lease("t", "s", waits)) {
        EXPECT_EQ(d.attempt, attempt);
        ++got;
      }
    }
  }
  await("dead letters", [&] { return of_subscriber("dead") == 2; });
  EXPECT_EQ(payloads_of(client.lease("t", "s")), "");
  const auto listed = client.get(subscriber_path("t", "s") + "/dead-letters").json();
  const auto& messages = listed.at("messages").as_array();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].at("payload"), "1");
  EXPECT_EQ(messages[0].at("attempts"), 3);
  EXPECT_EQ(messages[1].at("key"), "k");
  EXPECT_EQ(messages[1].at("expires_at"), "2999-01-01T00:00:00.000Z");
}

// --- dead letters ---

class DeadLetters : public Lease {
 protected:
  DeadLetters() : Lease{R"({"max_deliveries":1})"} {
    publish(1, 5);
    const auto all = client.lease("t", "s");
    EXPECT_EQ(client.settle("nack", "t", "s", leases_of(all)), "done done done done done");
    for (const auto& d : all) ids.push_back(std::to_string(d.id));
  }

  const std::string path = subscriber_path("t", "s") + "/dead-letters";
  std::vector<std::string> ids;
};

TEST_F(DeadLetters, AreListedByPages) {
  std::string all;
  std::string after;
  for (int pages = 1;; ++pages) {
    const auto page = client.get(path + "?limit=2" + after).json();
    for (const auto& m : page.at("messages").as_array()) all += m.at("payload").as_string().c_str();
    const auto* const next = page.as_object().if_contains("next");
    if (next == nullptr) {
      EXPECT_EQ(pages, 3);
      break;
    }
    after = std::string{"&after="} + next->as_string().c_str();
  }
  EXPECT_EQ(all, "12345");
  EXPECT_EQ(of_subscriber("dead"), 5u);
  EXPECT_EQ(client.drain("t", "s"), "");
}

TEST_F(DeadLetters, MayBeDeliveredAgain) {
  EXPECT_EQ(text_of(client.post(path + "/replay", R"({"ids":[")" + ids[3] + R"(","1",")" + ids[1] +
                                                      R"(",")" + ids[1] + R"("]})")),
            R"(200 {"messages":2,"unknown":["1",")" + ids[1] + "\"]}\n");
  const auto again = client.lease("t", "s");
  EXPECT_EQ(payloads_of(again), "2 4");
  for (const auto& d : again) EXPECT_EQ(d.attempt, 1u);
  client.ack("t", "s", {again[0]});
  EXPECT_EQ(client.settle("nack", "t", "s", {again[1].lease}), "done");
  EXPECT_EQ(of_subscriber("dead"), 4u);
  program waiting{broker};
  waiting.begin(waiting_lease());
  EXPECT_EQ(text_of(client.post(path + "/replay")), "200 {\"messages\":4,\"unknown\":[]}\n");
  const auto rest = deliveries_in(waiting.end());
  EXPECT_EQ(payloads_of(rest), "1 3 4 5");
  client.ack("t", "s", rest);
  EXPECT_EQ(client.number("/v1/topics/t", "messages"), 0u);
}

TEST_F(DeadLetters, MayBePurged) {
  EXPECT_EQ(text_of(client.post(path + "/purge", R"({"ids":[")" + ids[0] + R"(","7"]})")),
            "200 {\"messages\":1,\"unknown\":[\"7\"]}\n");
  EXPECT_EQ(of_subscriber("dead"), 4u);
  EXPECT_EQ(text_of(client.post(path + "/purge", "{}")), "200 {\"messages\":4,\"unknown\":[]}\n");
  EXPECT_EQ(text_of(client.get(path)), "200 {\"messages\":[]}\n");
  EXPECT_EQ(client.number("/v1/topics/t", "messages"), 0u);
}

TEST_F(DeadLetters, CountAsPending) {
  client.create("u", R"({"max_deliveries":1,"max_pending":1})");
  client.subscribe("u", "s");
  client.publish("u", "1");
  EXPECT_EQ(client.settle("nack", "u", "s", leases_of(client.lease("u", "s"))), "done");
  EXPECT_EQ(client.post("/v1/topics/u/messages", R"({"payload":"2"})").status, 429u);
  EXPECT_EQ(client.post(subscriber_path("u", "s") + "/dead-letters/purge").status, 200u);
  client.publish("u", "3");
  EXPECT_EQ(client.drain("u", "s"), "3");
}

// --- all at once ---

/// Several consumers of one subscriber, who now and then lose, delay or give back a message, while
/// several publish.
TEST_F(Lease, DeliversEachMessageUntilItIsAcknowledged) {
  client.create("u", R"({"lease_ms":30,"retry_delay_ms":1,"max_deliveries":0,"batch":10})");
  client.subscribe("u", "s");
  random_source random{11};
  SKEIN_TRACE_SEED(11);
  std::vector<program> publishers, consumers;
  for (int i = 0; i != 3; ++i) {
    publishers.emplace_back(broker);
    consumers.emplace_back(broker);
  }
  std::set<std::string> acknowledged;
  std::set<std::string> names;
  constexpr int messages = 400;
  for (int i = 0, published = 0; acknowledged.size() != messages; ++i) {
    if (published != messages && random.one_in(2)) {
      const int many = std::min(random.between(1, 10), messages - published);
      for (int n = 0; n != many; ++n) {
        publishers[static_cast<std::size_t>(n % 3)].publish("u", std::to_string(published++), "",
                                                            "?wait=accepted");
      }
    }
    auto& consumer = consumers[random.between<std::size_t>(0, 2)];
    const auto some = consumer.lease("u", "s", published == messages ? waits : "{}");
    for (const auto& d : some) {
      EXPECT_TRUE(names.insert(d.lease).second) << d.lease << " twice";
      EXPECT_EQ(acknowledged.count(d.payload), 0u) << d.payload << " after it was acknowledged";
      const int what = random.between(0, 9);
      if (what == 0) {
        consumer.settle("nack", "u", "s", {d.lease}, R"("delay_ms":1)");
      } else if (what <= 7) {
        if (consumer.settle("ack", "u", "s", {d.lease}) == "done") acknowledged.insert(d.payload);
      }
    }
  }
  EXPECT_EQ(client.number(subscriber_path("u", "s"), "pending"), 0u);
  EXPECT_EQ(client.number("/v1/topics/u", "messages"), 0u);
}

}  // namespace
}  // namespace skein::test
