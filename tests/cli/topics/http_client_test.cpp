#include "cli/topics/http_client.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <mutex>

#include "cli/topics/fake_http.hpp"

namespace skein::cli::test {
namespace {

using namespace std::chrono_literals;

std::uint16_t port_of(const fake_http& server) {
  return static_cast<std::uint16_t>(std::stoi(server.port()));
}

std::string reason(http_client& client, std::chrono::milliseconds timeout = 30s) {
  try {
    client.ask("GET", "/", {}, timeout);
    return "none";
  } catch (const server_lost& e) {
    return e.what();
  }
}

TEST(HttpClient, KeepsItsConnection) {
  const fake_http server{{json_answer(200, "{}"), json_answer(204), json_answer(404, "[]")}};
  http_client client{"127.0.0.1", port_of(server)};
  const auto first = client.ask("GET", "/a?b=%20", {}, 30s);
  EXPECT_EQ(first.status, 200u);
  EXPECT_EQ(first.content_type, "application/json");
  EXPECT_EQ(first.body, "{}");
  EXPECT_EQ(client.ask("DELETE", "/b", {}, 30s).status, 204u);
  EXPECT_EQ(client.ask("POST", "/c", "{\"d\":1}", 0ms).body, "[]");
  EXPECT_EQ(server.requests(),
            (std::vector<std::string>{"GET /a?b=%20", "DELETE /b", "POST /c {\"d\":1}"}));
  EXPECT_EQ(server.connections(), 1u);
}

TEST(HttpClient, SaysThatABodyIsJsonAndWhoIsAsked) {
  std::string type;
  std::string host;
  const fake_http server{[&](const io::http_request& r, std::size_t) {
    type = r.content_type();
    host = r.headers.find("Host");
    return std::optional{json_answer(204)};
  }};
  http_client client{"127.0.0.1", port_of(server)};
  client.ask("POST", "/", "", 30s);
  EXPECT_EQ(type, "application/json");
  EXPECT_EQ(host, "127.0.0.1:" + server.port());
  client.ask("GET", "/", {}, 30s);
  EXPECT_EQ(type, "");
}

TEST(HttpClient, ConnectsAnewIfTheServerHasClosedInBetween) {
  const fake_http server{[](const io::http_request& r, std::size_t nth) {
    auto answer = json_answer(200, std::to_string(nth));
    if (r.target == "/last") answer.status = 503;
    return r.target == "/none" ? std::nullopt : std::optional{answer};
  }};
  http_client client{"127.0.0.1", port_of(server)};
  client.ask("GET", "/", {}, 30s);
  EXPECT_THROW(client.ask("GET", "/none", {}, 30s), server_lost);
  EXPECT_EQ(client.ask("GET", "/last", {}, 30s).body, "2");
  EXPECT_EQ(server.connections(), 2u);
}

TEST(HttpClient, SendsNothingTwiceAndSaysWhatWasLost) {
  const fake_http server{std::vector<io::http_response>{}};
  http_client client{"127.0.0.1", port_of(server)};
  EXPECT_EQ(reason(client), "the daemon at 127.0.0.1:" + server.port() +
                                " closed the connection without a whole answer");
  EXPECT_EQ(server.requests().size(), 1u);
}

/// A server that answers only when it is allowed to.
class silent_server {
 public:
  silent_server() { silence_.lock(); }
  ~silent_server() { silence_.unlock(); }
  const fake_http& get() const { return server_; }

 private:
  std::mutex silence_;
  const fake_http server_{[this](const io::http_request&, std::size_t) {
    const std::lock_guard wait{silence_};
    return std::optional<io::http_response>{};
  }};
};

TEST(HttpClient, GivesUpInTime) {
  const silent_server server;
  http_client client{"127.0.0.1", port_of(server.get())};
  EXPECT_EQ(reason(client, 20ms),
            "the daemon at 127.0.0.1:" + server.get().port() + " did not answer in time");
}

TEST(HttpClient, IsInterruptedByASignalWhileItWaits) {
  const silent_server server;
  http_client client{"127.0.0.1", port_of(server.get())};
  const interruption stop;
  client.heed(&stop);
  EXPECT_FALSE(stop.has_come());
  ::pthread_kill(::pthread_self(), SIGINT);
  EXPECT_TRUE(stop.has_come());
  EXPECT_THROW(client.ask("GET", "/", {}, 0ms), interrupted);
}

TEST(HttpClient, NamesTheServerThatIsNotThere) {
  std::string port;
  {
    const fake_http gone{std::vector<io::http_response>{}};
    port = gone.port();
  }
  http_client client{"127.0.0.1", static_cast<std::uint16_t>(std::stoi(port))};
  EXPECT_EQ(reason(client), "cannot connect to 127.0.0.1:" + port + ": Connection refused");
}

}  // namespace
}  // namespace skein::cli::test
