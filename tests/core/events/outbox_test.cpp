#include "core/events/outbox.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/naive_outbox.hpp"
#include "support/random.hpp"

namespace skein::core {
namespace {

outbox box_of(std::size_t max_bytes, overflow_policy policy) {
  return outbox{outbox_options{max_bytes, policy}};
}

TEST(Outbox, HandsOutWhatWasPutIn) {
  outbox box = box_of(100, overflow_policy::disconnect);
  EXPECT_TRUE(box.empty());
  box.append("one\ntwo\n");
  box.append("three\n");
  EXPECT_EQ(box.front(), "one\ntwo\nthree\n");
  EXPECT_EQ(box.lines(), 3u);
  box.written(5);
  EXPECT_EQ(box.front(), "wo\nthree\n");
  EXPECT_EQ(box.lines(), 2u);
  box.written(9);
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(box.size(), 0u);
}

TEST(Outbox, TakesExactlyWhatFits) {
  for (const auto policy :
       {overflow_policy::disconnect, overflow_policy::drop_oldest, overflow_policy::drop_newest}) {
    outbox box = box_of(8, policy);
    EXPECT_FALSE(box.append("one\ntwo\n").overflow);
    EXPECT_EQ(box.size(), 8u);
    EXPECT_TRUE(box.append("x\n").overflow);
    EXPECT_LE(box.size(), 8u);
  }
}

TEST(OutboxThatDisconnects, TakesNothingOfWhatDoesNotFit) {
  outbox box = box_of(10, overflow_policy::disconnect);
  box.append("one\n");
  const auto appended = box.append("two\nthree\n");
  EXPECT_TRUE(appended.overflow);
  EXPECT_EQ(appended.dropped, 2u);
  EXPECT_EQ(box.front(), "one\n");
}

TEST(OutboxThatDropsTheNewest, KeepsWhatFitsInWholeLines) {
  outbox box = box_of(10, overflow_policy::drop_newest);
  box.append("one\n");
  const auto appended = box.append("two\nthree\n");
  EXPECT_TRUE(appended.overflow);
  EXPECT_EQ(appended.dropped, 1u);
  EXPECT_EQ(box.front(), "one\ntwo\n");
}

TEST(OutboxThatDropsTheNewest, FinishesALineThatTheClientHasAPartOf) {
  outbox box = box_of(6, overflow_policy::drop_newest);
  const auto appended = box.append("rest of a long line\nx\n", true);
  EXPECT_EQ(appended.dropped, 1u);
  EXPECT_EQ(box.front(), "rest of a long line\n");
  EXPECT_EQ(box.append("y\n").dropped, 1u);
  EXPECT_EQ(box.front(), "rest of a long line\n");
}

TEST(OutboxThatDropsTheOldest, DropsAsFewLinesAsWillDo) {
  outbox box = box_of(12, overflow_policy::drop_oldest);
  box.append("one\ntwo\nsix\n");
  const auto appended = box.append("four\n");
  EXPECT_EQ(appended.dropped, 2u);
  EXPECT_EQ(box.front(), "six\nfour\n");
}

TEST(OutboxThatDropsTheOldest, DropsOfTheNewOnesToo) {
  outbox box = box_of(8, overflow_policy::drop_oldest);
  box.append("one\n");
  const auto appended = box.append("two\nsix\nten\n");
  EXPECT_EQ(appended.dropped, 2u);
  EXPECT_EQ(box.front(), "six\nten\n");
}

TEST(OutboxThatDropsTheOldest, FinishesALineThatTheClientHasAPartOf) {
  outbox box = box_of(13, overflow_policy::drop_oldest);
  box.append("one\ntwo\nsix\n");
  box.written(2);
  EXPECT_EQ(box.append("eleven\n").dropped, 1u);
  EXPECT_EQ(box.front(), "e\nsix\neleven\n");
}

TEST(OutboxThatDropsTheOldest, FinishesALineThatWasBegunBeforeItWasPutIn) {
  outbox box = box_of(12, overflow_policy::drop_oldest);
  const auto appended = box.append("st\none\ntwo\nsix\n", true);
  EXPECT_EQ(appended.dropped, 1u);
  EXPECT_EQ(box.front(), "st\ntwo\nsix\n");
}

TEST(Outbox, DropsAllButALineThatTheClientHasAPartOf) {
  outbox box = box_of(100, overflow_policy::drop_oldest);
  box.append("one\ntwo\nsix\n");
  box.written(4);
  EXPECT_EQ(box.drop_all(), 2u);
  EXPECT_TRUE(box.empty());
  box.append("one\ntwo\nsix\n");
  box.written(5);
  EXPECT_EQ(box.drop_all(), 1u);
  EXPECT_EQ(box.front(), "wo\n");
  EXPECT_EQ(box.drop_all(), 0u);
}

TEST(Outbox, IsTheListOfLinesItClaimsToBe) {
  for (std::uint64_t seed = 1; seed <= 90; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    const outbox_options options{random.between<std::size_t>(1, 80),
                                 static_cast<overflow_policy>(seed % 3)};
    outbox box{options};
    test::naive_outbox model{options};
    int number = 0;
    for (int step = 0; step != 1500; ++step) {
      if (random.one_in(2)) {
        std::string lines;
        for (int i = random.between(1, 4); i != 0; --i) {
          lines += std::to_string(++number) + std::string(random.between<std::size_t>(0, 12), '.');
          lines += random.one_in(2) ? "\r\n" : "\n";
        }
        const bool mid_line = box.empty() && random.one_in(2);
        const bool fits = box.size() + lines.size() <= options.max_bytes;
        const auto appended = box.append(lines, mid_line);
        ASSERT_EQ(appended.dropped, model.append(lines, mid_line));
        ASSERT_EQ(appended.overflow, !fits);
      } else if (random.one_in(30)) {
        ASSERT_EQ(box.drop_all(), model.drop_all());
      } else if (!box.empty()) {
        const auto bytes = random.between<std::size_t>(0, box.size());
        box.written(bytes);
        model.written(bytes);
      }
      ASSERT_EQ(box.front(), model.text());
      ASSERT_EQ(box.size(), box.front().size());
      ASSERT_EQ(box.lines(), model.lines());
      ASSERT_TRUE(box.size() <= options.max_bytes || model.keeps_a_line_too_large());
    }
  }
}

}  // namespace
}  // namespace skein::core
