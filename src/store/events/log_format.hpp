/// Finds damage in the record files of RocksDB, its write-ahead logs and manifests, that RocksDB
/// takes for the end that a crash tore off.
///
/// The checksum of a record covers its bytes and its type, not its length. A length that goes
/// beyond the end of the file looks as if the rest was never written, and some types look as if the
/// record belonged to an earlier file of the same name. RocksDB would drop the record with
/// everything after it, and delete the files that such a shortened manifest no longer names.
#pragma once

#include <filesystem>
#include <string_view>

namespace skein::store {

/// \param block  32 KiB, or less at the end of the file
/// \return whether it has a record of a type that is never written, or ends in a record that was
/// complete before its length was damaged: its checksum fits the first part of the bytes that are
/// there
bool has_hidden_damage(std::string_view block);

/// Reads all such files.
/// \throws error corrupted, with the file
void check_record_files(const std::filesystem::path& directory);

}  // namespace skein::store
