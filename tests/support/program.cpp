#include "support/program.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cctype>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/json_schema.hpp"

namespace skein::test {

namespace {

namespace json = boost::json;

const json::value& contract() {
  static const json::value document = [] {
    std::ifstream in{SKEIN_ROOT "/docs/openapi.json"};
    return json::parse(std::string{std::istreambuf_iterator<char>{in}, {}});
  }();
  return document;
}

const json::value& target_of(const json::value& v) {
  const auto* const reference = v.as_object().if_contains("$ref");
  return reference == nullptr ? v : testing::resolve(contract(), reference->as_string());
}

std::vector<std::string> segments_of(const std::string& path) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at != std::string::npos && at < path.size();) {
    const auto next = path.find('/', at + 1);
    all.push_back(path.substr(at + 1, next == std::string::npos ? next : next - at - 1));
    at = next;
  }
  return all;
}

bool matches(const std::string& pattern, const std::vector<std::string>& path) {
  const auto wanted = segments_of(pattern);
  return wanted.size() == path.size() &&
         std::equal(wanted.begin(), wanted.end(), path.begin(),
                    [](const auto& w, const auto& p) { return w.front() == '{' || w == p; });
}

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Null if there is none.
const json::value* operation_of(const std::string& method, const std::string& target) {
  const auto path = segments_of(target.substr(0, target.find('?')));
  for (const auto& [pattern, item] : contract().at("paths").as_object()) {
    if (!matches(pattern, path)) continue;
    if (const auto* const found = item.as_object().if_contains(lower_case(method))) return found;
  }
  return nullptr;
}

std::string text_in(const json::object& from, const char* name) {
  const auto* const value = from.if_contains(name);
  return value == nullptr ? "" : std::string{value->as_string().c_str(), value->as_string().size()};
}

std::uint64_t number_in(const json::object& from, const char* name) {
  return from.at(name).to_number<std::uint64_t>();
}

std::string joined(const std::vector<std::string>& all, const std::string& between) {
  std::string text;
  for (const auto& one : all) text += (text.empty() ? "" : between) + one;
  return text;
}

}  // namespace

std::string breach_of_contract(const std::string& method, const std::string& target,
                               const http_answer& answer) {
  const auto* const operation = operation_of(method == "HEAD" ? "get" : method, target);
  if (operation == nullptr) return "";
  const auto& responses = operation->at("responses").as_object();
  const auto* found = responses.if_contains(std::to_string(answer.status));
  if (found == nullptr) found = responses.if_contains("default");
  if (found == nullptr) return "no such status: " + text_of(answer);
  const auto& response = target_of(*found).as_object();
  if (const auto* const headers = response.if_contains("headers")) {
    for (const auto& [name, what] : headers->as_object()) {
      if (answer.header(lower_case(name)).empty()) return "no header " + std::string{name};
    }
  }
  const auto* const content = response.if_contains("content");
  if (content == nullptr) return answer.body.empty() ? "" : "a body, and there should be none";
  const auto type = answer.header("content-type");
  const auto* const media = content->as_object().if_contains(type.substr(0, type.find(';')));
  if (media == nullptr) return "no such type: " + type;
  if (method == "HEAD") return "";
  return testing::mismatch(contract(), media->at("schema"), answer.json());
}

std::string payloads_of(const std::vector<delivered>& all) {
  std::vector<std::string> texts;
  for (const auto& d : all) texts.push_back(d.payload);
  return joined(texts, " ");
}

std::vector<std::string> leases_of(const std::vector<delivered>& all) {
  std::vector<std::string> names;
  for (const auto& d : all) names.push_back(d.lease);
  return names;
}

std::string topic_path(const std::string& topic) {
  return "/v1/topics/" + topic;
}

std::string subscriber_path(const std::string& topic, const std::string& subscriber) {
  return topic_path(topic) + "/subscribers/" + subscriber;
}

