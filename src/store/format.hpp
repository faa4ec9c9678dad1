/// How a store says which format it has: in family `meta`, in every engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skein::store {

inline constexpr std::string_view format_key = "format";

/// Grows by one with each change that an earlier version of skein would not understand.
inline constexpr std::uint32_t format_version = 1;

/// 4 bytes, the highest first.
inline std::string encoded_format(std::uint32_t version) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(version >> shift);
  return bytes;
}

/// Nothing if `bytes` is not a version.
inline std::optional<std::uint32_t> decoded_format(std::string_view bytes) {
  if (bytes.size() != 4) return std::nullopt;
  std::uint32_t version = 0;
  for (const char byte : bytes) version = version << 8 | static_cast<unsigned char>(byte);
  if (version == 0) return std::nullopt;
  return version;
}

}  // namespace skein::store
