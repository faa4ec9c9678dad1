#include "store/rocksdb/rocksdb_options.hpp"

#include <fcntl.h>
#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <unistd.h>

namespace skein::store {
namespace {

constexpr std::size_t KiB = 1024;
constexpr std::size_t MiB = 1024 * KiB;

/// Not every file system can: some temporary and network ones cannot.
bool writes_directly(const std::filesystem::path& directory) {
  const int file = ::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_DIRECT | O_CLOEXEC, 0600);
  if (file < 0) return false;
  ::close(file);
  return true;
}

/// RocksDB would try again by itself, which is not safe: see `recover` of the engine.
class no_recovery_of_its_own : public rocksdb::EventListener {
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* by_itself) override {
    *by_itself = false;
  }
};

rocksdb::DBOptions common_options() {
  rocksdb::DBOptions options;
  options.paranoid_checks = true;
  // What a crash tore off at the end is no damage; everything else is.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

}  // namespace

rocksdb::DBOptions writing_options(const std::filesystem::path& directory, std::size_t most_files) {
  rocksdb::DBOptions options = common_options();
  options.db_write_buffer_size = 80 * MiB;  // of all families
  // Families that are seldom written would keep every log until they are flushed. Up to this much
  // is read when a store is opened after a crash.
  options.max_total_wal_size = 128 * MiB;
  options.max_open_files = static_cast<int>(most_files);
  options.max_manifest_file_size = 4 * MiB;
  options.manifest_preallocation_size = 64 * KiB;
  options.max_background_jobs = 2;
  options.allow_concurrent_memtable_write = false;  // one thread at a time writes
  options.avoid_unnecessary_blocking_io = true;     // files are deleted in the background
  // This leaves the page cache to other files, and takes a tenth less CPU at 100 MB/s.
  options.use_direct_io_for_flush_and_compaction = writes_directly(directory);
  options.max_bgerror_resume_count = 0;
  options.listeners = {std::make_shared<no_recovery_of_its_own>()};
  return options;
}

rocksdb::DBOptions reading_options() {
  rocksdb::DBOptions options = common_options();
  // Files that the writer deletes stay readable while they are open here.
  options.max_open_files = -1;
  return options;
}

rocksdb::ColumnFamilyOptions options_of(family f) {
  static const auto cache = rocksdb::NewLRUCache(24 * MiB);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;  // else they have no bound
  table.pin_l0_filter_and_index_blocks_in_cache = true;

  rocksdb::ColumnFamilyOptions options;
  // No family is compressed: CPU costs more than room, and any build of RocksDB opens the store.
  options.compression = rocksdb::kNoCompression;
  options.level_compaction_dynamic_level_bytes = true;
  options.max_write_buffer_number = 2;
  if (f == family::log) {
    // Large values in the order of their keys: files are moved from level to level, not merged.
    options.write_buffer_size = 32 * MiB;
    table.block_size = 32 * KiB;
  } else if (f == family::message) {
    // Keys are put, read in order, and erased; no absent key is ever looked for.
    options.write_buffer_size = 16 * MiB;
    table.block_size = 16 * KiB;
  } else {
    options.write_buffer_size = 8 * MiB;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));  // bits a key: 1 % are wrong
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::ReadOptions options_of(reading how) {
  rocksdb::ReadOptions options;
  options.background_purge_on_iterator_cleanup = true;
  if (how == reading::many) {
    options.readahead_size = 1 * MiB;
    options.fill_cache = false;
  }
  return options;
}

}  // namespace skein::store
