/// Requests as clients make them, and what comes of them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "doors/http/api/http_api.hpp"

namespace skein::api {

inline io::http_request http_of(io::http_method method, std::string target, std::string body = {},
                                std::string_view type = "application/json") {
  io::http_request http;
  http.method = method;
  http.target = std::move(target);
  http.body = std::move(body);
  if (!type.empty()) http.headers.add("Content-Type", type);
  return http;
}

inline io::http_request get(std::string target) {
  return http_of(io::http_method::get, std::move(target), {}, {});
}
inline io::http_request delete_(std::string target) {
  return http_of(io::http_method::delete_, std::move(target), {}, {});
}
inline io::http_request post(std::string target, std::string body = {},
                             std::string_view type = "application/json") {
  return http_of(io::http_method::post, std::move(target), std::move(body), type);
}
inline io::http_request put(std::string target, std::string body = {},
                            std::string_view type = "application/json") {
  return http_of(io::http_method::put, std::move(target), std::move(body), type);
}

/// Of a daemon that serves its operator over HTTP, too.
inline settings for_operator() {
  settings with;
  with.for_operator = true;
  return with;
}

/// What it asks for. A response at once is a failure.
inline request request_of(const io::http_request& http, const settings& with = {}) {
  auto result = read_request(http, with);
  if (const auto* const response = std::get_if<io::http_response>(&result)) {
    ADD_FAILURE() << http.target << ": " << response->status << " " << response->body;
    return {};
  }
  return std::get<request>(std::move(result));
}

template <class Call>
Call call_of(const io::http_request& http, const settings& with = {}) {
  const request r = request_of(http, with);
  const auto* const what = std::get_if<Call>(&r.what);
  if (what == nullptr) ADD_FAILURE() << http.target << ": another call";
  return what == nullptr ? Call{} : *what;
}

/// What it asks of topic `a.b`.
template <class Call>
Call topic_call_of(const io::http_request& http, const settings& with = {}) {
  const auto of_topic = call_of<topic_call>(http, with);
  EXPECT_EQ(of_topic.topic, "a.b") << http.target;
  const auto* const what = std::get_if<Call>(&of_topic.what);
  if (what == nullptr) ADD_FAILURE() << http.target << ": another call";
  return what == nullptr ? Call{} : *what;
}

/// What is answered at once.
inline io::http_response response_to(const io::http_request& http, const settings& with = {}) {
  auto result = read_request(http, with);
  if (!std::holds_alternative<io::http_response>(result)) {
    ADD_FAILURE() << http.target << " " << http.body << ": was understood";
    return {};
  }
  return std::get<io::http_response>(std::move(result));
}

/// `errors` of a problem that the fields of `http` are: `/a detail; parameter: detail`.
std::string errors_of(const io::http_request& http, const settings& with = {});

}  // namespace skein::api
