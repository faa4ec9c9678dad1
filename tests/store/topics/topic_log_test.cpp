#include "store/topics/topic_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "store/rocksdb/disk_store_test.hpp"
#include "store/topics/lives.hpp"
#include "support/fragile_engine.hpp"
#include "support/stored_values.hpp"
#include "support/temporary_directory.hpp"

namespace skein::store {
namespace {

using std::chrono::milliseconds;

constexpr topic_number number = 3;

using strings = std::vector<std::string>;

/// A durable topic and its queue, over both engines.
class TopicLog : public ::testing::TestWithParam<bool> {
 protected:
  TopicLog() { engine_ = GetParam() ? open_disk({directory_.path() / "store"}) : open_memory(); }

  /// From what is committed.
  void start() {
    queue.reset();
    log =
        std::make_unique<topic_log>(*engine_, number, options, topic_start{now, 0, up_since, life});
    queue = std::make_unique<core::topic_queue>(options, *log, log->take_window());
    subscribers = log->take_subscribers();
    for (const stored_subscriber& s : subscribers) queue->subscribe(s.id, s.so_far);
  }
  void restart() {
    commit();
    start();
  }

  changes take() { return log->take_changes(*queue, now); }
  void put(const changes& made) {
    const auto batch = engine_->new_batch();
    made.add_to(*batch);
    engine_->commit(*batch, false);
  }
  void commit() {
    put(take());
    log->committed();
  }

  core::subscriber_id subscribe(const std::string& name, milliseconds idle_expiry = {}) {
    const core::subscriber_id id = log->add_subscriber(name, idle_expiry, now);
    queue->subscribe(id);
    return id;
  }
  void unsubscribe(core::subscriber_id id) {
    queue->unsubscribe(id);
    log->remove_subscriber(id);
  }

  core::topic_queue::published publish(const std::string& payload, const std::string& key = {},
                                       core::wall_time deliver_at = 0,
                                       core::priority_level priority = 0) {
    core::message m;
    m.key = key;
    m.payload = std::make_shared<const std::string>(payload);
    m.published = now;
    return queue->publish(priority, m, deliver_at, now);
  }
  strings lease(core::subscriber_id id, std::uint32_t most = 1000) {
    strings payloads;
    for (const core::delivery& d : queue->lease(id, most, now)) {
      payloads.push_back(*d.what.payload);
      leases.push_back(d.lease);
    }
    return payloads;
  }

  /// Keys of what is stored of the topic, of one family; the state is left out.
  std::size_t stored(family f) {
    std::size_t found = 0;
    const auto at = engine_->walk(f);
    for (at->seek(""); at->valid(); at->next()) found += at->key() == state_key(number) ? 0 : 1;
    return found;
  }

  engine& store() { return *engine_; }

  core::topic_options options;
  core::wall_time now = 1'000'000;
  core::wall_time up_since = 0;  ///< of the next start
  std::uint64_t life = 1;        ///< likewise
  std::unique_ptr<topic_log> log;
  std::unique_ptr<core::topic_queue> queue;
  std::vector<stored_subscriber> subscribers;  ///< of the last start
  std::vector<core::lease_name> leases;

