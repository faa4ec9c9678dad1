#include "core/topics/topic_queue.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace skein::core {
namespace {

using texts = std::vector<std::string>;
using outcome = publish_outcome;

/// A topic with subscriber 1. Time begins at 1,000 ms.
class TopicQueue : public ::testing::Test {
 protected:
  TopicQueue() { options.no_subscribers = no_subscribers_policy::reject; }

  topic_queue& queue() {
    if (!queue_) {
      queue_.emplace(options, log);
      if (has_subscriber) queue_->subscribe(1);
    }
    return *queue_;
  }
  outcome publish(const std::string& text, priority_level priority = 0, const std::string& key = {},
                  wall_time deliver_at = 0, wall_time expires = no_time) {
    const message m{key, std::make_shared<const std::string>(text), now, expires};
    return queue().publish(priority, m, deliver_at, now).what;
  }
  void publish_all(const texts& all) {
    for (const auto& text : all) EXPECT_EQ(publish(text), outcome::published);
  }
  std::vector<delivery> lease(std::uint32_t most = 50, subscriber_id id = 1) {
    return queue().lease(id, most, now);
  }
  texts leased(std::uint32_t most = 50, subscriber_id id = 1) {
    last = lease(most, id);
    texts all;
    for (const delivery& d : last) all.push_back(*d.what.payload);
    return all;
  }
  void acknowledge_all(subscriber_id id = 1) {
    for (const delivery& d : last) {
      EXPECT_EQ(queue().acknowledge(id, d.lease), lease_outcome::done);
    }
  }
  void nack(std::size_t i, std::optional<wall_time> delay = 0) {
    EXPECT_EQ(queue().nack(1, last.at(i).lease, delay, now), lease_outcome::done);
  }
  void acknowledge(std::size_t i) {
    EXPECT_EQ(queue().acknowledge(1, last.at(i).lease), lease_outcome::done);
  }
  void pass(wall_time time) {
    now += time;
    queue().do_due(now);
  }
  void start_again() {
    const progress so_far = queue().of(1)->so_far();
    queue_.emplace(options, log);
    queue_->subscribe(1, so_far);
  }

