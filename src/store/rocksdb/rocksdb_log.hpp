/// The log of messages that RocksDB writes.
#pragma once

#include <rocksdb/env.h>

#include <mutex>
#include <string>

namespace skein::store {

/// Drops everything, but remembers which file of the write-ahead log was damaged: RocksDB says it
/// only here. By default RocksDB writes to a file of its own; then a full disk would end the
/// process if RocksDB was built with assertions.
class rocksdb_log : public rocksdb::Logger {
 public:
  rocksdb_log() : Logger(rocksdb::WARN_LEVEL) {}

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override;

  /// Its path; empty if there was none.
  std::string damaged_file() const;

 private:
  mutable std::mutex mutex_;
  std::string damaged_file_;
};

}  // namespace skein::store
