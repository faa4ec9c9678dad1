#include "doors/http/api/problem.hpp"

#include <array>

#include "doors/http/api/json_response.hpp"
#include "io/http_writer.hpp"

namespace skein::api {
namespace {

constexpr problem_kind invalid{400, "/problems/invalid-request", "The request is not valid"};

/// In the order of `refused::reason`.
constexpr std::array<problem_kind, 17> refusals{{
    {404, "/problems/no-such-topic", "There is no such topic"},
    {404, "/problems/no-such-subscriber", "There is no such subscriber"},
    {404, "/problems/no-subscribers", "The topic has no subscribers"},
    {429, "/problems/overflow", "A subscriber has too many messages pending"},
    {429, "/problems/too-many-delayed", "The topic has too many delayed messages"},
    {400, "/problems/no-such-priority", "The topic has no such priority"},
    {429, "/problems/no-room", "The daemon keeps as much of this as it may"},
    {409, "/problems/exists-differently", "It is there with other options"},
    {507, "/problems/not-stored", "The store cannot be written at present"},
    {503, "/problems/not-readable", "The store cannot be read at present"},
    {409, "/problems/nothing-stored", "This daemon stores nothing"},
    {504, "/problems/not-delivered", "The messages were not acknowledged in time"},
    {409, "/problems/delivery-failed", "Not all have acknowledged the messages, nor will they"},
    {410, "/problems/stale-cursor", "The list has to be read from its beginning"},
    {503, "/problems/too-many-answers", "Clients have not taken as many answers as may wait"},
    {503, "/problems/ending", "The daemon is ending"},
    {500, "/problems/failed", "A part of the daemon has failed"},
}};
static_assert(refusals.size() == static_cast<std::size_t>(refused::reason::failed) + 1);

}  // namespace

problem_kind plain_problem(unsigned status) {
  return {status, "about:blank", io::reason_phrase(status)};
}

const problem_kind& problem_of(refused::reason why) {
  return refusals[static_cast<std::size_t>(why)];
}

io::http_response invalid_request(const field_errors& errors) {
  const field_error& first = *errors.begin();
  const std::string detail = (first.name.empty() ? "the body" : first.name) + " " + first.detail;
  return problem_response(invalid, detail, [&](json_writer& out) {
    write_array(out, "errors", errors, [&](const field_error& e) {
      out.begin_object();
      out.name(e.place == field_error::places::body ? "pointer" : "parameter").text(e.name);
      out.name("detail").text(e.detail);
      out.end_object();
    });
  });
}

io::http_response invalid_request(std::string_view detail) {
  return problem_response(invalid, detail);
}

}  // namespace skein::api
