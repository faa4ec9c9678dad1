#include "actors/topics/topic.hpp"

#include <algorithm>
#include <set>

#include "support/topic_plane.hpp"

namespace skein {
namespace {

using namespace std::chrono_literals;
using reason = api::refused::reason;
using api::wait_for;
using core::lease_outcome;
using core::publish_outcome;
using action = api::settle::action;

class Topic : public topic_plane {};

TEST_F(Topic, DeliversToEverySubscriberWhatWasPublishedSince) {
  start();
  subscribe("a", "one");
  publish("a", "first");
  subscribe("a", "two");
  publish("a", "second");
  EXPECT_EQ(payloads(*lease("a", "one")), (texts{"first", "second"}));
  EXPECT_EQ(payloads(*lease("a", "two")), (texts{"second"}));
}

TEST_F(Topic, APublishIsAnsweredWhenItIsSynced) {
  start();
  subscribe("a", "one");
  const int synced = engine->syncs;
  const auto call = publish("a", "x");
  EXPECT_EQ(call->as<api::published>().messages.at(0).what, publish_outcome::published);
  EXPECT_EQ(engine->syncs, synced + 1);
}

TEST_F(Topic, WhatIsAcceptedIsAnsweredAtOnceAndStoredSoon) {
  start();
  subscribe("a", "one");
  const int commits = engine->commits;
  publish("a", "x", wait_for::accepted)->as<api::published>();
  EXPECT_EQ(engine->commits, commits);
  pass(options.commit_interval);
  EXPECT_EQ(engine->commits, commits + 1);
}

TEST_F(Topic, ADurablePublishThatChangesNothingIsAnsweredWhenWhatItRepeatsIsSynced) {
  options.defaults.dedupe = core::dedupe_policy::first;
  start();
  subscribe("a", "one");
  api::publish what;
  what.messages.push_back(text("x", "key"));
  what.wait = wait_for::accepted;
  begin("a", what);
  pass(options.commit_interval);
  const int synced = engine->syncs;
  what.wait = wait_for::durable;
  for (int i = 0; i != 2; ++i) {
    EXPECT_EQ(begin("a", what)->as<api::published>().messages.at(0).what,
              publish_outcome::duplicate);
    EXPECT_EQ(engine->syncs, synced + 1) << "once is enough";
  }
}

TEST_F(Topic, OneCommitServesAllWhoPublishMeanwhile) {
  start();
  subscribe("a", "one");
  subscribe("b", "one");
  const int commits = engine->commits;
  std::vector<std::shared_ptr<asked>> calls;
  for (int i = 0; i != 20; ++i) {
    auto call = std::make_shared<asked>();
    system.spawn([=, to = plane](caf::event_based_actor* self) {
      api::publish what;
      what.messages.push_back(text("x"));
      self->request(to, caf::infinite, api::topic_call{i % 2 == 0 ? "a" : "b", what})
          .then([call](answered& a) { call->answer = std::move(a.what); }, [](caf::error&) {});
    });
    calls.push_back(call);
  }
  run();
  for (const auto& call : calls) call->as<api::published>();
  EXPECT_LE(engine->commits, commits + 4);
}

TEST_F(Topic, AWaitEndsWithTheFirstMessage) {
  start();
  subscribe("a", "one");
  const auto waits = lease("a", "one", 10, 1s);
  EXPECT_FALSE(waits->answer);
  publish("a", "x");
  EXPECT_EQ(payloads(*waits), texts{"x"});
}

TEST_F(Topic, AWaitEndsInTime) {
  start();
  subscribe("a", "one");
  const auto waits = lease("a", "one", 10, 1s);
  pass(999ms);
  EXPECT_FALSE(waits->answer);
  pass(1ms);
  EXPECT_EQ(payloads(*waits), texts{});
}

TEST_F(Topic, WhoWaitsFirstIsServedFirst) {
  start();
  subscribe("a", "one");
  const auto first = lease("a", "one", 1, 1s), second = lease("a", "one", 1, 1s);
  publish("a", "x");
  EXPECT_EQ(payloads(*first), texts{"x"});
  EXPECT_FALSE(second->answer);
  publish("a", "y");
  EXPECT_EQ(payloads(*second), texts{"y"});
}

TEST_F(Topic, WhoHasGoneGetsNothing) {
  start();
  subscribe("a", "one");
  const auto gone = lease("a", "one", 1, 1s);
  caf::anon_send(plane, wait_abandoned{"a", gone->by, 0});
  run();
  EXPECT_EQ(payloads(*gone), texts{});
  publish("a", "x");
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"});
}

TEST_F(Topic, OneOfSeveralWaitsOfOneWaiterEnds) {
  start();
  subscribe("a", "one");
  std::vector<std::shared_ptr<asked>> waits;
  const auto waiter =
      begin_all({{"a", api::lease{"one", 1, 1s, 7}}, {"a", api::lease{"one", 1, 1s, 8}}}, waits);
  caf::anon_send(plane, wait_abandoned{"a", waiter, 7});
  run();
  EXPECT_EQ(payloads(*waits[0]), texts{});
  EXPECT_FALSE(waits[1]->answer);
  publish("a", "x");
  EXPECT_EQ(payloads(*waits[1]), texts{"x"});
}

TEST_F(Topic, OneOfSeveralPublishesThatWaitForAcknowledgementsIsGivenUp) {
  start();
  subscribe("a", "one");
  std::vector<api::topic_call> calls;
  api::publish what;
  what.wait = api::wait_for::delivered;
  for (const api::wait_ticket ticket : {7u, 8u}) {
    what.messages = {text(std::to_string(ticket))};
    what.ticket = ticket;
    calls.push_back({"a", what});
  }
  std::vector<std::shared_ptr<asked>> waits;
  const auto waiter = begin_all(calls, waits);
  caf::anon_send(plane, wait_abandoned{"a", waiter, 7});
  run();
  EXPECT_EQ(waits[0]->refusal(), api::refused::reason::not_delivered);
  EXPECT_FALSE(waits[1]->answer);
  const auto given = lease("a", "one");
  for (const auto& d : given->as<api::leased>().messages) settle("a", "one", d);
  EXPECT_EQ(waits[1]->as<api::published>().messages.at(0).reached->acknowledged, 1u);
}

TEST_F(Topic, ATicketOfAWaitThatIsOverEndsNoOther) {
  start();
  subscribe("a", "one");
  publish("a", "x");
  std::vector<std::shared_ptr<asked>> waits;
  const auto waiter =
      begin_all({{"a", api::lease{"one", 1, 1s, 7}}, {"a", api::lease{"one", 1, 1s, 8}}}, waits);
  EXPECT_EQ(payloads(*waits[0]), texts{"x"});
  caf::anon_send(plane, wait_abandoned{"a", waiter, 7});
  run();
  EXPECT_FALSE(waits[1]->answer);
}

TEST_F(Topic, AWaitEndsWithWhatIsDueAgain) {
  options.defaults.lease = 300ms;
  options.defaults.retry_delay = 200ms;
  start();
  subscribe("a", "one");
  publish("a", "x");
  lease("a", "one");
  const auto waits = lease("a", "one", 1, 10s);
  pass(499ms);
  EXPECT_FALSE(waits->answer);
  pass(2ms);
  ASSERT_EQ(payloads(*waits), texts{"x"});
  EXPECT_EQ(waits->as<api::leased>().messages[0].attempt, 2u);
}

TEST_F(Topic, AWaitEndsWithWhatWasDelayed) {
  start();
  subscribe("a", "one");
  api::publish later;
  later.messages.push_back(text("x"));
  later.messages[0].delay = 700ms;
  begin("a", later);
  const auto waits = lease("a", "one", 1, 10s);
  pass(699ms);
  EXPECT_FALSE(waits->answer);
  pass(2ms);
  EXPECT_EQ(payloads(*waits), texts{"x"});
}

TEST_F(Topic, AnAcknowledgementIsSyncedAndNeverComesBack) {
  start();
  subscribe("a", "one");
  publish("a", "x");
  const auto got = lease("a", "one")->as<api::leased>().messages;
  const int synced = engine->syncs;
  EXPECT_EQ(settle("a", "one", got.at(0))->as<api::settled>().outcomes,
            std::vector{lease_outcome::done});
  EXPECT_EQ(engine->syncs, synced + 1);
  engine = engine->crash(0, false);
  start_again(1h);
  EXPECT_EQ(payloads(*lease("a", "one")), texts{});
}

TEST_F(Topic, AfterACrashLeasesGoOnWithTheirDeadlinesAndAttempts) {
  options.defaults.lease = 10s;
  options.defaults.retry_delay = 0ms;
  options.defaults.max_deliveries = 2;
  start();
  subscribe("a", "one");
  publish("a", "x");
  publish("a", "y");
  const auto first = lease("a", "one", 1)->as<api::leased>().messages;
  engine = engine->crash(1000, false);  // the process was killed, not the machine
  start_again(4s);
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"y"}) << "x is leased";
  pass(9s);  // without those 4 in which nobody could acknowledge
  EXPECT_EQ(payloads(*lease("a", "one")), texts{});
  pass(1s + 1ms);
  const auto again = lease("a", "one", 1)->as<api::leased>().messages;
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].attempt, 2u);
  EXPECT_GT(again[0].lease.number, first[0].lease.number);
  settle("a", "one", again[0], action::nack);
  EXPECT_EQ(begin("a", api::list_dead{"one", 0, 10})->as<api::dead_letters>().messages.size(), 1u);
}

