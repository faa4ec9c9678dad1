#pragma once

#include <string_view>

#include "io/http.hpp"
#include "json/json_text.hpp"

namespace skein::api {

/// `members` appends those of the body by a `json_writer&`.
template <class Members>
io::http_response json_response(unsigned status, Members&& members) {
  io::http_response response;
  response.status = status;
  response.content_type = "application/json";
  json_writer out{response.body};
  out.begin_object();
  members(out);
  out.end_object();
  response.body += '\n';
  return response;
}

template <class List, class Write>
void write_array(json_writer& out, std::string_view name, const List& list, Write&& write) {
  out.name(name).begin_array();
  for (const auto& element : list) write(element);
  out.end_array();
}

}  // namespace skein::api
