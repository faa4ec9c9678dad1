/// Targets of requests: paths and queries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/field_errors.hpp"

namespace skein::api {

/// Whether two hexadecimal digits follow every `%`.
bool is_well_encoded(std::string_view text);

/// \pre is_well_encoded(text)
std::string percent_decoded(std::string_view text);

/// As one segment of a path.
void append_percent_encoded(std::string& out, std::string_view text);

/// The number that the digits say, and nothing else: no sign, no blank, no zero in front.
std::optional<std::uint64_t> number_in(std::string_view digits);

/// The parameters of a query, read by name: what is wrong, unknown or there twice is kept as an
/// error. A `+` is a plus.
class query_fields {
 public:
  /// \pre is_well_encoded(query)
  query_fields(std::string_view query, field_errors& errors);

  // Each leaves `to` as it is, and returns false, if there is no such parameter or it is wrong.

  /// `most` in bytes.
  bool text(std::string_view name, std::size_t most, std::string& to);
  template <class Number>
  bool number(std::string_view name, std::uint64_t least, std::uint64_t most, Number& to) {
    const auto value = integer(name, least, most);
    if (value) to = static_cast<Number>(*value);
    return value.has_value();
  }

  /// The value of `name` is wrong. Returns false.
  bool wrong(std::string_view name, std::string detail);

  /// What was not asked for is unknown.
  void end();

 private:
  struct parameter {
    std::string name;
    std::string value;
    bool taken = false;
  };

  parameter* find(std::string_view name);
  std::optional<std::uint64_t> integer(std::string_view name, std::uint64_t least,
                                       std::uint64_t most);

  std::vector<parameter> parameters_;
  field_errors& errors_;
};

}  // namespace skein::api
