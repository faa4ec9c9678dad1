#include "doors/http/api/routes.hpp"

#include <gtest/gtest.h>

#include <set>

#include "doors/http/api/asking.hpp"
#include "doors/http/api/openapi.hpp"

namespace skein::api {
namespace {

using io::http_method;

constexpr char problem[] = "application/problem+json";

TEST(Routes, EachEndpointIsOneRow) {
  std::set<endpoint> found;
  for (const route& r : routes()) EXPECT_TRUE(found.insert(r.to).second) << r.pattern;
  EXPECT_EQ(found.size(), static_cast<std::size_t>(endpoint::statistics) + 1);
}

TEST(Routes, AnUnknownPathIsNotFound) {
  for (const char* target :
       {"/", "/v1", "/v1/", "/v1/topic", "/v1/topics/", "/v1/topics//messages", "/v1/topics/a/b",
        "/v1/topics/a/messages/", "//v1/topics", "/V1/topics",
        "/v1/topics/a/subscribers/b/dead-letters/replay/x/y/z", "/apis"}) {
    const auto response = response_to(get(target));
    EXPECT_EQ(response.status, 404U) << target;
    EXPECT_EQ(response.content_type, problem);
    EXPECT_EQ(response.body,
              "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
              "\"detail\":\"there is nothing at this path\"}\n");
  }
}

TEST(Routes, AnUnknownPathOfGophermqIsNotFoundAsThere) {
  for (const char* target : {"/api", "/api/", "/api/publish/", "/api/publish/x", "/api/Publish"}) {
    const auto response = response_to(post(target));
    EXPECT_EQ(response.status, 404U) << target;
    EXPECT_EQ(response.content_type, "application/json; charset=UTF-8");
    EXPECT_EQ(response.body, "{\"message\":\"Not Found\"}\n");
  }
}

TEST(Routes, AWrongMethodIsToldWhatIsAllowed) {
  auto response = response_to(post("/v1/topics/a"));
  EXPECT_EQ(response.status, 405U);
  EXPECT_EQ(response.content_type, problem);
  EXPECT_EQ(response.headers.find("Allow"), "OPTIONS, DELETE, GET, HEAD, PATCH, PUT");
  EXPECT_EQ(response.body,
            "{\"type\":\"about:blank\",\"title\":\"Method Not Allowed\",\"status\":405,"
            "\"detail\":\"allowed are OPTIONS, DELETE, GET, HEAD, PATCH, PUT\"}\n");
  response = response_to(http_of(http_method::patch, "/v1/epochs"));
  EXPECT_EQ(response.status, 405U);
  EXPECT_EQ(response.headers.find("Allow"), "OPTIONS, POST");
}

TEST(Routes, AWrongMethodOfGophermqIsRefusedAsThere) {
  for (const auto method : {http_method::get, http_method::head, http_method::put,
                            http_method::patch, http_method::other}) {
    const auto response = response_to(http_of(method, "/api/publish"));
    EXPECT_EQ(response.status, 405U);
    EXPECT_EQ(response.headers.find("Allow"), "OPTIONS, POST");
    EXPECT_EQ(response.body, "{\"message\":\"Method Not Allowed\"}\n");
  }
  const auto response = response_to(post("/ready"));
  EXPECT_EQ(response.status, 405U);
  EXPECT_EQ(response.headers.find("Allow"), "OPTIONS, GET, HEAD");
  EXPECT_EQ(response.body, "{\"message\":\"Method Not Allowed\"}\n");
}

TEST(Routes, OptionsTellWhatIsAllowed) {
  const auto allowed = [](const char* target) {
    const auto response = response_to(http_of(http_method::options, target));
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.content_type, "");
    return std::to_string(response.status) + " " + std::string{response.headers.find("Allow")};
  };
  EXPECT_EQ(allowed("/v1/topics/a"), "204 OPTIONS, DELETE, GET, HEAD, PATCH, PUT");
  EXPECT_EQ(allowed("/api/fetch"), "204 OPTIONS, POST");
  EXPECT_EQ(allowed("*"), "204 OPTIONS, DELETE, GET, HEAD, PATCH, POST, PUT");
  EXPECT_EQ(response_to(http_of(http_method::options, "/nothing")).status, 404U);
}

TEST(Routes, HeadIsAllowedWhereGetIs) {
  for (const route& r : routes()) {
    std::string target;
    for (std::size_t i = 0; i != r.segments.count; ++i)
      target.append("/").append(is_parameter(r.segments.at[i]) ? "1" : r.segments.at[i]);
    const auto head = read_request(http_of(http_method::head, target), {});
    const auto* const response = std::get_if<io::http_response>(&head);
    if (r.method == http_method::get) {
      EXPECT_TRUE(response == nullptr || response->status < 300) << target;
    } else if (response != nullptr) {
      EXPECT_EQ(response->status, 405U) << target;
    }
  }
}

TEST(Routes, ReadyIsAnsweredAtOnce) {
  const auto response = response_to(get("/ready?x=1"));
  EXPECT_EQ(response.status, 204U);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.content_type, "");
}

TEST(Routes, TheContractIsAnsweredAtOnce) {
  const auto response = response_to(get("/openapi.json"));
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, openapi_document());
}

TEST(Routes, PathsAreDecoded) {
  EXPECT_EQ(call_of<topic_call>(get("/v1/topics/a%2Fb")).topic, "a/b");
  EXPECT_EQ(call_of<topic_call>(get("/%76%31/topics/%c3%a9%2e%25")).topic, "\u00e9.%");
  EXPECT_EQ(call_of<topic_call>(get("/v1/topics/a+b")).topic, "a+b");
}

TEST(Routes, AMalformedTargetIsABadRequest) {
  for (const char* target :
       {"/v1/topics/%", "/v1/topics/a%2", "/v1/topics/%zz", "/v1/topics?x=%", "/%"}) {
    const auto response = response_to(get(target));
    EXPECT_EQ(response.status, 400U) << target;
    EXPECT_EQ(response.content_type, problem);
  }
  const auto response = response_to(post("/api/publish%x"));
  EXPECT_EQ(response.status, 400U);
  EXPECT_EQ(response.body, "{\"message\":\"Bad Request\"}\n");
}

TEST(Routes, NamesInPathsAreNames) {
  const std::string wrong =
      "must be a name: 1..255 bytes of UTF-8 without blanks and controls, and something before, "
      "between and after its dots";
  const std::string too_long(256, 'a');
  for (const std::string name : {"a..b", ".", "a%20b", "%ff", too_long.c_str()}) {
    EXPECT_EQ(errors_of(get("/v1/topics/" + name)), "topic: " + wrong);
    EXPECT_EQ(errors_of(post("/v1/topics/a/subscribers/" + name + "/lease")),
              "subscriber: " + wrong);
  }
  for (const char* name : {"a%1b[2J", "a%00", "%c2%9b", "%7f"}) {
    const std::string path = std::string{"/v1/topics/"} + name;
    EXPECT_EQ(errors_of(put(path)), "topic: " + wrong) << name;
    EXPECT_EQ(errors_of(put(path + "/subscribers/s")), "topic: " + wrong) << name;
    EXPECT_EQ(errors_of(post(path + "/messages", R"({"payload":"x"})")), "topic: " + wrong) << name;
    // What is there from before can be looked at and removed.
    call_of<topic_call>(get(path));
    call_of<topic_call>(delete_(path + "/subscribers/" + name));
  }
  EXPECT_EQ(errors_of(delete_("/v1/topics/a./subscribers/.b")),
            "topic: " + wrong + "; subscriber: " + wrong);
}

}  // namespace
}  // namespace skein::api
