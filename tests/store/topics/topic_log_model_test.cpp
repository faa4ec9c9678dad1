/// The queue on a stored log beside a slow and obvious model: the same answers, whatever is
/// committed when, and after every start.

#include "store/rocksdb/disk_store_test.hpp"
#include "support/random.hpp"
#include "support/stored_world.hpp"

namespace skein::store {
namespace {

using world = test::stored_world<test::random_source>;

void play(test::random_source& random, world where, int steps) {
  test::topic_game game{random, [](const char* what) { ADD_FAILURE() << what; }, std::move(where)};
  for (int step = 0; step != steps; ++step) {
    SCOPED_TRACE(::testing::Message() << "step " << step);
    game.step();
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
}

TEST(StoredTopicBesideAModel, GivesTheSameAnswersInMemory) {
  for (std::uint64_t seed = 1; seed != 150; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    play(random, {random, open_memory()}, 400);
    ASSERT_FALSE(HasFailure());
  }
}

TEST(StoredTopicBesideAModel, GivesTheSameAnswersAfterCrashesAndFailures) {
  for (std::uint64_t seed = 1; seed != 250; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    test::faulty_disk disk;
    auto engine = disk.open();
    play(random, {random, std::move(engine), &disk}, 400);
    ASSERT_FALSE(HasFailure());
  }
}

using StoredTopicOnDisk = DiskStore;

TEST_F(StoredTopicOnDisk, GivesTheSameAnswers) {
  for (std::uint64_t seed = 1; seed != 10; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    std::filesystem::remove_all(where);
    play(random, {random, open()}, 400);
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace skein::store