 private:
  test::temporary_directory directory_;
  std::unique_ptr<engine> engine_;
};

TEST_P(TopicLog, GivesNoLeaseTheNameOfOneThatWasNotStored) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  publish("1");
  commit();
  for (life = 2; life != 4; ++life) {
    start();
    EXPECT_EQ(lease(ann), strings{"1"});  // is not committed
  }
  start();
  EXPECT_EQ(lease(ann), strings{"1"});
  EXPECT_EQ(queue->acknowledge(ann, leases[0]), core::lease_outcome::over);
  EXPECT_EQ(queue->acknowledge(ann, leases[1]), core::lease_outcome::over);
  EXPECT_EQ(queue->acknowledge(ann, leases[2]), core::lease_outcome::done);
}

TEST_P(TopicLog, LivesAreCounted) {
  EXPECT_EQ(begin_life(store()), 1u);
  EXPECT_EQ(begin_life(store()), 2u);
}

TEST_P(TopicLog, BeginsEmpty) {
  start();
  EXPECT_FALSE(log->has_changes());
  EXPECT_EQ(log->gathered(), 0u);
  EXPECT_TRUE(subscribers.empty());
  EXPECT_EQ(log->end(0), 0u);
  EXPECT_EQ(log->next_due(now), core::no_time);
}

TEST_P(TopicLog, GoesOnWhereItWas) {
  options.priorities = 2;
  start();
  const core::subscriber_id ann = subscribe("ann", milliseconds{60'000}), bob = subscribe("bob");
  for (const char* text : {"1", "2", "3", "4", "5"}) publish(text);
  EXPECT_EQ(lease(ann, 3), (strings{"1", "2", "3"}));
  queue->acknowledge(ann, leases[1]);
  EXPECT_TRUE(log->has_changes());
  EXPECT_GT(log->gathered(), 0u);
  commit();
  EXPECT_FALSE(log->has_changes());
  EXPECT_EQ(log->gathered(), 0u);
  start();
  ASSERT_EQ(subscribers.size(), 2u);
  EXPECT_EQ(subscribers[0].id, ann);
  EXPECT_EQ(subscribers[0].name, "ann");
  EXPECT_EQ(subscribers[0].idle_expiry, milliseconds{60'000});
  EXPECT_EQ(subscribers[0].seen, now);
  EXPECT_EQ(subscribers[1].name, "bob");
  EXPECT_EQ(queue->acknowledge(ann, leases[0]), core::lease_outcome::done);
  EXPECT_EQ(queue->acknowledge(ann, leases[1]), core::lease_outcome::unknown);
  EXPECT_EQ(lease(ann), (strings{"4", "5"}));
  EXPECT_EQ(lease(bob), (strings{"1", "2", "3", "4", "5"}));
  now += options.lease.count() + options.retry_delay.count() - 1;
  EXPECT_EQ(lease(ann), strings{});
  now += 1;
  EXPECT_EQ(lease(ann), (strings{"3", "4", "5"}));
}

TEST_P(TopicLog, LosesWithACrashWhatWasNotCommitted) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  publish("1");
  commit();
  publish("2");
  lease(ann);
  take();
  publish("3");
  start();
  EXPECT_EQ(lease(ann), (strings{"1"}));
  EXPECT_EQ(log->end(0), 1u);
}

TEST_P(TopicLog, SeesWhatWasTakenAndIsNotCommitted) {
  options.dedupe = core::dedupe_policy::replace;
  start();
  const core::subscriber_id ann = subscribe("ann");
  publish("1", "a");
  const changes first = take();
  EXPECT_EQ(publish("2", "a").what, core::publish_outcome::replaced);
  const changes second = take();
  put(first);
  log->committed();
  EXPECT_EQ(*log->read({0, 0})->payload, "2");
  put(second);
  log->committed();
  EXPECT_EQ(*log->read({0, 0})->payload, "2");
  EXPECT_EQ(lease(ann), (strings{"2"}));
  queue->acknowledge(ann, leases[0]);
  EXPECT_EQ(log->find("a"), std::nullopt);
  EXPECT_EQ(publish("3", "a").what, core::publish_outcome::published);
  restart();
  EXPECT_EQ(log->find("a"), (core::message_id{0, 1}));
  EXPECT_EQ(lease(ann), (strings{"3"}));
}

TEST_P(TopicLog, StoresNothingOfWhatIsFinishedBeforeItIsTaken) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (int n = 0; n != 40; ++n) publish("x");
  lease(ann);
  for (const auto& l : leases) queue->acknowledge(ann, l);
  commit();
  EXPECT_EQ(stored(family::message), 0u);
  EXPECT_EQ(stored(family::topic), 1u);  // the head
  EXPECT_EQ(log->begin(0), 40u);
}

TEST_P(TopicLog, TakesEachThingOnceHoweverOftenItHasChanged) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (int n = 0; n != 40; ++n) publish("x");
  commit();
  lease(ann);
  const std::size_t once = take().bytes();
  for (const auto& l : leases) {
    for (int n = 0; n != 10; ++n) queue->extend(ann, l, 1000, now);
  }
  EXPECT_LE(take().bytes(), once);
  EXPECT_TRUE(take().empty());
}

TEST_P(TopicLog, DoesNotStoreAPageThatIsEmpty) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (int n = 0; n != 40; ++n) publish("x");
  lease(ann);
  commit();
  EXPECT_EQ(stored(family::topic), 2u);
  for (const auto& l : leases) queue->acknowledge(ann, l);
  commit();
  EXPECT_EQ(stored(family::topic), 1u);
  EXPECT_EQ(stored(family::message), 0u);
}

TEST_P(TopicLog, GivesNoSubscriberTheIdOfAnother) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  unsubscribe(ann);
  restart();
  const core::subscriber_id bob = subscribe("bob");
  EXPECT_GT(bob, ann);
  restart();
  unsubscribe(bob);
  restart();
  EXPECT_TRUE(subscribers.empty());
  EXPECT_GT(subscribe("ann"), bob);
}