TEST_F(Topic, LeasesAndWaitsGoOnFromWhereTheyWereWhenItEnded) {
  options.idle_timeout = 1s;
  options.defaults.lease = 10s;
  options.defaults.retry_delay = 5s;
  start();
  subscribe("a", "one");
  publish("a", "x");
  const auto began = scheduler.clock().now();
  lease("a", "one");
  while (!all_named("topic").empty()) pass(100ms);
  start_again(1h);
  const auto was_there = scheduler.clock().now() - began - 1h;
  pass(std::chrono::ceil<std::chrono::milliseconds>(15s - was_there) - 1ms);
  EXPECT_EQ(payloads(*lease("a", "one")), texts{});
  pass(1ms);
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"});
}

TEST_F(Topic, AnsweredPublishesSurviveACrashOfTheMachine) {
  start();
  subscribe("a", "one");
  publish("a", "x");
  publish("a", "y", wait_for::accepted);
  engine = engine->crash(0, false);
  start_again();
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"});
}

TEST_F(Topic, WaitingForDeliveryEndsWithTheLastAcknowledgement) {
  start();
  subscribe("a", "one");
  subscribe("a", "two");
  const auto call = publish("a", "x", wait_for::delivered);
  for (const char* const name : {"one", "two"}) {
    EXPECT_FALSE(call->answer);
    settle("a", name, lease("a", name)->as<api::leased>().messages.at(0));
  }
  EXPECT_EQ(call->as<api::published>().messages.at(0).what, publish_outcome::published);
}

TEST_F(Topic, WaitingForDeliveryEndsInTimeAndNamesWhoIsLeft) {
  start();
  subscribe("a", "one");
  subscribe("a", "two");
  api::publish what;
  what.messages.push_back(text("x"));
  what.wait = wait_for::delivered;
  what.timeout = 2s;
  const auto call = begin("a", what);
  settle("a", "one", lease("a", "one")->as<api::leased>().messages.at(0));
  pass(2s);
  EXPECT_EQ(call->refusal(), reason::not_delivered);
  EXPECT_EQ(call->as<api::refused>().waits_for, texts{"two"});
  EXPECT_EQ(payloads(*lease("a", "two")), texts{"x"}) << "the message stays";
}

/// Publishes that wait for acknowledgements by "one" and "two", of whom "one" has acknowledged.
class UndeliveredTopic : public topic_plane {
 protected:
  std::shared_ptr<asked> publish_both(api::new_message m = text("x", "k")) {
    start();
    subscribe("a", "one");
    subscribe("a", "two");
    api::publish what;
    what.messages = {std::move(m)};
    what.wait = wait_for::delivered;
    auto call = begin("a", what);
    settle("a", "one", lease("a", "one")->as<api::leased>().messages.at(0));
    EXPECT_FALSE(call->answer);
    return call;
  }
  /// It failed, since "two" never will acknowledge it.
  static void expect_missed(const asked& call, core::fate why) {
    EXPECT_EQ(call.refusal(), reason::delivery_failed);
    const api::published& answer = call.as<api::refused>().so_far;
    ASSERT_EQ(answer.messages.size(), 1u);
    ASSERT_TRUE(answer.messages[0].reached);
    EXPECT_EQ(answer.messages[0].reached->acknowledged, 1u);
    EXPECT_EQ(answer.messages[0].reached->missed, 1u);
    ASSERT_EQ(answer.missed_by.size(), 1u);
    EXPECT_EQ(answer.missed_by[0].message, 0u);
    EXPECT_EQ(answer.missed_by[0].subscriber, "two");
    EXPECT_EQ(answer.missed_by[0].what, why);
  }
};

TEST_F(UndeliveredTopic, SaysThatASubscriberWasRemoved) {
  const auto call = publish_both();
  begin("a", api::unsubscribe{"two"});
  expect_missed(*call, core::fate::removed);
}

TEST_F(UndeliveredTopic, SaysThatAMessageHasExpired) {
  api::new_message m = text("x");
  m.ttl = 1s;
  const auto call = publish_both(m);
  pass(1s);
  EXPECT_EQ(payloads(*lease("a", "two")), texts{});
  expect_missed(*call, core::fate::expired);
}

