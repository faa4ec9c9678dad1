/// Topics on a full disk, and under a clock that is set.

#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "support/private_mounts.hpp"
#include "support/program.hpp"
#include "wall_clock.hpp"

namespace skein::test {
namespace {

namespace fs = std::filesystem;

const std::string waits = R"({"wait_ms":30000})";

// --- full disks ---

class TopicOnFullDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_mount()) GTEST_SKIP() << "mounting is not permitted here";
    disk.emplace(store.parent_path(), 224u << 20);
    broker.emplace(daemon::options{{"store.directory", store}, {"drain-timeout", "1s"}});
    client = std::make_unique<program>(*broker);
    client->create("t", R"({"no_subscribers":"hold"})");
    client->subscribe("t", "s");
    for (int i = 0; i != 4; ++i) publish();
  }

  /// Returns the status.
  unsigned publish(const std::string& how = {}) {
    const auto name = std::to_string(++published);
    answer =
        client->post("/v1/topics/t/messages" + how, "{\"key\":\"" + name + "\",\"payload\":\"" +
                                                        std::string(1 << 20, 'x') + "\"}");
    if (answer.status == 200) promised.insert(name);
    return answer.status;
  }
  void fill() {
    disk->fill();
    for (int i = 0; i != 200 && publish() == 200; ++i) {
    }
  }
  /// All that was promised is there, each once, and is acknowledged.
  void expect_all_promised() {
    std::set<std::string> got;
    for (auto some = client->lease("t", "s"); !some.empty(); some = client->lease("t", "s")) {
      for (const auto& d : some) EXPECT_TRUE(got.insert(d.key).second) << d.key << " twice";
      client->ack("t", "s", some);
    }
    for (const auto& name : promised) EXPECT_EQ(got.count(name), 1u) << name;
  }

  temporary_directory where;
  const fs::path store = where.path() / "disk" / "store";
  std::optional<small_disk> disk;
  std::optional<daemon> broker;
  std::unique_ptr<program> client;
  http_answer answer;
  int published = 0;
  std::set<std::string> promised;
};

TEST_F(TopicOnFullDisk, PromisesNothingAndGoesOnWhenThereIsRoom) {
  const auto leased = client->lease("t", "s", R"({"max":1})");
  fill();
  ASSERT_EQ(answer.status, 507u);
  const std::string problem =
      R"({"type":"/problems/not-stored","title":"The store cannot be written at present","status":507,)";
  EXPECT_EQ(answer.body,
            problem + "\"detail\":\"the store cannot be written; it may take effect later\"}\n");
  EXPECT_EQ(answer.header("retry-after"), "1");
  broker->await_line("level=error msg=\"cannot write topics to the store, trying again\" reason=");
  for (int i = 0; i != 3; ++i) {
    EXPECT_EQ(publish(), 507u);
    EXPECT_EQ(answer.body, problem + "\"detail\":\"the store cannot be written\"}\n");
  }
  EXPECT_EQ(text_of(client->post("/api/publish", R"({"subject":"t","data":"x"})")),
            "500 {\"message\":\"server error\"}\n");
  // What is there can be had, but nothing is settled.
  const auto more = client->lease("t", "s", R"({"max":1})");
  ASSERT_EQ(more.size(), 1u);
  EXPECT_EQ(more[0].key, "2");
  for (const char* how : {"ack", "nack"}) {
    EXPECT_EQ(client->settle(how, "t", "s", leases_of(leased)).substr(0, 3), "507") << how;
  }
  EXPECT_EQ(client->put("/v1/topics/new").status, 507u);
  EXPECT_EQ(client->put(subscriber_path("t", "new")).status, 507u);
  EXPECT_EQ(client->remove(subscriber_path("t", "s")).status, 507u);
  EXPECT_EQ(client->number(subscriber_path("t", "s"), "leased"), 2u);
  EXPECT_EQ(client->get("/ready").status, 204u);
  EXPECT_EQ(broker->status("store_failing"), 1u);

  disk->make_room();
  broker->await_line("msg=\"topics can be written to the store again\"");
  EXPECT_EQ(broker->status("store_failing"), 0u);
  await("a publish to be taken", [&] { return publish() == 200; });
  client->ack("t", "s", leased);
  client->ack("t", "s", more);
  promised.erase("1");
  promised.erase("2");
  for (int i = 0; i != 2; ++i) {
    client.reset();
    i == 0 ? broker->kill() : static_cast<void>(broker->stop());
    broker->start_again();
    client = std::make_unique<program>(*broker);
    if (i == 0) publish();
  }
  expect_all_promised();
}

