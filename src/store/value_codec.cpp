#include "store/value_codec.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <utility>

#include "store/engine.hpp"

namespace skein::store {

namespace {

std::string hex(std::string_view key) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : key) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

}  // namespace

void append_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>(value | 0x80));
  to.push_back(static_cast<char>(value));
}

void damaged(const char* what, std::string_view key, const char* why) {
  throw error{error::kind::corrupted,
              std::string{what} + " with the key " + hex(key) + " is damaged: " + why};
}

void written_later(const char* what, std::string_view key) {
  throw error{error::kind::newer_version,
              std::string{what} + " with the key " + hex(key) + " was written by a later version"};
}

std::uint64_t checksum(std::string_view key, std::string_view head, std::string_view rest) {
  std::string start{key};
  start += head;
  return XXH3_64bits_withSeed(rest.data(), rest.size(), XXH3_64bits(start.data(), start.size()));
}

std::string begin_value(std::size_t zeros, std::uint8_t version) {
  std::string value(1, static_cast<char>(version));
  value.append(zeros, '\0');
  return value;
}

std::string with_checksum(std::string_view key, std::string value) {
  append_little(value, checksum(key, value));
  return value;
}

reader::reader(const char* what, std::string_view key, std::string_view value, std::uint8_t newest)
    : what_(what), key_(key), value_(value), version_(read<std::uint8_t>()) {
  if (version_ > newest) written_later(what, key);
  if (version_ == 0) fail("its version is unknown");
}

void reader::skip_zeros(std::size_t n) {
  while (n-- != 0) {
    if (read<std::uint8_t>() != 0) fail("a byte that must be zero is not");
  }
}

std::uint64_t reader::read_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = read<std::uint8_t>();
    value |= std::uint64_t{byte & 0x7Fu} << shift;
    if (byte < 0x80) return value;
  }
  fail("a number has no end");
}

std::uint64_t reader::read_varint(std::uint64_t most) {
  const std::uint64_t value = read_varint();
  if (value > most) fail("a number is too large");
  return value;
}

std::string_view reader::read_bytes(std::uint64_t count) {
  if (value_.size() - at_ < count) fail("it is too short");
  const std::string_view bytes = value_.substr(at_, static_cast<std::size_t>(count));
  at_ += bytes.size();
  return bytes;
}

std::string_view reader::checked_rest() {
  const std::string_view head = value_.substr(0, at_);
  const auto expected = read<std::uint64_t>();
  const std::string_view all = value_.substr(at_);
  if (checksum(key_, head, all) != expected) fail("its checksum is wrong");
  return all;
}

void reader::check_all() {
  if (!checked_rest().empty()) fail("it is too long");
}

}  // namespace skein::store
