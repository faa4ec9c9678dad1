/// How RocksDB is set up for what skein keeps in it.
#pragma once

#include <rocksdb/options.h>

#include "store/engine.hpp"

namespace skein::store {

/// For writing: memtables and caches together stay below some 120 MiB.
/// \pre `directory` exists.
rocksdb::DBOptions writing_options(const std::filesystem::path& directory, std::size_t most_files);

/// For reading while another process writes.
rocksdb::DBOptions reading_options();

rocksdb::ColumnFamilyOptions options_of(family f);

rocksdb::ReadOptions options_of(reading how);

}  // namespace skein::store
