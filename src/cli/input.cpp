#include "cli/input.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace skein::cli {

namespace {

void refuse_directory(const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::is_directory(name, ignored)) {
    throw std::runtime_error{"cannot read " + name + ": it is a directory"};
  }
}

[[noreturn]] void fail(const std::string& name) {
  throw std::runtime_error{"cannot read " + name + ": " + std::generic_category().message(errno)};
}

}  // namespace

input_descriptor::input_descriptor(const std::string& name)
    : name_{name.empty() || name == "-" ? "" : name} {
  if (name_.empty()) return;
  refuse_directory(name_);
  file_ = descriptor{::open(name_.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file_.get() < 0) fail(name_);
}

input::input(const std::string& name) : name_{name.empty() || name == "-" ? "" : name} {
  if (name_.empty()) return;
  refuse_directory(name_);
  errno = 0;
  file_.open(name_, std::ios::binary);
  if (!file_) fail(name_);
}

std::string input::read_all() {
  std::string all;
  for (std::array<char, 1 << 16> part; stream();) {
    stream().read(part.data(), part.size());
    all.append(part.data(), static_cast<std::size_t>(stream().gcount()));
  }
  check();
  return all;
}

void input::check() const {
  if (!(name_.empty() ? std::cin.bad() : file_.bad())) return;
  throw std::runtime_error{"cannot read " + (name_.empty() ? "standard input" : name_) +
                           ": an error, or it is closed or a directory"};
}

}  // namespace skein::cli
