#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "doors/http/api/readers.hpp"
#include "doors/http/api/write_gophermq.hpp"
#include "json/json_document.hpp"
#include "json/json_text.hpp"

namespace skein::api {
namespace {

using kinds = json_value::kinds;

/// What else is in a body is ignored, but not without end.
constexpr std::size_t most_values = 1000;

struct field {
  std::string_view name;
  std::string_view value;
};

/// As Go reads into a struct of strings: names in any case, the last one counts, null is nothing.
/// Returns whether the body is valid.
bool read_fields(const io::http_request& http, json_document& body, field& first,
                 field* second = nullptr) {
  if (http.body.empty()) return true;
  if (!has_media_type(http, "application/json") || is_encoded(http)) return false;
  if (!body.read(http.body, most_values).empty()) return false;
  json_value& root = body.root();
  if (root.kind == kinds::null) return true;
  if (root.kind != kinds::object) return false;
  for (auto* v = root.begin(); v != root.end(); v = behind(v)) {
    field* const f = io::equal_ignoring_case(v->name, first.name)               ? &first
                     : second && io::equal_ignoring_case(v->name, second->name) ? second
                                                                                : nullptr;
    if (f == nullptr || v->kind == kinds::null) continue;
    if (v->kind != kinds::text) return false;
    f->value = v->text;
  }
  return true;
}

io::http_response invalid_body() {
  return gophermq_error(400, "request's body is invalid");
}
io::http_response invalid_subject() {
  return gophermq_error(400, "invalid subject");
}

request to_publish(const incoming& in, const field& subject, const field& data, endpoint to,
                   wait_for wait) {
  publish p;
  p.timeout = std::min(p.timeout, in.with.longest_wait);
  p.messages.emplace_back().payload = std::make_shared<const std::string>(data.value);
  p.wait = wait;
  return {{to, {}, {}, {}}, topic_call{std::string{subject.value}, std::move(p)}};
}

}  // namespace

outcome read_gophermq_publish(incoming& in) {
  json_document body;
  field subject{"subject", {}}, data{"data", {}};
  if (!read_fields(in.http, body, subject, &data)) return invalid_body();
  if (!is_name(subject.value)) return invalid_subject();
  return to_publish(in, subject, data, endpoint::gophermq_publish, in.with.api_wait);
}

outcome read_gophermq_publish_async(incoming& in) {
  json_document body;
  field subject{"subject", {}}, data{"data", {}};
  if (!read_fields(in.http, body, subject, &data)) return invalid_body();
  if (!is_name(subject.value)) return refused_unheard{gophermq_ok(), "invalid subject"};
  return to_publish(in, subject, data, endpoint::gophermq_publish_async, wait_for::accepted);
}

outcome read_gophermq_subscribe(incoming& in) {
  json_document body;
  field subject{"subject", {}};
  if (!read_fields(in.http, body, subject)) return invalid_body();
  if (!is_name(subject.value)) return invalid_subject();
  std::string topic{subject.value};
  return request{{endpoint::gophermq_subscribe, topic, {}, {}},
                 topic_call{topic, subscribe{{}, in.with.subscriber_expiry}}};
}

outcome read_gophermq_fetch(incoming& in) {
  json_document body;
  field subject{"subject", {}}, id{"id", {}};
  if (!read_fields(in.http, body, subject, &id)) return invalid_body();
  if (!is_name(subject.value)) return invalid_subject();
  if (!is_name(id.value)) return gophermq_error(404, "bad id");
  std::string topic{subject.value};
  std::string subscriber{id.value};
  return request{{endpoint::gophermq_fetch, topic, subscriber, {}},
                 topic_call{topic, fetch{subscriber}}};
}

}  // namespace skein::api
