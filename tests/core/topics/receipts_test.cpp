/// What a publisher is told who waits until its messages are acknowledged.

#include "core/topics/receipts.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/topics/topic_queue.hpp"

namespace skein::core {
namespace {

/// A topic with subscribers 1 and 2. Time begins at 1,000 ms.
class Receipts : public ::testing::Test {
 protected:
  topic_queue& queue() {
    if (!queue_) {
      queue_.emplace(options, log);
      for (subscriber_id id = 1; id <= subscribers; ++id) queue_->subscribe(id);
    }
    return *queue_;
  }
  receipt_number publish(const std::string& key = {}, priority_level priority = 0,
                         wall_time expires = no_time) {
    const receipt_number number = queue().receipts().begin();
    queue().publish(priority, {key, std::make_shared<const std::string>("x"), now, expires}, 0, now,
                    number);
    queue().receipts().seal(number);
    return number;
  }
  const receipt::line& line(receipt_number number) {
    return queue().receipts().of(number)->lines.at(0);
  }
  delivery lease(subscriber_id id) { return queue().lease(id, 1, now).at(0); }
  void acknowledge(subscriber_id id) { queue().acknowledge(id, lease(id).lease); }
  /// The one who missed the message, if it was one, and is settled.
  void expect_missed(receipt_number number, subscriber_id who, fate what) {
    EXPECT_EQ(line(number).missed, 1u);
    EXPECT_TRUE(line(number).is_settled);
    const auto all = queue().receipts().take_missed();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].receipt, number);
    EXPECT_EQ(all[0].who, who);
    EXPECT_EQ(all[0].what, what);
    EXPECT_EQ(queue().receipts().take_complete(), std::vector{number});
  }

  topic_options options;
  memory_topic_log log;
  std::optional<topic_queue> queue_;
  wall_time now = 1000;
  subscriber_id subscribers = 2;
};

TEST_F(Receipts, AreCompleteWhenAllHaveAcknowledged) {
  const auto number = publish();
  acknowledge(1);
  EXPECT_EQ(line(number).waiting, 1u);
  EXPECT_TRUE(queue().receipts().take_complete().empty());
  acknowledge(2);
  EXPECT_EQ(line(number).acknowledged, 2u);
  EXPECT_EQ(line(number).missed, 0u);
  EXPECT_EQ(queue().receipts().take_complete(), std::vector{number});
}

TEST_F(Receipts, SayWhoDidNotGetAMessageInTime) {
  const auto number = publish({}, 0, now + 10);
  acknowledge(1);
  now += 10;
  EXPECT_TRUE(queue().lease(2, 1, now).empty());
  expect_missed(number, 2, fate::expired);
}

TEST_F(Receipts, SayWhoLostAMessageToMakeRoom) {
  options.max_pending = 1;
  options.overflow = pending_policy::drop_oldest;
  const auto number = publish();
  acknowledge(1);
  publish();
  expect_missed(number, 2, fate::dropped);
}

TEST_F(Receipts, SayWhoseDeadLetterWasPurged) {
  options.max_deliveries = 1;
  const auto number = publish();
  acknowledge(1);
  queue().nack(2, lease(2).lease, {}, now);
  EXPECT_FALSE(line(number).is_settled) << "it may be replayed";
  queue().purge(2, line(number).id);
  expect_missed(number, 2, fate::purged);
}

TEST_F(Receipts, SayWhoGotANewerMessageOfTheKeyInstead) {
  options.dedupe = dedupe_policy::replace;
  options.priorities = 2;
  for (const auto priority : {priority_level{1}, priority_level{0}}) {  // in its place; moved up
    const auto number = publish("k", 1);
    acknowledge(1);
    const auto newer = publish("k", priority);
    expect_missed(number, 2, fate::replaced);
    EXPECT_EQ(line(newer).waiting, 2u) << "who has had the former gets the newer one";
    acknowledge(1);
    acknowledge(2);
    EXPECT_EQ(line(newer).acknowledged, 2u);
    queue().receipts().take_complete();
  }
}

TEST_F(Receipts, DoNotTakeTheAcknowledgementOfAFormerMessageForThatOfANewer) {
  options.dedupe = dedupe_policy::replace;
  subscribers = 1;
  publish("k");
  const auto former = lease(1).lease;
  const auto newer = publish("k");
  EXPECT_NE(queue().acknowledge(1, former), lease_outcome::done);
  EXPECT_EQ(line(newer).waiting, 1u);
}

TEST_F(Receipts, SayWhichSubscriberWasRemoved) {
  const auto number = publish();
  acknowledge(1);
  queue().unsubscribe(1);
  EXPECT_EQ(line(number).acknowledged, 1u) << "it had acknowledged before";
  queue().unsubscribe(2);
  expect_missed(number, 2, fate::removed);
}

TEST_F(Receipts, WaitForTheFirstSubscriber) {
  subscribers = 0;
  options.no_subscribers = no_subscribers_policy::hold;
  const auto number = publish();
  EXPECT_FALSE(line(number).is_settled);
  queue().subscribe(1);
  queue().subscribe(2);
  acknowledge(1);
  EXPECT_EQ(line(number).acknowledged, 1u);
  EXPECT_TRUE(line(number).is_settled) << "the second came later";
}

TEST_F(Receipts, OfWhatWasReplacedBeforeAnybodyCameSayThatNobodyHasIt) {
  subscribers = 0;
  options.no_subscribers = no_subscribers_policy::hold;
  options.dedupe = dedupe_policy::replace;
  const auto number = publish("k");
  publish("k");
  EXPECT_TRUE(line(number).is_settled);
  EXPECT_EQ(line(number).acknowledged, 0u);
}

TEST_F(Receipts, AreAboutSeveralMessages) {
  subscribers = 1;
  options.dedupe = dedupe_policy::replace;
  const auto number = queue().receipts().begin();
  for (int i = 0; i != 2; ++i) {
    queue().publish(0, {"k", std::make_shared<const std::string>("x"), now}, 0, now, number);
  }
  EXPECT_TRUE(queue().receipts().take_complete().empty()) << "a third may come";
  queue().receipts().seal(number);
  acknowledge(1);
  ASSERT_EQ(queue().receipts().take_complete(), std::vector{number});
  const auto& lines = queue().receipts().of(number)->lines;
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].missed, 1u) << "replaced by the second";
  EXPECT_EQ(lines[1].acknowledged, 1u);
}

TEST_F(Receipts, NameAHundredAtMostAndCountTheOthers) {
  subscribers = receipt_book::most_named + 5;
  const auto number = publish();
  for (subscriber_id id = 1; id <= subscribers; ++id) queue().unsubscribe(id);
  EXPECT_EQ(line(number).missed, subscribers);
  EXPECT_EQ(queue().receipts().take_missed().size(), receipt_book::most_named);
}

TEST_F(Receipts, AreForgottenWhenNobodyWaitsForThem) {
  const auto number = publish();
  queue().receipts().end(number);
  EXPECT_EQ(queue().receipts().size(), 0u);
  acknowledge(1);
  queue().unsubscribe(2);
  EXPECT_TRUE(queue().receipts().take_missed().empty());
  EXPECT_TRUE(queue().receipts().take_complete().empty());
}

}  // namespace
}  // namespace skein::core
