/// docs/openapi.json says what is done, no more and no less.

#include "doors/http/api/openapi.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/events/event_line.hpp"
#include "doors/http/api/answers.hpp"
#include "doors/http/api/asking.hpp"
#include "doors/http/api/problem.hpp"
#include "doors/http/api/routes.hpp"
#include "support/json_schema.hpp"

namespace skein::api {
namespace {

namespace json = boost::json;
using testing::mismatch;

const json::value& contract() {
  static const json::value document = [] {
    const auto text = openapi_document();
    return json::parse({text.data(), text.size()});
  }();
  return document;
}

/// What `v` stands for, if it is a reference.
const json::value& target_of(const json::value& v) {
  const auto* const reference = v.as_object().if_contains("$ref");
  return reference == nullptr ? v : testing::resolve(contract(), reference->as_string());
}

const char* name_of(io::http_method method) {
  switch (method) {
    case io::http_method::get:
      return "get";
    case io::http_method::post:
      return "post";
    case io::http_method::put:
      return "put";
    case io::http_method::patch:
      return "patch";
    default:
      return "delete";
  }
}

const json::value& operation_of(const route& r) {
  return contract().at("paths").at({r.pattern.data(), r.pattern.size()}).at(name_of(r.method));
}

const route& route_of(endpoint to) {
  const route* r = routes().begin();
  while (r->to != to) ++r;
  return *r;
}

/// Its target, with something for each parameter.
std::string target_for(const route& r) {
  std::string target;
  for (std::size_t i = 0; i != r.segments.count; ++i)
    target.append("/").append(is_parameter(r.segments.at[i]) ? "1" : r.segments.at[i]);
  return target;
}

/// Whether what is written for an endpoint is what the contract says; what is wrong with it if not.
std::string disagreement(endpoint to, const io::http_response& response) {
  const auto& responses = operation_of(route_of(to)).at("responses").as_object();
  const auto* said = responses.if_contains(std::to_string(response.status));
  if (said == nullptr) return "no status " + std::to_string(response.status);
  said = &target_of(*said);
  const json::object none;
  const auto* const headers = said->as_object().if_contains("headers");
  for (const auto& [name, header] : headers == nullptr ? none : headers->as_object())
    if (response.headers.find({name.data(), name.size()}).empty())
      return "no header " + std::string{name};
  for (std::size_t i = 0; i != response.headers.size(); ++i) {
    const auto name = response.headers.name(i);
    if (headers == nullptr || !headers->as_object().contains({name.data(), name.size()}))
      return "a header " + std::string{name};
  }
  const auto* const content = said->as_object().if_contains("content");
  if (content == nullptr)
    return response.body.empty() && response.content_type.empty() ? "" : "a body";
  const std::string type = response.content_type.substr(0, response.content_type.find(';'));
  const auto* const media = content->as_object().if_contains(type);
  if (media == nullptr) return "no type " + type;
  if (response.body.empty() || response.body.back() != '\n') return "no line end";
  return mismatch(contract(), media->at("schema"), json::parse(response.body));
}

TEST(OpenApi, IsTheFileInDocs) {
  std::ifstream file{SKEIN_ROOT "/docs/openapi.json"};
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(openapi_document(), text.str());
}

TEST(OpenApi, HasThePathsAndMethodsOfTheRoutes) {
  std::set<std::string> said, done;
  for (const auto& [path, item] : contract().at("paths").as_object())
    for (const auto& [method, operation] : item.as_object())
      if (method != "parameters") said.insert(std::string{method} + " " + std::string{path});
  for (const route& r : routes())
    done.insert(std::string{name_of(r.method)} + " " + std::string{r.pattern});
  EXPECT_EQ(said, done);
}

TEST(OpenApi, NamesEachOperationOnce) {
  std::set<std::string> names;
  for (const route& r : routes())
    EXPECT_TRUE(names.insert(std::string{operation_of(r).at("operationId").as_string()}).second);
}

/// Generators make types of both, whose names differ in nothing but the case of letters.
TEST(OpenApi, NamesNoSchemaAsAnOperation) {
  const auto lower = [](std::string_view name) {
    std::string text{name};
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
  };
  std::set<std::string> names;
  for (const route& r : routes())
    names.insert(lower(std::string{operation_of(r).at("operationId").as_string()}));
  for (const auto& [name, schema] : contract().at("components").at("schemas").as_object())
    EXPECT_TRUE(names.insert(lower({name.data(), name.size()})).second) << name;
}

/// Generators take such a field for one that is always there.
TEST(OpenApi, HasNoDefaultsInBodies) {
  const std::string schemas = json::serialize(contract().at("components").at("schemas"));
  EXPECT_EQ(schemas.find("\"default\":"), schemas.npos);
}

/// They read one or the other.
TEST(OpenApi, HasNothingButADescriptionBesideAReference) {
  const std::function<void(const json::value&)> look = [&](const json::value& v) {
    if (v.is_array())
      for (const auto& element : v.as_array()) look(element);
    if (!v.is_object()) return;
    const auto& object = v.as_object();
    if (object.contains("$ref")) {
      EXPECT_EQ(object.size(), 1u + object.count("description")) << json::serialize(v);
    }
    for (const auto& [name, member] : object) look(member);
  };
  look(contract());
}

TEST(OpenApi, NamesTheParametersOfEachPath) {
  for (const route& r : routes()) {
    std::set<std::string> in_path, said;
    for (std::size_t i = 0; i != r.segments.count; ++i)
      if (is_parameter(r.segments.at[i])) in_path.insert(std::string{r.segments.at[i]});
    const auto& item = contract().at("paths").at({r.pattern.data(), r.pattern.size()}).as_object();
    if (const auto* const parameters = item.if_contains("parameters"))
      for (const auto& p : parameters->as_array())
        said.insert("{" + std::string{target_of(p).at("name").as_string()} + "}");
    EXPECT_EQ(said, in_path) << r.pattern;
  }
}

TEST(OpenApi, ReferencesNameSomething) {
  std::set<std::string> used;
  const std::string text{openapi_document()};
  for (auto at = text.find("\"#/"); at != text.npos; at = text.find("\"#/", at + 1)) {
    const auto reference = text.substr(at + 1, text.find('"', at + 1) - at - 1);
    EXPECT_NO_THROW(testing::resolve(contract(), reference)) << reference;
    used.insert(reference);
  }
  for (const auto& [kind, all] : contract().at("components").as_object())
    for (const auto& [name, value] : all.as_object())
      EXPECT_EQ(used.count("#/components/" + std::string{kind} + "/" + std::string{name}), 1U)
          << name;
}

/// Every example of a request is understood and valid; every one of an answer is valid.
TEST(OpenApi, HasExamplesThatAreRight) {
  std::size_t requests = 0;
  for (const route& r : routes()) {
    const auto& operation = operation_of(r).as_object();
    if (const auto* const body = operation.if_contains("requestBody")) {
      for (const auto& [type, media] : body->at("content").as_object()) {
        const auto* const example = media.as_object().if_contains("example");
        if (example == nullptr) continue;
        const bool is_json = type == "application/json";
        if (is_json) {
          EXPECT_EQ(mismatch(contract(), media.at("schema"), *example), "") << r.pattern;
        }
        const std::string text =
            is_json ? json::serialize(*example) : std::string{example->as_string()};
        request_of(http_of(r.method, target_for(r), text, {type.data(), type.size()}));
        ++requests;
      }
    }
    for (const auto& [status, response] : operation.at("responses").as_object()) {
      const auto* const content = target_of(response).as_object().if_contains("content");
      if (content == nullptr) continue;
      for (const auto& [type, media] : content->as_object()) {
        if (const auto* const example = media.as_object().if_contains("example")) {
          EXPECT_EQ(mismatch(contract(), media.at("schema"), *example), "") << r.pattern;
        }
      }
    }
  }
  EXPECT_GE(requests, 14U);
}

TEST(OpenApi, KnowsTheFieldsOfBodiesAndNoOthers) {
  // Each body with every field that its schema has, then with one more.
  const struct {
    endpoint to;
    const char* body;
  } bodies[] = {
      {endpoint::publish,
       R"({"payload":"","key":"","priority":0,"deliver_at":"2025-01-31T12:00:00Z",
        "delay_ms":0,"expires_at":"2025-01-31T12:00:00Z","ttl_ms":1})"},
      {endpoint::publish, R"({"payload_base64":""})"},
      {endpoint::publish, R"({"messages":[{"payload":""}]})"},
      {endpoint::create_topic, R"({"storage":"memory","priorities":1,"order":"strict",
        "no_subscribers":"drop","max_pending":1,"max_delayed":1,"overflow":"reject","dedupe":"off",
        "dedupe_window_ms":1,"expire":true,"ordered":true,"batch":1,"lease_ms":0,
        "retry_delay_ms":0,"max_retry_delay_ms":0,"max_deliveries":0})"},
      {endpoint::change_topic, R"({"storage":"memory","priorities":1,"order":"strict",
        "no_subscribers":"drop","max_pending":1,"overflow":"reject","dedupe":"off",
        "dedupe_window_ms":1,"expire":true,"ordered":true,"batch":1,"lease_ms":0,
        "retry_delay_ms":0,"max_retry_delay_ms":0,"max_deliveries":0})"},
      {endpoint::subscribe_as, R"({"idle_expiry_ms":0})"},
      {endpoint::change_subscriber, R"({"idle_expiry_ms":0})"},
      {endpoint::subscribe_new, R"({"idle_expiry_ms":0})"},
      {endpoint::lease, R"({"max":1,"wait_ms":0})"},
      {endpoint::ack, R"({"leases":["1.1"]})"},
      {endpoint::nack, R"({"leases":["1.1"],"delay_ms":0})"},
      {endpoint::extend, R"({"leases":["1.1"],"lease_ms":1})"},
      {endpoint::replay_dead, R"({"ids":["1"]})"},
      {endpoint::purge_dead, R"({"ids":["1"]})"},
      {endpoint::cancel_delayed, R"({"ids":["1.1"]})"},
      {endpoint::new_epoch, "{}"},
  };
  for (const auto& b : bodies) {
    const route& r = route_of(b.to);
    const auto& schema =
        operation_of(r).at("requestBody").at("content").at("application/json").at("schema");
    auto body = json::parse(b.body);
    EXPECT_EQ(mismatch(contract(), schema, body), "") << b.body;
    request_of(http_of(r.method, target_for(r), b.body), for_operator());
    body.as_object()["x"] = 1;
    EXPECT_NE(mismatch(contract(), schema, body), "") << b.body;
    EXPECT_EQ(errors_of(http_of(r.method, target_for(r), json::serialize(body))), "/x is unknown");
  }
}