TEST_P(TopicLog, GivesNoMessageThePlaceOfAnother) {
  start();
  core::subscriber_id ann = subscribe("ann");
  for (core::place n = 0; n != 10; ++n) {
    EXPECT_EQ(publish("x").id.at, n);
    lease(ann);
    queue->acknowledge(ann, leases.back());
    if (n == 5) {
      unsubscribe(ann);
      ann = subscribe("ann");
    }
    restart();
  }
}

TEST_P(TopicLog, KeepsNothingOfASubscriberWhoIsGone) {
  start();
  const core::subscriber_id ann = subscribe("ann"), bob = subscribe("bob");
  for (int n = 0; n != 200; ++n) publish("x");
  for (int n = 0; n != 4; ++n) lease(ann);
  commit();
  EXPECT_EQ(stored(family::topic), 2u + 4);
  restart();
  for (int n = 0; n != 4; ++n) lease(bob);
  commit();
  EXPECT_EQ(stored(family::topic), 2u + 8);
  unsubscribe(ann);
  commit();
  EXPECT_EQ(stored(family::topic), 1u + 4);
  restart();
  ASSERT_EQ(subscribers.size(), 1u);
  EXPECT_EQ(subscribers[0].name, "bob");
  unsubscribe(bob);
  commit();
  EXPECT_EQ(stored(family::topic), 0u);
  EXPECT_EQ(stored(family::message), 0u);
}

TEST_P(TopicLog, StoresNothingOfASubscriberWhoWasNeverTaken) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  publish("x");
  lease(ann);
  unsubscribe(ann);
  EXPECT_TRUE(log->has_changes());
  commit();
  EXPECT_EQ(stored(family::topic), 0u);
  EXPECT_EQ(stored(family::message), 0u);
}

