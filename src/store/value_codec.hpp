/// What the values of all families have in common: a version, numbers, a checksum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace skein::store {

/// The version of most values; see layout.hpp.
inline constexpr std::uint8_t value_version = 1;

/// Appends to `to`, the highest byte first: for keys.
template <class T>
void append_big(std::string& to, T value) {
  for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8) {
    to.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

/// Reads the number at the end of `from`, which is at least as long.
template <class T>
T big_at_end(std::string_view from) {
  T value = 0;
  for (const char c : from.substr(from.size() - sizeof(T))) {
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(c));
  }
  return value;
}

/// Appends to `to`, the lowest byte first: for values.
template <class T>
void append_little(std::string& to, T value) {
  const auto bits = static_cast<std::make_unsigned_t<T>>(value);
  for (std::size_t i = 0; i != sizeof(T); ++i) {
    to.push_back(static_cast<char>(static_cast<unsigned char>(bits >> (8 * i))));
  }
}

/// LEB128.
void append_varint(std::string& to, std::uint64_t value);

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

/// \throws error corrupted, with a text that names the key in hexadecimal
[[noreturn]] void damaged(const char* what, std::string_view key, const char* why);

/// \throws error newer_version, with such a text
[[noreturn]] void written_later(const char* what, std::string_view key);

/// XXH3 of `rest`; the seed is XXH3 of the key and of `head`.
std::uint64_t checksum(std::string_view key, std::string_view head, std::string_view rest = {});

/// The version, and this many zeros.
std::string begin_value(std::size_t zeros, std::uint8_t version = value_version);

/// `value`, followed by its checksum.
std::string with_checksum(std::string_view key, std::string value);

/// Reads a value from front to back. Every call may throw store::error: `corrupted`, or
/// `newer_version` at once if the value is of a later version.
class reader {
 public:
  /// \param newest  of its versions, from 1
  reader(const char* what, std::string_view key, std::string_view value,
         std::uint8_t newest = value_version);

  std::uint8_t version() const { return version_; }

  template <class T>
  T read() {
    if (value_.size() - at_ < sizeof(T)) fail("it is too short");
    std::make_unsigned_t<T> bits = 0;
    for (std::size_t i = 0; i != sizeof(T); ++i) {
      const std::uint64_t byte = static_cast<unsigned char>(value_[at_ + i]);
      bits = static_cast<std::make_unsigned_t<T>>(bits | byte << (8 * i));
    }
    at_ += sizeof(T);
    return static_cast<T>(bits);
  }

  void skip_zeros(std::size_t n);
  std::uint64_t read_varint();
  /// \throws error corrupted if it is more than `most`
  std::uint64_t read_varint(std::uint64_t most);
  std::string_view read_bytes(std::uint64_t count);
  /// The checksum is here; returns the rest after it.
  std::string_view checked_rest();
  /// The checksum is here, and nothing comes after it.
  void check_all();

  bool ended() const { return at_ == value_.size(); }

  [[noreturn]] void fail(const char* why) const { damaged(what_, key_, why); }

 private:
  const char* what_;
  std::string_view key_;
  std::string_view value_;
  std::size_t at_ = 0;
  std::uint8_t version_;
};

}  // namespace skein::store
