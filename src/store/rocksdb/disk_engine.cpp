#include <rocksdb/convenience.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <stdlib.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

#include "core/expects.hpp"
#include "store/engine.hpp"
#include "store/format.hpp"
#include "store/rocksdb/database.hpp"
#include "store/rocksdb/directory.hpp"
#include "store/rocksdb/rocksdb_options.hpp"
#include "store/rocksdb/verification.hpp"

namespace skein::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t MiB = 1 << 20;

/// The database that is open at present; its users keep it open.
class holder {
 public:
  explicit holder(std::shared_ptr<database> opened) : now_(std::move(opened)) {}

  /// \throws error closed while it is closed, and when it is to be closed
  std::shared_ptr<database> get() const {
    const std::lock_guard lock{mutex_};
    if (!now_ || now_->is_abandoned()) throw error{error::kind::closed, "the store is closed"};
    return now_;
  }

  /// Takes it out, unless something uses it: then it returns false.
  bool close() {
    const std::lock_guard lock{mutex_};
    if (now_) now_->abandon();
    if (now_.use_count() > 1) return false;
    now_.reset();
    return true;
  }

  /// Null when closed.
  std::shared_ptr<database> peek() const {
    const std::lock_guard lock{mutex_};
    return now_;
  }

  void set(std::shared_ptr<database> opened) {
    const std::lock_guard lock{mutex_};
    now_ = std::move(opened);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<database> now_;
};

/// Kept as bytes, since RocksDB's own batch needs families that are open.
class disk_batch : public batch {
 public:
  void put(family f, std::string_view key, std::initializer_list<std::string_view> value) override {
    bytes_.append(key);
    for (const auto part : value) bytes_.append(part);
    add(kind::put, f, key.size());
  }

  void erase(family f, std::string_view key) override {
    bytes_.append(key);
    add(kind::erase, f, key.size());
  }

  void erase_range(family f, std::string_view from, std::string_view to) override {
    if (to <= from) return;
    bytes_.append(from).append(to);
    add(kind::erase_range, f, from.size());
  }

  std::size_t bytes() const override { return bytes_.size(); }

  void clear() override {
    changes_.clear();
    bytes_.clear();
  }

  /// For this database; valid up to the next call.
  rocksdb::WriteBatch& of(const database& db) {
    whole_.Clear();
    std::size_t begin = 0;
    for (const change& c : changes_) {
      const rocksdb::Slice first{bytes_.data() + begin, c.middle - begin};
      const rocksdb::Slice second{bytes_.data() + c.middle, c.end - c.middle};
      begin = c.end;
      auto* const where = db.of(c.where);
      db.check(c.what == kind::put     ? whole_.Put(where, first, second)
               : c.what == kind::erase ? whole_.Delete(where, first)
                                       : whole_.DeleteRange(where, first, second));
    }
    return whole_;
  }

 private:
  enum class kind : std::uint8_t { put, erase, erase_range };
  struct change {
    kind what;
    family where;
    std::size_t middle;  ///< in `bytes_`: end of the key, or of where the range begins
    std::size_t end;
  };

  void add(kind what, family where, std::size_t key) {
    const std::size_t begin = changes_.empty() ? 0 : changes_.back().end;
    changes_.push_back({what, where, begin + key, bytes_.size()});
  }

  std::vector<change> changes_;
  std::string bytes_;
  rocksdb::WriteBatch whole_;
};

class disk_cursor : public cursor {
 public:
  disk_cursor(std::shared_ptr<database> db, family f, reading how)
      : db_(std::move(db)), at_(db_->walk(f, options_of(how))) {}

  void seek(std::string_view key) override {
    refuse_if_abandoned();
    at_->Seek(key);
    check();
  }

  void seek_back(std::string_view key) override {
    refuse_if_abandoned();
    at_->SeekForPrev(key);
    check();
  }

  void next() override {
    refuse_if_abandoned();
    at_->Next();
    check();
  }

