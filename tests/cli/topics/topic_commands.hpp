/// What tests of the commands for topics share.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "cli/commands.hpp"
#include "cli/topics/fake_http.hpp"
#include "support/temporary_directory.hpp"

namespace skein::cli::test {

struct said {
  int status = -1;
  std::string out;
  std::string err;
};

/// Runs a command against this daemon; what it throws is said on standard error.
inline said run(int (*command)(const arguments&), const fake_http& daemon, arguments args) {
  args.insert(args.begin(), {"--port", daemon.port()});
  said all;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  try {
    all.status = command(args);
  } catch (const std::exception& e) {
    std::cerr << "skein: " << e.what() << "\n";
    all.status = exit_bad;
  }
  all.err = testing::internal::GetCapturedStderr();
  all.out = testing::internal::GetCapturedStdout();
  return all;
}

/// Without the last line, which says how long it took.
inline std::string before_summary(const std::string& text) {
  const auto end = text.rfind('\n', text.size() - 2);
  return end == text.npos ? "" : text.substr(0, end + 1);
}
/// Of the last line, what is behind the times.
inline std::string summary(const std::string& text) {
  return text.substr(text.rfind("): ") + 3);
}

/// A file with this text.
class input_file {
 public:
  explicit input_file(const std::string& text) { std::ofstream{name(), std::ios::binary} << text; }
  std::string name() const { return directory_.path() / "input"; }

 private:
  skein::test::temporary_directory directory_;
};

}  // namespace skein::cli::test
