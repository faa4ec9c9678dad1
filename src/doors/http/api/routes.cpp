#include "doors/http/api/routes.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "doors/http/api/openapi.hpp"
#include "doors/http/api/problem.hpp"
#include "doors/http/api/readers.hpp"
#include "doors/http/api/write_gophermq.hpp"

namespace skein::api {
namespace {

using io::http_method;

outcome read_ready(incoming&) {
  io::http_response response;
  response.status = 204;
  return response;
}

outcome read_openapi(incoming&) {
  io::http_response response;
  response.content_type = "application/json";
  response.body = openapi_document();
  return response;
}

constexpr auto get = http_method::get;
constexpr auto put = http_method::put;
constexpr auto post = http_method::post;
constexpr auto patch = http_method::patch;
constexpr auto delete_ = http_method::delete_;

constexpr auto none = bodies::ignored;
constexpr auto object = bodies::object;
constexpr auto maybe = bodies::object_or_nothing;

constexpr route table[] = {
    {post, "/api/publish", endpoint::gophermq_publish, read_gophermq_publish},
    {post, "/api/publish/async", endpoint::gophermq_publish_async, read_gophermq_publish_async},
    {post, "/api/subscribe", endpoint::gophermq_subscribe, read_gophermq_subscribe},
    {post, "/api/fetch", endpoint::gophermq_fetch, read_gophermq_fetch},
    {get, "/ready", endpoint::ready, read_ready},
    {get, "/openapi.json", endpoint::openapi, read_openapi},
    {get, "/v1/topics", endpoint::list_topics, v1<none, read_list_topics>},
    {put, "/v1/topics/{topic}", endpoint::create_topic, v1<maybe, read_create_topic>},
    {patch, "/v1/topics/{topic}", endpoint::change_topic, v1<object, read_change_topic>},
    {get, "/v1/topics/{topic}", endpoint::describe_topic, v1<none, read_describe_topic>},
    {delete_, "/v1/topics/{topic}", endpoint::delete_topic, v1<none, read_delete_topic>},
    {post, "/v1/topics/{topic}/messages", endpoint::publish, v1<object, read_publish>},
    {get, "/v1/topics/{topic}/delayed", endpoint::list_delayed, v1<none, read_list_delayed>},
    {post, "/v1/topics/{topic}/delayed/cancel", endpoint::cancel_delayed,
     v1<object, read_cancel_delayed>},
    {get, "/v1/topics/{topic}/subscribers", endpoint::list_subscribers,
     v1<none, read_list_subscribers>},
    {post, "/v1/topics/{topic}/subscribers", endpoint::subscribe_new, v1<maybe, read_subscribe>},
    {put, "/v1/topics/{topic}/subscribers/{subscriber}", endpoint::subscribe_as,
     v1<maybe, read_subscribe>},
    {get, "/v1/topics/{topic}/subscribers/{subscriber}", endpoint::describe_subscriber,
     v1<none, read_describe_subscriber>},
    {patch, "/v1/topics/{topic}/subscribers/{subscriber}", endpoint::change_subscriber,
     v1<object, read_change_subscriber>},
    {delete_, "/v1/topics/{topic}/subscribers/{subscriber}", endpoint::unsubscribe,
     v1<none, read_unsubscribe>},
    {post, "/v1/topics/{topic}/subscribers/{subscriber}/lease", endpoint::lease,
     v1<maybe, read_lease>},
    {post, "/v1/topics/{topic}/subscribers/{subscriber}/ack", endpoint::ack, v1<object, read_ack>},
    {post, "/v1/topics/{topic}/subscribers/{subscriber}/nack", endpoint::nack,
     v1<object, read_nack>},
    {post, "/v1/topics/{topic}/subscribers/{subscriber}/extend", endpoint::extend,
     v1<object, read_extend>},
    {get, "/v1/topics/{topic}/subscribers/{subscriber}/dead-letters", endpoint::list_dead,
     v1<none, read_list_dead>},
    {post, "/v1/topics/{topic}/subscribers/{subscriber}/dead-letters/replay", endpoint::replay_dead,
     v1<maybe, read_replay_dead>},
    {post, "/v1/topics/{topic}/subscribers/{subscriber}/dead-letters/purge", endpoint::purge_dead,
     v1<maybe, read_purge_dead>},
    {post, "/v1/events", endpoint::publish_events, v1<bodies::lines, read_publish_events>},
    {get, "/v1/users/{user}/followers", endpoint::list_followers, v1<none, read_list_followers>},
    {get, "/v1/users/{user}/followees", endpoint::list_followees, v1<none, read_list_followees>},
    {get, "/v1/epochs/current", endpoint::describe_epoch, v1<none, read_describe_epoch>},
    {post, "/v1/epochs", endpoint::new_epoch, v1<maybe, read_new_epoch>},
    {get, "/v1/statistics", endpoint::statistics, v1<none, read_statistics>},
};

/// In the order of their names except for the first one: as Echo, the framework of gophermq, has
/// them.
constexpr struct {
  std::string_view name;
  http_method method;
} methods[] = {{"DELETE", http_method::delete_}, {"GET", http_method::get},
               {"HEAD", http_method::get},       {"PATCH", http_method::patch},
               {"POST", http_method::post},      {"PUT", http_method::put}};

template <class Predicate>
std::string allowed(Predicate&& is_allowed) {
  std::string text = "OPTIONS";
  for (const auto& m : methods)
    if (is_allowed(m.method)) text.append(", ").append(m.name);
  return text;
}

io::http_response options_response(std::string_view allow) {
  io::http_response response;
  response.status = 204;
  response.headers.add("Allow", allow);
  return response;
}

bool is_gophermq(const path_segments& path) {
  return path.at[0] == "api" || (path.count == 1 && path.at[0] == "ready");
}

io::http_response failure(const path_segments& path, unsigned status, std::string_view detail) {
  const problem_kind kind = plain_problem(status);
  return is_gophermq(path) ? gophermq_error(status, kind.title) : problem_response(kind, detail);
}

/// No route has this path with this method.
io::http_response unroutable(const path_segments& path, http_method method) {
  const auto has_route = [&](http_method m) {
    return std::any_of(std::begin(table), std::end(table),
                       [&](const route& r) { return r.method == m && matches(r, path); });
  };
  const std::string allow = allowed(has_route);
  if (allow == allowed([](http_method) { return false; }))
    return failure(path, 404, "there is nothing at this path");
  if (method == http_method::options) return options_response(allow);
  auto response = failure(path, 405, "allowed are " + allow);
  response.headers.add("Allow", allow);
  return response;
}

}  // namespace

bool matches(const route& r, const path_segments& path) {
  if (path.count != r.segments.count) return false;
  for (std::size_t i = 0; i != path.count; ++i) {
    const auto asked = path.at[i];
    const auto wanted = r.segments.at[i];
    if (is_parameter(wanted) ? asked.empty() : asked != wanted) return false;
  }
  return true;
}

route_list routes() {
  return {std::begin(table), std::end(table)};
}

outcome read_request(const io::http_request& http, const settings& with) {
  if (auto refused_site = refuse_site(http, with.sites)) return *std::move(refused_site);
  if (http.target == "*") return options_response(allowed([](http_method) { return true; }));
  path_segments path{http.path()};
  std::array<std::string, path_segments::most> decoded;
  if (http.target.find('%') != http.target.npos) {
    if (!is_well_encoded(http.target))
      return failure(path, 400, "two hexadecimal digits must follow every % of the target");
    for (std::size_t i = 0; i != path.count; ++i) {
      decoded[i] = percent_decoded(path.at[i]);
      path.at[i] = decoded[i];
    }
  }
  const auto method = http.is_head() ? http_method::get : http.method;
  for (const route& r : table) {
    if (r.method != method || !matches(r, path)) continue;
    incoming in{http, with, r};
    auto* parameter = in.parameters.begin();
    for (std::size_t i = 0; i != path.count; ++i)
      if (is_parameter(r.segments.at[i])) *parameter++ = path.at[i];
    return r.read(in);
  }
  return unroutable(path, method);
}

}  // namespace skein::api
