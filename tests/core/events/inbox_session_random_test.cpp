#include <gtest/gtest.h>

#include "support/inbox_game.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

TEST(InboxSessionRandom, TellsEveryEventOnceInOrderWhateverHappens) {
  std::size_t lagged = 0;
  std::size_t live = 0;
  for (std::uint64_t seed = 1; seed != 4000; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    test::inbox_game game{[&](std::size_t n) { return random.between<std::size_t>(0, n - 1); }};
    for (int i = random.between(10, 1000); i != 0; --i) {
      ASSERT_NO_THROW(game.step());
    }
    ASSERT_NO_THROW(game.finish());
    lagged += game.times_lagged();
    live += game.times_live();
  }
  EXPECT_GT(lagged, 1000u) << "the game is about sessions that lag";
  EXPECT_GT(live, 1000u) << "and about those that come back";
}

}  // namespace
}  // namespace skein::core
