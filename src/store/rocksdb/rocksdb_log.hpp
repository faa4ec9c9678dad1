/// What RocksDB has to say.
#pragma once

#include <rocksdb/env.h>

#include <mutex>
#include <string>

namespace skein::store {

/// Drops everything, but remembers which file of the write-ahead log was damaged: RocksDB tells it
/// here only. In a file of its own, which is what it does by default, a full disk would end the
/// process where RocksDB was built with assertions.
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
