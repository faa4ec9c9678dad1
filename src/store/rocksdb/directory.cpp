#include "store/rocksdb/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace skein::store {
namespace {

namespace fs = std::filesystem;

error error_of_system(const fs::path& directory, const std::string& doing, int code) {
  const auto kind = code == ENOSPC || code == EDQUOT ? error::kind::no_space
                    : code == EIO                    ? error::kind::failed
                                                     : error::kind::unavailable;
  return error_at(directory, kind, doing + ": " + std::strerror(code));
}

/// May this be there before RocksDB has named its first manifest in CURRENT? It writes IDENTITY and
/// CURRENT under the names of temporary files.
bool precedes_a_store(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename();
  std::error_code failure;
  const auto type = entry.symlink_status(failure).type();
  if (name == "lost+found") return type == fs::file_type::directory;  // of a new file system
  return type == fs::file_type::regular &&
         (name == "LOCK" || name == "000000.dbtmp" || name == "IDENTITY" ||
          name == "MANIFEST-000001" || name == "000001.dbtmp");
}

/// Takes a slash at the end away first, since such a path would have no parent of its own.
fs::path parent_of(const fs::path& directory) {
  const fs::path whole = fs::absolute(directory).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).parent_path();
}

}  // namespace

error error_at(const fs::path& directory, error::kind what, const std::string& text) {
  return error{what, directory.string() + ": " + text};
}

found_there look_at(const fs::path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) {
    if (errno != ENOENT) throw error_of_system(directory, "cannot be reached", errno);
    if (::lstat(directory.c_str(), &status) == 0) {
      throw error_at(directory, error::kind::unavailable, "is a link to what does not exist");
    }
    std::error_code unreachable;
    if (!fs::is_directory(parent_of(directory), unreachable)) {
      throw error_at(directory, error::kind::unavailable, "its parent directory does not exist");
    }
    return found_there::nothing;
  }
  if (!S_ISDIR(status.st_mode)) {
    throw error_at(directory, error::kind::unavailable, "is no directory");
  }
  std::error_code failure;
  bool fresh = true;
  for (fs::directory_iterator at{directory, failure}, end; !failure && at != end;
       at.increment(failure)) {
    if (at->path().filename() == "CURRENT") return found_there::store;
    fresh = fresh && precedes_a_store(*at);
  }
  if (failure) throw error_of_system(directory, "cannot be read", failure.value());
  if (!fresh) {
    throw error_at(directory, error::kind::unavailable,
                   "is neither empty nor a store (it has no file CURRENT)");
  }
  return found_there::fresh;
}

void make_directory(const fs::path& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0) {
    throw error_of_system(directory, "cannot be created", errno);
  }
  sync_directory(parent_of(directory));
}

void require_writable(const fs::path& directory) {
  if (::faccessat(AT_FDCWD, directory.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    throw error_of_system(directory, "cannot be written", errno);
  }
}

std::vector<fs::path> open_to_others(const fs::path& directory) {
  constexpr mode_t others = 077, may_enter = 011;
  std::vector<fs::path> found;
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0 || (status.st_mode & may_enter) == 0) return found;
  std::error_code failure;
  for (fs::directory_iterator at{directory, failure}, end; !failure && at != end;
       at.increment(failure)) {
    if (::lstat(at->path().c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
        (status.st_mode & others) != 0) {
      found.push_back(at->path());
    }
  }
  return found;
}

void close_to_others(const fs::path& directory) {
  for (const auto& file : fs::directory_iterator{directory}) {
    if (file.is_regular_file()) {
      fs::permissions(file, fs::perms::group_all | fs::perms::others_all, fs::perm_options::remove);
    }
  }
}

file_identity identity_of(const fs::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

void sync_directory(const fs::path& directory) {
  const int opened = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // EINVAL: a file system that has nothing to sync.
  const bool synced = opened >= 0 && (::fsync(opened) == 0 || errno == EINVAL);
  const int code = errno;
  if (opened >= 0) ::close(opened);
  if (!synced) throw error_of_system(directory, "cannot be synced", code);
}

std::uint64_t bytes_reserved_in(const fs::path& directory, std::string_view extension) {
  constexpr std::uint64_t block = 512;  // of st_blocks
  std::uint64_t bytes = 0;
  std::error_code failure;
  for (fs::directory_iterator at{directory, failure}, end; !failure && at != end;
       at.increment(failure)) {
    struct stat status {};
    if (at->path().extension() != extension || ::stat(at->path().c_str(), &status) != 0) continue;
    const auto taken = static_cast<std::uint64_t>(status.st_blocks) * block;
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (taken > size) bytes += taken - size;
  }
  return bytes;
}

std::uint64_t bytes_in(const fs::path& directory, std::string_view extension) {
  std::uint64_t bytes = 0;
  std::error_code failure;
  for (fs::directory_iterator at{directory, failure}, end; !failure && at != end;
       at.increment(failure)) {
    if (!extension.empty() && at->path().extension() != extension) continue;
    std::error_code gone;  // files come and go meanwhile
    const auto size = at->file_size(gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace skein::store
