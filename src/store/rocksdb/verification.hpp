/// Reads a store from its first byte to its last.
#pragma once

#include <functional>
#include <string>

#include "store/rocksdb/database.hpp"

namespace skein::store {

/// Calls `damaged` for each file or family in which something is wrong. Takes as much memory as it
/// takes to open the store a second time.
/// \param read_only  another process may write meanwhile
/// \throws error if it cannot be read for another reason than damage
void verify(database& db, bool read_only, const std::function<void(const std::string&)>& damaged);

}  // namespace skein::store