  bool valid() const override { return at_->Valid(); }
  std::string_view key() const override {
    core::expects(valid(), "a cursor that is read is at an entry");
    return at_->key().ToStringView();
  }
  std::string_view value() const override {
    core::expects(valid(), "a cursor that is read is at an entry");
    return at_->value().ToStringView();
  }

 private:
  void refuse_if_abandoned() const {
    if (db_->is_abandoned()) {
      throw error_at(db_->directory(), error::kind::closed, "is opened again; so must be cursors");
    }
  }
  void check() const {
    if (!at_->Valid()) db_->check(at_->status());
  }

  std::shared_ptr<database> db_;
  std::unique_ptr<rocksdb::Iterator> at_;
};

/// Skips commits that failed, although all their bytes may be in the log.
class up_to : public rocksdb::WalFilter {
 public:
  explicit up_to(rocksdb::SequenceNumber last) : last_(last) {}

  WalProcessingOption LogRecordFound(unsigned long long, const std::string&,
                                     const rocksdb::WriteBatch& changes, rocksdb::WriteBatch*,
                                     bool*) override {
    return sequence_of(changes) > last_ ? WalProcessingOption::kIgnoreCurrentRecord
                                        : WalProcessingOption::kContinueProcessing;
  }
  const char* Name() const override { return "skein.up_to"; }

 private:
  /// The first 8 bytes of a batch, the lowest first.
  static rocksdb::SequenceNumber sequence_of(const rocksdb::WriteBatch& changes) {
    rocksdb::SequenceNumber number = 0;
    for (int i = 7; i >= 0; --i) {
      number =
          number << 8 | static_cast<unsigned char>(changes.Data()[static_cast<std::size_t>(i)]);
    }
    return number;
  }

  rocksdb::SequenceNumber last_;
};

class disk_engine : public engine {
 public:
  disk_engine(std::shared_ptr<database> opened, const disk_options& options)
      : directory_(opened->directory()),
        read_only_(options.read_only),
        most_files_(options.most_files),
        lock_(identity_of(directory_ / "LOCK")),
        open_(std::move(opened)) {}

  std::unique_ptr<batch> new_batch() override { return std::make_unique<disk_batch>(); }

  void commit(batch& changes, bool sync) override {
    const std::lock_guard one_at_a_time{writing_};
    rocksdb::WriteOptions options;
    options.sync = sync;
    const auto db = open_.get();
    require_sound();
    checked(*db, (*db)->Write(options, &static_cast<disk_batch&>(changes).of(*db)));
  }

  void sync() override {
    const std::lock_guard one_at_a_time{writing_};
    const auto db = open_.get();
    require_sound();
    checked(*db, (*db)->SyncWAL());
  }

  void recover() override {
    const std::lock_guard one_at_a_time{writing_};
    if (!failed_ || read_only_) return;
    require_there();
    look_at_what_was_committed();
    require_room();
    reopen();
    failed_.reset();
    room_wanted_.reset();
  }

  std::optional<std::string> get(family f, std::string_view key) override {
    return open_.get()->get(f, key);
  }

  std::unique_ptr<cursor> walk(family f, reading how) override {
    return std::make_unique<disk_cursor>(open_.get(), f, how);
  }

  void reclaim(family f, std::string_view from, std::string_view to) override {
    if (to <= from) return;
    sync();  // else a crash could undo the erasure, and have files missing
    const auto db = open_.get();
    const rocksdb::Slice first{from};
    const rocksdb::Slice end{to};
    db->check(rocksdb::DeleteFilesInRange(&**db, db->of(f), &first, &end, /*include_end=*/false));
  }

  void backup(const fs::path& directory) override;

  void verify(const std::function<void(const std::string&)>& damaged) override {
    store::verify(*open_.get(), read_only_, damaged);
  }

  std::uint64_t bytes_on_disk() override { return bytes_in(directory_); }

