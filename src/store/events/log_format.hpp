/// Finds damage in the record files of RocksDB, its write-ahead logs and manifests, that RocksDB
/// takes for the end that a crash tore off.
///
/// The checksum of a record is of its bytes and its type, not of its length. A length that goes
/// beyond the end of the file looks as if the rest was never written, and some types as if the
/// record was of a file that had the name before. RocksDB would drop the record with all behind it,
/// and delete the files that a manifest so cut no longer names.
#pragma once

#include <filesystem>
#include <string_view>

namespace skein::store {

/// \param block  32 KiB, or less at the end of the file
/// \return whether it has a record of a type that is never written, or ends in one that was whole
///         before its length was damaged: its checksum fits the first of the bytes that are there
bool has_hidden_damage(std::string_view block);

/// Reads all such files.
/// \throws error corrupted, with the file
void check_record_files(const std::filesystem::path& directory);

}  // namespace skein::store
