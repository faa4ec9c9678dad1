/// What a command reads: a file, or standard input.
#pragma once

#include <fstream>
#include <iostream>
#include <string>

#include "cli/sockets.hpp"

namespace skein::cli {

/// A descriptor to read from.
class input_descriptor {
 public:
  /// As of `input`.
  explicit input_descriptor(const std::string& name);

  int get() const { return file_.get() < 0 ? 0 : file_.get(); }
  const char* name() const { return name_.empty() ? "standard input" : name_.c_str(); }

 private:
  std::string name_;
  descriptor file_;
};

class input {
 public:
  /// `-` or nothing: standard input. Throws std::runtime_error if it is no file that can be read.
  explicit input(const std::string& name);

  std::istream& stream() { return file_.is_open() ? file_ : std::cin; }

  /// All of it. Throws as `check` does.
  std::string read_all();

  /// To be called at the end: throws std::runtime_error if it was not the end, but an error.
  void check() const;

 private:
  std::string name_;
  std::ifstream file_;
};

}  // namespace skein::cli
