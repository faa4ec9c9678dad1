#include "store/events/log_format.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include "store/engine.hpp"

namespace skein::store {
namespace {

namespace fs = std::filesystem;

/// https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format: checksum (4 bytes), length
/// (2), type (1), each the lowest byte first. What is left of a block may be too short for a
/// header.
constexpr std::size_t block_size = 32 * 1024;
constexpr std::size_t header_size = 7;
/// 1 to 4; higher types are in files that are used again, or compressed.
constexpr unsigned char last_type = 4;

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    value = value << 8 | static_cast<unsigned char>(*byte);
  }
  return value;
}

/// CRC-32C, byte by byte.
class checksum {
 public:
  void add(char byte) {
    remainder_ ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) {
      remainder_ = (remainder_ >> 1) ^ ((remainder_ & 1) != 0 ? 0x82F63B78u : 0u);
    }
  }
  /// As it is stored, so that a checksum of data with checksums is not the same one (from LevelDB).
  std::uint32_t masked() const {
    const std::uint32_t value = ~remainder_;
    return ((value >> 15) | (value << 17)) + 0xA282EAD8u;
  }

 private:
  std::uint32_t remainder_ = 0xFFFFFFFFu;
};

bool is_damaged(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string block(block_size, '\0');
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    if (has_hidden_damage(
            std::string_view{block}.substr(0, static_cast<std::size_t>(in.gcount())))) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool has_hidden_damage(std::string_view block) {
  while (block.size() >= header_size) {
    const std::uint32_t stored = number(block.substr(0, 4));
    const std::size_t length = number(block.substr(4, 2));
    const char type = block[6];
    if (static_cast<unsigned char>(type) > last_type) return true;
    block.remove_prefix(header_size);
    if (length <= block.size()) {
      block.remove_prefix(length);
      continue;
    }
    checksum computed;
    computed.add(type);
    for (const char byte : block) {
      if (computed.masked() == stored) return true;
      computed.add(byte);
    }
    return computed.masked() == stored;
  }
  return false;
}

void check_record_files(const fs::path& directory) {
  std::error_code failure;
  for (fs::directory_iterator at{directory, failure}, end; !failure && at != end;
       at.increment(failure)) {
    const fs::path& file = at->path();
    const bool has_records =
        file.extension() == ".log" || file.filename().string().rfind("MANIFEST-", 0) == 0;
    if (has_records && is_damaged(file)) {
      throw error{error::kind::corrupted, file.string() + ": the header of a record is damaged"};
    }
  }
}

}  // namespace skein::store
