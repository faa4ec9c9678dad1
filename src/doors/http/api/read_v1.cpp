#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "doors/http/api/problem.hpp"
#include "doors/http/api/readers.hpp"
#include "doors/http/api/topic_options_json.hpp"

namespace skein::api {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<io::http_response> wrong_media_type(const io::http_request& http, bodies wanted) {
  if (http.body.empty() || wanted == bodies::ignored) return {};
  if (is_encoded(http)) {
    return problem_response(plain_problem(415), "the body must not be encoded");
  }
  const bool lines = wanted == bodies::lines;
  const bool right =
      lines ? has_media_type(http, "text/plain") || has_media_type(http, "application/octet-stream")
            : has_media_type(http, "application/json");
  if (right) return {};
  return problem_response(plain_problem(415), lines
                                                  ? "must be text/plain or application/octet-stream"
                                                  : "must be application/json");
}

void check_names(incoming& in) {
  if (in.by.segments.at[1] != "topics") return;
  constexpr std::string_view names[] = {"topic", "subscriber"};
  const bool old = in.by.method == io::http_method::get || in.by.method == io::http_method::delete_;
  for (std::size_t i = 0; i != in.parameters.size(); ++i) {
    const std::string_view name = in.parameters[i];
    if (name.data() != nullptr && !(old ? is_old_name(name) : is_name(name)))
      in.errors.in_target(names[i],
                          "must be a name: 1..255 bytes of UTF-8 without blanks and controls, and "
                          "something before, between and after its dots");
  }
}

void read_page(v1_request& r, std::string& after, std::uint32_t& most) {
  r.query.text("after", longest_name, after);
  r.query.number("limit", 1, longest_list, most);
}

call read_follows(v1_request& r, list_follows::direction which) {
  list_follows list;
  list.which = which;
  const std::string_view user = r.in.parameters[0];
  const char* const end = user.data() + user.size();
  const auto [stop, error] = std::from_chars(user.data(), end, list.user);
  if (error != std::errc{} || stop != end || list.user == core::no_user)
    r.in.errors.in_target("user", "must be an integer of 64 bits, not the least");
  read_page(r, list.after, list.most);
  return list;
}

/// Whether it is what only the operator of the daemon may do.
bool is_for_operator(const call& c) {
  if (std::holds_alternative<new_epoch>(c)) return true;
  const auto* const of_topic = std::get_if<topic_call>(&c);
  const auto* const dead = of_topic ? std::get_if<settle_dead>(&of_topic->what) : nullptr;
  return dead && dead->what == settle_dead::action::purge && dead->ids.empty();
}

}  // namespace

bool has_media_type(const io::http_request& http, std::string_view type) {
  const auto given = http.content_type();
  return io::equal_ignoring_case(trimmed(given.substr(0, given.find(';'))), type);
}

bool is_encoded(const io::http_request& http) {
  for (std::size_t i = 0; i != http.headers.size(); ++i) {
    if (!io::equal_ignoring_case(http.headers.name(i), "Content-Encoding")) continue;
    std::string_view rest = http.headers.value(i);
    while (!rest.empty()) {
      const auto coding = trimmed(rest.substr(0, rest.find(',')));
      if (!coding.empty() && !io::equal_ignoring_case(coding, "identity")) return true;
      rest.remove_prefix(std::min(rest.find(','), rest.size() - 1) + 1);
    }
  }
  return false;
}

outcome read_v1(incoming& in, bodies wanted, v1_reader reader) {
  if (auto wrong = wrong_media_type(in.http, wanted)) return *std::move(wrong);
  json_document document;
  json_value nothing;
  nothing.kind = json_value::kinds::object;
  json_value* root = &nothing;
  const bool may_be_empty = wanted == bodies::object_or_nothing && in.http.body.empty();
  if ((wanted == bodies::object || wanted == bodies::object_or_nothing) && !may_be_empty) {
    const std::size_t most_values = 16 * std::size_t{in.with.most_messages} + 100;
    const std::string wrong = document.read(in.http.body, most_values);
    if (!wrong.empty()) return invalid_request("the body cannot be read as JSON: " + wrong);
    root = &document.root();
  }
  check_names(in);
  const json_place place;
  json_fields body{*root, place, in.errors};
  query_fields query{in.http.query(), in.errors};
  request result;
  result.form.to = in.by.to;
  v1_request r{in, body, query, result.form};
  result.what = reader(r);
  body.end();
  query.end();
  if (!in.errors.empty()) return invalid_request(in.errors);
  if (!in.with.for_operator && is_for_operator(result.what)) {
    return problem_response(
        plain_problem(403),
        in.by.to == endpoint::new_epoch
            ? "only the operator begins an epoch: skein epoch new, or the option http.operator"
            : "only the operator purges all at once: name the ids, or use the option "
              "http.operator");
  }
  return result;
}

call read_list_topics(v1_request& r) {
  list_topics list;
  read_page(r, list.after, list.most);
  return list;
}

call read_create_topic(v1_request& r) {
  create_topic create{r.in.with.topic, {}};
  create.said = read_topic_options(r.body, create.options);
  r.form.topic = r.topic();
  return topic_call{r.topic(), std::move(create)};
}

call read_change_topic(v1_request& r) {
  change_topic change;
  change.said = read_topic_options(r.body, change.options);
  r.form.topic = r.topic();
  return topic_call{r.topic(), std::move(change)};
}

call read_describe_topic(v1_request& r) {
  return topic_call{r.topic(), describe_topic{}};
}

call read_delete_topic(v1_request& r) {
  return topic_call{r.topic(), delete_topic{}};
}

call read_list_subscribers(v1_request& r) {
  list_subscribers list;
  read_page(r, list.after, list.most);
  return topic_call{r.topic(), std::move(list)};
}

call read_subscribe(v1_request& r) {
  subscribe s;
  s.subscriber = r.subscriber();
  r.body.number("idle_expiry_ms", 0, longest_time.count(), s.idle_expiry);
  r.form.topic = r.topic();
  return topic_call{r.topic(), std::move(s)};
}

call read_describe_subscriber(v1_request& r) {
  return topic_call{r.topic(), describe_subscriber{r.subscriber()}};
}

call read_change_subscriber(v1_request& r) {
  change_subscriber c;
  c.subscriber = r.subscriber();
  r.body.number("idle_expiry_ms", 0, longest_time.count(), c.idle_expiry);
  return topic_call{r.topic(), std::move(c)};
}

call read_unsubscribe(v1_request& r) {
  return topic_call{r.topic(), unsubscribe{r.subscriber()}};
}

call read_publish_events(v1_request& r) {
  return publish_events{r.in.http.body};
}

call read_list_followers(v1_request& r) {
  return read_follows(r, list_follows::direction::followers);
}

call read_list_followees(v1_request& r) {
  return read_follows(r, list_follows::direction::followees);
}

call read_describe_epoch(v1_request&) {
  return describe_epoch{};
}

call read_new_epoch(v1_request&) {
  return new_epoch{};
}

call read_statistics(v1_request&) {
  return statistics{};
}

}  // namespace skein::api
