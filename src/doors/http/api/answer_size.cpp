/// How large answers become.

#include "calls/weight.hpp"
#include "core/utf8.hpp"
#include "doors/http/api/http_api.hpp"
#include "json/json_text.hpp"

namespace skein::api {
namespace {

std::size_t most_bytes(std::string_view text) {
  return json_text_size(text);
}

std::size_t most_bytes_of_payload(std::string_view payload, bool as_gophermq) {
  if (as_gophermq || core::is_utf8(payload)) return most_bytes(payload);
  return payload.size() / 3 * 4 + 6;
}

}  // namespace

std::size_t most_bytes_of(const answer_form& form, const answer& a) {
  std::size_t bytes = 1024 + most_bytes(form.topic) + most_bytes(form.subscriber);
  const auto add_all = [&](const auto& messages) {
    for (const auto& m : messages) {
      bytes += bytes_of_message + most_bytes(m.what.key) +
               most_bytes_of_payload(*m.what.payload, form.to == endpoint::gophermq_fetch);
    }
  };
  if (const auto* const l = std::get_if<leased>(&a)) {
    add_all(l->messages);
  } else if (const auto* const d = std::get_if<dead_letters>(&a)) {
    add_all(d->messages);
  } else if (const auto* const later = std::get_if<delayed_messages>(&a)) {
    add_all(later->messages);
  } else if (const auto* const t = std::get_if<topic_list>(&a)) {
    for (const auto& entry : t->topics) bytes += bytes_of_topic + most_bytes(entry.name);
  } else if (const auto* const s = std::get_if<subscriber_list>(&a)) {
    for (const auto& one : s->subscribers) bytes += bytes_of_subscriber + most_bytes(one.name);
  } else {
    bytes += weight_of(a);
  }
  return bytes;
}

}  // namespace skein::api
