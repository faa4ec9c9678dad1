#include "core/topics/topic_log.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>

namespace skein::core {
namespace {

/// Bytes; 0 where something else than the C library gives memory.
std::size_t allocated() {
  return ::mallinfo2().uordblks;
}

TEST(MemoryTopicLog, KeepsNothingOfWhatIsFinishedBehindOneThatIsNot) {
  memory_topic_log log;
  const message m{"", std::make_shared<const std::string>("x")};
  const message_id unfinished = log.append(0, m);
  const std::size_t before = allocated();
  for (int n = 0; n != 100'000; ++n) log.erase(log.append(0, m));
  EXPECT_LT(allocated(), before + 10'000);
  EXPECT_EQ(log.begin(0), unfinished.at);
  EXPECT_EQ(log.end(0), 100'001u);
  EXPECT_TRUE(log.read(unfinished));
  EXPECT_FALSE(log.read({0, 50'000}));
  log.erase(unfinished);
  EXPECT_EQ(log.begin(0), 100'001u);
}

TEST(MemoryTopicLog, TakesLittleMemoryWhenItIsEmpty) {
  const std::size_t before = allocated();
  const auto log = std::make_unique<memory_topic_log>();
  EXPECT_LT(allocated(), before + 4'000);
}

}  // namespace
}  // namespace skein::core
