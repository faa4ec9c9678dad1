#include "io/patient_output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace skein::io::test {
namespace {

/// Of which nobody reads.
class FullPipe : public testing::Test {
 protected:
  FullPipe() {
    EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0);
    ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
    const std::string much(4096, 'x');
    while (::write(ends_[1], much.data(), much.size()) > 0) {
    }
    ::fcntl(ends_[1], F_SETFL, 0);
  }
  ~FullPipe() override {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  int ends_[2];
};

TEST_F(FullPipe, IsGivenUpWithoutWaitingByWhoGivesUp) {
  const patient_output out{ends_[1]};
  // Each that waits makes the end of a daemon with a full log longer.
  for (int line = 0; line != 100'000; ++line) {
    ASSERT_FALSE(out.write("line\n", [] { return true; }));
  }
}

TEST_F(FullPipe, IsWrittenWhenItIsRead) {
  const patient_output out{ends_[1]};
  int asked = 0;
  EXPECT_TRUE(out.write("line\n", [&] {
    std::string much(65536, ' ');
    if (++asked == 2) {
      EXPECT_GT(::read(ends_[0], much.data(), much.size()), 0);
    }
    return false;
  }));
}

}  // namespace
}  // namespace skein::io::test
