/// Problem details (RFC 9457): how everything but gophermq's calls says that something went wrong.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "calls/calls.hpp"
#include "io/http.hpp"
#include "json/field_errors.hpp"
#include "json/json_text.hpp"

namespace skein::api {

struct problem_kind {
  unsigned status = 500;
  std::string_view type;  ///< a reference; does not change
  std::string_view title;
};

/// Without a type of its own: titled as the status is called.
problem_kind plain_problem(unsigned status);

const problem_kind& problem_of(refused::reason why);

inline constexpr problem_kind partly_refused{409, "/problems/partly-refused",
                                             "Some of the messages were refused"};
inline constexpr problem_kind not_settled{409, "/problems/not-settled",
                                          "Some of the leases were not there any more"};

/// `members` appends further ones by a `json_writer&`.
template <class Members>
io::http_response problem_response(const problem_kind& kind, std::string_view detail,
                                   Members&& members) {
  io::http_response response;
  response.status = kind.status;
  response.content_type = "application/problem+json";
  json_writer out{response.body};
  out.begin_object();
  out.name("type").text(kind.type);
  out.name("title").text(kind.title);
  out.name("status").number(kind.status);
  if (!detail.empty()) out.name("detail").text(detail);
  std::forward<Members>(members)(out);
  out.end_object();
  response.body += '\n';
  return response;
}

inline io::http_response problem_response(const problem_kind& kind, std::string_view detail) {
  return problem_response(kind, detail, [](json_writer&) {});
}

/// Fields of a request are wrong. \pre there are some
io::http_response invalid_request(const field_errors& errors);

/// Nothing of a request can be read.
io::http_response invalid_request(std::string_view detail);

}  // namespace skein::api