 private:
  void checked(const database& db, const rocksdb::Status& status) {
    try {
      db.check(status);
    } catch (const error& e) {
      failed_ = e;
      throw;
    }
  }

  /// RocksDB may abort the process if its log is synced after it could not be written.
  void require_sound() {
    if (failed_) throw error{*failed_};
    require_there();
  }

  /// Files that were deleted can be written, and even synced.
  void require_there() {
    if (!(identity_of(directory_ / "LOCK") == lock_)) {
      failed_ = error_at(directory_, error::kind::unavailable,
                         "is not there any more, or is another one: it was deleted, moved or "
                         "replaced");
    } else if (identity_of(directory_ / "CURRENT") == file_identity{}) {
      failed_ = error_at(directory_, error::kind::unavailable,
                         "is no store any more: its file CURRENT was deleted");
    } else {
      return;
    }
    throw error{*failed_};
  }

  /// Once after each failure, while that is still open.
  void look_at_what_was_committed() {
    if (room_wanted_) return;
    const auto db = open_.get();
    committed_ = (*db)->GetLatestSequenceNumber();
    const std::uint64_t flushed = db->bytes_to_flush();
    constexpr std::uint64_t new_files = MiB / 4, first_commits = 2 * MiB;
    // A flush frees room in the log, which is more than it takes.
    room_wanted_ = std::max(flushed + flushed / 32 + new_files, first_commits);
  }

  /// What is only in the log is written once more; without room for that, the store would be closed
  /// in vain.
  void require_room() const {
    const auto room = free_room();
    if (!room || *room >= *room_wanted_) return;
    throw error_at(directory_, error::kind::no_space,
                   "there is no room, to go on takes " +
                       std::to_string((*room_wanted_ + MiB - 1) / MiB) + " MiB, there are " +
                       std::to_string(*room / MiB));
  }

  /// Counts also the room that becomes free when files are closed.
  std::optional<std::uint64_t> free_room() const {
    std::error_code failure;
    const auto space = fs::space(directory_, failure);
    if (failure) return std::nullopt;
    return space.available + bytes_reserved_in(directory_, ".log");
  }

  /// DB::Resume would not disturb cursors. But in RocksDB 7.8 it may wait for ever for a flush that
  /// nobody does, or it may succeed and the next write fails: its issues 15030, 11643.
  void reopen() {
    if (!open_.close()) {
      throw error_at(directory_, error::kind::failed, "has to be opened again; cursors are open");
    }
    up_to filter{committed_};
    try {
      auto opened = database::open(directory_, false, most_files_, &filter);
      if ((*opened)->GetLatestSequenceNumber() < committed_) {
        throw error_at(directory_, error::kind::failed, "commits that were not synced are lost");
      }
      open_.set(std::move(opened));
    } catch (const error& e) {
      if (e.what_kind() == error::kind::no_space) open_to_read(filter);
      throw;
    }
  }

  /// It took more room than was expected. Until there is more room than now the store is read-only.
  void open_to_read(up_to& filter) {
    try {
      open_.set(database::open_to_read(directory_, &filter));
      if (const auto room = free_room()) room_wanted_ = *room + MiB;
    } catch (const error&) {
      // It stays closed, and is tried again.
    }
  }

