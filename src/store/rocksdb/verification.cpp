#include "store/rocksdb/verification.hpp"

#include <rocksdb/metadata.h>
#include <rocksdb/sst_file_reader.h>

#include <vector>

#include "store/rocksdb/directory.hpp"
#include "store/rocksdb/rocksdb_options.hpp"

namespace skein::store {
namespace {

/// While it lives, RocksDB deletes no file.
class file_keeper {
 public:
  explicit file_keeper(database& db) : db_(db) { db_.check(db_->DisableFileDeletions()); }
  ~file_keeper() { db_->EnableFileDeletions(/*force=*/false).PermitUncheckedError(); }
  file_keeper(const file_keeper&) = delete;
  file_keeper& operator=(const file_keeper&) = delete;

 private:
  database& db_;
};

class verification {
 public:
  explicit verification(const std::function<void(const std::string&)>& damaged)
      : damaged_(damaged) {}

  /// Reads what is only read when a store is opened: CURRENT, the manifest and the log. Null if
  /// they are damaged.
  std::shared_ptr<database> open_again(const database& db) {
    const auto committed = db->GetLatestSequenceNumber();
    try {
      auto again = database::open_to_read(db.directory());
      if ((*again)->GetLatestSequenceNumber() < committed) {
        report(db.directory().string() + ": the end of the write-ahead log is missing");
      }
      return again;
    } catch (const error& refused) {
      if (refused.what_kind() != error::kind::corrupted) throw;
      report(refused.what());
      return nullptr;
    }
  }

  void check_files(const database& db) {
    std::vector<rocksdb::LiveFileMetaData> files;
    db->GetLiveFilesMetaData(&files);
    for (const auto& file : files) {
      const std::filesystem::path path = file.db_path + file.name;
      rocksdb::SstFileReader reader{{db->GetDBOptions(), options_of(family::log)}};
      auto status = reader.Open(path.string());
      if (status.ok()) status = reader.VerifyChecksum();
      // Another process may have merged it into others.
      if (!status.ok() && std::filesystem::exists(path)) {
        report(path.string() + ": " + status.ToString());
      }
    }
  }

  void read_all(const database& db) {
    for (std::size_t f = 0; f < families; ++f) {
      const auto which = static_cast<family>(f);
      const auto at = db.walk(which, options_of(reading::many));
      for (at->SeekToFirst(); at->Valid(); at->Next()) {
      }
      if (!at->status().ok()) {
        report(db.directory().string() + ": family " + name_of(which) + ": " +
               at->status().ToString());
      }
    }
  }

  bool clean() const { return clean_; }

 private:
  void report(const std::string& text) {
    clean_ = false;
    damaged_(text);
  }

  const std::function<void(const std::string&)>& damaged_;
  bool clean_ = true;
};

}  // namespace

void verify(database& db, bool read_only, const std::function<void(const std::string&)>& damaged) {
  std::optional<file_keeper> keeper;
  if (!read_only) keeper.emplace(db);
  verification made{damaged};
  const auto again = made.open_again(db);
  const database& whole = again ? *again : db;
  made.check_files(whole);
  if (made.clean()) made.read_all(whole);  // else the same would be reported again
}

}  // namespace skein::store