std::vector<delivered> deliveries_in(const http_answer& answer) {
  EXPECT_EQ(answer.status, 200u) << answer.body;
  std::vector<delivered> all;
  if (answer.status != 200) return all;
  const auto body = answer.json();
  for (const auto& value : body.at("deliveries").as_array()) {
    const auto& from = value.as_object();
    delivered& d = all.emplace_back();
    d.lease = text_in(from, "lease");
    d.id = std::stoull(text_in(from, "id"));
    d.attempt = number_in(from, "attempt");
    d.priority = number_in(from, "priority");
    d.key = text_in(from, "key");
    d.payload = text_in(from, "payload");
    d.published = text_in(from, "published");
    d.deadline = text_in(from, "deadline");
    d.expires_at = text_in(from, "expires_at");
  }
  return all;
}

std::string outcomes_in(const http_answer& answer, const std::string& list) {
  std::vector<std::string> all;
  const auto body = answer.json();
  for (const auto& value : body.at(list).as_array()) {
    all.push_back(text_in(value.as_object(), "outcome"));
  }
  return joined(all, " ");
}

http_answer program::ask(const http_message& message) {
  begin(message);
  return end();
}

void program::begin(const http_message& message) {
  http_.send(message);
  begun_.push_back(message);
}

http_answer program::end() {
  const http_message asked = begun_.front();
  begun_.erase(begun_.begin());
  auto answer = http_.receive(asked.method == "HEAD");
  EXPECT_EQ(breach_of_contract(asked.method, asked.target, answer), "")
      << asked.method << " " << asked.target << " " << asked.body << "\n"
      << answer.status_line << "\n"
      << answer.body;
  return answer;
}

void program::create(const std::string& topic, const std::string& options) {
  const auto answer = put(topic_path(topic), options);
  EXPECT_EQ(answer.status, 201u) << answer.body;
}

void program::subscribe(const std::string& topic, const std::string& subscriber) {
  const auto answer = put(subscriber_path(topic, subscriber));
  EXPECT_EQ(answer.status, 201u) << answer.body;
}

std::uint64_t program::publish(const std::string& topic, const std::string& payload,
                               const std::string& more, const std::string& query) {
  const auto answer =
      post(topic_path(topic) + "/messages" + query,
           "{\"payload\":" + json_text(payload) + (more.empty() ? "" : ",") + more + "}");
  EXPECT_EQ(answer.status, 200u) << answer.body;
  if (answer.status != 200) return 0;
  const auto body = answer.json();
  const auto id = text_in(body.at("messages").as_array().at(0).as_object(), "id");
  return id.empty() ? 0 : std::stoull(id);
}

std::vector<delivered> program::lease(const std::string& topic, const std::string& subscriber,
                                      const std::string& body) {
  return deliveries_in(post(subscriber_path(topic, subscriber) + "/lease", body));
}

std::string program::settle(const std::string& how, const std::string& topic,
                            const std::string& subscriber, const std::vector<std::string>& leases,
                            const std::string& more) {
  std::vector<std::string> names;
  for (const auto& lease : leases) names.push_back(json_text(lease));
  const auto answer =
      post(subscriber_path(topic, subscriber) + "/" + how,
           "{\"leases\":[" + joined(names, ",") + "]" + (more.empty() ? "" : ",") + more + "}");
  if (answer.status != 200 && answer.status != 409) return text_of(answer);
  const auto outcomes = outcomes_in(answer, "leases");
  const bool all_done =
      outcomes.find("over") == std::string::npos && outcomes.find("unknown") == std::string::npos;
  EXPECT_EQ(answer.status == 200, all_done) << text_of(answer);
  return outcomes;
}

void program::ack(const std::string& topic, const std::string& subscriber,
                  const std::vector<delivered>& what) {
  const auto outcomes = settle("ack", topic, subscriber, leases_of(what));
  EXPECT_EQ(outcomes, joined(std::vector<std::string>(what.size(), "done"), " "));
}

std::string program::drain(const std::string& topic, const std::string& subscriber) {
  std::vector<std::string> texts;
  for (auto some = lease(topic, subscriber); !some.empty(); some = lease(topic, subscriber)) {
    ack(topic, subscriber, some);
    texts.push_back(payloads_of(some));
  }
  return joined(texts, " ");
}

std::uint64_t program::number(const std::string& target, const std::string& name) {
  const auto answer = get(target);
  EXPECT_EQ(answer.status, 200u) << answer.body;
  return number_in(answer.json().as_object(), name.c_str());
}

}  // namespace skein::test
