#include "core/topics/expiring_messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/random.hpp"

namespace skein::core {
namespace {

TEST(ExpiringMessages, AreKnownInTheOrderInWhichTheyExpire) {
  expiring_messages all;
  all.add(3, {0, 1});
  all.add(2, {1, 7});
  all.add(no_time, {0, 2});
  EXPECT_EQ(all.take_first(1), std::nullopt);
  EXPECT_EQ(all.take_first(2)->second, (message_id{1, 7}));
  EXPECT_EQ(all.take_first(3)->second, (message_id{0, 1}));
  EXPECT_EQ(all.take_first(no_time), std::nullopt);
  EXPECT_FALSE(all.may_miss(1'000'000));
}

TEST(ExpiringMessages, AreAllFoundThoughFewAreKnown) {
  for (std::uint64_t seed = 1; seed != 30; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    expiring_messages all{3};
    std::set<std::pair<wall_time, message_id>> model;
    for (wall_time now = 0; now != 300; ++now) {
      for (int n = random.between(0, 3); n != 0; --n) {
        const std::pair<wall_time, message_id> m{now + random.between(1, 30),
                                                 {0, random.between<place>(0, 1'000'000)}};
        model.insert(m);
        all.add(m.first, m.second);
      }
      if (random.one_in(100)) all.know_nothing();
      for (;;) {
        auto first = all.take_first(now);
        if (!first && all.may_miss(now)) {
          all.look_again();
          for (const auto& m : model) all.add(m.first, m.second);
          first = all.take_first(now);
        }
        ASSERT_EQ(first.has_value(), !model.empty() && model.begin()->first <= now);
        if (!first) break;
        const auto found = std::find_if(model.begin(), model.end(),
                                        [&](const auto& m) { return m.second == first->second; });
        ASSERT_NE(found, model.end()) << "each once";
        ASSERT_LE(found->first, now);
        model.erase(found);
      }
    }
  }
}

}  // namespace
}  // namespace skein::core
