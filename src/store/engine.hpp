/// Where everything durable is stored: families of ordered keys and values.
///
/// Keys are compared as unsigned bytes. A commit is atomic over all families, and commits become
/// durable in their order: what survives a crash is a prefix of them, with at least all commits up
/// to the last one that was synced.
///
/// Thread safe. `commit`, `sync` and `recover` are serialised: a commit may wait for another
/// thread's sync. After a failure any number of threads may call `recover`; a thread whose commit
/// succeeded need not. A cursor may outlive the engine, and keeps its directory locked until then;
/// a batch must not.
///
/// Any call may throw `store::error` at any time, also because of what another thread does, except
/// the calls of a batch, and `bytes_on_disk`. A failed commit is never visible to this process. If
/// the process dies before `recover` returns, the commit may be found at the next start.
///
/// Family `meta` has a key from the start: `format` (see format.hpp).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace skein::store {

class error : public std::runtime_error {
 public:
  enum class kind : std::uint8_t {
    unavailable,    ///< missing, not readable or not writable
    locked,         ///< another process has it
    newer_version,  ///< written by a later version of skein
    corrupted,      ///< a checksum or an invariant does not hold
    no_space,
    closed,  ///< for the moment: it recovers
    failed,  ///< any other failure of the machine
  };

  error(kind what, const std::string& text) : std::runtime_error(text), kind_(what) {}
  kind what_kind() const { return kind_; }
  /// The error is about what is stored: it is of no use to try again.
  bool is_damage() const { return kind_ == kind::corrupted || kind_ == kind::newer_version; }

 private:
  kind kind_;
};

enum class family : std::uint8_t { meta, log, index, graph, inbox, topic, message };

inline constexpr std::size_t families = 7;

constexpr const char* name_of(family f) {
  constexpr const char* names[families] = {"meta",  "log",   "index",  "graph",
                                           "inbox", "topic", "message"};
  return names[static_cast<std::size_t>(f)];
}

/// Changes that are committed together, in their order. Used by one thread. A batch is only memory:
/// it does not depend on the state of the engine, and stays as it is when a commit fails. Nothing
/// here throws.
class batch {
 public:
  virtual ~batch() = default;
  /// The value is the concatenation of its parts.
  virtual void put(family f, std::string_view key,
                   std::initializer_list<std::string_view> value) = 0;
  virtual void erase(family f, std::string_view key) = 0;
  /// Erases the keys of [from, to); nothing if `to` is not above `from`.
  virtual void erase_range(family f, std::string_view from, std::string_view to) = 0;
  virtual std::size_t bytes() const = 0;  ///< of keys and values, as they were given
  virtual void clear() = 0;
};

/// Iterates over a snapshot of one family. While it lives, the disk space of deleted data cannot be
/// reclaimed: keep it short. Used by one thread. Views are valid until the cursor moves.
class cursor {
 public:
  virtual ~cursor() = default;
  /// Goes to the first key that is not below `key`.
  virtual void seek(std::string_view key) = 0;
  /// Goes to the last key that is not above `key`.
  virtual void seek_back(std::string_view key) = 0;
  /// \pre valid
  virtual void next() = 0;
  virtual bool valid() const = 0;  ///< false after the last key, and before the first
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
};

/// How much a cursor is going to read.
enum class reading : std::uint8_t {
  few,   ///< values here and there
  many,  ///< much, in order; not kept in caches
};

class engine {
 public:
  virtual ~engine() = default;

  virtual std::unique_ptr<batch> new_batch() = 0;

  /// With `sync` the commit is on disk when the call returns.
  virtual void commit(batch& changes, bool sync) = 0;

  /// Everything committed is on disk when the call returns.
  virtual void sync() = 0;

  /// After a commit or sync has failed: makes the engine ready for another try, with everything
  /// that was committed. Throws if the cause is still there; then it may be called again.
  ///
  /// Files may have to be opened again, which is impossible while there are cursors: the first call
  /// makes every cursor throw when it moves, and `recover` throws until all of them are gone, and
  /// until the present reads of other threads have ended. Meanwhile nothing can be read or
  /// committed: `closed`.
  virtual void recover() = 0;

  virtual std::optional<std::string> get(family f, std::string_view key) = 0;

  virtual std::unique_ptr<cursor> walk(family f, reading how = reading::few) = 0;

  /// Frees disk space of keys in [from, to) that were erased or are no longer needed, as far as
  /// that is cheap; syncs first. Afterwards any of these keys may or may not exist. Prefer it to
  /// `erase_range` for trimming a log: range tombstones make later reads slower.
  virtual void reclaim(family f, std::string_view from, std::string_view to) = 0;

  /// Writes a copy of everything committed, which can be opened like the original. `directory` does
  /// not exist yet; its parent does. Commits may go on meanwhile; each of them is in the copy or
  /// not, but never in part.
  virtual void backup(const std::filesystem::path& directory) = 0;

  /// Reads every byte and calls `damaged` for each thing that is wrong, with a text that names it.
  /// Takes as much memory as it takes to open the store a second time.
  virtual void verify(const std::function<void(const std::string&)>& damaged) = 0;

  virtual std::uint64_t bytes_on_disk() = 0;
};

/// Keeps everything in memory.
std::unique_ptr<engine> open_memory();

struct disk_options {
  std::filesystem::path directory;
  bool create = true;      ///< if it does not exist; its parent does
  bool read_only = false;  ///< another process may have it open; sees what was committed by now
  /// Most files with keys that a writer keeps open, 20..; besides some 30 others.
  std::size_t most_files = 256;
};

/// Keeps everything in a directory, by RocksDB. One process at a time writes.
std::unique_ptr<engine> open_disk(const disk_options& options);

}  // namespace skein::store