TEST_F(UndeliveredTopic, SaysThatAMessageWasDroppedToMakeRoom) {
  options.defaults.max_pending = 1;
  options.defaults.overflow = core::pending_policy::drop_oldest;
  const auto call = publish_both();
  publish("a", "y");
  expect_missed(*call, core::fate::dropped);
}

/// More subscribers than lose something at once.
class FullTopic : public UndeliveredTopic {
 protected:
  static constexpr std::uint32_t subscribers = 1200;

  void begin_full(bool stores) {
    options.defaults.max_pending = 1;
    options.defaults.overflow = core::pending_policy::drop_oldest;
    start(stores);
    for (std::uint32_t i = 0; i != subscribers; ++i) subscribe("a", std::to_string(i));
  }
  void expect_dropped_by_all(const asked& call) {
    EXPECT_EQ(call.refusal(), reason::delivery_failed);
    const api::published& answer = call.as<api::refused>().so_far;
    ASSERT_EQ(answer.messages.size(), 1u);
    ASSERT_TRUE(answer.messages[0].reached);
    EXPECT_EQ(answer.messages[0].reached->missed, subscribers);
    EXPECT_EQ(answer.missed_by.size(), core::receipt_book::most_named);
    pass(report_interval);
    EXPECT_EQ(statistics.counted[core::counter::messages_dropped], subscribers);
  }
};

TEST_F(FullTopic, AllLoseTheMessageAndItsPublisherIsTold) {
  begin_full(false);
  const auto call = publish("a", "x", wait_for::delivered);
  EXPECT_FALSE(call->answer);
  publish("a", "y");
  expect_dropped_by_all(*call);
}

TEST_F(FullTopic, AllLoseTheMessageOfADurableTopicAndItsPublisherIsTold) {
  begin_full(true);
  const auto call = publish("a", "x", wait_for::delivered);
  publish("a", "y");
  expect_dropped_by_all(*call);
  start_again();
  EXPECT_EQ(payloads(*lease("a", "0")), texts{"y"});
  EXPECT_EQ(payloads(*lease("a", "1199")), texts{"y"});
}

TEST_F(UndeliveredTopic, SaysThatADeadLetterWasPurged) {
  options.defaults.max_deliveries = 1;
  const auto call = publish_both();
  settle("a", "two", lease("a", "two")->as<api::leased>().messages.at(0), action::nack);
  EXPECT_FALSE(call->answer) << "it may be replayed";
  begin("a", api::settle_dead{"two", api::settle_dead::action::purge, {}});
  expect_missed(*call, core::fate::purged);
}

TEST_F(UndeliveredTopic, SaysThatAMessageWasReplaced) {
  options.defaults.dedupe = core::dedupe_policy::replace;
  const auto call = publish_both();
  api::publish newer;
  newer.messages = {text("y", "k")};
  begin("a", newer);
  expect_missed(*call, core::fate::replaced);
}

TEST_F(UndeliveredTopic, SaysThatAMessageMovedUpUnderAnother) {
  options.defaults.dedupe = core::dedupe_policy::replace;
  options.defaults.priorities = 2;
  api::new_message low = text("x", "k");
  low.priority = 1;
  const auto call = publish_both(low);
  api::publish newer;
  newer.messages = {text("y", "k")};
  begin("a", newer);
  expect_missed(*call, core::fate::replaced);
}

TEST_F(UndeliveredTopic, SaysThatNobodyGotIt) {
  for (const auto dedupe : {core::dedupe_policy::off, core::dedupe_policy::first}) {
    options.defaults.no_subscribers = core::no_subscribers_policy::drop;
    options.defaults.dedupe = dedupe;
    start();
    const std::string name = dedupe == core::dedupe_policy::off ? "a" : "b";
    api::publish what;
    what.messages = {text("x", "k")};
    if (dedupe == core::dedupe_policy::first) {
      subscribe(name, "one");
      begin(name, what);
    }
    what.wait = wait_for::delivered;
    const auto call = begin(name, what);
    EXPECT_EQ(call->refusal(), reason::delivery_failed);
    EXPECT_EQ(
        call->as<api::refused>().so_far.messages.at(0).what,
        dedupe == core::dedupe_policy::off ? publish_outcome::dropped : publish_outcome::duplicate);
    start_again();
  }
}

TEST_F(UndeliveredTopic, SaysOfEachMessageWhatBecameOfIt) {
  options.defaults.max_pending = 2;
  start();
  subscribe("a", "one");
  api::publish what;
  what.messages = {text("x"), text("y"), text("z")};
  what.wait = wait_for::delivered;
  const auto call = begin("a", what);
  const auto got = lease("a", "one");
  for (const auto& d : got->as<api::leased>().messages) settle("a", "one", d);
  const auto& messages = call->as<api::published>().messages;
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[1].reached->acknowledged, 1u);
  EXPECT_EQ(messages[2].what, publish_outcome::overflow) << "which is a problem, partly refused";
  EXPECT_FALSE(messages[2].reached);
}

TEST_F(UndeliveredTopic, IsDeliveredOnceTheAcknowledgementsAreOnDisk) {
  const auto call = publish_both();
  const auto got = lease("a", "two")->as<api::leased>().messages;
  engine->fails = true;
  EXPECT_EQ(settle("a", "two", got.at(0))->refusal(), reason::not_stored);
  EXPECT_EQ(call->refusal(), reason::not_stored) << "a crash would bring the message back";
}

TEST_F(UndeliveredTopic, WaitsNoLongerThanWasAskedThoughTheStoreIsSlow) {
  start();
  subscribe("a", "one");
  api::publish what;
  what.messages = {text("x")};
  what.wait = wait_for::delivered;
  what.timeout = 0s;
  const auto call = begin("a", what);
  pass(1ms);
  EXPECT_EQ(call->refusal(), reason::not_delivered);
  EXPECT_EQ(call->as<api::refused>().waits_for, texts{"one"});
}

TEST_F(Topic, WhatIsNotDeliveredWhenTheDaemonEndsIsPublishedNevertheless) {
  start();
  subscribe("a", "one");
  const auto call = publish("a", "x", wait_for::delivered);
  drains(plane);
  EXPECT_EQ(call->refusal(), reason::not_delivered);
  EXPECT_EQ(call->as<api::refused>().so_far.messages.size(), 1u);
  EXPECT_EQ(call->as<api::refused>().waits_for, texts{"one"});
}

TEST_F(Topic, WithoutASubscriberNothingIsDelivered) {
  options.defaults.no_subscribers = core::no_subscribers_policy::hold;
  start();
  const auto call = publish("a", "x", wait_for::delivered);
  EXPECT_FALSE(call->answer);
  subscribe("a", "one");
  settle("a", "one", lease("a", "one")->as<api::leased>().messages.at(0));
  call->as<api::published>();
}

