#include "store/events/quota.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "support/log_rig.hpp"
#include "support/told.hpp"

namespace skein::store {
namespace {

using namespace std::chrono_literals;

quota most_events(std::uint64_t events, quota_policy policy = quota_policy::drop_oldest) {
  quota limits;
  limits.max_events = events;
  limits.policy = policy;
  return limits;
}

std::optional<std::string> apply_to(test::log_rig& rig, const quota& limits, pending& user) {
  std::vector<pending> users{user};
  const auto dropped = apply(limits, *rig.engine, rig.now, users);
  user = users.front();
  return dropped.front();
}

TEST(Quota, CountsWhatWaitsForEachUser) {
  test::log_rig rig;
  rig.add_and_commit({"1|F|1|2", "2|S|2", "3|B", "4|P|1|3", "5|S|2"});
  std::vector<pending> users{{1, 0}, {1, 14}, {2, 0}, {3, 0}, {4, 18}, {4, 1000}};
  count(*rig.engine, users);
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> expected{{3, 16}, {2, 10}, {2, 12},
                                                                      {2, 12}, {0, 0},  {0, 0}};
  for (std::size_t i = 0; i != users.size(); ++i) {
    EXPECT_EQ(users[i].events, expected[i].first) << i;
    EXPECT_EQ(users[i].bytes, expected[i].second) << i;
  }
}

TEST(Quota, ChangesNothingWithoutABound) {
  test::log_rig rig;
  rig.add_and_commit(test::broadcasts(1, 100));
  pending user{1, 0};
  EXPECT_EQ(apply_to(rig, {}, user), std::nullopt);
  EXPECT_EQ(user.from, 0u);
}

TEST(Quota, ServesTheNewestEvents) {
  test::log_rig rig;
  rig.add_and_commit({"1|B", "2|P|1|7", "3|P|1|7", "4|P|1|8", "5|B"});
  pending user{7, 0};
  EXPECT_EQ(apply_to(rig, most_events(4), user), std::nullopt);
  EXPECT_EQ(user.from, 0u);
  EXPECT_EQ(apply_to(rig, most_events(2), user),
            "the oldest 2 of 4 events are dropped, they exceed the quota");
  EXPECT_EQ(user.from, rig.stream.items()[2].position);
  EXPECT_EQ(user.events, 2u);
  EXPECT_EQ(user.bytes, 12u);
}

TEST(Quota, ServesTheNewestBytes) {
  test::log_rig rig;
  rig.add_and_commit(test::broadcasts(1, 5, 10));
  quota limits;
  limits.max_bytes = 25;
  pending user{7, 0};
  EXPECT_TRUE(apply_to(rig, limits, user));
  EXPECT_EQ(user.from, 30u);
  limits.max_bytes = 9;
  EXPECT_TRUE(apply_to(rig, limits, user));
  EXPECT_EQ(user.from, 50u);
  EXPECT_EQ(user.events, 0u);
}

TEST(Quota, ServesNothingOfWhatIsTooMuch) {
  test::log_rig rig;
  rig.add_and_commit(test::broadcasts(1, 5));
  pending user{7, 0};
  EXPECT_EQ(apply_to(rig, most_events(5, quota_policy::drop_all), user), std::nullopt);
  EXPECT_EQ(apply_to(rig, most_events(4, quota_policy::drop_all), user),
            "all 5 events are dropped, they exceed the quota");
  EXPECT_EQ(user.from, rig.log->end());
}

TEST(Quota, ServesNothingThatIsTooOld) {
  test::log_rig rig;
  for (int i = 1; i <= 5; ++i) {
    rig.add_and_commit(test::broadcasts(i, 1));
    rig.now += 10'000;
  }
  quota limits;
  limits.max_age = 30s;
  pending user{7, 0};
  EXPECT_EQ(apply_to(rig, limits, user),
            "2 events older than 30000 ms are dropped, they exceed the quota");
  EXPECT_EQ(user.from, 8u);
  rig.now += 1'000'000;
  EXPECT_TRUE(apply_to(rig, limits, user));
  EXPECT_EQ(user.from, rig.log->end());
}

TEST(Quota, SaysNothingOfOldEventsThatWereNotTheirs) {
  test::log_rig rig;
  rig.add_and_commit({"1|P|1|2"});
  rig.now += 100'000;
  quota limits;
  limits.max_age = 30s;
  pending user{7, 0};
  EXPECT_EQ(apply_to(rig, limits, user), std::nullopt);
  EXPECT_EQ(user.from, rig.log->end());
}

TEST(Quota, SaysBothWhatIsTooOldAndWhatIsTooMuch) {
  test::log_rig rig;
  rig.add_and_commit(test::broadcasts(1, 3));
  rig.now += 100'000;
  rig.add_and_commit(test::broadcasts(4, 3));
  quota limits = most_events(2);
  limits.max_age = 30s;
  pending user{7, 0};
  EXPECT_EQ(apply_to(rig, limits, user),
            "3 events older than 30000 ms are dropped, they exceed the quota; "
            "the oldest 1 of 3 events are dropped, they exceed the quota");
  EXPECT_EQ(user.from, rig.stream.items()[4].position);
}

TEST(Quota, PassesOverDamage) {
  test::log_rig rig;
  for (int i = 1; i <= 3; ++i) rig.add_and_commit(test::broadcasts(i, 1));
  test::damage(*rig.engine, family::log, position_key(4));
  pending user{7, 0};
  EXPECT_TRUE(apply_to(rig, most_events(1), user));
  EXPECT_EQ(user.from, 4u);
  EXPECT_EQ(user.events, 1u);
}

TEST(Quota, IsAsThePlainRulesSay) {
  std::size_t cut = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    test::log_rig rig;
    test::random_lines make{random, {1, 2, 3, 4, 5}};
    core::sequence_number number = 0;
    struct kept {
      std::string line;
      core::log_position position;
      wall_time time;
    };
    for (auto n = random.between(0, 40); n > 0; --n) {
      rig.now += random.between(0, 1000);
      if (random.one_in(10)) {
        rig.stream.begin_epoch(false);
        number = 0;
      }
      rig.add_and_commit(make.lines(random.between<std::size_t>(1, 10), number));
      if (random.one_in(8)) rig.checkpoint();
    }
    const auto& items = rig.stream.items();
    quota limits;
    if (random.one_in(2)) limits.max_events = random.between<std::uint64_t>(1, 30);
    if (random.one_in(2)) limits.max_bytes = random.between<std::uint64_t>(1, 300);
    if (random.one_in(2)) {
      limits.max_age = std::chrono::milliseconds{random.between(1, 20'000)};
    }
    if (random.one_in(2)) limits.policy = quota_policy::drop_all;
    std::vector<pending> users;
    for (auto n = random.between(0, 8); n > 0; --n) {
      const auto i = random.between<std::size_t>(0, items.size());
      users.push_back({random.one_in(9) ? 99 : make.user(),
                       i == items.size() ? rig.stream.end() : items[i].position});
    }
    const std::vector<pending> before = users;
    const auto dropped = apply(limits, *rig.engine, rig.now, users);
    ASSERT_EQ(dropped.size(), users.size());
    for (std::size_t u = 0; u != users.size(); ++u) {
      std::deque<kept> waits;
      for (const auto& i : items) {
        if (i.position < before[u].from || !i.is_for(before[u].user)) continue;
        waits.push_back({i.line + "\n", i.position, i.time});
      }
      const std::size_t all = waits.size();
      while (limits.max_age.count() != 0 && !waits.empty() &&
             waits.front().time < rig.now - limits.max_age.count()) {
        waits.pop_front();
      }
      const auto is_too_much = [&] {
        std::uint64_t bytes = 0;
        for (const kept& k : waits) bytes += k.line.size();
        return (limits.max_events != 0 && waits.size() > limits.max_events) ||
               (limits.max_bytes != 0 && bytes > limits.max_bytes);
      };
      while (is_too_much()) {
        if (limits.policy == quota_policy::drop_all) {
          waits.clear();
        } else {
          waits.pop_front();
        }
      }
      std::vector<std::string> expected;
      for (const kept& k : waits) expected.push_back(k.line);
      ASSERT_EQ(rig.stream.told(users[u].user, users[u].from, rig.stream.end(), "\n"), expected);
      ASSERT_GE(users[u].from, before[u].from);
      ASSERT_EQ(dropped[u].has_value(), waits.size() != all);
      if (limits.max_events != 0 || limits.max_bytes != 0) {
        ASSERT_EQ(users[u].events, waits.size());
      }
      cut += dropped[u] ? 1 : 0;
    }
  }
  EXPECT_GT(cut, 100u);
}

TEST(MissingBefore, NamesTheEventsThatAreNotKept) {
  log_options options;
  options.max_events = 10;
  test::log_rig rig{options};
  rig.add_and_commit(test::broadcasts(1, 10));
  rig.checkpoint();
  rig.add_and_commit(test::broadcasts(11, 10));
  ASSERT_TRUE(rig.log->trim(rig.now));
  rig.log->commit(true);
  const core::log_position begin = history_begin(*rig.engine);
  EXPECT_EQ(missing_before(*rig.engine, 1, 3, begin), "events 4 to 10 are no longer kept");
  EXPECT_EQ(missing_before(*rig.engine, 1, 9, begin), "events 10 to 10 are no longer kept");
  EXPECT_EQ(missing_before(*rig.engine, 1, 10, begin), std::nullopt);
  EXPECT_EQ(missing_before(*rig.engine, 1, 15, begin), std::nullopt);
  EXPECT_EQ(missing_before(*rig.engine, 2, 1, begin), std::nullopt);
  EXPECT_EQ(missing_before(*rig.engine, 1, 3, rig.stream.items()[12].position),
            "events 4 to 12 are no longer kept");
  EXPECT_EQ(missing_before(*rig.engine, 1, 3, rig.log->end()), "events 4 to 20 are no longer kept");
}

TEST(MissingBefore, KnowsThatEventsOfAnEarlierEpochMayBeMissing) {
  test::log_rig rig;
  rig.add_and_commit({"1|B", "2|B"});
  rig.stream.begin_epoch(false);
  rig.add_and_commit({"1|B"});
  EXPECT_EQ(missing_before(*rig.engine, 1, 1, 8),
            "the events after 1 of an earlier stream are no longer kept");
  EXPECT_EQ(missing_before(*rig.engine, 1, 1, 4), std::nullopt);
}

TEST(MissingBefore, KnowsWhatWasInALogThatIsEmptyNow) {
  log_options options;
  options.max_age = 80s;
  test::log_rig rig{options};
  EXPECT_EQ(missing_before(*rig.engine, 1, 0, 0), std::nullopt);
  rig.add_and_commit(test::broadcasts(1, 10));
  rig.now += 100'000;
  rig.retain();
  ASSERT_EQ(rig.log->events(), 0u);
  const core::log_position begin = history_begin(*rig.engine);
  EXPECT_EQ(begin, rig.log->end());
  EXPECT_EQ(missing_before(*rig.engine, 1, 3, begin), "events 4 to 10 are no longer kept");
  EXPECT_EQ(missing_before(*rig.engine, 1, 10, begin), std::nullopt);
  rig.begin_epoch();
  rig.log->commit(true);
  EXPECT_EQ(missing_before(*rig.engine, 2, 0, begin), std::nullopt);
  EXPECT_TRUE(missing_before(*rig.engine, 1, 3, begin));
}

TEST(MissingBefore, PassesOverDamage) {
  test::log_rig rig;
  for (int i = 1; i <= 3; ++i) rig.add_and_commit(test::broadcasts(i, 1));
  test::damage(*rig.engine, family::log, position_key(4));
  EXPECT_EQ(missing_before(*rig.engine, 1, 1, 4), "events 2 to 2 are no longer kept");
}

}  // namespace
}  // namespace skein::store
