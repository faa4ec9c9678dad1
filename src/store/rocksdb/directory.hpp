/// The directory of a store, before RocksDB touches it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "store/engine.hpp"

namespace skein::store {

/// Every error of a store begins with where it is: `/var/lib/skein: another process has it open`.
error error_at(const std::filesystem::path& directory, error::kind what, const std::string& text);

/// What is in `directory`. `fresh`: nothing, or what was left of a creation that was cut short.
enum class found_there : std::uint8_t { nothing, fresh, store };

/// Looks, and refuses a place where no store may be created: a file, a directory with other files.
/// \throws error unavailable
found_there look_at(const std::filesystem::path& directory);

/// Creates it for its owner alone, durably.
/// \throws error unavailable, no_space
void make_directory(const std::filesystem::path& directory);

/// \throws error unavailable if this process may not write files there
void require_writable(const std::filesystem::path& directory);

/// Files in it that others than their owner can read or write; none if others cannot enter the
/// directory.
std::vector<std::filesystem::path> open_to_others(const std::filesystem::path& directory);

/// Lets only the owner read or write the files in it.
/// \throws std::filesystem::filesystem_error
void close_to_others(const std::filesystem::path& directory);

/// Which file it is, whatever its name.
struct file_identity {
  std::uint64_t device = 0;
  std::uint64_t number = 0;  ///< 0: there is none

  friend bool operator==(file_identity a, file_identity b) {
    return a.device == b.device && a.number == b.number;
  }
};
file_identity identity_of(const std::filesystem::path& file);

/// Makes what was created, renamed or deleted in `directory` durable.
/// \throws error unavailable, failed
void sync_directory(const std::filesystem::path& directory);

/// Bytes that are reserved beyond the ends of files, for what will be appended to them.
std::uint64_t bytes_reserved_in(const std::filesystem::path& directory, std::string_view extension);

/// Present size of all files in it, or of those with this extension.
std::uint64_t bytes_in(const std::filesystem::path& directory, std::string_view extension = {});

}  // namespace skein::store