TEST_F(Topic, FetchTakesEverythingOnce) {
  options.defaults.batch = 2;
  start();
  subscribe("a", "one");
  for (const char* const p : {"1", "2", "3", "4", "5"}) publish("a", p);
  const auto got = begin("a", api::fetch{"one"});
  EXPECT_EQ(payloads(*got), (texts{"1", "2", "3", "4", "5"}));
  EXPECT_EQ(payloads(*begin("a", api::fetch{"one"})), texts{});
  begin("a", api::handed_over{"one", leases_of(*got), true});
  pass(options.commit_interval);
  start_again();
  EXPECT_EQ(payloads(*begin("a", api::fetch{"one"})), texts{});
}

TEST_F(Topic, WhatWasNotHandedOverIsThereForTheNext) {
  options.defaults.lease = 0ms;
  options.defaults.max_deliveries = 1;
  start();
  subscribe("a", "one");
  publish("a", "x");
  for (int i = 0; i != 3; ++i) {
    const auto got = i == 0 ? lease("a", "one") : begin("a", api::fetch{"one"});
    EXPECT_EQ(payloads(*got), texts{"x"});
    const auto waits = lease("a", "one", 1, 1s);
    begin("a", api::handed_over{"one", leases_of(*got), false});
    EXPECT_EQ(payloads(*waits), texts{"x"});
    begin("a", api::handed_over{"one", leases_of(*waits), false});
  }
}

TEST_F(Topic, WhatIsUnknownIsSaid) {
  start();
  EXPECT_EQ(lease("a", "one")->refusal(), reason::no_such_topic);
  subscribe("a", "one");
  EXPECT_EQ(lease("a", "two")->refusal(), reason::no_such_subscriber);
  EXPECT_EQ(begin("a", api::unsubscribe{"two"})->refusal(), reason::no_such_subscriber);
  core::delivery never;
  never.lease = {{0, 99}, 1};
  EXPECT_EQ(settle("a", "one", never)->as<api::settled>().outcomes,
            std::vector{lease_outcome::unknown});
}

TEST_F(Topic, AnAcknowledgementTwiceAndOneThatIsLateChangeNothing) {
  options.defaults.lease = 1s;
  options.defaults.retry_delay = 0ms;
  start();
  subscribe("a", "one");
  publish("a", "x");
  publish("a", "y");
  const auto got = lease("a", "one")->as<api::leased>().messages;
  settle("a", "one", got.at(0));
  EXPECT_EQ(settle("a", "one", got.at(0))->as<api::settled>().outcomes,
            std::vector{lease_outcome::unknown});
  pass(1s + 1ms);
  const auto again = lease("a", "one");
  EXPECT_EQ(payloads(*again), texts{"y"});
  EXPECT_EQ(settle("a", "one", got.at(1))->as<api::settled>().outcomes,
            std::vector{lease_outcome::over});
}

TEST_F(Topic, RefusesToPromiseAnythingWhileTheStoreFails) {
  start();
  subscribe("a", "one");
  publish("a", "x");
  publish("a", "y");
  const auto held = lease("a", "one", 1)->as<api::leased>().messages;
  engine->fails = true;
  EXPECT_EQ(publish("a", "z")->refusal(), reason::not_stored);
  EXPECT_EQ(publish("a", "w")->refusal(), reason::not_stored) << "at once, and not kept";
  EXPECT_EQ(settle("a", "one", held.at(0))->refusal(), reason::not_stored);
  EXPECT_EQ(subscribe("a", "two")->refusal(), reason::not_stored);
  EXPECT_EQ(payloads(*lease("a", "one", 1)), texts{"y"}) << "what is there can be had";
  engine->fails = false;
  pass(core::group_commit::retry_interval);
  EXPECT_EQ(publish("a", "v")->as<api::published>().messages.size(), 1u);
  EXPECT_EQ(settle("a", "one", held.at(0))->as<api::settled>().outcomes,
            std::vector{lease_outcome::done});
  EXPECT_EQ(payloads(*lease("a", "one")), (texts{"z", "v"}))
      << "what was on its way took effect later";
}

TEST_F(Topic, RoomIsGivenBackWhenWhatWasInItIsErased) {
  start();
  auto what = std::make_shared<store::changes>();
  what->erase_range(store::family::message, "a", "b");
  what->reclaim(store::family::message, "a", "b");
  engine->fails = true;
  system.spawn([what, to = recorder](caf::event_based_actor* self) {
    self->request(to, caf::infinite, record_changes{what, true})
        .then([](changes_recorded) {}, [](caf::error&) {});
  });
  run();
  EXPECT_EQ(engine->reclaims, 0);
  engine->fails = false;
  pass(core::group_commit::retry_interval);
  EXPECT_EQ(engine->syncs, 1);
  EXPECT_EQ(engine->reclaims, 1);
}

TEST_F(Topic, LeavesMemoryWhenIdleAndComesBack) {
  options.idle_timeout = 1s;
  start();
  subscribe("a", "one");
  publish("a", "x");
  const auto got = lease("a", "one")->as<api::leased>().messages;
  EXPECT_EQ(all_named("topic").size(), 1u);
  pass(2s);
  EXPECT_EQ(all_named("topic").size(), 0u);
  EXPECT_EQ(settle("a", "one", got.at(0))->as<api::settled>().outcomes,
            std::vector{lease_outcome::done});
  EXPECT_EQ(all_named("topic").size(), 1u);
}

TEST_F(Topic, OneInMemoryStaysAsLongAsThereIsSomethingInIt) {
  options.idle_timeout = 1s;
  start(false);
  subscribe("a", "one");
  pass(5s);
  EXPECT_EQ(all_named("topic").size(), 1u);
  begin("a", api::unsubscribe{"one"});
  pass(2s);
  EXPECT_EQ(all_named("topic").size(), 0u);
}

TEST_F(Topic, StaysWhileSomebodyWaits) {
  options.idle_timeout = 1s;
  start();
  subscribe("a", "one");
  const auto waits = lease("a", "one", 1, 10s);
  pass(5s);
  EXPECT_EQ(all_named("topic").size(), 1u);
  publish("a", "x");
  EXPECT_EQ(payloads(*waits), texts{"x"});
}

TEST_F(Topic, RemovesASubscriberWhoIsIdle) {
  options.idle_timeout = 1s;
  start();
  begin("a", api::subscribe{"short", 5s});
  begin("a", api::subscribe{"long", 0ms});
  for (int i = 0; i != 8; ++i) {
    pass(1s);
    lease("a", "short");
  }
  EXPECT_EQ(payloads(*lease("a", "short")), texts{});
  pass(8s);
  lease("a", "long");  // wakes the topic, if it has left memory
  pass(2s);
  EXPECT_EQ(lease("a", "short")->refusal(), reason::no_such_subscriber);
  EXPECT_EQ(payloads(*lease("a", "long")), texts{});
}

