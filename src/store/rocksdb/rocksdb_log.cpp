#include "store/rocksdb/rocksdb_log.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace skein::store {

void rocksdb_log::Logv(const char* format, va_list arguments) {
  // [<level>] [<place in RocksDB>] <file>: dropping <n> bytes; <why>
  constexpr std::string_view mark = ": dropping ";
  if (std::string_view{format}.find(mark) == std::string_view::npos) return;
  std::array<char, 4096> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string_view file{text.data()};
  file = file.substr(0, file.find(mark));
  while (!file.empty() && file.front() == '[' && file.find("] ") != file.npos) {
    file.remove_prefix(file.find("] ") + 2);
  }
  const std::lock_guard lock{mutex_};
  if (damaged_file_.empty()) damaged_file_ = file;
}

std::string rocksdb_log::damaged_file() const {
  const std::lock_guard lock{mutex_};
  return damaged_file_;
}

}  // namespace skein::store
