#include "cli/work_progress.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace skein::cli::test {
namespace {

/// Standard error of what is done, with the clock that `progress` has.
class WorkProgress : public testing::Test {
 protected:
  void begin(bool terminal) {
    progress_.emplace("messages", terminal, [this] { return now_; });
  }
  /// What is written when so many more are done behind so much time.
  std::string advance(std::chrono::milliseconds time, std::uint64_t by) {
    now_ += time;
    return written([&] { progress_->advance(by); });
  }
  std::string clear() {
    return written([&] { progress_->clear(); });
  }
  std::string end() {
    return written([&] { progress_.reset(); });
  }

 private:
  template <class Do>
  static std::string written(Do&& what) {
    testing::internal::CaptureStderr();
    what();
    return testing::internal::GetCapturedStderr();
  }

  std::chrono::steady_clock::time_point now_;
  std::optional<work_progress> progress_;
};

using std::chrono::milliseconds;

TEST_F(WorkProgress, SumsUpAndIsSilentAboutShortWork) {
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

TEST_F(WorkProgress, LongWorkIsToldInALineEverySecond) {
  begin(false);
  EXPECT_EQ(advance(milliseconds{999}, 1), "");
  EXPECT_EQ(advance(milliseconds{1}, 4), "5 messages in 1.000 s (5/s)\n");
  EXPECT_EQ(advance(milliseconds{999}, 5), "");
  EXPECT_EQ(advance(milliseconds{501}, 90), "100 messages in 2.500 s (40/s)\n");
  EXPECT_EQ(clear() + end(), "");
}

TEST_F(WorkProgress, ATerminalHasOneLineThatIsTakenAwayInTheEnd) {
  const std::string gone = "\r\x1b[K";
  begin(true);
  EXPECT_EQ(advance(milliseconds{999}, 1), "");
  EXPECT_EQ(clear(), "");
  EXPECT_EQ(advance(milliseconds{1}, 4), "5 messages in 1.000 s (5/s)");
  EXPECT_EQ(advance(milliseconds{1000}, 5), gone + "10 messages in 2.000 s (5/s)");
  EXPECT_EQ(clear(), gone);
  EXPECT_EQ(clear(), "");
  EXPECT_EQ(advance(milliseconds{1000}, 5), "15 messages in 3.000 s (5/s)");
  EXPECT_EQ(end(), gone);
}

}  // namespace
}  // namespace skein::cli::test
