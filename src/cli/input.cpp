#include "cli/input.hpp"

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace skein::cli {

input::input(const std::string& name) : name_{name.empty() || name == "-" ? "" : name} {
  if (name_.empty()) return;
  std::error_code ignored;
  if (std::filesystem::is_directory(name_, ignored)) {
    throw std::runtime_error{"cannot read " + name_ + ": it is a directory"};
  }
  errno = 0;
  file_.open(name_, std::ios::binary);
  if (!file_) {
    throw std::runtime_error{"cannot read " + name_ + ": " +
                             std::generic_category().message(errno)};
  }
}

void input::check() const {
  if (!(name_.empty() ? std::cin.bad() : file_.bad())) return;
  throw std::runtime_error{"cannot read " + (name_.empty() ? "standard input" : name_) +
                           ": an error, or it is closed or a directory"};
}

}  // namespace skein::cli
