#include "store/rocksdb/database.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "store/events/log_format.hpp"
#include "store/format.hpp"
#include "store/rocksdb/directory.hpp"
#include "store/rocksdb/rocksdb_log.hpp"
#include "store/rocksdb/rocksdb_options.hpp"

namespace skein::store {
namespace {

namespace fs = std::filesystem;

/// RocksDB insists on a family named "default".
std::string name_in_rocksdb(family f) {
  return f == family::meta ? rocksdb::kDefaultColumnFamilyName : name_of(f);
}

/// \throws error newer_version if one is unknown here
std::vector<std::string> families_in(const fs::path& directory, const rocksdb::DBOptions& options) {
  std::vector<std::string> names;
  const auto listed = rocksdb::DB::ListColumnFamilies(options, directory.string(), &names);
  if (!listed.ok()) throw error_of(directory, listed);
  for (const auto& name : names) {
    bool known = false;
    for (std::size_t f = 0; f < families; ++f) {
      known = known || name == name_in_rocksdb(static_cast<family>(f));
    }
    if (!known) {
      throw error_at(directory, error::kind::newer_version,
                     "has a family " + name + ", which a later version of skein must have made");
    }
  }
  return names;
}

/// Files of RocksDB that hold keys: its logs, and with `tables` the files that logs become.
std::set<std::string> files_in(const fs::path& directory, bool tables) {
  std::set<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator at{directory, failure}, end; !failure && at != end;
       at.increment(failure)) {
    const auto extension = at->path().extension();
    if (extension == ".log" || (tables && extension == ".sst")) names.insert(at->path().filename());
  }
  return names;
}

/// While this lives, nobody else has it open.
class held_lock {
 public:
  explicit held_lock(const fs::path& directory) {
    const auto status = environment_->LockFile((directory / "LOCK").string(), &lock_);
    if (!status.ok()) throw error_of(directory, status);
  }
  ~held_lock() { environment_->UnlockFile(lock_); }
  held_lock(const held_lock&) = delete;
  held_lock& operator=(const held_lock&) = delete;

 private:
  rocksdb::Env* environment_ = rocksdb::Env::Default();
  rocksdb::FileLock* lock_ = nullptr;
};

}  // namespace

error error_of(const fs::path& directory, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsIOError() && text.find("LOCK") != std::string::npos) {
    return error_at(directory, error::kind::locked, "another process has it open");
  }
  // What is missing is damage: what may be missing, for example the directory, was checked before.
  const bool is_damage = status.IsCorruption() || status.IsPathNotFound();
  return error_at(directory,
                  status.IsNoSpace() ? error::kind::no_space
                  : is_damage        ? error::kind::corrupted
                                     : error::kind::failed,
                  text);
}

std::shared_ptr<database> database::open(const fs::path& directory, bool create,
                                         std::size_t most_files, rocksdb::WalFilter* filter) {
  rocksdb::DBOptions options = writing_options(directory, most_files);
  options.create_if_missing = create;
  options.create_missing_column_families = true;  // creation may have been cut short
  options.wal_filter = filter;
  std::shared_ptr<database> opened{new database{directory}};
  opened->open_with(options, false);
  return opened;
}

std::shared_ptr<database> database::open_to_read(const fs::path& directory,
                                                 rocksdb::WalFilter* filter) {
  rocksdb::DBOptions options = reading_options();
  options.wal_filter = filter;
  // A log that was deleted meanwhile may be one whose commits were in no other file yet when those
  // were looked at: there would be a hole.
  constexpr int tries = 10;
  for (int tried = 0; tried < tries; ++tried) {
    const auto logs = files_in(directory, false), all = files_in(directory, true);
    try {
      std::shared_ptr<database> opened{new database{directory}};
      opened->open_with(options, true);
      const auto now = files_in(directory, true);
      if (std::includes(now.begin(), now.end(), logs.begin(), logs.end())) return opened;
    } catch (const error&) {
      // A file that is missed may have come and gone.
      if (files_in(directory, true) == all) throw;
    }
  }
  throw error_at(directory, error::kind::unavailable,
                 "is written too fast to be read at the same time");
}