TEST_P(TopicLog, RemembersAboutWhenASubscriberWasSeen) {
  start();
  const core::subscriber_id ann = subscribe("ann", milliseconds{80'000});
  const core::subscriber_id bob = subscribe("bob");
  commit();
  now += 9'999;
  log->seen(ann, now);
  log->seen(bob, now);
  EXPECT_FALSE(log->has_changes());
  now += 1;
  log->seen(ann, now);
  EXPECT_TRUE(log->has_changes());
  restart();
  EXPECT_EQ(subscribers[0].seen, now);
  now += 50'000;
  log->seen(bob, now);
  restart();
  EXPECT_EQ(subscribers[0].seen, now - 50'000);
  EXPECT_EQ(subscribers[1].seen, now);
}

TEST_P(TopicLog, KnowsKeysOfMessagesThatArePending) {
  options.dedupe = core::dedupe_policy::replace;
  options.max_pending = 100'000;
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (int n = 0; n != 1000; ++n) publish("old", std::to_string(n));
  restart();
  for (int n = 0; n != 1000; n += 10) {
    EXPECT_EQ(log->find(std::to_string(n)), (core::message_id{0, static_cast<core::place>(n)}));
    EXPECT_EQ(publish("new", std::to_string(n)).what, core::publish_outcome::replaced);
  }
  EXPECT_EQ(log->find("none"), std::nullopt);
  EXPECT_EQ(log->find(""), std::nullopt);
  restart();
  EXPECT_EQ(lease(ann, 2), (strings{"new", "old"}));
  unsubscribe(ann);
  EXPECT_EQ(log->find("999"), std::nullopt);
  commit();
  EXPECT_EQ(stored(family::topic), 0u);
  EXPECT_EQ(stored(family::message), 0u);
}

TEST_P(TopicLog, DeliversTheNewestOfAKeyWhereverItWasReadFrom) {
  options.dedupe = core::dedupe_policy::replace;
  start();
  const auto ann = subscribe("ann");
  for (int n = 0; n != 400; ++n) publish("v1 of " + std::to_string(n), std::to_string(n));
  restart();
  const auto replace = [&](int n, const std::string& payload) {
    EXPECT_EQ(publish(payload, std::to_string(n)).what, core::publish_outcome::replaced);
    commit();
  };
  replace(5, "v2 of 5");
  replace(3, "v2 of 3");
  replace(5, "v3 of 5");
  for (const int n : {30, 50, 3, 70}) replace(n, "v3 of " + std::to_string(n));
  const strings got = lease(ann, 50);
  EXPECT_EQ(got.at(3), "v3 of 3");
  EXPECT_EQ(got.at(5), "v3 of 5");
  EXPECT_EQ(got.at(30), "v3 of 30");
}

TEST_P(TopicLog, DeliversNothingThatHasMovedUpWhereverItWasReadFrom) {
  options.dedupe = core::dedupe_policy::replace;
  options.priorities = 2;
  start();
  const auto ann = subscribe("ann");
  for (int n = 0; n != 400; ++n) publish("low", std::to_string(n), 0, 1);
  restart();
  const auto replace = [&](int n, const std::string& payload, core::priority_level priority) {
    EXPECT_EQ(publish(payload, std::to_string(n), 0, priority).what,
              core::publish_outcome::replaced);
    commit();
  };
  replace(5, "low", 1);
  replace(3, "low", 1);
  replace(5, "high", 0);
  for (const int n : {30, 50, 3, 70}) replace(n, "low", 1);
  strings expected(400, "low");
  expected.front() = "high";
  strings got = lease(ann);
  for (strings more = lease(ann); !more.empty(); more = lease(ann)) {
    got.insert(got.end(), more.begin(), more.end());
  }
  EXPECT_EQ(got, expected);
}

TEST_P(TopicLog, KnowsWhatWasPublishedWithinTheWindow) {
  options.dedupe = core::dedupe_policy::first;
  options.dedupe_window = milliseconds{1000};
  start();
  subscribe("ann");
  publish("1", "a");
  now += 600;
  publish("2", "b");
  restart();
  EXPECT_EQ(publish("3", "a").what, core::publish_outcome::duplicate);
  now += 400;
  EXPECT_EQ(publish("4", "a").what, core::publish_outcome::published);
  restart();
  EXPECT_EQ(publish("5", "a").what, core::publish_outcome::duplicate);
  EXPECT_EQ(publish("6", "b").what, core::publish_outcome::duplicate);
  now += 600;
  EXPECT_EQ(publish("7", "b").what, core::publish_outcome::published);
}

TEST_P(TopicLog, ForgetsWhatHasLeftTheWindowLongAgo) {
  options.dedupe = core::dedupe_policy::first;
  options.dedupe_window = milliseconds{1000};
  options.max_pending = 100'000;
  start();
  subscribe("ann");
  for (int n = 0; n != 100; ++n, now += 10'000) {
    publish("x", std::to_string(n));
    n % 7 == 0 ? restart() : commit();
  }
  const auto all = contents_of(store());
  const std::string prefix = window_prefix(number);
  EXPECT_LT(std::count_if(all.begin(), all.end(),
                          [&](const auto& one) {
                            return one.first.first == family::topic &&
                                   one.first.second.substr(0, prefix.size()) == prefix;
                          }),
            20);
}

TEST_P(TopicLog, KnowsAfterAStartWhatHasMovedUpOrExpired) {
  options.dedupe = core::dedupe_policy::replace;
  options.priorities = 2;
  options.max_pending = 3;
  start();
  const core::subscriber_id ann = subscribe("ann");
  publish("low", "k", 0, 1);
  publish("a", {}, 0, 1);
  publish("high", "k", 0, 0);
  restart();
  EXPECT_EQ(queue->of(ann)->pending(), 2u);
  core::message late{{}, std::make_shared<const std::string>("late"), now, now + 10};
  queue->publish(1, late, 0, now);
  now += 10;
  restart();
  EXPECT_EQ(queue->of(ann)->pending(), 3u) << "there is room";
  EXPECT_EQ(publish("b", {}, 0, 1).what, core::publish_outcome::published);
  restart();
  EXPECT_EQ(queue->of(ann)->pending(), 3u);
  EXPECT_EQ(lease(ann), (strings{"high", "a", "b"}));
  for (const auto& name : leases) queue->acknowledge(ann, name);
  commit();
  EXPECT_EQ(queue->of(ann)->pending(), 0u);
  unsubscribe(ann);
  subscribe("bob");
  for (int n = 0; n != 100; ++n) publish("x", {}, 0, 1);
  restart();
  EXPECT_EQ(queue->of(subscribers.at(0).id)->pending(), 3u);
}

TEST_P(TopicLog, ForgetsWhatWasWithdrawnWhenAllHavePassedIt) {
  options.dedupe = core::dedupe_policy::replace;
  options.priorities = 2;
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (int n = 0; n != 200; ++n) publish("low", std::to_string(n), 0, 1);
  for (int n = 0; n != 200; ++n) publish("high", std::to_string(n), 0, 0);
  commit();
  const auto pages = [&] {
    const std::string prefix = withdrawn_prefix(number);
    const auto all = contents_of(store());
    return std::count_if(all.begin(), all.end(), [&](const auto& one) {
      return one.first.first == family::topic &&
             one.first.second.substr(0, prefix.size()) == prefix;
    });
  };
  EXPECT_EQ(pages(), 4);
  while (!lease(ann, 50).empty()) {
  }
  commit();
  EXPECT_EQ(pages(), 1) << "the last is not full yet";
}

TEST_P(TopicLog, ListsAndCancelsWhatIsDelayedWhereverItIs) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (int n = 9; n > 0; n -= 2) publish(std::to_string(n), {}, now + n * 10);
  restart();
  for (int n = 8; n > 0; n -= 2) publish(std::to_string(n), {}, now + n * 10);
  const auto listed = [&](std::optional<core::delayed_id> after = {}, std::size_t most = 100) {
    std::string text;
    for (const auto& d : log->list_delayed(after, most, 1000)) text += *d.what.payload;
    return text;
  };
  EXPECT_EQ(listed(), "123456789");
  const auto all = log->list_delayed({}, 100, 1000);
  EXPECT_EQ(listed(all[3].id, 3), "567");
  for (const std::size_t i : {0u, 3u, 8u}) {  // stored, and not
    EXPECT_TRUE(log->cancel(all[i].id));
    EXPECT_FALSE(log->cancel(all[i].id));
  }
  EXPECT_EQ(listed(), "235678");
  EXPECT_EQ(log->delayed(), 6u);
  restart();
  EXPECT_EQ(listed(), "235678");
  EXPECT_FALSE(log->cancel(all[3].id));
  EXPECT_TRUE(log->cancel(all[4].id));
  now += 100;
  queue->do_due(now);
  EXPECT_EQ(lease(ann), (strings{"2", "3", "6", "7", "8"}));
}

TEST_P(TopicLog, DeliversWhatIsDelayedAfterAStart) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  publish("2", {}, now + 200);
  publish("1", {}, now + 100);
  commit();
  publish("3", {}, now + 300);
  EXPECT_EQ(log->delayed(), 3u);
  restart();
  EXPECT_EQ(log->delayed(), 3u);
  EXPECT_EQ(queue->next_deadline(now), now + 100);
  now += 250;
  queue->do_due(now);
  EXPECT_EQ(lease(ann), (strings{"1", "2"}));
  restart();
  EXPECT_EQ(queue->next_deadline(now), now + 50);
  now += 50;
  queue->do_due(now);
  EXPECT_EQ(lease(ann), (strings{"3"}));
  EXPECT_EQ(log->next_due(now), core::no_time);
}

TEST_P(TopicLog, EndsLeasesInTimeWhenTheClockWasSetBack) {
  start();
  const core::subscriber_id ann = subscribe("ann", milliseconds{100'000});
  publish("x");
  lease(ann);
  now += 10'000;
  publish("y");
  commit();
  const core::wall_time deadline = queue->next_deadline(now), before = now;
  EXPECT_EQ(deadline, now + 20'000);
  now -= 500'000;
  start();
  EXPECT_EQ(queue->next_deadline(now), now + 20'000);
  EXPECT_EQ(subscribers[0].seen, now - 10'000);
  EXPECT_TRUE(log->has_changes());
  restart();
  EXPECT_EQ(queue->next_deadline(now), now + 20'000);  // not moved again, nor back
  EXPECT_FALSE(log->has_changes());
  now = before;
  start();
  EXPECT_EQ(queue->next_deadline(now), now - 480'000);
}

TEST_P(TopicLog, DoesNotCountTheTimeInWhichNobodyCouldAsk) {
  start();
  const core::subscriber_id ann = subscribe("ann", milliseconds{100'000});
  publish("x");
  lease(ann);
  now += 10'000;
  publish("y");
  commit();
  now += 500'000;
  up_since = now;
  now += 1'000;
  for (int i = 0; i != 2; ++i) {
    SCOPED_TRACE(i);
    i == 0 ? start() : restart();
    EXPECT_EQ(queue->next_deadline(now), up_since + 20'000);
    EXPECT_EQ(subscribers.at(0).seen, up_since - 10'000);
    now += 1'000;
  }
}

TEST_P(TopicLog, CountsTheTimeUpToWhichItWasKept) {
  start();
  subscribe("ann", milliseconds{100'000});
  commit();
  now += 50'000;
  log->keep_time();
  commit();
  now += 500'000;
  up_since = now;
  start();
  EXPECT_EQ(subscribers.at(0).seen, now - 50'000);
}

TEST_P(TopicLog, HoldsTheWindowNoLongerWhenTheClockWasSetBack) {
  options.dedupe = core::dedupe_policy::first;
  options.dedupe_window = milliseconds{1000};
  start();
  subscribe("ann");
  publish("1", "a");
  now += 400;
  publish("2", "b");
  commit();
  now -= 500'000;
  start();
  EXPECT_EQ(publish("3", "a").what, core::publish_outcome::duplicate);
  now += 600;
  EXPECT_EQ(publish("4", "a").what, core::publish_outcome::published);
  EXPECT_EQ(publish("5", "b").what, core::publish_outcome::duplicate);
}

TEST_P(TopicLog, RefusesProgressThatDoesNotFit) {
  options.priorities = 2;
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (int n = 0; n != 100; ++n) publish("x");
  lease(ann);
  queue->acknowledge(ann, leases[0]);
  commit();
  const auto refuses = [&](const std::string& key, const std::string& value, const char* why) {
    const auto good = store().get(family::topic, key);
    test::overwrite(store(), family::topic, key, value);
    const std::string text = error_text(error::kind::corrupted, [&] {
      topic_log{store(), number, options, {now}};
    });
    EXPECT_NE(text.find(why), std::string::npos) << text;
    if (good) {
      test::overwrite(store(), family::topic, key, *good);
    } else {
      test::erase(store(), family::topic, key);
    }
    return text;
  };
  const std::string head = head_key(number, ann), state = state_key(number);
  const std::string text = refuses(head, encode(head, subscriber_head{"ann", {}, 0, 0, {0, 0}}),
                                   "not read what was erased");
  EXPECT_NE(text.find("subscriber 1 (ann) of topic 3"), std::string::npos) << text;
  refuses(head, encode(head, subscriber_head{"ann", {}, 0, 0, {101, 0}}), "never published");
  refuses(head, encode(head, subscriber_head{"ann", {}, 0, 0, {1}}), "other priorities");
  refuses(state, encode(state, topic_state{{{0, 0, 0}}, 0, 0, 1, 0}), "its priorities");
  refuses(state, encode(state, topic_state{{{0, 1, 100}, {}}, 0, 0, 0, 0}),
          "had fewer subscribers");
  const std::string page = page_key(number, ann, {0, 0}), other = page_key(number, 2, {0, 0}),
                    low = page_key(number, ann, {2, 0});
  const core::flight f;
  refuses(page, encode(page, stored_page{{{0, 0}, f}}), "not finished what was erased");
  refuses(page, encode(page, stored_page{{{0, 50}, f}}), "beyond what it has read");
  refuses(other, encode(other, stored_page{{{0, 1}, f}}), "no such subscriber");
  refuses(low, encode(low, stored_page{{{2, 1}, f}}), "another priority");
  start();
  EXPECT_EQ(subscribers.size(), 1u);
}

TEST_P(TopicLog, PassesOverAMessageThatIsDamagedAndNamesIt) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (const char* const payload : {"x", "y", "z"}) publish(payload);
  restart();
  test::damage(store(), family::message, message_key(number, {0, 1}));
  EXPECT_EQ(lease(ann).size(), 2u);
  const auto damage = log->take_damage();
  ASSERT_EQ(damage.size(), 1u);
  EXPECT_NE(damage[0].find("the message with the key 00000003000000000000000001 is damaged"),
            std::string::npos);
  EXPECT_TRUE(log->take_damage().empty());
}

TEST_P(TopicLog, TakesTheKeyOfADamagedMessageForThatOfNone) {
  options.dedupe = core::dedupe_policy::replace;
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (const char* const key : {"x", "y", "z"}) publish(key, key);
  restart();
  test::damage(store(), family::message, message_key(number, {0, 1}));
  EXPECT_EQ(log->find("y"), std::nullopt);
  EXPECT_EQ(publish("new y", "y").what, core::publish_outcome::published);
  EXPECT_EQ(publish("new z", "z").what, core::publish_outcome::replaced);
  restart();
  EXPECT_EQ(lease(ann), (strings{"x", "new z", "new y"}));
  EXPECT_EQ(publish("newest y", "y").what, core::publish_outcome::replaced);
}

TEST_P(TopicLog, TakesTheKeyOfADamagedMessageThatIsFinishedForThatOfNone) {
  options.dedupe = core::dedupe_policy::replace;
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (const char* const key : {"x", "y", "z"}) publish(key, key);
  restart();
  test::damage(store(), family::message, message_key(number, {0, 1}));
  lease(ann);
  for (const auto& l : leases) queue->acknowledge(ann, l);
  restart();
  EXPECT_EQ(log->begin(0), 3u);
  EXPECT_EQ(log->find("y"), std::nullopt);
  EXPECT_EQ(publish("new", "y").what, core::publish_outcome::published);
  EXPECT_EQ(log->find("y"), (core::message_id{0, 3}));
}

TEST_P(TopicLog, TakesAKeyWhosePlaceIsDamagedForThatOfNoneAndNamesIt) {
  options.dedupe = core::dedupe_policy::replace;
  start();
  subscribe("ann");
  publish("x", "a");
  restart();
  test::damage(store(), family::topic, place_key(number, "a"));
  EXPECT_EQ(publish("y", "a").what, core::publish_outcome::published);
  const auto damage = log->take_damage();
  ASSERT_EQ(damage.size(), 1u);
  EXPECT_NE(damage[0].find("the place of a key with the key"), std::string::npos) << damage[0];
  EXPECT_EQ(publish("z", "a").what, core::publish_outcome::replaced);
}

TEST_P(TopicLog, PassesOverADelayedMessageThatIsDamagedAndNamesIt) {
  start();
  const core::subscriber_id ann = subscribe("ann");
  for (int n = 0; n != 3; ++n) publish(std::to_string(n), {}, now + 100 + n);
  restart();
  test::damage(store(), family::message, delayed_key(number, now + 101, 1));
  now += 200;
  queue->do_due(now);
  EXPECT_EQ(lease(ann), (strings{"0", "2"}));
  EXPECT_EQ(queue->next_deadline(now), now + options.lease.count());
  const auto damage = log->take_damage();
  ASSERT_EQ(damage.size(), 1u);
  EXPECT_NE(damage[0].find("the delayed message with the key 00000003ff"), std::string::npos);
  EXPECT_TRUE(log->take_damage().empty());
}

TEST_P(TopicLog, KeepsNothingOfADelayedMessageThatIsDamaged) {
  start();
  subscribe("ann");
  publish("x", {}, now + 100);
  restart();
  test::damage(store(), family::message, delayed_key(number, now + 100, 0));
  EXPECT_EQ(queue->next_deadline(now), core::no_time);
  EXPECT_EQ(log->delayed(), 0u);
  EXPECT_TRUE(log->has_changes());
  restart();
  EXPECT_EQ(stored(family::message), 0u);
  EXPECT_EQ(log->delayed(), 0u);
  EXPECT_EQ(queue->next_deadline(now), core::no_time);
  EXPECT_TRUE(log->take_damage().empty());
}

/// The same over a store that is closed now and then.
class TopicLogOfAClosedStore : public ::testing::Test {
 protected:
  TopicLogOfAClosedStore() {
    options.batch = 100;
    options.dedupe = core::dedupe_policy::replace;
    start();
    ann = log->add_subscriber("ann", {}, 0);
    queue->subscribe(ann);
    commit();
  }

  void start() {
    queue.reset();
    log = std::make_unique<topic_log>(engine, number, options, topic_start{});
    queue = std::make_unique<core::topic_queue>(options, *log);
    for (stored_subscriber& s : log->take_subscribers()) queue->subscribe(s.id, s.so_far);
  }
  void put(const changes& made) {
    const auto batch = engine.new_batch();
    made.add_to(*batch);
    engine.commit(*batch, true);
  }
  void commit() {
    put(log->take_changes(*queue, 0));
    log->committed();
  }
  void close() {
    engine.fails = true;
    EXPECT_THROW(engine.recover(), error);
    EXPECT_THROW(engine.get(family::topic, state_key(number)), error);
  }
  void open() {
    engine.fails = false;
    engine.recover();
  }

  void publish(int n, core::wall_time deliver_at = 0) {
    const std::string text = std::to_string(n);
    const core::message m{text, std::make_shared<const std::string>(text), 0, core::no_time};
    queue->publish(0, m, deliver_at, 0);
  }
  std::size_t stored(family f) {
    std::size_t found = 0;
    const auto at = engine.walk(f, reading::few);
    for (at->seek(""); at->valid(); at->next()) found += at->key() == state_key(number) ? 0 : 1;
    return found;
  }

  test::fragile_engine engine;
  core::topic_options options;
  std::unique_ptr<topic_log> log;
  std::unique_ptr<core::topic_queue> queue;
  core::subscriber_id ann = 0;
};

TEST_F(TopicLogOfAClosedStore, IsToldOfAcknowledgementsInAnyOrder) {
  for (int n = 0; n != 100; ++n) publish(n);
  commit();
  start();
  const auto leased = queue->lease(ann, 100, 0);
  ASSERT_EQ(leased.size(), 100u);
  close();
  for (const int first : {1, 0}) {
    for (std::size_t n = static_cast<std::size_t>(first); n < 90; n += 2) {
      EXPECT_EQ(queue->acknowledge(ann, leased[n].lease), core::lease_outcome::done);
    }
    EXPECT_EQ(log->begin(0), first == 1 ? 0u : 90u);
    EXPECT_EQ(log->read({0, 1}), std::nullopt);
  }
  EXPECT_EQ(queue->of(ann)->pending(), 10u);
  EXPECT_TRUE(log->has_changes());
  changes first = log->take_changes(*queue, 0);
  EXPECT_EQ(log->begin(0), 90u);
  open();
  put(first);
  log->committed();
  EXPECT_EQ(log->find("7"), std::nullopt);
  publish(7);
  commit();
  EXPECT_EQ(log->find("7"), (core::message_id{0, 100}));
  EXPECT_EQ(stored(family::topic), 1u + 1u + 11u);  // head, page, keys
  start();
  EXPECT_EQ(log->begin(0), 90u);
}

TEST_F(TopicLogOfAClosedStore, IsToldThatASubscriberGoes) {
  for (int n = 0; n != 10; ++n) publish(n);
  commit();
  start();
  close();
  EXPECT_TRUE(queue->unsubscribe(ann));
  log->remove_subscriber(ann);
  EXPECT_EQ(log->begin(0), 10u);
  EXPECT_EQ(log->read({0, 3}), std::nullopt);
  open();
  EXPECT_EQ(log->find("3"), std::nullopt);
  commit();
  EXPECT_EQ(stored(family::topic), 0u);
  EXPECT_EQ(stored(family::message), 0u);
}

TEST_F(TopicLogOfAClosedStore, LosesNoMessageThatIsDueMeanwhile) {
  publish(1, 100);
  publish(2, 100);
  commit();
  EXPECT_EQ(queue->next_deadline(100), 100);
  close();
  EXPECT_THROW(queue->do_due(100), error);
  EXPECT_NO_THROW(queue->do_due(101));
  EXPECT_EQ(log->delayed(), 2u);
  open();
  EXPECT_EQ(queue->next_deadline(101), 1100);
  queue->do_due(1100);
  EXPECT_EQ(queue->lease(ann, 10, 1100).size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Engines, TopicLog, ::testing::Bool(),
                         [](const auto& on_disk) { return on_disk.param ? "Disk" : "Memory"; });

}  // namespace
}  // namespace skein::store
