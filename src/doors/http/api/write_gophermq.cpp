#include "doors/http/api/write_gophermq.hpp"

#include <string>

#include "json/json_text.hpp"

namespace skein::api {
namespace {

/// A body is an object with its members in the order of their names, and a line end.
io::http_response response_of(unsigned status, std::string body) {
  return {status, "application/json; charset=UTF-8", std::move(body), {}};
}

void append_text(std::string& body, std::string_view text) {
  append_json_text(body, text, json_escapes::as_go);
}

io::http_response busy() {
  auto response = gophermq_error(503, "too many answers are not taken");
  response.headers.add("Retry-After", "1");
  return response;
}

io::http_response error_of(const refused& r, endpoint to) {
  using reason = refused::reason;
  switch (r.why) {
    case reason::no_such_topic:
    case reason::no_such_subscriber:
    case reason::no_subscribers:
      return to == endpoint::gophermq_fetch ? gophermq_error(404, "bad id")
                                            : gophermq_error(404, "subscriber not found");
    case reason::overflow:
    case reason::no_room:
      return gophermq_error(429, "broker overflow");
    case reason::too_many_answers:
      return busy();
    default:
      return gophermq_error(500, "server error");
  }
}

io::http_response published_response(const published& p) {
  using core::publish_outcome;
  switch (p.messages.front().what) {
    case publish_outcome::no_subscribers:
      return gophermq_error(404, "subscriber not found");
    case publish_outcome::overflow:
    case publish_outcome::no_room:
      return gophermq_error(429, "broker overflow");
    case publish_outcome::no_such_priority:
      return gophermq_error(500, "server error");
    default:
      return gophermq_ok();
  }
}

io::http_response subscribed_response(const answer_form& form, const subscribed& s) {
  std::string body = R"({"id":)";
  append_text(body, s.subscriber);
  body += R"(,"subject":)";
  append_text(body, form.topic);
  body += "}\n";
  return response_of(200, std::move(body));
}

io::http_response fetched_response(const answer_form& form, const leased& l) {
  std::size_t size = 64 + form.topic.size() + form.subscriber.size();
  for (const auto& m : l.messages) size += m.what.payload->size() + 3;
  std::string body;
  body.reserve(size);
  body += R"({"data":[)";
  for (const auto& m : l.messages) {
    if (&m != &l.messages.front()) body += ',';
    append_text(body, *m.what.payload);
  }
  body += R"(],"id":)";
  append_text(body, form.subscriber);
  body += R"(,"subject":)";
  append_text(body, form.topic);
  body += "}\n";
  return response_of(200, std::move(body));
}

}  // namespace

io::http_response gophermq_error(unsigned status, std::string_view message) {
  std::string body = R"({"message":)";
  append_text(body, message);
  body += "}\n";
  return response_of(status, std::move(body));
}

io::http_response gophermq_ok() {
  return response_of(200, "{\"status\":\"ok\"}\n");
}

io::http_response write_gophermq_answer(const answer_form& form, const answer& a) {
  if (form.to == endpoint::gophermq_publish_async) return gophermq_ok();
  if (const auto* const r = std::get_if<refused>(&a)) return error_of(*r, form.to);
  if (form.to == endpoint::gophermq_publish) return published_response(std::get<published>(a));
  if (form.to == endpoint::gophermq_subscribe)
    return subscribed_response(form, std::get<subscribed>(a));
  return fetched_response(form, std::get<leased>(a));
}

}  // namespace skein::api