std::optional<std::string> database::format_in(const fs::path& directory) {
  const held_lock lock{directory};
  const rocksdb::DBOptions options = reading_options();
  families_in(directory, options);
  database opened{directory};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  opened.check(rocksdb::DB::OpenForReadOnly(
      options, directory.string(), {{rocksdb::kDefaultColumnFamilyName, options_of(family::meta)}},
      &handles, &db));
  opened.db_.reset(db);
  opened.families_[static_cast<std::size_t>(family::meta)] = handles.front();
  if (const auto format = opened.get(family::meta, format_key)) return format;
  const std::unique_ptr<rocksdb::Iterator> at{db->NewIterator({}, handles.front())};
  at->SeekToFirst();
  if (!at->Valid()) return std::nullopt;
  throw error_at(directory, error::kind::unavailable, "is no store of skein");
}

void database::open_with(rocksdb::DBOptions options, bool read_only) {
  const auto log = std::make_shared<rocksdb_log>();
  options.info_log = log;
  std::vector<std::string> there;
  if (!options.create_if_missing) {
    check_record_files(directory_);
    there = families_in(directory_, options);
  }

  // A store of an earlier version may have fewer families; opening it for writing creates the
  // others.
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  std::vector<family> which;
  for (std::size_t f = 0; f < families; ++f) {
    const auto name = name_in_rocksdb(static_cast<family>(f));
    if (read_only && std::find(there.begin(), there.end(), name) == there.end()) continue;
    which.push_back(static_cast<family>(f));
    wanted.emplace_back(name, options_of(which.back()));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* db = nullptr;
  const auto status =
      read_only ? rocksdb::DB::OpenForReadOnly(options, directory_.string(), wanted, &opened, &db)
                : rocksdb::DB::Open(options, directory_.string(), wanted, &opened, &db);
  const std::string damaged = log->damaged_file();
  check(status.IsCorruption() && !damaged.empty()
            ? rocksdb::Status::Corruption(status.getState() + (" in file " + damaged))
            : status);
  db_.reset(db);
  for (std::size_t i = 0; i != opened.size(); ++i) {
    families_[static_cast<std::size_t>(which[i])] = opened[i];
  }
}

database::~database() {
  if (!db_) return;
  for (auto* handle : families_) {
    if (handle) db_->DestroyColumnFamilyHandle(handle);
  }
}

std::unique_ptr<rocksdb::Iterator> database::walk(family f,
                                                  const rocksdb::ReadOptions& options) const {
  if (!of(f)) return std::unique_ptr<rocksdb::Iterator>{rocksdb::NewEmptyIterator()};
  return std::unique_ptr<rocksdb::Iterator>{db_->NewIterator(options, of(f))};
}

std::optional<std::string> database::get(family f, std::string_view key) const {
  if (!of(f)) return std::nullopt;
  std::string value;
  const auto status = db_->Get({}, of(f), key, &value);
  if (status.IsNotFound()) return std::nullopt;
  check(status);
  return value;
}

std::uint64_t database::bytes_to_flush() const {
  constexpr std::uint64_t beside = 16;  // bytes, of each key and value: their lengths, for example
  constexpr std::uint64_t erased = 40;  // bytes, with the key
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kMemtableTier;
  std::uint64_t bytes = 0;
  for (auto* const family : families_) {
    if (!family) continue;
    const std::unique_ptr<rocksdb::Iterator> at{db_->NewIterator(options, family)};
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      bytes += at->key().size() + at->value().size() + beside;
    }
    for (const auto& property : {rocksdb::DB::Properties::kNumDeletesActiveMemTable,
                                 rocksdb::DB::Properties::kNumDeletesImmMemTables}) {
      std::uint64_t keys = 0;
      if (db_->GetIntProperty(family, property, &keys)) bytes += keys * erased;
    }
  }
  return bytes;
}

void database::check(const rocksdb::Status& status) const {
  if (!status.ok()) throw error_of(directory_, status);
}

}  // namespace skein::store