TEST_F(Topic, CountsAndKeepsWhoCouldNotAsk) {
  options.idle_timeout = 1s;
  start();
  begin("a", api::subscribe{"one", 4s});
  publish("a", "x");
  start_again(6s);
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"});
  EXPECT_EQ(statistics.counted[core::counter::subscribers_expired], 0u);
  pass(2s);  // it leaves memory
  EXPECT_EQ(all_named("topic").size(), 0u);
  start_again(6s);
  pass(1999ms);
  EXPECT_EQ(begin("a", api::describe_subscriber{"one"})->as<api::subscriber_description>().pending,
            1u);
  pass(2s);
  EXPECT_EQ(lease("a", "one")->refusal(), reason::no_such_subscriber);
  pass(1s);
  EXPECT_EQ(statistics.counted[core::counter::subscribers_expired], 1u);
}

TEST_F(Topic, InMemoryStaysForAsLongAsItKnowsKeys) {
  options.idle_timeout = 1s;
  options.defaults.dedupe = core::dedupe_policy::first;
  options.defaults.dedupe_window = 10s;
  options.defaults.no_subscribers = core::no_subscribers_policy::hold;
  start(false);
  api::publish what;
  what.messages.push_back(text("x", "k"));
  begin("a", what);
  subscribe("a", "one");
  begin("a", api::unsubscribe{"one"});
  pass(8s);
  EXPECT_EQ(begin("a", what)->as<api::published>().messages.at(0).what,
            core::publish_outcome::duplicate);
  pass(5s);
  EXPECT_EQ(all_named("topic").size(), 0u);
  EXPECT_EQ(begin("a", what)->as<api::published>().messages.at(0).what,
            core::publish_outcome::published);
}

TEST_F(Topic, ListsAndCancelsWhatIsDelayed) {
  for (const bool stores : {true, false}) {
    SCOPED_TRACE(stores);
    kill_all();
    start(stores);
    subscribe("a", "one");
    api::publish what;
    for (const char* payload : {"1", "2", "3"}) {
      what.messages.push_back(text(payload));
      what.messages.back().delay = 1h;
    }
    const auto done = begin("a", what)->as<api::published>();
    const auto page = begin("a", api::list_delayed{{}, 2})->as<api::delayed_messages>();
    ASSERT_EQ(page.messages.size(), 2u);
    EXPECT_TRUE(page.more);
    EXPECT_EQ(page.messages[1].id, done.messages.at(1).delayed);
    const auto rest =
        begin("a", api::list_delayed{page.messages[1].id, 2})->as<api::delayed_messages>();
    EXPECT_EQ(rest.messages.size(), 1u);
    EXPECT_FALSE(rest.more);
    const auto gone = begin("a", api::cancel_delayed{{page.messages[0].id, {7, 7}}});
    EXPECT_EQ(gone->as<api::cancelled>().messages, 1u);
    EXPECT_EQ(gone->as<api::cancelled>().unknown, (std::vector<core::delayed_id>{{7, 7}}));
    if (stores) start_again();
    EXPECT_EQ(begin("a", api::describe_topic{})->as<api::topic_description>().delayed, 2u);
    pass(1h);
    EXPECT_EQ(payloads(*lease("a", "one", 10)), (texts{"2", "3"}));
    recorder = nullptr;
  }
}

TEST_F(Topic, FollowsTheClockWithTimesAndNothingElse) {
  for (const bool stores : {true, false}) {
    SCOPED_TRACE(stores);
    kill_all();
    set_by = 0;
    start(stores);
    subscribe("a", "one");
    const core::wall_time now = wall + (scheduler.clock().now() - started_at) / 1ms;
    api::publish what;
    for (const char* payload :
         {"due in a day", "due in an hour", "gone in a day", "gone in an hour"}) {
      what.messages.push_back(text(payload));
    }
    what.messages[0].deliver_at = now + 24 * 3'600'000;
    what.messages[1].delay = 1h;
    what.messages[2].expires = now + 24 * 3'600'000;
    what.messages[3].ttl = 1h;
    begin("a", what);
    const auto first = lease("a", "one", 1);
    EXPECT_EQ(payloads(*first), texts{"gone in a day"});
    begin("a", api::settle{"one", api::settle::action::nack, leases_of(*first), 0ms});
    set_by = 25 * 3'600'000;
    const auto second = lease("a", "one", 10);
    EXPECT_EQ(payloads(*second), (texts{"gone in an hour", "due in a day"}));
    const auto& told = second->as<api::leased>().messages.at(0);
    EXPECT_EQ(told.what.expires, now + set_by + 3'600'000) << "by the clock as it is set";
    EXPECT_EQ(told.deadline, now + set_by + 30'000);
    const auto third = lease("a", "one", 10, 2h);
    set_by = -25 * 3'600'000;
    pass(30min);
    EXPECT_EQ(payloads(*third), (texts{"gone in an hour", "due in a day"})) << "their leases end";
    recorder = nullptr;
  }
}

TEST_F(Topic, LooksAtTheClockWhileSomebodyWaits) {
  start();
  subscribe("a", "one");
  api::publish what;
  what.messages.push_back(text("x"));
  what.messages[0].deliver_at = wall + 24 * 3'600'000;
  begin("a", what);
  const auto waits = lease("a", "one", 1, 1h);
  pass(10s);
  EXPECT_FALSE(waits->answer);
  set_by = 24 * 3'600'000;
  pass(1s);
  EXPECT_EQ(payloads(*waits), texts{"x"});
}

TEST_F(Topic, WhoWaitsForMessagesIsNotIdle) {
  start();
  begin("a", api::subscribe{"one", 1s});
  for (int i = 0; i != 2; ++i) {
    const auto waits = lease("a", "one", 1, 3s);
    pass(3s);
    EXPECT_EQ(payloads(*waits), texts{});
    pass(999ms);
  }
  const auto waits = lease("a", "one", 1, 3s);
  pass(2s);
  publish("a", "x");
  pass(999ms);
  settle("a", "one", waits->as<api::leased>().messages.at(0))->as<api::settled>();
}

TEST_F(Topic, WhoIsIdleForTooLongStopsNobody) {
  options.defaults.max_pending = 1;
  start();
  begin("a", api::subscribe{"one", 1s});
  begin("a", api::subscribe{"two", 3s});
  publish("a", "1");
  begin("a", api::fetch{"two"});
  EXPECT_EQ(publish("a", "2")->as<api::published>().messages.at(0).what, publish_outcome::overflow);
  pass(1s);
  begin("a", api::handed_over{"two", leases_of(*begin("a", api::fetch{"two"})), true});
  EXPECT_EQ(begin("a", api::describe_topic{})->as<api::topic_description>().subscribers, 1u);
  pass(3s);
  publish("a", "2");
  EXPECT_EQ(publish("a", "3")->as<api::published>().messages.at(0).what,
            publish_outcome::no_subscribers);
}

TEST_F(Topic, RefusesASubscriberThatIsThereWithAnotherExpiry) {
  start();
  begin("a", api::subscribe{"one", 5s});
  EXPECT_EQ(begin("a", api::subscribe{"one", 6s})->refusal(), reason::exists_differently);
  EXPECT_EQ(begin("a", api::subscribe{"one", 0s})->refusal(), reason::exists_differently);
  EXPECT_EQ(begin("a", api::subscribe{"one", 5s})->as<api::subscribed>().is_new, false);
  EXPECT_EQ(begin("a", api::subscribe{"one", {}})->as<api::subscribed>().is_new, false);
  begin("a", api::subscribe{"two", {}});
  EXPECT_EQ(begin("a", api::subscribe{"two", 5s})->refusal(), reason::exists_differently);
  EXPECT_EQ(begin("a", api::subscribe{"two", 0s})->as<api::subscribed>().is_new, false);
}

TEST_F(Topic, ASubscriberGetsAnotherExpiry) {
  start();
  begin("a", api::subscribe{"one", 5s});
  EXPECT_EQ(begin("a", api::subscribe{"one", 6s})->as<api::refused>().differs,
            core::option_names{"idle_expiry_ms"});
  EXPECT_EQ(
      begin("a", api::change_subscriber{"one", 20s})->as<api::subscriber_description>().idle_expiry,
      20s);
  start_again();
  pass(19s);
  EXPECT_EQ(
      begin("a", api::describe_subscriber{"one"})->as<api::subscriber_description>().idle_expiry,
      20s);
  EXPECT_EQ(begin("a", api::change_subscriber{"two", 20s})->refusal(), reason::no_such_subscriber);
}

TEST_F(Topic, ASubscriberWhoLeavesLosesItsLeasesAndWaits) {
  start();
  subscribe("a", "one");
  const auto waits = lease("a", "one", 1, 10s);
  begin("a", api::unsubscribe{"one"})->as<api::removed>();
  EXPECT_EQ(waits->refusal(), reason::no_such_subscriber);
  EXPECT_EQ(subscribe("a", "one")->as<api::subscribed>().is_new, true);
}

TEST_F(Topic, WithoutANameASubscriberGetsOne) {
  start();
  const auto first = begin("a", api::subscribe{})->as<api::subscribed>().subscriber;
  const auto second = begin("a", api::subscribe{})->as<api::subscribed>().subscriber;
  EXPECT_NE(first, second);
  EXPECT_EQ(first.size(), 36u);
  EXPECT_EQ(first[14], '4');
}

TEST_F(Topic, DeadLettersAreListedReplayedAndPurged) {
  options.defaults.max_deliveries = 1;
  start();
  subscribe("a", "one");
  for (const char* const p : {"1", "2", "3"}) publish("a", p);
  const auto got = lease("a", "one");
  for (const auto& d : got->as<api::leased>().messages) settle("a", "one", d, action::nack);
  const auto dead = begin("a", api::list_dead{"one", 0, 2})->as<api::dead_letters>();
  ASSERT_EQ(dead.messages.size(), 2u);
  EXPECT_TRUE(dead.more);
  EXPECT_EQ(*dead.messages[1].what.payload, "2");
  begin("a", api::settle_dead{"one", api::settle_dead::action::replay, {dead.messages[0].id}});
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"1"});
  const auto purged = begin("a", api::settle_dead{"one", api::settle_dead::action::purge, {}});
  EXPECT_EQ(purged->as<api::dead_settled>().messages, 2u);
}

