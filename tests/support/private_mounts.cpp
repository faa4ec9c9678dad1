#include "support/private_mounts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace skein::test {

namespace {

void mount_or_throw(const char* from, const std::filesystem::path& to, const char* type,
                    unsigned long flags, const std::string& options = {}) {
  if (::mount(from, to.c_str(), type, flags, options.c_str()) == 0) return;
  throw std::runtime_error{"cannot mount " + to.string() + ": " + std::strerror(errno)};
}

}  // namespace

bool may_mount() {
  static const bool may = ::unshare(CLONE_NEWNS) == 0 &&
                          ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return may;
}

small_disk::small_disk(std::filesystem::path where, std::size_t bytes) : where_(std::move(where)) {
  std::filesystem::create_directories(where_);
  mount_or_throw("none", where_, "tmpfs", 0, "size=" + std::to_string(bytes));
}

small_disk::~small_disk() {
  ::umount2(where_.c_str(), MNT_DETACH);
}

void small_disk::fill() {
  const int fd =
      ::open((where_ / "ballast").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::vector<char> page(4096, 'x');
  while (::write(fd, page.data(), page.size()) > 0) {
  }
  ::close(fd);
}

void small_disk::make_room() {
  std::filesystem::remove(where_ / "ballast");
}

read_only_directory::read_only_directory(std::filesystem::path where) : where_(std::move(where)) {
  mount_or_throw(where_.c_str(), where_, nullptr, MS_BIND);
  mount_or_throw("none", where_, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY);
}

read_only_directory::~read_only_directory() {
  ::umount2(where_.c_str(), MNT_DETACH);
}

}  // namespace skein::test
