/// What a command reads: a file, or standard input.
#pragma once

#include <fstream>
#include <iostream>
#include <string>

namespace skein::cli {

class input {
 public:
  /// `-` or nothing: standard input. Throws std::runtime_error if it is no file that can be read.
  explicit input(const std::string& name);

  std::istream& stream() { return file_.is_open() ? file_ : std::cin; }

  /// To be called at its end: throws std::runtime_error if that was none, but an error.
  void check() const;

 private:
  std::string name_;
  std::ifstream file_;
};

}  // namespace skein::cli
