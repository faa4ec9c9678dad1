/// JSON, read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

namespace skein::api {

/// A value, followed in memory by what is in it.
struct json_value {
  enum class kinds : std::uint8_t { null, flag, integer, fraction, text, array, object };

  kinds kind = kinds::null;
  bool flag = false;
  bool taken = false;        ///< for the reader to use
  std::uint32_t span = 1;    ///< values: this one, and those in it at any depth
  std::int64_t integer = 0;  ///< the nearest there is, if it is too large; 1.0 and 1e3 are integers
  std::string_view name;     ///< in its object
  std::string_view text;

  /// The values of an array, or of an object in their order, also those of one name.
  json_value* begin() { return this + 1; }
  json_value* end() { return this + span; }
};

/// One text of JSON (RFC 8259) as a tree: UTF-8, nesting no deeper than 32. It holds views of the
/// text, and of itself.
class json_document {
 public:
  json_document() = default;
  json_document(const json_document&) = delete;
  json_document& operator=(const json_document&) = delete;

  /// To be called once. Returns what is wrong, for people; empty: nothing.
  std::string read(std::string_view text, std::size_t most_values);

  /// The value of `text`, once it was read.
  json_value& root() { return values_.front(); }

 private:
  class reader;

  std::array<std::byte, 2048> first_;
  std::pmr::monotonic_buffer_resource memory_{first_.data(), first_.size()};
  std::pmr::vector<json_value> values_{&memory_};
  std::string unescaped_;
};

/// The next one of those in an array or object.
inline json_value* behind(json_value* v) {
  return v + v->span;
}

}  // namespace skein::api
