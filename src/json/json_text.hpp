/// JSON, written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace skein::api {

enum class json_escapes : std::uint8_t {
  few,    ///< only what has to be, and what a terminal acts on (core/visible_text)
  as_go,  ///< as Go's encoding/json: < > & U+2028 U+2029 too, so that HTML may hold it
};

/// In quotes. Bytes that are no UTF-8 become U+FFFD.
void append_json_text(std::string& out, std::string_view text, json_escapes escapes);

/// No fewer bytes than `append_json_text` appends for `text`, whatever the escapes.
std::size_t json_text_size(std::string_view text);

/// Appends a value to a string, compact: takes care of quotes and commas.
class json_writer {
 public:
  explicit json_writer(std::string& out) : out_{out} {}

  json_writer& begin_object() { return begin('{'); }
  json_writer& end_object() { return end('}'); }
  json_writer& begin_array() { return begin('['); }
  json_writer& end_array() { return end(']'); }

  /// The name of the next member; plain ASCII.
  json_writer& name(std::string_view name);

  json_writer& text(std::string_view value);
  /// Digits in quotes: JavaScript's numbers have 53 bits.
  json_writer& id(std::uint64_t value);
  json_writer& flag(bool value);
  template <class Integer>
  json_writer& number(Integer value) {
    static_assert(std::is_integral_v<Integer>);
    if constexpr (std::is_signed_v<Integer>) {
      return signed_number(value);
    } else {
      return unsigned_number(value);
    }
  }

 private:
  json_writer& begin(char bracket);
  json_writer& end(char bracket);
  json_writer& signed_number(std::int64_t value);
  json_writer& unsigned_number(std::uint64_t value);
  void separate();

  std::string& out_;
  bool comma_ = false;  ///< before the next value or name
};

}  // namespace skein::api
