/// File systems that only this process and its children see: a small disk, a directory that cannot
/// be written. Takes a privileged process.
#pragma once

#include <filesystem>
#include <string>

namespace skein::test {

/// Whether this process can have them. From then on its mounts are its own.
bool may_mount();

/// An empty file system of this size at `where`, as long as this lives.
class small_disk {
 public:
  small_disk(std::filesystem::path where, std::size_t bytes);
  ~small_disk();
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  /// Takes all the room that is left, with a file beside the others.
  void fill();
  /// Gives it back.
  void make_room();

 private:
  std::filesystem::path where_;
};

/// Nothing below `where` can be written as long as this lives.
class read_only_directory {
 public:
  explicit read_only_directory(std::filesystem::path where);
  ~read_only_directory();
  read_only_directory(const read_only_directory&) = delete;
  read_only_directory& operator=(const read_only_directory&) = delete;

 private:
  std::filesystem::path where_;
};

}  // namespace skein::test
