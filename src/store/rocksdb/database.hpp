/// RocksDB with the families of a store: opening and closing, and what its statuses mean.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/wal_filter.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "store/engine.hpp"

namespace skein::store {

class database {
 public:
  /// \param most_files  files that are kept open
  /// \param filter  sees what is read from the log of RocksDB, unless it is null
  /// \throws error; newer_version if it has families that are unknown here
  static std::shared_ptr<database> open(const std::filesystem::path& directory, bool create,
                                        std::size_t most_files,
                                        rocksdb::WalFilter* filter = nullptr);

  /// Opens a read-only view of the current state, also while another process writes.
  /// \param filter  as above
  /// \throws error; unavailable if it changes too fast
  static std::shared_ptr<database> open_to_read(const std::filesystem::path& directory,
                                                rocksdb::WalFilter* filter = nullptr);

  /// What the store says of its format; nothing if it is empty. Changes nothing.
  /// \throws error; unavailable if it is no store of skein, newer_version if it has families that
  ///         are unknown here
  static std::optional<std::string> format_in(const std::filesystem::path& directory);

  ~database();
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  rocksdb::DB& operator*() const { return *db_; }
  rocksdb::DB* operator->() const { return db_.get(); }
  /// Null if there is no such family: in a store of an earlier version that is only read.
  rocksdb::ColumnFamilyHandle* of(family f) const { return families_[static_cast<std::size_t>(f)]; }

  /// Empty if there is no such family; the same for `get`.
  std::unique_ptr<rocksdb::Iterator> walk(family f, const rocksdb::ReadOptions& options) const;
  std::optional<std::string> get(family f, std::string_view key) const;

  /// About how many bytes it would take to open the database again: what is only in the log of
  /// RocksDB, without what has been overwritten or erased since. Reads all of it.
  std::uint64_t bytes_to_flush() const;

  /// \throws error unless `status` is ok
  void check(const rocksdb::Status& status) const;

  /// The database is to be closed: readers should stop.
  void abandon() { abandoned_ = true; }
  bool is_abandoned() const { return abandoned_; }

 private:
  explicit database(std::filesystem::path directory) : directory_(std::move(directory)) {}
  void open_with(rocksdb::DBOptions options, bool read_only);

  std::filesystem::path directory_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, families> families_{};
  std::atomic<bool> abandoned_ = false;
};

/// \pre !status.ok()
error error_of(const std::filesystem::path& directory, const rocksdb::Status& status);

}  // namespace skein::store