  topic_options options;
  memory_topic_log log;
  std::optional<topic_queue> queue_;
  std::vector<delivery> last;
  wall_time now = 1000;
  bool has_subscriber = true;
};

// --- publish and deliver ---

TEST_F(TopicQueue, DeliversInTheOrderOfPublishing) {
  publish_all({"a", "b", "c"});
  EXPECT_EQ(leased(), (texts{"a", "b", "c"}));
  EXPECT_EQ(leased(), texts{});
}

TEST_F(TopicQueue, DeliversToEachSubscriberWhatComesAfterItSubscribed) {
  queue().subscribe(2);
  publish_all({"a"});
  queue().subscribe(3);
  publish_all({"b"});
  EXPECT_EQ(leased(50, 1), (texts{"a", "b"}));
  EXPECT_EQ(leased(50, 2), (texts{"a", "b"}));
  EXPECT_EQ(leased(50, 3), (texts{"b"}));
}

TEST_F(TopicQueue, DeliversABatchAtMost) {
  options.batch = 2;
  publish_all({"a", "b", "c"});
  EXPECT_EQ(leased(), (texts{"a", "b"}));
  EXPECT_EQ(leased(1), (texts{"c"}));
}

TEST_F(TopicQueue, ErasesWhatAllHaveAcknowledged) {
  queue().subscribe(2);
  publish_all({"a", "b", "c"});
  leased(50, 1);
  acknowledge_all(1);
  EXPECT_EQ(log.size(), 3u);
  leased(50, 2);
  queue().acknowledge(2, last[1].lease);
  EXPECT_EQ(log.size(), 2u);
  queue().acknowledge(2, last[0].lease);
  queue().acknowledge(2, last[2].lease);
  EXPECT_EQ(log.size(), 0u);
}

TEST_F(TopicQueue, ErasesWithManySubscribersToo) {
  for (subscriber_id id = 2; id != 20; ++id) queue().subscribe(id);
  publish_all({"a", "b"});
  for (subscriber_id id = 1; id != 20; ++id) {
    EXPECT_EQ(log.size(), 2u);
    leased(50, id);
    acknowledge_all(id);
  }
  EXPECT_EQ(log.size(), 0u);
}

// --- nobody there ---

TEST_F(TopicQueue, RefusesDropsOrHoldsWhileThereIsNoSubscriber) {
  has_subscriber = false;
  EXPECT_EQ(publish("a"), outcome::no_subscribers);
  queue_.reset();
  options.no_subscribers = no_subscribers_policy::drop;
  EXPECT_EQ(publish("b"), outcome::dropped);
  queue_.reset();
  options.no_subscribers = no_subscribers_policy::hold;
  publish_all({"c", "d"});
  queue().subscribe(1);
  queue().subscribe(2);
  EXPECT_EQ(leased(), (texts{"c", "d"})) << "the first one gets what was held";
  EXPECT_EQ(leased(50, 2), texts{});
}

TEST_F(TopicQueue, ForgetsWhatWasForASubscriberThatUnsubscribes) {
  queue().subscribe(2);
  publish_all({"a"});
  leased();
  EXPECT_TRUE(queue().unsubscribe(1));
  EXPECT_FALSE(queue().unsubscribe(1));
  EXPECT_EQ(queue().acknowledge(1, last[0].lease), lease_outcome::unknown);
  EXPECT_EQ(leased(50, 2), texts{"a"});
  acknowledge_all(2);
  EXPECT_EQ(log.size(), 0u);
}

TEST_F(TopicQueue, ForgetsEverythingWithItsLastSubscriber) {
  publish_all({"a"});
  queue().unsubscribe(1);
  EXPECT_EQ(log.size(), 0u);
  EXPECT_EQ(publish("b"), outcome::no_subscribers);
}

// --- priorities ---

TEST_F(TopicQueue, DeliversHigherPrioritiesFirst) {
  options.priorities = 3;
  publish("low", 2);
  publish("high", 0);
  publish("middle", 1);
  publish("high too", 0);
  EXPECT_EQ(leased(), (texts{"high", "high too", "middle", "low"}));
  EXPECT_EQ(publish("x", 3), outcome::no_such_priority);
}

TEST_F(TopicQueue, GivesLowPrioritiesTheirShareIfWeighted) {
  options.priorities = 2;
  options.order = priority_policy::weighted;
  for (int i = 0; i != 100; ++i) publish("low", 1);
  for (int i = 0; i != 100; ++i) publish("high", 0);
  int low = 0;
  for (int i = 0; i != 2 * static_cast<int>(weighted_share); ++i) low += leased(1) == texts{"low"};
  EXPECT_EQ(low, 2);
}

TEST_F(TopicQueue, GivesEachLowerPriorityItsShareIfWeighted) {
  options.priorities = 4;
  options.order = priority_policy::weighted;
  options.max_pending = 1'000;
  for (priority_level p = 0; p != 4; ++p) {
    for (int i = 0; i != 100; ++i) publish(std::to_string(p), p);
  }
  std::string order;
  for (unsigned i = 0; i != 6 * weighted_share; ++i) order += leased(1).at(0);
  EXPECT_EQ(order, "000000010000000200000003000000010000000200000003");
}

TEST_F(TopicQueue, GivesTheShareToOtherLowerPrioritiesIfOneHasNothing) {
  options.priorities = 3;
  options.order = priority_policy::weighted;
  for (int i = 0; i != 100; ++i) publish("0", 0);
  for (int i = 0; i != 100; ++i) publish("1", 1);
  std::string order;
  for (unsigned i = 0; i != 3 * weighted_share; ++i) order += leased(1).at(0);
  EXPECT_EQ(order, "000000010000000100000001");
}

// --- acknowledgements and redelivery ---

TEST_F(TopicQueue, TakesAcknowledgementsInAnyOrderAndEachOnce) {
  publish_all({"a", "b", "c"});
  leased();
  acknowledge(2);
  acknowledge(0);
  EXPECT_EQ(queue().acknowledge(1, last[0].lease), lease_outcome::unknown);
  acknowledge(1);
  EXPECT_EQ(queue().of(1)->pending(), 0u);
}

TEST_F(TopicQueue, RefusesTheLeaseOfAnother) {
  queue().subscribe(2);
  publish_all({"a"});
  leased(50, 1);
  EXPECT_EQ(queue().acknowledge(2, last[0].lease), lease_outcome::unknown);
  EXPECT_EQ(queue().acknowledge(3, last[0].lease), lease_outcome::unknown);
  EXPECT_EQ(queue().acknowledge(1, {last[0].lease.id, 99}), lease_outcome::unknown);
  EXPECT_EQ(queue().acknowledge(1, {{0, 7}, 1}), lease_outcome::unknown);
  acknowledge_all();
}

TEST_F(TopicQueue, DeliversAgainWhenALeaseEnds) {
  options.lease = std::chrono::milliseconds{500};
  options.retry_delay = std::chrono::milliseconds{100};
  publish_all({"a"});
  leased();
  EXPECT_EQ(queue().next_deadline(now), 1500);
  pass(500);
  EXPECT_EQ(queue().acknowledge(1, last[0].lease), lease_outcome::over);
  EXPECT_EQ(leased(), texts{});
  const auto first = last;
  EXPECT_EQ(queue().next_deadline(now), 1600);
  pass(100);
  EXPECT_EQ(leased(), texts{"a"});
  EXPECT_EQ(last[0].attempt, 2u);
  acknowledge_all();
}

TEST_F(TopicQueue, WaitsFromTheEndOfTheLeaseWhoeverNoticesItAndWhen) {
  options.lease = std::chrono::milliseconds{500};
  options.retry_delay = std::chrono::milliseconds{1000};
  publish_all({"a"});
  for (const std::uint32_t attempt : {1u, 2u, 3u}) {
    ASSERT_EQ(leased(), texts{"a"});
    EXPECT_EQ(last[0].attempt, attempt);
    pass(500 + 1000 * (1 << (attempt - 1)) - 1);
    EXPECT_EQ(queue().next_deadline(now), now + 1);
    EXPECT_EQ(leased(), texts{});
    now += 1;
  }
  start_again();
  EXPECT_EQ(leased(), texts{"a"});
}

TEST_F(TopicQueue, NeverEndsALeaseOfNoLength) {
  options.lease = std::chrono::milliseconds{0};
  publish_all({"a"});
  leased();
  EXPECT_EQ(queue().next_deadline(now), no_time);
  pass(1'000'000'000);
  EXPECT_EQ(leased(), texts{});
}

TEST_F(TopicQueue, ExtendsALease) {
  options.lease = std::chrono::milliseconds{500};
  publish_all({"a"});
  leased();
  pass(400);
  EXPECT_EQ(queue().extend(1, last[0].lease, 500, now), lease_outcome::done);
  pass(400);
  acknowledge_all();
}

TEST_F(TopicQueue, DeliversWhatWasRefusedBeforeWhatWasNot) {
  publish_all({"a", "b", "c"});
  leased(2);
  nack(1);
  nack(0);
  EXPECT_EQ(leased(), (texts{"a", "b", "c"}));
}

TEST_F(TopicQueue, WaitsTwiceAsLongEachTime) {
  options.retry_delay = std::chrono::milliseconds{100};
  options.most_retry_delay = std::chrono::milliseconds{350};
  publish_all({"a"});
  for (const wall_time delay : {100, 200, 350, 350}) {
    leased();
    nack(0, std::nullopt);
    EXPECT_EQ(queue().next_deadline(now), now + delay);
    pass(delay - 1);
    EXPECT_EQ(leased(), texts{});
    last = {};
    pass(1);
  }
}

TEST_F(TopicQueue, BuriesWhatWasDeliveredTooOften) {
  options.max_deliveries = 2;
  publish_all({"a", "b"});
  for (int i = 0; i != 2; ++i) {
    leased(1);
    nack(0);
  }
  EXPECT_EQ(leased(), texts{"b"});
  acknowledge_all();
  const auto dead = queue().of(1)->dead();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_EQ(log.size(), 1u);
  EXPECT_TRUE(queue().replay(1, dead[0]));
  EXPECT_FALSE(queue().replay(1, dead[0]));
  EXPECT_EQ(leased(), texts{"a"});
  EXPECT_EQ(last[0].attempt, 1u);
  nack(0);
  leased();
  nack(0);
  EXPECT_TRUE(queue().purge(1, dead[0]));
  EXPECT_FALSE(queue().purge(1, dead[0]));
  EXPECT_EQ(log.size(), 0u);
}

TEST_F(TopicQueue, ALeaseOfBeforeIsNotTheLeaseOfNow) {
  publish_all({"a"});
  leased();
  const auto before = last;
  nack(0);
  leased();
  EXPECT_EQ(queue().acknowledge(1, before[0].lease), lease_outcome::over);
  EXPECT_EQ(queue().nack(1, before[0].lease, 0, now), lease_outcome::over);
  EXPECT_EQ(queue().extend(1, before[0].lease, 1, now), lease_outcome::over);
  acknowledge_all();
}

TEST_F(TopicQueue, WhatIsGivenBackCameToNoAttempt) {
  options.max_deliveries = 1;
  options.lease = std::chrono::milliseconds{0};
  publish_all({"a", "b"});
  for (int i = 0; i != 3; ++i) {
    EXPECT_EQ(leased(1), texts{"a"});
    EXPECT_EQ(last[0].attempt, 1u);
    EXPECT_EQ(queue().give_back(1, last[0].lease), lease_outcome::done);
    EXPECT_EQ(queue().give_back(1, last[0].lease), lease_outcome::over);
  }
  EXPECT_EQ(leased(), (texts{"a", "b"}));
  acknowledge_all();
  EXPECT_EQ(queue().give_back(1, last[0].lease), lease_outcome::unknown);
}

TEST_F(TopicQueue, FetchesMoreThanABatch) {
  options.batch = 2;
  options.ordered = true;
  publish_all({"a", "b", "c"});
  last = queue().fetch(1, now);
  EXPECT_EQ(last.size(), 3u);
  acknowledge_all();
  EXPECT_EQ(queue().of(1)->pending(), 0u);
}

// --- time ---

TEST_F(TopicQueue, DoesNotDeliverWhatHasExpired) {
  publish("a", 0, "", 0, now + 100);
  publish("b");
  pass(100);
  EXPECT_EQ(leased(), texts{"b"});
  EXPECT_EQ(queue().take_losses().expired, 1u);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(TopicQueue, HonoursExpiryOnlyIfItIsOn) {
  options.expire = false;
  publish("a", 0, "", 0, now);
  EXPECT_EQ(leased(), texts{"a"});
}

TEST_F(TopicQueue, DeliversWhatIsDelayedWhenItIsDue) {
  EXPECT_EQ(publish("later", 0, "", now + 100), outcome::delayed);
  publish("now");
  EXPECT_EQ(queue().next_deadline(now), now + 100);
  EXPECT_EQ(leased(), texts{"now"});
  pass(99);
  EXPECT_EQ(leased(), texts{});
  now += 1;
  queue().do_due(now);
  EXPECT_EQ(leased(), texts{"later"});
}

// --- keys ---

TEST_F(TopicQueue, PublishesSoManyOfWhatIsDueAtOnce) {
  for (std::size_t i = 0; i != most_due + 1; ++i) publish("a", 0, {}, now + 1);
  pass(1);
  EXPECT_EQ(queue().of(1)->pending(), most_due);
  EXPECT_LE(queue().next_deadline(now), now);
  queue().do_due(now);
  EXPECT_EQ(queue().of(1)->pending(), most_due + 1);
  EXPECT_EQ(queue().next_deadline(now), no_time);
}

TEST_F(TopicQueue, PublishesSoMuchOfWhatIsDueAtOnce) {
  for (int i = 0; i != 3; ++i) publish(std::string(most_leased_bytes / 2, 'a'), 0, {}, now + 1);
  pass(1);
  EXPECT_EQ(queue().of(1)->pending(), 2u);
  pass(0);
  EXPECT_EQ(queue().of(1)->pending(), 3u);
}

TEST_F(TopicQueue, ANewerMessageTakesThePlaceOfOneWithItsKey) {
  options.dedupe = dedupe_policy::replace;
  publish("a1", 0, "a");
  publish("b");
  EXPECT_EQ(publish("a2", 0, "a"), outcome::replaced);
  EXPECT_EQ(leased(), (texts{"a2", "b"}));
}

TEST_F(TopicQueue, AReplacementRisesButDoesNotFall) {
  options.dedupe = dedupe_policy::replace;
  options.priorities = 2;
  publish("x", 0);
  publish("a1", 0, "a");
  publish("b1", 1, "b");
  publish("y", 0);
  publish("a2", 1, "a");
  publish("b2", 0, "b");
  EXPECT_EQ(leased(), (texts{"x", "a2", "y", "b2"}));
  acknowledge_all();
  EXPECT_EQ(log.size(), 0u);
}

TEST_F(TopicQueue, AReplacementOfWhatIsLeasedIsDeliveredAnew) {
  options.dedupe = dedupe_policy::replace;
  queue().subscribe(2);
  publish("a1", 0, "a");
  leased();
  const auto before = last;
  publish("a2", 0, "a");
  EXPECT_NE(queue().acknowledge(1, before[0].lease), lease_outcome::done);
  EXPECT_EQ(leased(), texts{"a2"});
  acknowledge_all();
  publish("a3", 0, "a");
  EXPECT_EQ(leased(), texts{"a3"}) << "subscriber 2 has still to get it, so it is there";
  EXPECT_EQ(leased(50, 2), texts{"a3"});
}

TEST_F(TopicQueue, AReplacementIsNotDeliveredYetAlsoAfterAStart) {
  options.dedupe = dedupe_policy::replace;
  for (const bool starts_again : {false, true}) {
    queue_.reset();
    log = memory_topic_log{};
    publish("a1", 0, "a");
    publish("b");
    leased();
    EXPECT_EQ(queue().of(1)->undelivered(), 0u);
    EXPECT_EQ(publish("a2", 0, "a"), outcome::replaced);
    if (starts_again) start_again();
    EXPECT_EQ(queue().of(1)->undelivered(), 1u);
    EXPECT_EQ(queue().of(1)->pending(), 2u);
    EXPECT_EQ(queue().acknowledge(1, last[0].lease), lease_outcome::over);
    EXPECT_EQ(leased(), texts{"a2"});
    EXPECT_EQ(last[0].attempt, 1u);
  }
}

TEST_F(TopicQueue, AReplacementIsNewsForWhoSubscribedAfterTheFirst) {
  options.dedupe = dedupe_policy::replace;
  publish("a1", 0, "a");
  queue().subscribe(2);
  publish("a2", 0, "a");
  EXPECT_EQ(leased(50, 2), texts{"a2"});
}

TEST_F(TopicQueue, DropsWhatComesAgainWithinTheWindow) {
  options.dedupe = dedupe_policy::first;
  options.dedupe_window = std::chrono::milliseconds{100};
  EXPECT_EQ(publish("a1", 0, "a"), outcome::published);
  leased();
  acknowledge_all();
  now += 99;
  EXPECT_EQ(publish("a2", 0, "a"), outcome::duplicate);
  EXPECT_EQ(publish("none"), outcome::published);
  EXPECT_EQ(publish("none"), outcome::published);
  now += 1;
  EXPECT_EQ(publish("a3", 0, "a"), outcome::published);
  EXPECT_EQ(leased(), (texts{"none", "none", "a3"}));
}

// --- bounds ---

TEST_F(TopicQueue, RefusesWhatASubscriberHasNoRoomFor) {
  options.max_pending = 2;
  publish_all({"a", "b"});
  EXPECT_EQ(publish("c"), outcome::overflow);
  leased();
  EXPECT_EQ(publish("c"), outcome::overflow) << "it counts until it is acknowledged";
  acknowledge(0);
  EXPECT_EQ(publish("c"), outcome::published);
}

TEST_F(TopicQueue, MayDropTheOldestOfTheSlowOnly) {
  options.max_pending = 2;
  options.overflow = pending_policy::drop_oldest;
  queue().subscribe(2);
  publish_all({"a", "b"});
  EXPECT_EQ(leased(50, 2), (texts{"a", "b"}));
  acknowledge_all(2);
  publish_all({"c"});
  EXPECT_EQ(queue().take_losses().dropped, 1u);
  EXPECT_EQ(leased(50, 1), (texts{"b", "c"}));
  EXPECT_EQ(leased(50, 2), (texts{"c"}));
}

TEST_F(TopicQueue, DropsWhatIsInFlightIfThereIsNothingElse) {
  options.max_pending = 3;
  options.max_deliveries = 1;
  options.overflow = pending_policy::drop_oldest;
  publish_all({"a", "b", "c"});
  leased(2);
  nack(1);
  EXPECT_EQ(queue().of(1)->dead().size(), 1u);
  publish_all({"d", "e"});  // for c and d, which have not been delivered
  EXPECT_EQ(queue().of(1)->dead().size(), 1u);
  publish_all({"f", "g", "h"});
  EXPECT_EQ(queue().of(1)->dead().size(), 1u);
  EXPECT_EQ(leased(1), texts{"h"});
  publish_all({"i"});  // a, leased, is the oldest of all
  EXPECT_EQ(queue().acknowledge(1, {last.at(0).lease}), lease_outcome::done);
  EXPECT_EQ(queue().take_losses().dropped, 6u);
}

TEST_F(TopicQueue, DropsWhatIsHeldBackBeforeWhatIsNewer) {
  options.max_pending = 4;
  options.ordered = true;
  options.overflow = pending_policy::drop_oldest;
  publish("a1", 0, "a");
  publish("a2", 0, "a");
  publish("b", 0, "b");
  EXPECT_EQ(leased(1), texts{"a1"});
  EXPECT_EQ(leased(1), texts{"b"}) << "past a2";
  publish("c", 0, "c");
  publish("d", 0, "d");
  EXPECT_EQ(leased(), (texts{"c", "d"}));
  EXPECT_EQ(queue().of(1)->undelivered(), 0u) << "a2 was dropped";
}

/// Who has too much loses it when asked, or by and by.
class FullSubscribers : public TopicQueue {
 protected:
  static constexpr subscriber_id subscribers = 100;

  FullSubscribers() {
    options.max_pending = 2;
    options.overflow = pending_policy::drop_oldest;
    for (subscriber_id id = 2; id <= subscribers; ++id) queue().subscribe(id);
  }
};

TEST_F(FullSubscribers, LoseAFewWithEachPublish) {
  publish_all({"1", "2"});
  EXPECT_FALSE(queue().has_surplus());
  publish_all({"3", "4"});
  EXPECT_TRUE(queue().has_surplus());
  constexpr std::size_t losers = topic_limits{}.losers;
  EXPECT_EQ(queue().take_losses().dropped, losers + 2 * losers)
      << "those who have had it for longer";
}

TEST_F(FullSubscribers, AreGivenNothingThatTheyAreToLose) {
  publish_all({"1", "2", "3", "4"});
  EXPECT_EQ(leased(50, subscribers), (texts{"3", "4"}));
  EXPECT_EQ(queue().settled(subscribers - 1)->pending(), 2u);
  EXPECT_EQ(queue().of(subscribers - 1)->unfinished().size(), 2u);
}

TEST_F(FullSubscribers, LoseEachMessageOnce) {
  publish_all({"1", "2", "3", "4", "5"});
  leased(50, 7);
  queue().settled(8);
  queue().drop_some(subscribers);
  EXPECT_FALSE(queue().has_surplus());
  queue().drop_some(subscribers);
  EXPECT_EQ(queue().take_losses().dropped, 3u * subscribers);
  EXPECT_EQ(log.size(), 2u);
}

TEST_F(FullSubscribers, LoseAfterARestartWhatTheyDidNotBefore) {
  publish_all({"1", "2", "3", "4"});
  std::uint64_t dropped = queue().take_losses().dropped;
  std::vector<progress> all;
  for (subscriber_id id = 1; id <= subscribers; ++id) all.push_back(queue().of(id)->so_far());
  queue_.emplace(options, log);
  for (subscriber_id id = 1; id <= subscribers; ++id) queue().subscribe(id, all[id - 1]);
  publish("5");
  queue().drop_some(subscribers);
  dropped += queue().take_losses().dropped;
  EXPECT_EQ(dropped, 3u * subscribers);
  EXPECT_EQ(leased(50, subscribers), (texts{"4", "5"}));
}

TEST_F(FullSubscribers, AreKnownToHaveLostWhatWasPublishedBefore) {
  publish_all({"1", "2", "3"});
  const std::uint64_t appended = queue().appended();
  EXPECT_FALSE(queue().has_dropped_for(appended));
  publish("4");
  queue().drop_some(subscribers - topic_limits{}.losers * 2);
  EXPECT_TRUE(queue().has_dropped_for(appended)) << "who has waited longest is first";
  EXPECT_TRUE(queue().has_surplus());
}

TEST_F(FullSubscribers, LoseTheLowestPriorityAlsoIfItIsTheNewest) {
  options.priorities = 2;
  publish("1", 0);
  publish("2", 0);
  publish("low", 1);
  EXPECT_EQ(leased(50, 1), (texts{"1", "2"}));
  EXPECT_EQ(leased(50, subscribers), (texts{"1", "2"}));
}

TEST_F(FullSubscribers, KeepWhatTheyHaveWhenTheBoundIsRaised) {
  publish_all({"1", "2", "3"});
  options.max_pending = 10;
  queue().change(options);
  EXPECT_EQ(leased(50, subscribers), (texts{"1", "2", "3"}));
}

TEST_F(TopicQueue, WhatWasFetchedIsFinishedThoughItsLeaseIsOver) {
  options.retry_delay = std::chrono::milliseconds{0};
  publish_all({"a", "b"});
  last = queue().fetch(1, now);
  pass(options.lease.count());
  EXPECT_TRUE(queue().finish_fetched(1, last[0].lease));
  EXPECT_FALSE(queue().finish_fetched(1, last[0].lease));
  const auto former = last[1].lease;
  EXPECT_EQ(leased(), texts{"b"}) << "it has not arrived yet";
  EXPECT_FALSE(queue().finish_fetched(1, former));
}

TEST_F(TopicQueue, WhatWasFetchedComesAgainThoughLeasesAreEndless) {
  options.lease = options.retry_delay = std::chrono::milliseconds{0};
  publish_all({"a"});
  EXPECT_EQ(queue().fetch(1, now).at(0).deadline, now + endless_fetch.count());
  pass(endless_fetch.count());
  EXPECT_EQ(leased(), texts{"a"});
}

TEST_F(TopicQueue, DropsNothingForADuplicate) {
  options.max_pending = 2;
  options.overflow = pending_policy::drop_oldest;
  options.dedupe = dedupe_policy::first;
  publish("a", 0, "a");
  publish("b", 0, "b");
  EXPECT_EQ(publish("b", 0, "b"), outcome::duplicate);
  EXPECT_EQ(leased(), (texts{"a", "b"}));
}

TEST_F(TopicQueue, SaysOfADuplicateThatItIsOneThoughThereIsNoRoom) {
  options.max_pending = 1;
  options.dedupe = dedupe_policy::first;
  publish("a", 0, "a");
  EXPECT_EQ(publish("a", 0, "a"), outcome::duplicate);
  EXPECT_EQ(publish("b", 0, "b"), outcome::overflow);
  leased();
  acknowledge_all();
  EXPECT_EQ(publish("b", 0, "b"), outcome::published) << "what was refused is not remembered";
}

TEST_F(TopicQueue, CountsWhatSubscribersLose) {
  options.max_deliveries = 1;
  options.max_pending = 3;
  options.overflow = pending_policy::drop_oldest;
  publish("late", 0, {}, 0, now + 1);
  publish_all({"bad", "a"});
  now += 1;
  EXPECT_EQ(leased(1), texts{"bad"});
  nack(0);
  publish_all({"b", "c"});
  publish("due", 0, {}, now + 1);
  queue().unsubscribe(1);
  pass(1);
  const losses all = queue().take_losses();
  EXPECT_EQ(all.expired, 1u);
  EXPECT_EQ(all.dead, 1u);
  EXPECT_EQ(all.dropped, 2u) << "a for c, what was due when nobody was there";
  EXPECT_EQ(queue().take_losses().dropped, 0u);
}

TEST_F(TopicQueue, BoundsWhatIsHeld) {
  has_subscriber = false;
  options.no_subscribers = no_subscribers_policy::hold;
  options.max_pending = 2;
  publish_all({"a", "b"});
  EXPECT_EQ(publish("c"), outcome::overflow);
  EXPECT_EQ(publish("d", 0, "", now + 10), outcome::overflow);
}

TEST_F(TopicQueue, BoundsWhatIsDelayedByItself) {
  for (const auto overflow : {pending_policy::reject, pending_policy::drop_oldest}) {
    options.overflow = overflow;
    options.max_pending = 3;
    options.max_delayed = 3;
    queue_.reset();
    log = memory_topic_log{};
    for (int n = 0; n != 3; ++n) {
      EXPECT_EQ(publish("far", 0, {}, now + 3'155'760'000'000), outcome::delayed);
    }
    EXPECT_EQ(publish("far", 0, {}, now + 1), outcome::too_many_delayed);
    publish_all({"a", "b", "c"});
    EXPECT_EQ(leased(), (texts{"a", "b", "c"}));
  }
}

TEST_F(TopicQueue, DeliversWhatIsDueThoughThereIsNoRoom) {
  options.max_pending = 1;
  publish("due", 0, {}, now + 1);
  publish("a");
  EXPECT_EQ(publish("refused", 0, {}, now + 1), outcome::overflow) << "else there were no bound";
  pass(1);
  EXPECT_EQ(queue().of(1)->pending(), 2u);
  EXPECT_EQ(leased(), (texts{"a", "due"}));
}

TEST_F(TopicQueue, DropsTheOldestForWhatIsDue) {
  options.max_pending = 1;
  options.overflow = pending_policy::drop_oldest;
  publish("a");
  EXPECT_EQ(publish("due", 0, {}, now + 1), outcome::delayed);
  EXPECT_EQ(queue().of(1)->pending(), 1u) << "there is time";
  pass(1);
  EXPECT_EQ(leased(), texts{"due"});
}

TEST_F(TopicQueue, ListsWhatIsDelayedAndCancelsIt) {
  publish("b", 0, {}, now + 2);
  publish("a", 0, {}, now + 1);
  publish("c", 0, {}, now + 2);
  const auto all = log.list_delayed({}, 10, 1000);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(*all[0].what.payload + *all[1].what.payload + *all[2].what.payload, "abc");
  EXPECT_EQ(log.list_delayed(all[0].id, 1, 1000).at(0).id, all[1].id);
  EXPECT_EQ(log.list_delayed({}, 10, 2).size(), 2u) << "bytes of payloads";
  EXPECT_TRUE(log.cancel(all[1].id));
  EXPECT_FALSE(log.cancel(all[1].id));
  pass(2);
  EXPECT_EQ(leased(), (texts{"a", "c"}));
}

// --- expiry when there is no room ---

TEST_F(TopicQueue, RefusesAndDropsNothingWhileSomethingHasExpired) {
  for (const auto overflow : {pending_policy::reject, pending_policy::drop_oldest}) {
    options.overflow = overflow;
    options.max_pending = 3;
    queue_.reset();
    log = memory_topic_log{};
    publish("a");
    publish("late", 0, {}, 0, now + 2);
    publish("later", 0, {}, 0, now + 3);
    pass(2);
    EXPECT_EQ(publish("b"), outcome::published);
    EXPECT_EQ(queue().of(1)->pending(), 3u);
    EXPECT_EQ(queue().take_losses().expired, 1u);
    pass(1);
    EXPECT_EQ(publish("c"), outcome::published);
    EXPECT_EQ(leased(), (texts{"a", "b", "c"}));
    const losses lost = queue().take_losses();
    EXPECT_EQ(lost.expired, 1u) << "each once";
    EXPECT_EQ(lost.dropped, 0u);
  }
}

TEST_F(TopicQueue, LeavesWhatHasExpiredToThoseWhoHaveIt) {
  options.max_pending = 2;
  publish("late", 0, {}, 0, now + 1);
  EXPECT_EQ(leased(), texts{"late"});
  queue().subscribe(2);
  publish("b");
  pass(1);
  EXPECT_EQ(publish("c"), outcome::overflow);
  acknowledge_all();
  EXPECT_EQ(publish("c"), outcome::published);
}

using end_of_lease = void (*)(topic_queue&, const delivery&, wall_time& now);

/// All ways in which a message comes back from who had it.
const end_of_lease ends_of_leases[] = {
    [](topic_queue& queue, const delivery&, wall_time& now) { queue.do_due(now += 30'000); },
    [](topic_queue& queue, const delivery& d, wall_time& now) { queue.nack(1, d.lease, 100, now); },
    [](topic_queue& queue, const delivery& d, wall_time& now) { queue.nack(1, d.lease, 0, now); },
    [](topic_queue& queue, const delivery& d, wall_time&) { queue.give_back(1, d.lease); },
};

TEST_F(TopicQueue, WhatExpiredWhileItWasLeasedGoesWhenTheLeaseIsOver) {
  options.max_pending = 2;
  for (const end_of_lease end : ends_of_leases) {
    for (const auto policy : {pending_policy::reject, pending_policy::drop_oldest}) {
      options.overflow = pending_policy::reject;
      queue_.reset();
      log = memory_topic_log{};
      publish("late", 0, {}, 0, now + 1);
      ASSERT_EQ(leased(), texts{"late"});
      publish("a");
      pass(1);
      EXPECT_EQ(publish("b"), outcome::overflow) << "who has it can still acknowledge it";
      options.overflow = policy;
      queue().change(options);
      end(queue(), last[0], now);
      EXPECT_EQ(queue().of(1)->pending(), 1u);
      EXPECT_EQ(publish("b"), outcome::published);
      EXPECT_EQ(leased(), (texts{"a", "b"}));
      const losses lost = queue().take_losses();
      EXPECT_EQ(lost.expired, 1u);
      EXPECT_EQ(lost.dropped, 0u);
      acknowledge_all();
      EXPECT_EQ(log.size(), 0u);
    }
  }
}

TEST_F(TopicQueue, WhatExpiredAsADeadLetterGoesWhenItIsReplayed) {
  options.max_pending = 2;
  options.max_deliveries = 1;
  publish("late", 0, {}, 0, now + 1);
  leased();
  nack(0);
  publish("a");
  pass(1);
  EXPECT_EQ(publish("b"), outcome::overflow) << "a dead letter stays";
  EXPECT_TRUE(queue().replay(1, queue().of(1)->dead().at(0)));
  EXPECT_EQ(publish("b"), outcome::published);
  EXPECT_EQ(leased(), (texts{"a", "b"}));
}

TEST_F(TopicQueue, AStartTakesOutWhatExpiredWhileItWasLeased) {
  options.max_pending = 2;
  publish("late", 0, {}, 0, now + 1);
  leased();
  nack(0, 100'000);
  publish("a");
  log.withdraw(last[0].lease.id);  // as an earlier skein has left it
  pass(1);
  start_again();
  EXPECT_EQ(queue().of(1)->pending(), 1u);
  EXPECT_EQ(publish("b"), outcome::published);
}

TEST_F(TopicQueue, FindsWhatHasExpiredAmongThoseThatCameWhenItWasOff) {
  options.max_pending = 2;
  options.expire = false;
  publish("late", 0, {}, 0, now + 1);
  publish("a");
  pass(1);
  EXPECT_EQ(publish("b"), outcome::overflow);
  options.expire = true;
  queue().change(options);
  EXPECT_EQ(publish("b"), outcome::published);
}

TEST_F(TopicQueue, MakesRoomWhereWhatHasExpiredIsHeld) {
  has_subscriber = false;
  options.no_subscribers = no_subscribers_policy::hold;
  options.max_pending = 2;
  publish("late", 0, {}, 0, now + 1);
  publish("a");
  pass(1);
  EXPECT_EQ(publish("b"), outcome::published);
  EXPECT_EQ(publish("c"), outcome::overflow);
  queue().subscribe(1);
  EXPECT_EQ(queue().of(1)->pending(), 2u);
  EXPECT_EQ(leased(), (texts{"a", "b"}));
}

TEST_F(TopicQueue, FindsWhatHasExpiredAmongThoseThatWereThereBefore) {
  options.max_pending = 3;
  publish("late", 0, {}, 0, now + 1);
  publish_all({"a", "b"});
  queue_.reset();
  pass(1);
  EXPECT_EQ(publish("c"), outcome::published);
  EXPECT_EQ(leased(), (texts{"a", "b", "c"}));
}

TEST_F(TopicQueue, LetsExpireWhatIsNotDueYet) {
  options.max_delayed = 1;
  EXPECT_EQ(publish("never", 0, {}, now + 100, now + 1), outcome::delayed);
  EXPECT_EQ(publish("a", 0, {}, now + 100), outcome::too_many_delayed);
  pass(1);
  EXPECT_EQ(publish("a", 0, {}, now + 100), outcome::delayed);
  EXPECT_EQ(queue().take_losses().expired, 1u);
}

TEST_F(TopicQueue, CountsWhatHasMovedUpOnce) {
  options.priorities = 3;
  options.dedupe = dedupe_policy::replace;
  options.max_pending = 2;
  publish("low", 2, "k");
  EXPECT_EQ(publish("mid", 1, "k"), outcome::replaced);
  EXPECT_EQ(publish("high", 0, "k"), outcome::replaced);
  EXPECT_EQ(queue().of(1)->pending(), 1u);
  EXPECT_EQ(queue().of(1)->undelivered(), 1u);
  EXPECT_EQ(publish("other", 0), outcome::published);
  EXPECT_EQ(publish("more", 0), outcome::overflow);
  EXPECT_EQ(leased(), (texts{"high", "other"}));
  acknowledge_all();
  EXPECT_EQ(queue().of(1)->pending(), 0u);
}

TEST_F(TopicQueue, KnowsWhetherItRemembersKeys) {
  options.dedupe = dedupe_policy::first;
  EXPECT_FALSE(queue().remembers(now));
  publish("a", 0, "k");
  EXPECT_TRUE(queue().remembers(now + 59'999));
  EXPECT_FALSE(queue().remembers(now + 60'000));
}

// --- order ---

TEST_F(TopicQueue, HoldsWhatComesBehindWhatIsDeliveredAgainIfOrdered) {
  options.ordered = true;
  publish_all({"a", "b", "c"});
  EXPECT_EQ(leased(2), (texts{"a", "b"}));
  EXPECT_EQ(leased(), texts{}) << "while a and b are on their way";
  last = lease(0);
}

TEST_F(TopicQueue, HoldsOnlyTheKeyIfOrdered) {
  options.ordered = true;
  publish("a1", 0, "a");
  publish("b1", 0, "b");
  publish("a2", 0, "a");
  publish("b2", 0, "b");
  EXPECT_EQ(leased(1), texts{"a1"});
  nack(0, 100);
  EXPECT_EQ(leased(), (texts{"b1", "b2"}));
  acknowledge_all();
  pass(100);
  EXPECT_EQ(leased(), (texts{"a1", "a2"}));
}

TEST_F(TopicQueue, LooksPastSoManyHeldMessages) {
  options.ordered = true;
  for (std::size_t i = 0; i != subscription::most_passed + 1; ++i) publish("a", 0, "a");
  publish("b1", 0, "b");
  publish("b2", 0, "b");
  EXPECT_EQ(leased(1), texts{"a"});
  nack(0, 100);
  EXPECT_EQ(leased(), texts{}) << "as many are held";
  EXPECT_EQ(queue().of(1)->pending(), subscription::most_passed + 3);
  pass(100);
  EXPECT_EQ(leased(1), texts{"a"});
  acknowledge_all();
  EXPECT_EQ(leased(1), texts{"a"});
  nack(0, 100);
  EXPECT_EQ(leased(), (texts{"b1", "b2"}));
}

TEST_F(TopicQueue, WhatIsHeldBackIsNotDeliveredYetAlsoAfterAStart) {
  options.ordered = true;
  options.max_pending = 4;
  options.overflow = pending_policy::drop_oldest;
  options.retry_delay = std::chrono::milliseconds{0};
  for (const bool starts_again : {false, true}) {
    queue_.reset();
    log = memory_topic_log{};
    publish_all({"1", "2", "3"});
    EXPECT_EQ(leased(1), texts{"1"});
    const auto first = last;
    EXPECT_EQ(leased(), texts{}) << "2 and 3 are held back";
    last = first;
    nack(0);
    if (starts_again) start_again();
    EXPECT_EQ(queue().of(1)->undelivered(), 2u);
    for (const char* key : {"4", "5", "6", "7"}) publish(key, 0, key);
    EXPECT_EQ(leased(), (texts{"1", "5", "6", "7"}));
  }
}

TEST_F(TopicQueue, ADeadLetterHoldsNobody) {
  options.ordered = true;
  options.max_deliveries = 1;
  publish_all({"a", "b"});
  leased(1);
  nack(0);
  EXPECT_EQ(leased(), texts{"b"});
}

TEST_F(TopicQueue, HoldsOneSubscriberForItselfIfOrdered) {
  options.ordered = true;
  queue().subscribe(2);
  publish_all({"a", "b"});
  leased(1, 1);
  EXPECT_EQ(leased(50, 1), texts{});
  EXPECT_EQ(leased(50, 2), (texts{"a", "b"}));
}

}  // namespace
}  // namespace skein::core