  fs::path directory_;
  bool read_only_;
  std::size_t most_files_;
  file_identity lock_;  ///< of the file that is locked
  holder open_;
  std::mutex writing_;                        ///< of what is below
  std::optional<error> failed_;               ///< a commit or sync has; until it is recovered
  rocksdb::SequenceNumber committed_ = 0;     ///< the last before that
  std::optional<std::uint64_t> room_wanted_;  ///< bytes, to recover; once that was tried
};

void disk_engine::backup(const fs::path& to) {
  const fs::path directory = to.has_filename() ? to : to.parent_path();
  std::error_code unreachable;  // which look_at tells
  if (fs::exists(directory, unreachable) || look_at(directory) != found_there::nothing) {
    throw error_at(directory, error::kind::unavailable, "exists already");
  }
  for (fs::path at = fs::weakly_canonical(fs::absolute(directory)); at.has_relative_path();) {
    at = at.parent_path();
    if (identity_of(at / "LOCK") == lock_) {
      throw error_at(directory, error::kind::unavailable, "is in the store itself");
    }
  }
  // Created in a directory that nobody else can look into, and renamed when it is complete.
  std::string partial = directory.string() + ".XXXXXX";
  if (!::mkdtemp(partial.data())) {
    throw error_at(directory, error::kind::unavailable, "cannot be created");
  }
  try {
    const auto db = open_.get();
    rocksdb::Checkpoint* made = nullptr;
    db->check(rocksdb::Checkpoint::Create(&**db, &made));
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint{made};
    const fs::path copy = fs::path{partial} / "store";
    // The log is copied, however large it is, rather than flushed.
    db->check(
        checkpoint->CreateCheckpoint(copy.string(), std::numeric_limits<std::uint64_t>::max()));
    fs::permissions(copy, fs::perms::owner_all);
    close_to_others(copy);
    fs::rename(copy, directory);
    fs::remove(partial);
    sync_directory(fs::absolute(directory).parent_path());
  } catch (const fs::filesystem_error& failure) {
    std::error_code ignored;
    fs::remove_all(partial, ignored);
    throw error_at(directory, error::kind::unavailable, failure.code().message());
  } catch (const error&) {
    std::error_code ignored;
    fs::remove_all(partial, ignored);
    throw;
  }
}

bool is_empty(const database& db) {
  for (std::size_t f = 0; f < families; ++f) {
    const auto at = db.walk(static_cast<family>(f), {});
    at->SeekToFirst();
    db.check(at->status());
    if (at->Valid()) return false;
  }
  return true;
}

void write_format(database& db) {
  rocksdb::WriteOptions options;
  options.sync = true;
  db.check(db->Put(options, db.of(family::meta), format_key, encoded_format(format_version)));
}

void check_format(const fs::path& directory, std::string_view stored) {
  const auto version = decoded_format(stored);
  if (!version) throw error_at(directory, error::kind::corrupted, "has no format version");
  if (*version > format_version) {
    throw error_at(directory, error::kind::newer_version,
                   "has format " + std::to_string(*version) +
                       ", this version of skein knows up to " + std::to_string(format_version));
  }
}

void check_format(database& db, bool read_only) {
  const auto stored = db.get(family::meta, format_key);
  if (stored) return check_format(db.directory(), *stored);
  if (read_only || !is_empty(db)) {
    throw error_at(db.directory(), error::kind::unavailable, "is no store of skein");
  }
  write_format(db);
}

/// Opening a store for writing changes it. What is no store, or one of a later version, is left as
/// it is.
void check_before_writing(const fs::path& directory) {
  try {
    if (const auto stored = database::format_in(directory)) check_format(directory, *stored);
  } catch (const error& e) {
    // If there is damage, opening it says more.
    if (e.what_kind() != error::kind::corrupted) throw;
  }
}

}  // namespace

std::unique_ptr<engine> open_disk(const disk_options& options) {
  const auto& directory = options.directory;
  const bool may_create = options.create && !options.read_only;
  const auto found = look_at(directory);
  if (found != found_there::store && !may_create) {
    throw error_at(directory, error::kind::unavailable,
                   found == found_there::nothing ? "does not exist" : "is no store");
  }
  if (found == found_there::nothing) make_directory(directory);
  if (!options.read_only) require_writable(directory);
  if (!options.read_only && found == found_there::store) check_before_writing(directory);
  auto opened = options.read_only
                    ? database::open_to_read(directory)
                    : database::open(directory, found != found_there::store, options.most_files);
  check_format(*opened, options.read_only);
  return std::make_unique<disk_engine>(std::move(opened), options);
}

}  // namespace skein::store