/// What the connection refuses by itself, as a body that is too large, is a problem anywhere.
TEST(OpenApi, SaysThatAnyRequestMayBeRefused) {
  for (const route& r : routes()) {
    const auto* const rest = operation_of(r).at("responses").as_object().if_contains("default");
    ASSERT_NE(rest, nullptr) << r.pattern;
    const auto& content = target_of(*rest).at("content").as_object();
    EXPECT_TRUE(content.contains("application/problem+json")) << r.pattern;
  }
}

TEST(OpenApi, KnowsWhyLinesAreNoEvents) {
  std::vector<std::string> said, done;
  for (const auto& reason :
       contract().at_pointer("/components/schemas/MalformedReason/enum").as_array())
    said.emplace_back(reason.as_string());
  // A line of a body always ends.
  for (unsigned i = 0; i != static_cast<unsigned>(core::malformed::unterminated); ++i)
    done.emplace_back(core::name_of(static_cast<core::malformed>(i)));
  EXPECT_EQ(said, done);
}

/// Answers of all kinds: with everything in them, and with as little as there can be.
std::vector<std::pair<endpoint, answer>> samples() {
  using core::lease_outcome;
  using core::publish_outcome;
  auto full = delivery_of(33, message_of("x", "k"));
  full.deadline = full.what.expires = noon;
  const auto bare = delivery_of(0, message_of("\xff"));
  published all;
  for (unsigned i = 0; i <= static_cast<unsigned>(publish_outcome::no_room); ++i)
    all.messages.push_back({static_cast<publish_outcome>(i), i});
  all.messages.push_back({publish_outcome::delayed, 0, {}, core::delayed_id{7, 0}});
  auto in_vain = refused_for(refused::reason::not_delivered);
  in_vain.so_far = all;
  in_vain.waits_for = {"s"};
  auto failed = refused_for(refused::reason::delivery_failed);
  failed.so_far.messages = {{publish_outcome::published, 64, published::reached{1, 0, 6}}};
  for (unsigned i = 1; i <= static_cast<unsigned>(core::fate::damaged); ++i)
    failed.so_far.missed_by.push_back({0, "s", static_cast<core::fate>(i)});
  published overflowing{{{publish_outcome::overflow, 0}}};
  overflowing.full_subscriber = "s";
  auto other =
      refused_for(refused::reason::exists_differently, "the topic exists and differs in x");
  other.differs = {"x"};
  std::vector<std::pair<endpoint, answer>> result{
      {endpoint::gophermq_publish, published{{{}}}},
      {endpoint::gophermq_publish, refused_for(refused::reason::no_subscribers)},
      {endpoint::gophermq_publish, refused_for(refused::reason::overflow)},
      {endpoint::gophermq_publish, refused_for(refused::reason::failed)},
      {endpoint::gophermq_publish_async, published{}},
      {endpoint::gophermq_subscribe, subscribed{"s", true}},
      {endpoint::gophermq_subscribe, refused_for(refused::reason::failed)},
      {endpoint::gophermq_fetch, leased{}},
      {endpoint::gophermq_fetch, leased{{full, bare}}},
      {endpoint::gophermq_fetch, refused_for(refused::reason::no_such_topic)},
      {endpoint::list_topics, topic_list{}},
      {endpoint::list_topics, topic_list{{{"a", {}}}, true}},
      {endpoint::create_topic, created{true, {}}},
      {endpoint::create_topic, created{false, {}}},
      {endpoint::create_topic, other},
      {endpoint::change_topic, created{false, {}}},
      {endpoint::change_topic, other},
      {endpoint::describe_topic, topic_description{"a", {}, 1, 2, 3}},
      {endpoint::delete_topic, removed{}},
      {endpoint::publish, all},
      {endpoint::publish, published{{{publish_outcome::delayed, 0}}}},
      {endpoint::publish, published{{{publish_outcome::overflow, 0}}}},
      {endpoint::publish, published{{{publish_outcome::no_room, 0}}}},
      {endpoint::publish, published{{{publish_outcome::too_many_delayed, 0}}}},
      {endpoint::publish, published{{{publish_outcome::no_subscribers, 0}}}},
      {endpoint::publish, published{{{publish_outcome::no_such_priority, 0}}}},
      {endpoint::publish, in_vain},
      {endpoint::publish, failed},
      {endpoint::publish, overflowing},
      {endpoint::list_subscribers, subscriber_list{}},
      {endpoint::list_subscribers, subscriber_list{{{"s", {}, 1, 2, 3, 4, 5}}, true}},
      {endpoint::subscribe_as, subscribed{"s", true}},
      {endpoint::subscribe_as, subscribed{"s", false}},
      {endpoint::subscribe_new, subscribed{"s", true}},
      {endpoint::describe_subscriber, subscriber_description{"s", {}, 1, 2, 3, 4, 5}},
      {endpoint::subscribe_as, other},
      {endpoint::change_subscriber, subscriber_description{"s", {}, 1, 2, 3, 4, 5}},
      {endpoint::unsubscribe, removed{}},
      {endpoint::lease, leased{}},
      {endpoint::lease, leased{{full, bare}}},
      {endpoint::list_dead, dead_letters{}},
      {endpoint::list_dead, dead_letters{{{33, 1, 10, full.what}, {0, 0, 1, bare.what}}, true}},
      {endpoint::replay_dead, dead_settled{1, {0, 33}}},
      {endpoint::purge_dead, dead_settled{}},
      {endpoint::list_delayed, delayed_messages{}},
      {endpoint::list_delayed,
       delayed_messages{{{{7, 0}, 1, full.what}, {{noon, 33}, 0, bare.what}}, true}},
      {endpoint::cancel_delayed, cancelled{1, {{7, 0}}}},
      {endpoint::publish_events, events_published{}},
      {endpoint::publish_events, events_published{1, 1, {{1, "no_separator"}}, true, {1, 2, 2}}},
      {endpoint::list_followers, follow_list{}},
      {endpoint::list_followees, follow_list{{1, -1}, "c"}},
      {endpoint::describe_epoch, epoch_description{1, 2, 1}},
      {endpoint::new_epoch, epoch_description{}},
      {endpoint::statistics, statistics_list{{{"a", 1}, {"b", 18'446'744'073'709'551'615U}}}},
  };
  for (const auto to : {endpoint::ack, endpoint::nack, endpoint::extend}) {
    result.push_back({to, settled{{lease_outcome::done}}});
    result.push_back({to, settled{{lease_outcome::over}}});
    result.push_back({to, settled{{lease_outcome::unknown}}});
  }
  return result;
}

