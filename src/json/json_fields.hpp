/// The fields of a JSON object, read by name: what is missing, wrong, unknown or there twice is
/// kept as an error with its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/field_errors.hpp"
#include "json/json_document.hpp"
#include "json/words.hpp"

namespace skein::api {

/// Where a value is; written out as a JSON pointer only if something is wrong with it.
struct json_place {
  const json_place* in = nullptr;  ///< null: this is the root
  std::string_view name;           ///< in an object
  std::size_t index = 0;           ///< in an array
  bool is_element = false;

  std::string pointer() const;
};

class json_fields {
 public:
  /// `object` may be of any kind: a value that is no object has no fields, and is an error.
  json_fields(json_value& object, const json_place& place, field_errors& errors);

  // Each leaves `to` as it is, and returns false, if there is no such field or it is wrong.

  /// `most` in bytes.
  bool text(std::string_view name, std::size_t most, std::string_view& to);
  bool flag(std::string_view name, bool& to);
  template <class Number>
  bool number(std::string_view name, std::int64_t least, std::int64_t most, Number& to) {
    const auto value = integer(name, least, most);
    if (value) to = static_cast<Number>(*value);
    return value.has_value();
  }
  template <class Enum, std::size_t n>
  bool choice(std::string_view name, const word<Enum> (&words)[n], Enum& to) {
    const auto* const value = of_kind(name, json_value::kinds::text, "a string");
    if (value == nullptr) return false;
    std::string expected;
    for (const auto& w : words) {
      if (w.text == value->text) {
        to = w.value;
        return true;
      }
      expected.append(expected.empty() ? "must be " : ", ").append(w.text);
    }
    return wrong(name, std::move(expected));
  }
  /// Null if there is none, or if it does not have `least`..`most` elements.
  json_value* array(std::string_view name, std::size_t least, std::size_t most);

  /// `name` must be there.
  void need(std::string_view name) {
    if (!has(name)) wrong(name, "is missing");
  }
  /// The value of `name` is wrong, if there is an object at all. Returns false.
  bool wrong(std::string_view name, std::string detail);

  bool has(std::string_view name) const;
  json_place place_of(std::string_view name) const { return {&place_, name}; }
  field_errors& errors() { return errors_; }

  /// Fields that were not asked for are unknown.
  void end();

 private:
  json_value* find(std::string_view name);
  json_value* of_kind(std::string_view name, json_value::kinds kind, std::string_view called);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);

  json_value* const object_;  ///< null: there is none
  const json_place& place_;
  field_errors& errors_;
};

}  // namespace skein::api
