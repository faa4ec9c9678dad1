/// Which requests there are. What a path allows, and what is unknown, follows from this table.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "doors/http/api/http_api.hpp"
#include "json/field_errors.hpp"

namespace skein::api {

struct incoming;

/// The segments of a path; none, if they are more than any route has.
struct path_segments {
  static constexpr std::size_t most = 7;

  std::array<std::string_view, most> at{};
  std::size_t count = 0;

  constexpr explicit path_segments(std::string_view path) {
    while (!path.empty() && path.front() == '/') {
      path.remove_prefix(1);
      if (count == most) {
        count = 0;
        return;
      }
      const auto size = path.find('/');
      at[count++] = path.substr(0, size);
      path.remove_prefix(size == path.npos ? path.size() : size);
    }
  }
};

struct route {
  io::http_method method;  ///< `get` stands for `head`, too
  std::string_view pattern;
  endpoint to;
  outcome (*read)(incoming&);
  path_segments segments{pattern};
};

constexpr bool is_parameter(std::string_view segment) {
  return segment.front() == '{';
}

/// A parameter matches whatever is not empty.
bool matches(const route& r, const path_segments& path);

/// A request, and the route it has taken.
struct incoming {
  const io::http_request& http;
  const settings& with;
  const route& by;
  std::array<std::string_view, 2> parameters{};  ///< of the path, decoded
  field_errors errors{};
};

struct route_list {
  const route* first;
  const route* last;

  const route* begin() const { return first; }
  const route* end() const { return last; }
};

route_list routes();

}  // namespace skein::api
