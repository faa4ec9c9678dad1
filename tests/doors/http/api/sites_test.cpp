/// Which pages may use the daemon, and by which names it is reached.

#include "doors/http/api/sites.hpp"

#include <gtest/gtest.h>

#include <string>

#include "doors/http/api/asking.hpp"

namespace skein::api {
namespace {

io::http_request sent_to(std::string authority, std::string_view origin = {},
                         std::string_view fetch_site = {}) {
  auto http = post("/v1/epochs");
  http.authority = std::move(authority);
  if (!origin.empty()) http.headers.add("Origin", origin);
  if (!fetch_site.empty()) http.headers.add("Sec-Fetch-Site", fetch_site);
  return http;
}

/// Its status; 0 if it is served.
unsigned refused(const io::http_request& http, const site_rules& rules = {}) {
  const auto response = refuse_site(http, rules);
  return response ? response->status : 0;
}

TEST(Sites, OfPagesAreAllForeign) {
  for (const char* origin : {"http://evil.example", "https://localhost:8443", "null",
                             "http://localhost:3000", "http://localhost.evil.example:8082",
                             "localhost:8082", "http://localhost:8082.evil.example"})
    EXPECT_EQ(refused(sent_to("localhost:8082", origin)), 403u) << origin;
  EXPECT_EQ(refused(sent_to("localhost:8082", {}, "cross-site")), 403u);
  EXPECT_EQ(refused(sent_to("127.0.0.1:8082", "http://evil.example", "cross-site")), 403u);
  EXPECT_EQ(refused(sent_to("", "http://evil.example")), 403u);
}

TEST(Sites, ButThoseServedBesideItByAProxy) {
  EXPECT_EQ(refused(sent_to("localhost:8082", "http://localhost:8082", "same-origin")), 0u);
  EXPECT_EQ(refused(sent_to("shop.example", "https://shop.example", "same-origin")), 0u);
  EXPECT_EQ(refused(sent_to("shop.example:443", "https://SHOP.example")), 0u);
  EXPECT_EQ(refused(sent_to("shop.example", "http://shop.example:80")), 0u);
  EXPECT_EQ(refused(sent_to("shop.example:80", "https://shop.example")), 403u);
}

TEST(Sites, AreNoneOfWhoIsNoBrowser) {
  EXPECT_EQ(refused(sent_to("localhost:8082")), 0u);
  EXPECT_EQ(refused(sent_to("localhost:8082", {}, "none")), 0u) << "typed in by its user";
}

TEST(Sites, ThatAreAllowedMayReadTheAnswer) {
  const site_rules rules{{}, {"https://shop.example"}};
  const auto http = sent_to("localhost:8082", "https://shop.example", "cross-site");
  EXPECT_EQ(refused(http, rules), 0u);
  EXPECT_EQ(refused(sent_to("localhost:8082", "https://shop.example:8443"), rules), 403u);
  io::http_response response;
  let_page_read(allowed_origin(http, rules), response);
  EXPECT_EQ(response.headers.find("Access-Control-Allow-Origin"), "https://shop.example");
  EXPECT_EQ(response.headers.find("Vary"), "Origin");
  io::http_response other;
  let_page_read(allowed_origin(sent_to("a", "https://evil.example"), rules), other);
  EXPECT_TRUE(other.headers.empty());
}

TEST(Sites, ThatAreAllowedMaySendJson) {
  settings with;
  with.sites.origins = {"https://shop.example"};
  auto http = http_of(io::http_method::options, "/v1/topics/a/messages", {}, {});
  http.headers.add("Origin", "https://shop.example");
  http.headers.add("Access-Control-Request-Method", "POST");
  auto response = response_to(http, with);
  EXPECT_EQ(response.status, 204u);
  let_page_read("https://shop.example", response);
  EXPECT_EQ(response.headers.find("Access-Control-Allow-Methods"), "OPTIONS, POST");
  EXPECT_EQ(response.headers.find("Access-Control-Allow-Headers"), "Content-Type");
}

TEST(Hosts, OfTheLoopbackInterfaceAreItsNames) {
  const site_rules rules{loopback_names("box", {"broker.example"}), {}};
  for (const char* host :
       {"localhost", "localhost:8082", "LOCALHOST:1", "localhost.", "a.localhost:8082",
        "ip6-localhost:8082", "box:8082", "broker.example", "", "127.0.0.1:8082", "10.1.2.3",
        "[::1]:8082", "[fe80::1]", "[fe80::1%25eth0]:8082", "[::ffff:127.0.0.1]"})
    EXPECT_EQ(refused(sent_to(host), rules), 0u) << host;
  for (const char* host :
       {"evil.example:8082", "localhost.evil.example", "xlocalhost", "127.0.0.1.evil.example",
        "1.2.3", "1.2.3.4.5", "1.2.3.x", ".localhost", "[evil]", "[evil]:8082", "[::1", "[::1]evil",
        "[]", "1.2.3.999", "[1.2.3.4]", "[::1]]", "[evil%::1]"})
    EXPECT_EQ(refused(sent_to(host), rules), 421u) << host;
}

TEST(Hosts, ElsewhereAreAllUnlessTheyAreNamed) {
  EXPECT_EQ(refused(sent_to("anything:8082")), 0u);
  const site_rules rules{{"broker.example"}, {}};
  EXPECT_EQ(refused(sent_to("broker.example:8082"), rules), 0u);
  EXPECT_EQ(refused(sent_to("anything:8082"), rules), 421u);
  EXPECT_EQ(refused(sent_to("localhost:8082"), rules), 421u);
  EXPECT_EQ(refused(sent_to("10.0.0.7:8082"), rules), 0u);
}

TEST(Hosts, AreLookedAtBeforeAnythingElse) {
  settings with;
  with.sites.hosts = loopback_names({}, {});
  for (auto http : {get("/ready"), post("/api/publish"), get("/nothing"), post("/v1/events"),
                    http_of(io::http_method::options, "*")}) {
    http.authority = "evil.example";
    EXPECT_EQ(response_to(http, with).status, 421u) << http.target;
    http.authority = "localhost";
    http.headers.add("Origin", "http://evil.example");
    EXPECT_EQ(response_to(http, with).status, 403u) << http.target;
  }
}

TEST(Operator, AloneBeginsEpochsAndPurgesEverything) {
  const std::string purge = "/v1/topics/a.b/subscribers/s/dead-letters/purge";
  settings with;
  for (const auto& http : {post("/v1/epochs"), post(purge), post(purge, "{}")})
    EXPECT_EQ(response_to(http, with).status, 403u) << http.target;
  EXPECT_EQ(topic_call_of<settle_dead>(post(purge, R"({"ids":["32"]})"), with).ids.size(), 1u);
  with.for_operator = true;
  call_of<new_epoch>(post("/v1/epochs"), with);
  EXPECT_TRUE(topic_call_of<settle_dead>(post(purge), with).ids.empty());
}

}  // namespace
}  // namespace skein::api
