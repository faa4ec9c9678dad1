/// Who is refused learns of it, also while still sending: at every door.

#include <csignal>

#include "http_bytes.hpp"

namespace skein::test {
namespace {

/// Sends `bytes` whatever comes back meanwhile, as most programs do, and then reads.
std::string answer_behind(peer& client, const std::string& bytes) {
  client.send(bytes);
  client.half_close();
  const std::string answer = client.receive_all();
  EXPECT_FALSE(client.was_reset());
  return answer;
}

TEST(Refusal, OfABodyReachesWhoSendsAllOfItFirst) {
  daemon broker{{{"http.max-body", "1KiB"}}};
  for (const auto& bytes :
       {bytes_of({"POST", "/v1/events", std::string(40 << 20, 'x'), "text/plain"}),
        chunked_bytes_of({"POST", "/v1/events", std::string(8 << 20, 'x'), "text/plain"}, 4096),
        "GET /" + std::string(8 << 20, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "nonsense\r\n" + std::string(8 << 20, 'x')}) {
    peer client{broker.http_port()};
    const auto answer = answer_behind(client, bytes);
    EXPECT_EQ(answer.substr(0, 10), "HTTP/1.1 4") << answer.substr(0, 100);
  }
}

TEST(Refusal, OfAFirstLineReachesWhoSendsMore) {
  daemon broker;
  peer client{broker.client_port()};
  const auto answer = answer_behind(client, "nobody\n" + std::string(8 << 20, 'x'));
  EXPECT_EQ(answer.substr(0, 4), "ERR ") << answer.substr(0, 100);
}

TEST(Refusal, OfABrowserAtTheDoorForSourcesReachesIt) {
  daemon broker;
  peer client{broker.source_port()};
  const auto answer = answer_behind(client, "POST / HTTP/1.1\r\n\r\n" + std::string(8 << 20, 'x'));
  EXPECT_EQ(answer.substr(0, 13), "HTTP/1.1 400 ");
}

TEST(Refusal, DelaysNoEnd) {
  daemon broker;
  peer client{broker.http_port()};
  client.send("nonsense\r\n");
  EXPECT_EQ(client.receive_until("}").substr(0, 13), "HTTP/1.1 400 ");
  // It is still connected, and says nothing.
  broker.program().signal(SIGTERM);
  EXPECT_EQ(broker.program().wait(), 0);
}

}  // namespace
}  // namespace skein::test