TEST_F(TopicOnFullDisk, MakesNoTopicThatMayBeLost) {
  client->create("old");
  fill();
  ASSERT_EQ(answer.status, 507u);
  for (int i = 0; i != 2; ++i) {
    EXPECT_EQ(client->put("/v1/topics/new").status, 507u) << i;
    EXPECT_EQ(client->put(subscriber_path("newer", "s")).status, 507u) << i;
    EXPECT_EQ(client->put(subscriber_path("old", "s")).status, 507u) << i;
  }
  EXPECT_EQ(client->put("/v1/topics/old").status, 200u);
}

TEST_F(TopicOnFullDisk, EndsInOrderAndKeepsWhatWasPromised) {
  fill();
  ASSERT_EQ(answer.status, 507u);
  broker->program().signal(SIGTERM);
  const auto status = broker->program().wait();
  EXPECT_TRUE(status == 0 || status == 3) << broker->program().err();
  disk->make_room();
  broker->start_again();
  client = std::make_unique<program>(*broker);
  expect_all_promised();
}

TEST_F(TopicOnFullDisk, LosesNothingThatWasAcceptedIfThereIsRoomBeforeTheDrainTimeout) {
  client.reset();
  broker->stop();
  broker->start_again({{"drain-timeout", "1min"}});
  client = std::make_unique<program>(*broker);
  disk->fill();
  for (int i = 0; i != 200; ++i) {
    if (publish("?wait=accepted") == 507) break;
  }
  ASSERT_EQ(answer.status, 507u);
  broker->program().signal(SIGTERM);
  broker->await_line("msg=\"draining\"");
  disk->make_room();
  EXPECT_EQ(broker->program().wait(), 0);
  broker->start_again();
  client = std::make_unique<program>(*broker);
  expect_all_promised();
}

TEST_F(TopicOnFullDisk, MayBeKilledAndKeepsWhatWasPromised) {
  fill();
  ASSERT_EQ(answer.status, 507u);
  publish();
  broker->kill();
  disk->make_room();
  broker->start_again();
  client = std::make_unique<program>(*broker);
  expect_all_promised();
}

TEST(TopicOnSmallDisk, GoesOnWithTheRoomThatANewStartTakes) {
  if (!may_mount()) GTEST_SKIP() << "mounting is not permitted here";
  const temporary_directory where;
  const fs::path store = where.path() / "disk" / "store";
  small_disk disk{store.parent_path(), 40u << 20};
  daemon broker{{{"store.directory", store}}};
  program client{broker};
  client.create("t", R"({"max_pending":3,"overflow":"drop-oldest"})");
  client.subscribe("t", "s");
  const auto publish = [&] {
    const std::string message = R"({"payload":")" + std::string(1 << 20, 'x') + R"("})";
    return client.post("/v1/topics/t/messages", message).status;
  };
  for (int i = 0; i != 14; ++i) ASSERT_EQ(publish(), 200u);
  await("that there is no room", [&] {
    disk.fill();  // also what was given back meanwhile
    publish();
    return broker.lines_with("there is no room, to go on takes ") != 0;
  });
  disk.make_room();
  broker.await_line("msg=\"topics can be written to the store again\"");
  await("a publish to be taken", [&] { return publish() == 200; });
  broker.stop();
}

// --- clocks ---

class TopicClock : public testing::Test {
 protected:
  explicit TopicClock(daemon::options options = {}) : broker{options, clock.how()} {}

  void restart_at(std::int64_t seconds) {
    killed = !killed;
    killed ? broker.kill() : static_cast<void>(broker.stop());
    clock.set(seconds);
    broker.start_again();
    client = std::make_unique<program>(broker);
  }
  void publish(const std::string& topic, const std::string& payload, const std::string& more = "") {
    client->publish(topic, payload, more);
  }
  std::uint64_t number(const std::string& topic, const std::string& name) {
    return client->number(subscriber_path(topic, "s"), name);
  }

  wall_clock clock;
  daemon broker;
  std::unique_ptr<program> client = std::make_unique<program>(broker);
  bool killed = false;
};

