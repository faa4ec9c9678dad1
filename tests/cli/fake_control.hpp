/// A control door that says what a test wants.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/sockets.hpp"
#include "support/temporary_directory.hpp"

namespace skein::cli::test {

class fake_control {
 public:
  enum class manner {
    answers,   ///< reads a line, answers, closes
    silent,    ///< reads a line and says nothing
    hangs_up,  ///< closes at once
  };

  /// Serves in a thread of its own until destroyed.
  explicit fake_control(std::string answer, manner how = manner::answers);
  explicit fake_control(manner how) : fake_control{{}, how} {}
  ~fake_control();

  std::filesystem::path directory() const { return directory_.path(); }
  std::filesystem::path socket() const { return directory() / "control"; }
  /// The lines that were read so far.
  std::vector<std::string> requests() const;

 private:
  void serve();
  void converse(int fd);

  skein::test::temporary_directory directory_;
  std::string answer_;
  manner how_;
  descriptor listener_;
  std::vector<descriptor> kept_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace skein::cli::test
