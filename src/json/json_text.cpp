#include "json/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/utf8.hpp"
#include "core/visible_text.hpp"

namespace skein::api {
namespace {

using namespace std::string_view_literals;

/// Whether a byte may have to be escaped.
using byte_table = std::array<bool, 256>;

constexpr byte_table table_of(std::string_view special) {
  byte_table table{};
  for (std::size_t i = 0; i != table.size(); ++i) table[i] = i < 0x20 || i >= 0x80;
  for (const char c : special) table[static_cast<unsigned char>(c)] = true;
  return table;
}

constexpr byte_table special_few = table_of("\"\\\x7f");
constexpr byte_table special_go = table_of("\"\\<>&");

/// Appends the first character of `rest`; returns its size.
std::size_t append_special(std::string& out, std::string_view rest, json_escapes escapes) {
  const char c = rest.front();
  switch (c) {
    case '"':
      out += "\\\"";
      return 1;
    case '\\':
      out += "\\\\";
      return 1;
    case '\n':
      out += "\\n";
      return 1;
    case '\r':
      out += "\\r";
      return 1;
    case '\t':
      out += "\\t";
      return 1;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x80) {
    constexpr char digits[] = "0123456789abcdef";
    out += "\\u00";
    out += digits[c >> 4];
    out += digits[c & 0xF];
    return 1;
  }
  const std::size_t size = core::utf8_character(rest);
  if (size == 0) {
    out += "\\ufffd";
    return 1;
  }
  const auto character = rest.substr(0, size);
  if (escapes == json_escapes::as_go && character == "\u2028"sv) {
    out += "\\u2028";
  } else if (escapes == json_escapes::as_go && character == "\u2029"sv) {
    out += "\\u2029";
  } else if (escapes == json_escapes::few) {
    core::append_visible(out, character);
  } else {
    out += character;
  }
  return size;
}

template <class Integer>
void append_digits(std::string& out, Integer value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

}  // namespace

void append_json_text(std::string& out, std::string_view text, json_escapes escapes) {
  const byte_table& special = escapes == json_escapes::as_go ? special_go : special_few;
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain != text.size() && !special[static_cast<unsigned char>(text[plain])]) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (!text.empty()) text.remove_prefix(append_special(out, text, escapes));
  }
  out += '"';
}

std::size_t json_text_size(std::string_view text) {
  std::size_t size = 2;
  while (!text.empty()) {
    const char c = text.front();
    const auto byte = static_cast<unsigned char>(c);
    if (!special_go[byte] && !special_few[byte]) {
      ++size;
      text.remove_prefix(1);
      continue;
    }
    const bool short_escape = std::string_view{"\"\\\n\r\t"}.find(c) != std::string_view::npos;
    const std::size_t bytes = std::max<std::size_t>(core::utf8_character(text), 1);
    const bool as_it_is = bytes > 1 && core::is_visible(text.substr(0, bytes));
    size += short_escape ? 2 : as_it_is ? bytes : 6;
    text.remove_prefix(bytes);
  }
  return size;
}

json_writer& json_writer::name(std::string_view name) {
  separate();
  out_ += '"';
  out_ += name;
  out_ += "\":";
  comma_ = false;
  return *this;
}

json_writer& json_writer::text(std::string_view value) {
  separate();
  append_json_text(out_, value, json_escapes::few);
  return *this;
}

json_writer& json_writer::id(std::uint64_t value) {
  separate();
  out_ += '"';
  append_digits(out_, value);
  out_ += '"';
  return *this;
}

json_writer& json_writer::flag(bool value) {
  separate();
  out_ += value ? "true"sv : "false"sv;
  return *this;
}

json_writer& json_writer::signed_number(std::int64_t value) {
  separate();
  append_digits(out_, value);
  return *this;
}

json_writer& json_writer::unsigned_number(std::uint64_t value) {
  separate();
  append_digits(out_, value);
  return *this;
}

json_writer& json_writer::begin(char bracket) {
  separate();
  out_ += bracket;
  comma_ = false;
  return *this;
}

json_writer& json_writer::end(char bracket) {
  out_ += bracket;
  comma_ = true;
  return *this;
}

void json_writer::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}

}  // namespace skein::api
