#include "config/nearest.hpp"

#include <gtest/gtest.h>

namespace skein::config {
namespace {

TEST(EditDistance, CountsSingleMistakes) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("window", "window"), 0u);
  EXPECT_EQ(edit_distance("windw", "window"), 1u);
  EXPECT_EQ(edit_distance("windoow", "window"), 1u);
  EXPECT_EQ(edit_distance("winbow", "window"), 1u);
  EXPECT_EQ(edit_distance("widnow", "window"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Nearest, FindsAMistypedNameAndOneWithoutItsSection) {
  const std::vector<std::string> known = {"source.listen", "sequence.window", "drain-timeout"};
  EXPECT_EQ(nearest("sequence.windwo", known), "sequence.window");
  EXPECT_EQ(nearest("window", known), "sequence.window");
  EXPECT_EQ(nearest("source.window", known), "sequence.window");
  EXPECT_EQ(nearest("client.drain-timeout", known), "drain-timeout");
}

TEST(Nearest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(nearest("colour", {"source.listen", "sequence.window"}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'w'), {"sequence.window"}), "");
}

}  // namespace
}  // namespace skein::config
