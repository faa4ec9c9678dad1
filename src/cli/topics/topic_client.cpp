#include "cli/topics/topic_client.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "calls/calls.hpp"
#include "config/values.hpp"
#include "core/visible_text.hpp"
#include "doors/http/api/target.hpp"

namespace skein::cli {

namespace json = boost::json;

namespace {

constexpr std::string_view milliseconds_ending = "_ms";

bool ends_with(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

/// `title: detail`, or instead of the detail all fields that are wrong.
std::string text_of(unsigned status, const json::object& members) {
  std::string text{text_in(members, "title")};
  if (text.empty()) text = "the daemon has answered with status " + std::to_string(status);
  std::string more;
  const auto* const errors = members.if_contains("errors");
  if (errors != nullptr && errors->is_array()) {
    for (const auto& e : errors->get_array()) {
      const auto* const error = e.if_object();
      if (error == nullptr) continue;
      auto place = text_in(*error, "pointer");
      if (place.empty()) place = text_in(*error, "parameter");
      more.append(more.empty() ? "" : "; ").append(place.empty() ? "the body" : place);
      more.append(" ").append(text_in(*error, "detail"));
    }
  }
  if (more.empty()) more = text_in(members, "detail");
  return more.empty() ? text : text + ": " + more;
}

[[noreturn]] void fail_without(std::string_view name) {
  throw std::runtime_error{"the daemon's answer has no \"" + std::string{name} + "\""};
}

}  // namespace

void door::add_to(boost::program_options::options_description& options) {
  place.add_to(options);
  options.add_options()("timeout", duration(timeout, "timeout"),
                        "give up after this time without an answer; 0: never");
}

namespace {

http_client http_at(const io::host_port& address) {
  return {address.host, address.port};
}

}  // namespace

topic_client::topic_client(const door& where)
    : http_{http_at(where.place.address())}, timeout_{where.timeout} {}

problem::problem(unsigned status_given, json::object members_given)
    : std::runtime_error{core::visible(text_of(status_given, members_given))},
      status{status_given},
      members{std::move(members_given)} {}

json::object topic_client::ask(const char* method, std::string_view target,
                               const std::optional<std::string>& body,
                               std::chrono::milliseconds patience) {
  const bool for_ever = timeout_ == timeout_.zero();
  const auto answer = http_.ask(method, target, body, for_ever ? timeout_ : timeout_ + patience);
  json::object members;
  if (!answer.body.empty()) {
    json::error_code error;
    auto parsed = json::parse(answer.body, error);
    if (!error && parsed.is_object()) {
      members = std::move(parsed.get_object());
    } else if (answer.status < 300) {
      throw server_lost{
          "the daemon at " + http_.server() + " gave an answer that is no JSON object", true};
    }
  }
  if (answer.status >= 300) throw problem{answer.status, std::move(members)};
  return members;
}

void topic_client::list_pages(const std::string& path, std::string_view name,
                              const std::function<bool(const json::array&)>& each) {
  std::string after;
  for (;;) {
    std::string target = path + "?limit=1000";
    if (!after.empty()) api::append_percent_encoded(target += "&after=", after);
    const auto page = ask("GET", target);
    if (!each(array_in(page, name))) return;
    after = text_in(page, "next");
    if (after.empty()) return;
  }
}

void topic_client::list(const std::string& path, std::string_view name,
                        const std::function<bool(const json::object&)>& each) {
  list_pages(path, name, [&](const json::array& page) {
    for (const auto& element : page) {
      if (element.is_object() && !each(element.get_object())) return false;
    }
    return true;
  });
}

std::string topic_path(std::initializer_list<std::string_view> parts) {
  std::string path = "/v1/topics";
  for (const auto part : parts) api::append_percent_encoded(path += '/', part);
  return path;
}

void check_name(const std::string& name) {
  if (api::is_name(name)) return;
  throw usage_error{"'" + name + "' is no name: 1..255 bytes without a blank, no token between " +
                    "dots empty"};
}

std::string_view text_in(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

const json::array& array_in(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) fail_without(name);
  return value->get_array();
}

const json::object& object_in(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr || !value->is_object()) fail_without(name);
  return value->get_object();
}

std::uint64_t number_in(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr || !value->is_number()) fail_without(name);
  return value->to_number<std::uint64_t>();
}

std::string field_text(std::string_view name, const json::value& value) {
  if (ends_with(name, milliseconds_ending) && value.is_int64()) {
    return config::write_duration(std::chrono::milliseconds{value.get_int64()});
  }
  auto text = core::visible(json::serialize(value));
  if (!value.is_string()) return text;
  const std::string_view plain{value.get_string().data(), value.get_string().size()};
  const bool is_plain =
      !plain.empty() && text.size() == plain.size() + 2 && plain.find_first_of(" =") == plain.npos;
  return is_plain ? std::string{plain} : text;
}

std::string fields_of(const json::object& object) {
  std::string line;
  for (const auto& [key, value] : object) {
    std::string_view name{key.data(), key.size()};
    if (!line.empty()) line += ' ';
    const auto text = field_text(name, value);
    if (ends_with(name, milliseconds_ending)) name.remove_suffix(milliseconds_ending.size());
    line.append(name).append("=").append(text);
  }
  return line;
}

}  // namespace skein::cli
