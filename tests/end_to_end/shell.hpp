/// A shell in which `skein` is a command.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>

#include "resuming.hpp"
#include "support/program.hpp"

namespace skein::test {

/// A daemon, and a shell in a directory of its own, where `skein` is on the path.
class Shell : public testing::Test {
 protected:
  Shell() {
    std::filesystem::create_directories(here() / "bin");
    std::filesystem::create_directories(here() / "folder");
    std::filesystem::create_symlink(SKEIN_PATH, here() / "bin/skein");
    set({{"SKEIN_HTTP_LISTEN", "localhost:" + std::to_string(broker_.http_port())},
         {"SKEIN_SOURCE_LISTEN", ":" + std::to_string(broker_.source_port())},
         {"SKEIN_CLIENT_LISTEN", "[::]:" + std::to_string(broker_.client_port())},
         {"SKEIN_STORE_DIRECTORY", broker_.store()}});
  }

  const std::filesystem::path& here() const { return own_.path(); }
  void set(std::map<std::string, std::string> variables) {
    variables["PATH"] = (here() / "bin").string() + ":/usr/bin:/bin";
    variables_ = std::move(variables);
  }
  finished shell(const std::string& line) const {
    return run("/bin/bash", {{"-c", line}, variables_, here().string()});
  }
  void expect_failure(const std::string& line, const std::string& words) const {
    const auto done = shell(line);
    EXPECT_EQ(done.status, 1) << line;
    EXPECT_NE(done.err.find(words), std::string::npos) << line << ": " << done.err;
  }

  daemon broker_;
  program work_{broker_};

 private:
  temporary_directory own_;
  std::map<std::string, std::string> variables_;
};

}  // namespace skein::test