TEST_F(Topic, PagesOfDeadLettersGoForwardByIdInAllPriorities) {
  options.defaults.max_deliveries = 1;
  options.defaults.priorities = 2;
  start();
  subscribe("a", "one");
  api::publish what;
  for (const char* const p : {"1", "0", "1", "1", "0"}) {
    what.messages.push_back(text(p));
    what.messages.back().priority = *p == '1';
  }
  begin("a", what);
  const auto got = lease("a", "one");
  for (const auto& d : got->as<api::leased>().messages) settle("a", "one", d, action::nack);
  std::vector<std::uint64_t> ids;
  std::vector<std::size_t> sizes;
  bool more = true;
  while (more && sizes.size() < 5) {
    const auto after = ids.empty() ? std::optional<std::uint64_t>{} : ids.back();
    const auto page = begin("a", api::list_dead{"one", after, 2})->as<api::dead_letters>();
    for (const auto& m : page.messages) {
      EXPECT_EQ(*m.what.payload, std::to_string(m.priority));
      ids.push_back(m.id);
    }
    sizes.push_back(page.messages.size());
    more = page.more;
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2, 1}));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  EXPECT_EQ(std::set<std::uint64_t>(ids.begin(), ids.end()).size(), 5u);
}

TEST_F(Topic, DrainsWithEverythingThatWasAccepted) {
  start();
  subscribe("a", "one");
  const auto waits = lease("a", "one", 1, 10s);
  EXPECT_TRUE(drains(plane));
  EXPECT_EQ(payloads(*waits), texts{});
  EXPECT_TRUE(drains(recorder));
  start_again();
  publish("a", "x", wait_for::accepted);
  EXPECT_TRUE(drains(plane));
  EXPECT_TRUE(drains(recorder));
  start_again();
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"});
}

TEST_F(Topic, CountsWhatItDoes) {
  start();
  subscribe("a", "one");
  publish("a", "x");
  publish("b", "x");
  const auto got = lease("a", "one")->as<api::leased>().messages;
  settle("a", "one", got.at(0), action::nack, 0ms);
  settle("a", "one", lease("a", "one")->as<api::leased>().messages.at(0));
  pass(report_interval);
  EXPECT_EQ(statistics.counted[core::counter::messages_published], 1u);
  EXPECT_EQ(statistics.counted[core::counter::messages_delivered], 2u);
  EXPECT_EQ(statistics.counted[core::counter::messages_returned], 1u);
  EXPECT_EQ(statistics.counted[core::counter::messages_acknowledged], 1u);
  EXPECT_EQ(statistics.counted[core::counter::messages_refused], 1u) << "there is no topic b";
}

TEST_F(Topic, CountsWhatSubscribersLose) {
  options.defaults.max_pending = 2;
  options.defaults.overflow = core::pending_policy::drop_oldest;
  options.defaults.max_deliveries = 1;
  start();
  subscribe("a", "one");
  for (const char* const p : {"1", "2", "3"}) publish("a", p);
  settle("a", "one", lease("a", "one", 1)->as<api::leased>().messages.at(0), action::nack);
  api::publish late;
  late.messages.push_back(text("4"));
  late.messages[0].ttl = 1ms;
  begin("a", late);
  pass(1ms);
  lease("a", "one", 2);
  pass(report_interval);
  EXPECT_EQ(statistics.counted[core::counter::messages_dropped], 2u);
  EXPECT_EQ(statistics.counted[core::counter::messages_dead], 1u);
  EXPECT_EQ(statistics.counted[core::counter::messages_expired], 1u);
}

TEST_F(Topic, OneThatFailsIsNotInMemoryAnyMore) {
  start();
  subscribe("a", "one");
  fail(the("topic"));
  pass(report_interval);
  EXPECT_EQ(statistics.counted[core::counter::topics_in_memory], 0u);
}

