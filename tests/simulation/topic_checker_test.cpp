/// A checker that finds nothing is worth nothing: each way to break a promise is found.
#include "simulation/topic_checker.hpp"

#include <gtest/gtest.h>

namespace skein::simulation {
namespace {

using namespace std::chrono_literals;

core::topic_options some_options() {
  core::topic_options o;
  o.priorities = 2;
  o.lease = 100ms;
  o.retry_delay = 10ms;
  o.most_retry_delay = 10ms;
  o.max_deliveries = 3;
  return o;
}

class TopicChecker : public ::testing::Test {
 protected:
  using texts = std::vector<std::string>;

  TopicChecker() { subscribe(); }

  void subscribe() {
    checker.subscribe("s", now);
    checker.subscribed("s", now);
  }

  /// Starts anew with other options.
  void with(const core::topic_options& options) {
    checker = topic_checker{options};
    subscribe();
  }

  static posted message(const std::string& payload, const std::string& key = "",
                        unsigned priority = 0) {
    posted m;
    m.payload = payload;
    m.key = key;
    m.priority = priority;
    return m;
  }

  topic_checker::ticket ask_to_publish(const std::vector<posted>& all,
                                       wait_until until = wait_until::durable) {
    return checker.publish(all, until, now);
  }
  void publish(const posted& m, const std::string& outcome = "published",
               wait_until until = wait_until::durable) {
    checker.published(ask_to_publish({m}, until), {outcome}, {0}, false, now);
  }

  /// As the daemon would deliver it now; ids are as large as they are said.
  received delivery(const posted& m, std::uint64_t id, unsigned attempt = 1) {
    received d;
    d.lease = std::to_string(id) + "." + std::to_string(++leases);
    d.id = id;
    d.attempt = attempt;
    d.priority = m.priority;
    d.key = m.key;
    d.payload = m.payload;
    d.deadline = now + 100;
    return d;
  }
  void lease(const std::vector<received>& all, std::size_t most = 1) {
    checker.leased(checker.lease("s", most, now), all, now);
  }
  void settle(settling how, const std::string& lease, const std::string& outcome, time delay = -1) {
    checker.settled(checker.settle("s", how, {lease}, delay, now), {outcome}, now);
  }

  const std::string& broken() const { return checker.broken(); }
  void expect_broken() const { EXPECT_NE(broken(), ""); }

