/// The queue beside a slow and obvious model: the same operations, the same answers.

#include <gtest/gtest.h>

#include "support/random.hpp"
#include "support/topic_game.hpp"

namespace skein::core {
namespace {

TEST(TopicQueueBesideAModel, GivesTheSameAnswers) {
  for (std::uint64_t seed = 1; seed != 400; ++seed) {
    SKEIN_TRACE_SEED(seed);
    skein::test::random_source random{seed};
    skein::test::topic_game game{random, [](const char* what) { ADD_FAILURE() << what; }};
    for (int step = 0; step != 400; ++step) {
      SCOPED_TRACE(::testing::Message() << "step " << step);
      game.step();
      ASSERT_FALSE(::testing::Test::HasFailure());
    }
  }
}

}  // namespace
}  // namespace skein::core
