/// A program that a test runs: its arguments, what it prints, how it ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/eventually.hpp"

namespace skein::test {

class process {
 public:
  struct start {
    std::vector<std::string> arguments;
    /// On top of this process's environment without what the daemon reads.
    std::map<std::string, std::string> environment = {};
    std::string directory = "/";
    /// Hard limit of open descriptors, which the program cannot raise; 0: as this process.
    std::uint64_t most_descriptors = 0;
    /// Called in the new process at last: what else it inherits.
    std::function<void()> before = {};
  };

  process(const std::string& program, const start& how);
  /// Kills it if it still runs.
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  pid_t id() const { return id_; }
  void signal(int number) const;

  /// Exit status, or -N if signal N has ended it; empty if it has not ended in time.
  std::optional<int> wait(std::chrono::milliseconds within = generous);
  bool lives() { return !wait(0ms); }

  /// What it has printed so far.
  std::string out() const { return text_of(out_); }
  std::string err(std::size_t from = 0) const { return text_of(err_, from); }

  /// 0 of a program with sanitizers, which keep what is freed: every upper bound holds there.
  std::size_t memory_kib() const { return size_of("VmRSS"); }
  std::size_t peak_memory_kib() const { return size_of("VmHWM"); }
  std::size_t descriptors() const;
  /// User and system time so far.
  std::chrono::milliseconds cpu_time() const;

 private:
  static std::string text_of(int file, std::size_t from = 0);
  std::size_t size_of(const std::string& status_field) const;

  pid_t id_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::optional<int> ended_;
};

/// Runs a program to its end.
struct finished {
  std::optional<int> status;
  std::string out;
  std::string err;
};
finished run(const std::string& program, const process::start& how,
             std::chrono::milliseconds within = generous);

}  // namespace skein::test