  time now = 1'700'000'000'000;
  std::uint64_t leases = 0;
  const posted a = message("a"), b = message("b");
  topic_checker checker{some_options()};
};

TEST_F(TopicChecker, AcceptsWhatIsPromised) {
  publish(a);
  publish(b);
  const auto first = delivery(a, 10), second = delivery(b, 11);
  lease({first, second}, 2);
  settle(settling::ack, first.lease, "done");
  now += 110;  // the lease of b is over, and its pause
  lease({delivery(b, 11, 2)}, 2);
  settle(settling::ack, second.lease, "over");
  now += 110;
  const auto third = delivery(b, 11, 3);
  lease({third}, 2);
  checker.described("s", 1, 0, checker.describe(now));
  settle(settling::ack, third.lease, "done");
  checker.described("s", 0, 0, checker.describe(now));
  checker.emptied("s", {});
  EXPECT_EQ(broken(), "");
}

TEST_F(TopicChecker, FindsALostMessage) {
  publish(a);
  checker.restarted(stop::crashed, now);
  checker.emptied("s", {});
  expect_broken();
}

TEST_F(TopicChecker, LetsACrashLoseWhatWasOnlyAccepted) {
  publish(a, "published", wait_until::accepted);
  checker.restarted(stop::crashed, now);
  checker.emptied("s", {});
  EXPECT_EQ(broken(), "");
}

TEST_F(TopicChecker, FindsThatADrainedDaemonLosesWhatWasAccepted) {
  publish(a, "published", wait_until::accepted);
  checker.restarted(stop::drained, now);
  checker.emptied("s", {});
  expect_broken();
}

TEST_F(TopicChecker, FindsADeliveryAfterItsAcknowledgement) {
  publish(a);
  const auto d = delivery(a, 10);
  lease({d});
  settle(settling::ack, d.lease, "done");
  checker.restarted(stop::crashed, now);
  now += 1000;
  lease({delivery(a, 10, 2)});
  expect_broken();
}

TEST_F(TopicChecker, FindsASecondLeaseWhileTheFirstIsOn) {
  publish(a);
  lease({delivery(a, 10)});
  now += 99;
  lease({delivery(a, 10, 2)});
  expect_broken();
}

TEST_F(TopicChecker, FindsThatAKilledDaemonForgetsALease) {
  publish(a);
  lease({delivery(a, 10)});
  checker.restarted(stop::killed, now);
  lease({delivery(a, 10, 2)});
  expect_broken();
}

TEST_F(TopicChecker, LetsACrashForgetALease) {
  publish(a);
  lease({delivery(a, 10)});
  checker.restarted(stop::crashed, now);
  lease({delivery(a, 10)});
  EXPECT_EQ(broken(), "");
}

TEST_F(TopicChecker, FindsADeliveryBeforeItsPauseIsOver) {
  publish(a);
  lease({delivery(a, 10)});
  now += 109;
  lease({delivery(a, 10, 2)});
  expect_broken();
}

TEST_F(TopicChecker, FindsALeaseNameThatComesTwice) {
  publish(a);
  auto d = delivery(a, 10);
  lease({d});
  now += 110;
  d.attempt = 2;
  d.deadline = now + 100;
  lease({d});
  expect_broken();
}

TEST_F(TopicChecker, FindsThatAnOldLeaseIsTaken) {
  publish(a);
  const auto d = delivery(a, 10);
  lease({d});
  now += 110;
  lease({delivery(a, 10, 2)});
  settle(settling::ack, d.lease, "done");
  expect_broken();
}

TEST_F(TopicChecker, FindsThatALeaseIsNotTaken) {
  publish(a);
  const auto d = delivery(a, 10);
  lease({d});
  now += 99;
  settle(settling::ack, d.lease, "over");
  expect_broken();
}

TEST_F(TopicChecker, FindsAnAttemptThatIsNotCounted) {
  publish(a);
  lease({delivery(a, 10)});
  now += 110;
  lease({delivery(a, 10, 1)});
  expect_broken();
}

TEST_F(TopicChecker, FindsADeliveryTooMany) {
  publish(a);
  for (unsigned i = 1; i != 5; ++i) {
    EXPECT_EQ(broken(), "");
    lease({delivery(a, 10, i)});
    now += 110;
  }
  expect_broken();
}

TEST_F(TopicChecker, FindsWhatNobodyHasPublished) {
  lease({delivery(a, 10)});
  expect_broken();
}

TEST_F(TopicChecker, FindsAMessageThatWasRefused) {
  publish(a, "duplicate");
  lease({delivery(a, 10)});
  expect_broken();
}

TEST_F(TopicChecker, FindsAMessageFromBeforeTheSubscriber) {
  publish(a);
  checker.unsubscribe("s");
  checker.unsubscribed("s");
  subscribe();
  lease({delivery(a, 10)});
  expect_broken();
}

TEST_F(TopicChecker, FindsAMessageOfATopicInMemoryAfterARestart) {
  auto o = some_options();
  o.storage = core::topic_storage::memory;
  with(o);
  publish(a);
  checker.restarted(stop::drained, now);
  subscribe();
  lease({delivery(a, 10)});
  expect_broken();
}

TEST_F(TopicChecker, FindsAMessageThatIsLeftOut) {
  publish(a);
  lease({});
  expect_broken();
}

TEST_F(TopicChecker, FindsThatALaterMessageComesFirst) {
  publish(a);
  publish(b);
  lease({delivery(b, 11), delivery(a, 10)}, 2);
  expect_broken();
}

TEST_F(TopicChecker, FindsThatALaterAnswerHasAnEarlierMessage) {
  publish(a);
  publish(b);
  lease({delivery(b, 11)});
  lease({delivery(a, 10)});
  expect_broken();
}

TEST_F(TopicChecker, FindsThatALowerPriorityComesFirst) {
  const posted low = message("low", "", 1);
  publish(low);
  publish(a);
  lease({delivery(low, 10)});
  expect_broken();
}

TEST_F(TopicChecker, FindsThatAMessageOvertakesAnotherOfItsKey) {
  auto o = some_options();
  o.ordered = true;
  with(o);
  const posted first = message("1", "k"), second = message("2", "k"), other = message("3", "l");
  publish(first);
  publish(second);
  publish(other);
  lease({delivery(first, 10)});
  lease({delivery(other, 12)});
  EXPECT_EQ(broken(), "");
  lease({delivery(second, 11)});
  expect_broken();
}

TEST_F(TopicChecker, FindsADuplicateThatIsTaken) {
  auto o = some_options();
  o.dedupe = core::dedupe_policy::first;
  o.dedupe_window = 100ms;
  with(o);
  publish(message("1", "k"));
  now += 50;
  publish(message("2", "k"), "duplicate");
  now += 50;
  publish(message("3", "k"));
  EXPECT_EQ(broken(), "");
  publish(message("4", "k"));
  expect_broken();
}

TEST_F(TopicChecker, FindsADuplicateOfNothing) {
  auto o = some_options();
  o.dedupe = core::dedupe_policy::first;
  with(o);
  publish(message("1", "k"), "duplicate");
  expect_broken();
}

TEST_F(TopicChecker, FindsWhatANewerMessageHasReplaced) {
  auto o = some_options();
  o.dedupe = core::dedupe_policy::replace;
  with(o);
  const posted former = message("1", "k");
  publish(former);
  publish(message("2", "k"), "replaced");
  lease({delivery(former, 10)});
  expect_broken();
}

TEST_F(TopicChecker, FindsADelayedMessageThatIsEarly) {
  posted m = message("a");
  m.delay = 50;
  publish(m, "delayed");
  now += 49;
  lease({delivery(m, 10)});
  expect_broken();
}

TEST_F(TopicChecker, FindsAnExpiredMessage) {
  posted m = message("a");
  m.ttl = 50;
  publish(m);
  auto d = delivery(m, 10);
  d.expires = now + 50;
  now += 50;
  d.deadline = now + 100;
  lease({d});
  expect_broken();
}

TEST_F(TopicChecker, FindsThatNotAllHaveAcknowledged) {
  const auto asked = ask_to_publish({a}, wait_until::delivered);
  lease({delivery(a, 10)});
  checker.published(asked, {"published"}, {10}, true, now);
  expect_broken();
}

TEST_F(TopicChecker, FindsARefusalWithoutACause) {
  publish(a, "overflow");
  expect_broken();
}

TEST_F(TopicChecker, FindsThatNobodyIsThere) {
  publish(a, "no_subscribers");
  expect_broken();
}

TEST_F(TopicChecker, FindsAWrongNumberOfPendingMessages) {
  publish(a);
  checker.described("s", 0, 0, checker.describe(now));
  expect_broken();
}

TEST_F(TopicChecker, FindsARequestThatIsThereInPart) {
  ask_to_publish({a, b});
  checker.restarted(stop::crashed, now);
  const auto d = delivery(a, 10);
  lease({d});
  settle(settling::ack, d.lease, "done");
  checker.emptied("s", {});
  expect_broken();
}

}  // namespace
}  // namespace skein::simulation
