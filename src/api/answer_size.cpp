/// How large answers become.

#include <algorithm>
#include <type_traits>

#include "api/http_api.hpp"
#include "api/json_text.hpp"
#include "core/utf8.hpp"

namespace skein::api {
namespace {

// Bytes of one entry beside its texts, and a few more.
constexpr std::size_t of_message = 300;
constexpr std::size_t of_topic = 600;
constexpr std::size_t of_subscriber = 250;
constexpr std::size_t of_result = 80;

std::size_t most_bytes(std::string_view text) {
  return json_text_size(text);
}

std::size_t most_bytes_of_payload(std::string_view payload, bool as_gophermq) {
  if (as_gophermq || core::is_utf8(payload)) return most_bytes(payload);
  return payload.size() / 3 * 4 + 6;
}

struct weight {
  template <class Messages>
  static std::size_t of_all(const Messages& messages) {
    std::size_t bytes = 0;
    for (const auto& m : messages) bytes += weight_of(m.what);
    return bytes;
  }
  std::size_t operator()(const leased& l) const { return of_all(l.messages); }
  std::size_t operator()(const dead_letters& d) const { return of_all(d.messages); }
  std::size_t operator()(const delayed_messages& d) const { return of_all(d.messages); }
  std::size_t operator()(const topic_list& t) const { return t.topics.size() * of_topic; }
  std::size_t operator()(const subscriber_list& s) const {
    return s.subscribers.size() * of_subscriber;
  }
  std::size_t operator()(const published& p) const { return p.messages.size() * of_result; }
  std::size_t operator()(const settled& s) const { return s.outcomes.size() * of_result; }
  template <class Other>
  std::size_t operator()(const Other&) const {
    return 0;
  }
};

}  // namespace

std::size_t weight_of(const answer& a) {
  return std::visit(weight{}, a);
}

std::size_t weight_of(const core::message& m) {
  return of_message + m.payload->size();
}

std::size_t most_bytes_of(const answer_form& form, const answer& a) {
  std::size_t bytes = 1024 + most_bytes(form.topic) + most_bytes(form.subscriber);
  const auto add_all = [&](const auto& messages) {
    for (const auto& m : messages) {
      bytes += of_message + most_bytes(m.what.key) +
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
    for (const auto& entry : t->topics) bytes += of_topic + most_bytes(entry.name);
  } else if (const auto* const s = std::get_if<subscriber_list>(&a)) {
    for (const auto& one : s->subscribers) bytes += of_subscriber + most_bytes(one.name);
  } else {
    bytes += weight_of(a);
  }
  return bytes;
}

}  // namespace skein::api