TEST_F(TopicClock, MayBeSetWhileTheDaemonRunsWithoutAnyHarm) {
  client->create("long", R"({"lease_ms":3600000,"dedupe":"first","dedupe_window_ms":3600000})");
  client->create("short", R"({"lease_ms":40,"retry_delay_ms":0,"max_deliveries":0})");
  for (const char* t : {"long", "short"}) client->subscribe(t, "s");
  publish("long", "1", R"("key":"k","ttl_ms":3600000)");
  const auto leased = client->lease("long", "s");
  publish("long", "2", R"("delay_ms":3600000)");
  publish("short", "x");
  std::uint64_t attempts = 0;
  for (const std::int64_t time : {day, -day, std::int64_t{0}, 2 * day}) {
    SCOPED_TRACE(time);
    clock.set(time);
    for (int i = 0; i != 3; ++i) {
      const auto again = client->lease("short", "s", waits);
      ASSERT_EQ(again.size(), 1u);
      EXPECT_EQ(again[0].attempt, ++attempts);
    }
    publish("short", "soon", R"("delay_ms":20,"ttl_ms":3600000)");
    for (bool came = false; !came;) {
      for (const auto& d : client->lease("short", "s", waits)) {
        if (d.payload == "soon") {
          came = client->settle("ack", "short", "s", {d.lease}) == "done";
        } else {
          attempts = d.attempt;
        }
      }
    }
    EXPECT_EQ(number("long", "leased"), 1u);
    EXPECT_EQ(client->number("/v1/topics/long", "delayed"), 1u);
    EXPECT_EQ(outcomes_in(client->post("/v1/topics/long/messages", R"({"payload":"3","key":"k"})")),
              "duplicate");
  }
  client->ack("long", "s", leased);
}

TEST_F(TopicClock, ThatIsAheadAfterARestartLetsEverythingComeThatIsDueThen) {
  for (int life = 0; life != 2; ++life) {
    SCOPED_TRACE(life);
    const auto t = "t" + std::to_string(life);
    client->create(
        t,
        R"({"lease_ms":3600000,"retry_delay_ms":0,"dedupe":"first","dedupe_window_ms":3600000})");
    client->subscribe(t, "s");
    publish(t, "leased");
    EXPECT_EQ(client->lease(t, "s").size(), 1u);
    publish(t, "expired", R"("ttl_ms":3600000,"key":"k")");
    publish(t, "delayed", R"("delay_ms":3600000)");
    publish(t, "much later", R"("delay_ms":864000000)");
    EXPECT_EQ(client->put(subscriber_path(t, "idle"), R"({"idle_expiry_ms":3600000})").status,
              201u);
    restart_at((life + 1) * day);
    EXPECT_EQ(payloads_of(client->lease(t, "s", waits)), "delayed");
    EXPECT_EQ(client->number(subscriber_path(t, "s"), "leased"), 2u) << "nobody could acknowledge";
    EXPECT_EQ(
        outcomes_in(client->post(topic_path(t) + "/messages", R"({"payload":"x","key":"k"})")),
        "published");
    EXPECT_EQ(client->number(topic_path(t), "delayed"), 1u);
  }
}

TEST_F(TopicClock, ThatWasSetBackBetweenTwoLivesHoldsNothingUp) {
  client->create("t", R"({"lease_ms":100,"retry_delay_ms":0,"max_deliveries":0})");
  client->subscribe("t", "s");
  publish("t", "1");
  std::uint64_t attempts = 0;
  for (const std::int64_t time : {-day, -3 * day, day, std::int64_t{0}, -day}) {
    SCOPED_TRACE(time);
    const auto before = client->lease("t", "s", waits);
    ASSERT_EQ(payloads_of(before), "1");
    EXPECT_GT(before[0].attempt, attempts);
    restart_at(time);
    const auto again = client->lease("t", "s", waits);
    ASSERT_EQ(payloads_of(again), "1");
    EXPECT_GT(again[0].attempt, before[0].attempt);
    attempts = again[0].attempt;
  }
}

TEST_F(TopicClock, ThatWasSetBackKeepsKeysOfTheWindow) {
  client->create("t", R"({"dedupe":"first","dedupe_window_ms":3600000})");
  client->subscribe("t", "s");
  publish("t", "x", R"("key":"k")");
  const auto again = [&] {
    return outcomes_in(client->post("/v1/topics/t/messages", R"({"payload":"x","key":"k"})"));
  };
  restart_at(-day);
  EXPECT_EQ(again(), "duplicate");
  restart_at(-2 * day);
  EXPECT_EQ(again(), "duplicate");
  restart_at(day);
  EXPECT_EQ(again(), "published");
}

TEST_F(TopicClock, ThatIsAheadAfterARestartRemovesNobodyWhoCouldNotAsk) {
  EXPECT_EQ(client->put(subscriber_path("t", "s"), R"({"idle_expiry_ms":3600000})").status, 201u);
  restart_at(day);
  EXPECT_EQ(client->post(subscriber_path("t", "s") + "/lease").status, 200u);
}

}  // namespace
}  // namespace skein::test