TEST(OpenApi, SaysWhatIsAnswered) {
  std::set<endpoint> seen;
  for (const auto& [to, a] : samples()) {
    const answer_form form{to, "a", "s", {{core::id_of(33), 7}}};
    EXPECT_EQ(disagreement(to, write_answer(form, a)), "") << write_answer(form, a).body;
    seen.insert(to);
  }
  for (const auto to : {endpoint::ready, endpoint::openapi}) {
    const auto response = response_to(get(target_for(route_of(to))));
    EXPECT_EQ(disagreement(to, response), "");
    seen.insert(to);
  }
  for (const route& r : routes()) EXPECT_EQ(seen.count(r.to), 1U) << r.pattern;
}

/// Reasons for which a call may be refused; the rest may come anywhere.
TEST(OpenApi, SaysHowItIsRefused) {
  using reason = refused::reason;
  const std::vector<reason> anywhere{reason::ending, reason::failed, reason::not_readable,
                                     reason::too_many_answers};
  const std::vector<reason> topic{reason::no_such_topic, reason::not_stored};
  const std::vector<reason> subscriber{reason::no_such_topic, reason::no_such_subscriber,
                                       reason::not_stored};
  const std::vector<std::pair<endpoint, std::vector<reason>>> refusals{
      {endpoint::list_topics, {}},
      {endpoint::create_topic,
       {reason::exists_differently, reason::nothing_stored, reason::not_stored, reason::no_room}},
      {endpoint::change_topic,
       {reason::no_such_topic, reason::exists_differently, reason::not_stored}},
      {endpoint::describe_topic, {reason::no_such_topic}},
      {endpoint::delete_topic, topic},
      {endpoint::publish,
       {reason::no_such_topic, reason::no_subscribers, reason::overflow, reason::too_many_delayed,
        reason::no_such_priority, reason::not_stored, reason::no_room}},
      {endpoint::list_subscribers, {reason::no_such_topic}},
      {endpoint::subscribe_as, {reason::exists_differently, reason::not_stored, reason::no_room}},
      {endpoint::subscribe_new, {reason::not_stored, reason::no_room}},
      {endpoint::describe_subscriber, {reason::no_such_topic, reason::no_such_subscriber}},
      {endpoint::change_subscriber, subscriber},
      {endpoint::unsubscribe, subscriber},
      {endpoint::lease, {reason::no_such_topic, reason::no_such_subscriber, reason::no_room}},
      {endpoint::ack, subscriber},
      {endpoint::nack, subscriber},
      {endpoint::extend, subscriber},
      {endpoint::list_dead, {reason::no_such_topic, reason::no_such_subscriber}},
      {endpoint::replay_dead, subscriber},
      {endpoint::purge_dead, subscriber},
      {endpoint::list_delayed, {reason::no_such_topic}},
      {endpoint::cancel_delayed, topic},
      {endpoint::publish_events, {}},
      {endpoint::list_followers, {reason::stale_cursor}},
      {endpoint::list_followees, {reason::stale_cursor}},
      {endpoint::describe_epoch, {}},
      {endpoint::new_epoch, {}},
      {endpoint::statistics, {}},
  };
  for (const auto& [to, reasons] : refusals) {
    for (const auto* const some : {&reasons, &anywhere}) {
      for (const auto why : *some) {
        const auto response = write_answer({to, {}, {}, {}}, refused_for(why, "because"));
        EXPECT_EQ(disagreement(to, response), "") << response.body;
      }
    }
    const auto wrong = http_of(route_of(to).method, target_for(route_of(to)) + "?x=1", "", "");
    EXPECT_EQ(disagreement(to, response_to(wrong)), "");
  }
  for (const route& r : routes()) {
    if (r.segments.at[0] != "v1" || r.method == io::http_method::get ||
        r.method == io::http_method::delete_)
      continue;
    EXPECT_EQ(disagreement(r.to, response_to(http_of(r.method, target_for(r), "?", "x/y"))), "");
    if (r.to != endpoint::publish_events) {
      EXPECT_EQ(disagreement(r.to, response_to(http_of(r.method, target_for(r), "[1]"))), "");
    }
  }
}

TEST(OpenApi, KnowsTheTypesOfProblems) {
  std::set<std::string> said, used{"about:blank", "/problems/invalid-request"};
  for (const auto& type : contract().at_pointer("/components/schemas/ProblemType/enum").as_array())
    said.insert(std::string{type.as_string()});
  for (unsigned i = 0; i <= static_cast<unsigned>(refused::reason::failed); ++i)
    used.insert(std::string{problem_of(static_cast<refused::reason>(i)).type});
  used.insert(std::string{partly_refused.type});
  used.insert(std::string{not_settled.type});
  EXPECT_EQ(said, used);
}

}  // namespace
}  // namespace skein::api