/// Never answers, as if the disk hung.
topic_recorder_actor::behavior_type hanging_recorder(topic_recorder_actor::pointer self) {
  return {
      [self](record_changes&) -> caf::result<changes_recorded> {
        return self->make_response_promise<changes_recorded>();
      },
      [](const backup_wanted&) { return backup_made{}; },
      [](status_wanted) { return status{}; },
      [](commit_due) {},
      [](report_due) {},
      [](drain) { return drained{}; },
      [](drain_overdue) {},
  };
}

TEST_F(Topic, WhatIsAcceptedWaitsIfTheDiskDoesNotFollow) {
  recorder = system.spawn(hanging_recorder);
  start();
  begin("a", api::subscribe{"one", {}});
  api::publish what;
  what.messages.push_back(text(std::string(1 << 20, 'x')));
  what.wait = wait_for::accepted;
  int answered = 0;
  while (answered != 100 && begin("a", what)->answer) ++answered;
  EXPECT_GT(answered, 32);
  EXPECT_LT(answered, 100);
}

// --- which topics there are ---

class Topics : public topic_plane {};

TEST_F(Topics, AreCreatedWithOptionsOnce) {
  start();
  core::topic_options some = options.defaults;
  some.priorities = 3;
  EXPECT_TRUE(begin("a", api::create_topic{some})->as<api::created>().is_new);
  EXPECT_FALSE(begin("a", api::create_topic{some})->as<api::created>().is_new);
  const auto other = begin("a", api::create_topic{options.defaults, {"priorities", "batch"}});
  EXPECT_EQ(other->refusal(), reason::exists_differently);
  EXPECT_EQ(other->as<api::refused>().differs, core::option_names{"priorities"});
  start_again();
  EXPECT_EQ(begin("a", api::describe_topic{})->as<api::topic_description>().options, some);
}

TEST_F(Topics, StayAsTheyAreWhenDefaultsChange) {
  start();
  begin("a", api::create_topic{options.defaults, {}});
  options.defaults.max_pending = 7;
  start_again();
  const auto again = begin("a", api::create_topic{options.defaults, {}})->as<api::created>();
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.options.max_pending, core::topic_options{}.max_pending);
}

TEST_F(Topics, ChangeWhatIsSaidWithWhatIsInThem) {
  for (const auto storage : {core::topic_storage::durable, core::topic_storage::memory}) {
    options.defaults.storage = storage;
    options.defaults.max_pending = 1;
    const std::string name = storage == core::topic_storage::memory ? "m" : "d";
    start();
    subscribe(name, "one");
    publish(name, "x");
    EXPECT_EQ(publish(name, "y")->as<api::published>().messages.at(0).what,
              publish_outcome::overflow);
    core::topic_options wanted;
    wanted.max_pending = 2;
    wanted.lease = 5s;
    const auto call = begin(name, api::change_topic{wanted, {"max_pending", "lease_ms"}});
    EXPECT_EQ(call->as<api::created>().options.max_pending, 2u);
    EXPECT_EQ(call->as<api::created>().options.storage, storage) << "it was not said";
    EXPECT_EQ(publish(name, "y")->as<api::published>().messages.at(0).what,
              publish_outcome::published);
    EXPECT_EQ(payloads(*lease(name, "one")), (texts{"x", "y"}));
    start_again(5s);
    const auto now = begin(name, api::describe_topic{})->as<api::topic_description>().options;
    EXPECT_EQ(now.max_pending, 2u);
    EXPECT_EQ(now.lease, 5s);
  }
}

TEST_F(Topics, ChangeNothingForLeasesThatWereOverBefore) {
  options.defaults.lease = 1s;
  options.defaults.retry_delay = 1s;
  start();
  subscribe("a", "one");
  publish("a", "x");
  lease("a", "one");
  pass(2s);
  core::topic_options wanted;
  wanted.retry_delay = 1h;
  wanted.most_retry_delay = 1h;
  begin("a", api::change_topic{wanted, {"retry_delay_ms", "max_retry_delay_ms"}});
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"});
}

TEST_F(Topics, DoNotChangeWhatTheirMessagesRestOn) {
  start();
  subscribe("a", "one");
  core::topic_options wanted = options.defaults;
  wanted.storage = core::topic_storage::memory;
  wanted.ordered = true;
  wanted.batch = 7;
  const auto call = begin("a", api::change_topic{wanted, {"storage", "batch", "ordered"}});
  EXPECT_EQ(call->refusal(), reason::exists_differently);
  EXPECT_EQ(call->as<api::refused>().differs, (core::option_names{"storage", "ordered"}));
  EXPECT_EQ(begin("a", api::describe_topic{})->as<api::topic_description>().options,
            options.defaults);
  EXPECT_EQ(begin("b", api::change_topic{wanted, {"batch"}})->refusal(), reason::no_such_topic);
}

TEST_F(Topics, AreToldOfAChangeThatMayTakeEffectLater) {
  start();
  begin("a", api::create_topic{options.defaults, {}});
  core::topic_options wanted;
  wanted.batch = 7;
  engine->fails = true;
  EXPECT_EQ(begin("a", api::change_topic{wanted, {"batch"}})->refusal(), reason::not_stored);
  engine->fails = false;
  pass(core::group_commit::retry_interval);
  start_again();
  EXPECT_EQ(begin("a", api::describe_topic{})->as<api::topic_description>().options.batch, 7u);
}

TEST_F(Topic, SaysThatItCannotBeReadAtPresent) {
  start();
  subscribe("a", "one");
  for (int n = 0; n != 300; ++n) publish("a", "x");  // more than are read ahead
  engine->reading_fails = true;
  EXPECT_EQ(lease("a", "one")->refusal(), reason::not_readable);
  engine->reading_fails = false;
  EXPECT_EQ(payloads(*lease("a", "one")).size(), 50u);
}

TEST_F(Topics, OneIsNotDeletedWhileTheStoreFails) {
  start();
  subscribe("a", "one");
  publish("a", "x");
  engine->fails = true;
  EXPECT_EQ(publish("a", "y")->refusal(), reason::not_stored);
  EXPECT_EQ(begin("a", api::delete_topic{})->refusal(), reason::not_stored);
  EXPECT_EQ(payloads(*lease("a", "one", 1)), texts{"x"}) << "it is still there";
  engine->fails = false;
  pass(core::group_commit::retry_interval);
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"y"});
  begin("a", api::delete_topic{})->as<api::removed>();
}

TEST_F(Topics, AreListedByName) {
  start();
  for (const char* const name : {"b", "a", "c"}) begin(name, api::create_topic{options.defaults});
  const auto first = list("", 2)->as<api::topic_list>();
  ASSERT_EQ(first.topics.size(), 2u);
  EXPECT_EQ(first.topics[0].name, "a");
  EXPECT_TRUE(first.more);
  const auto rest = list("b", 2)->as<api::topic_list>();
  ASSERT_EQ(rest.topics.size(), 1u);
  EXPECT_EQ(rest.topics[0].name, "c");
  EXPECT_FALSE(rest.more);
}

