#include "cli/work_progress.hpp"

#include <gtest/gtest.h>

namespace skein::cli::test {
namespace {

TEST(WorkProgress, SumsUpAndIsSilentAboutShortWork) {
  testing::internal::CaptureStderr();
  work_progress progress{"messages"};
  progress.advance(200);
  progress.advance(100);
  const auto text = progress.summary();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(progress.count(), 300u);
  EXPECT_EQ(text.substr(0, 16), "300 messages in ");
  EXPECT_EQ(text.substr(text.size() - 3), "/s)");
}

}  // namespace
}  // namespace skein::cli::test