TEST_F(Topics, AreDeletedWithEverythingInThem) {
  start();
  subscribe("a", "one");
  publish("a", "x");
  const auto waits = lease("a", "one", 1, 10s);
  const auto second = lease("a", "one", 1, 10s);
  begin("a", api::delete_topic{})->as<api::removed>();
  EXPECT_EQ(second->refusal(), reason::no_such_topic);
  EXPECT_EQ(lease("a", "one")->refusal(), reason::no_such_topic);
  EXPECT_EQ(begin("a", api::delete_topic{})->refusal(), reason::no_such_topic);
  subscribe("a", "one");
  EXPECT_EQ(payloads(*lease("a", "one")), texts{});
  EXPECT_EQ(list("", 10)->as<api::topic_list>().topics.size(), 1u);
}

TEST_F(Topics, TwoWhoDeleteOneAreBothAnswered) {
  start();
  subscribe("a", "one");
  std::vector<std::shared_ptr<asked>> calls;
  for (int i = 0; i != 3; ++i) {
    auto call = std::make_shared<asked>();
    const decltype(api::topic_call::what) what =
        i == 2 ? decltype(api::topic_call::what){api::create_topic{options.defaults}}
               : decltype(api::topic_call::what){api::delete_topic{}};
    system.spawn([=, to = plane](caf::event_based_actor* self) {
      self->request(to, caf::infinite, api::topic_call{"a", what})
          .then([call](answered& a) { call->answer = std::move(a.what); }, [](caf::error&) {});
    });
    calls.push_back(call);
  }
  run();
  calls[0]->as<api::removed>();
  EXPECT_EQ(calls[1]->refusal(), reason::no_such_topic);
  EXPECT_EQ(calls[2]->refusal(), reason::exists_differently);
  EXPECT_TRUE(begin("a", api::create_topic{options.defaults})->as<api::created>().is_new);
}

TEST_F(Topics, DrainWithADeletionThatIsOnItsWay) {
  start();
  subscribe("a", "one");
  const auto call = std::make_shared<asked>();
  system.spawn([=, to = plane](caf::event_based_actor* self) {
    self->request(to, caf::infinite, api::topic_call{"a", api::delete_topic{}})
        .then([call](answered& a) { call->answer = std::move(a.what); }, [](caf::error&) {});
  });
  EXPECT_TRUE(drains(plane));
  call->as<api::removed>();
}

TEST_F(Topics, APublishMakesOneOnlyToHoldWhatItPublishes) {
  start();
  EXPECT_EQ(publish("a", "x")->refusal(), reason::no_such_topic);
  EXPECT_EQ(list("", 10)->as<api::topic_list>().topics.size(), 0u);
}

TEST_F(Topics, WithoutAStoreAreInMemoryOnly) {
  start(false);
  core::topic_options durable = options.defaults;
  durable.storage = core::topic_storage::durable;
  EXPECT_EQ(begin("a", api::create_topic{durable})->refusal(), reason::nothing_stored);
  subscribe("b", "one");
  publish("b", "x");
  EXPECT_EQ(payloads(*lease("b", "one")), texts{"x"});
  EXPECT_EQ(list("", 10)->as<api::topic_list>().topics.size(), 1u);
  begin("b", api::delete_topic{})->as<api::removed>();
  EXPECT_EQ(list("", 10)->as<api::topic_list>().topics.size(), 0u);
}

TEST_F(Topics, ACallToOneThatJustLeavesMemoryIsAnswered) {
  options.idle_timeout = 1s;
  start();
  subscribe("a", "one");
  publish("a", "x");
  pass(1999ms);
  caf::anon_send(plane, topic_idle{"a", 0});
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"});
}

TEST_F(Topics, WhatWasMadeWhileTheStoreFailedIsThereLater) {
  start();
  engine->fails = true;
  EXPECT_EQ(begin("a", api::create_topic{options.defaults})->refusal(), reason::not_stored);
  engine->fails = false;
  pass(core::group_commit::retry_interval);
  start_again();
  EXPECT_EQ(list("", 10)->as<api::topic_list>().topics.size(), 1u);
}

TEST_F(Topics, NoneIsMadeWhileTheStoreIsKnownToFail) {
  start();
  engine->fails = true;
  for (int i = 0; i != 10; ++i) {
    EXPECT_EQ(subscribe("s" + std::to_string(i), "one")->refusal(), reason::not_stored);
    EXPECT_EQ(begin("c" + std::to_string(i), api::create_topic{options.defaults})->refusal(),
              reason::not_stored);
  }
  EXPECT_EQ(all_named("topic").size(), 1u);
  EXPECT_EQ(begin("s0", api::create_topic{options.defaults})->refusal(), reason::not_stored)
      << "it is not there yet";
  engine->fails = false;
  pass(core::group_commit::retry_interval);
  EXPECT_FALSE(begin("s0", api::create_topic{options.defaults})->as<api::created>().is_new);
  EXPECT_TRUE(begin("c0", api::create_topic{options.defaults})->as<api::created>().is_new);
}

TEST_F(Topics, TwoWhoMakeOneAreBothAnsweredWhenItIsStored) {
  start();
  std::vector<std::shared_ptr<asked>> calls;
  for (int i = 0; i != 2; ++i) {
    auto call = std::make_shared<asked>();
    system.spawn([=, to = plane, o = options.defaults](caf::event_based_actor* self) {
      self->request(to, caf::infinite, api::topic_call{"a", api::create_topic{o}})
          .then(
              [=](answered& a) {
                EXPECT_EQ(engine->syncs, 1) << "before it was on disk";
                call->answer = std::move(a.what);
              },
              [](caf::error&) {});
    });
    calls.push_back(call);
  }
  run();
  EXPECT_TRUE(calls[0]->as<api::created>().is_new);
  EXPECT_FALSE(calls[1]->as<api::created>().is_new);
}

TEST_F(Topics, OneThatFailsHarmsNoOther) {
  start();
  subscribe("a", "one");
  publish("a", "x");
  fail(the("topic"));
  EXPECT_EQ(payloads(*lease("a", "one")), texts{"x"}) << "from the store";
}

TEST_F(Topics, RefuseWhenTheyEnd) {
  start();
  subscribe("a", "one");
  bool ended = false;
  system.spawn([&](caf::event_based_actor* self) {
    self->request(plane, caf::infinite, drain{})
        .then([&](drained) { ended = true; }, [](caf::error&) {});
    self->request(plane, caf::infinite, api::topic_call{"a", api::lease{"one", 1, {}}})
        .then([](answered& a) { EXPECT_EQ(std::get<api::refused>(a.what).why, reason::ending); },
              [](caf::error&) {});
  });
  run();
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace skein
