/// Clients that do not read, or not as fast as they are sent to.

#include <algorithm>
#include <future>
#include <vector>

#include "audience.hpp"

namespace skein::test {
namespace {

constexpr int small = 4096;  ///< receive buffer, bytes

/// Broadcasts first..last of 4,000 bytes each: the number has leading zeros.
std::vector<std::string> long_broadcasts(int first, int last) {
  std::vector<std::string> lines;
  for (int n = first; n <= last; ++n) {
    const auto number = std::to_string(n);
    lines.push_back(std::string(3996 - number.size(), '0') + number + "|B");
  }
  return lines;
}

/// Sends the lines in pieces, each after the others have got the one before: the source never
/// runs ahead of them, whatever a client does.
void send_in_step(peer& source, audience& others, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); i += 500) {
    const std::vector<std::string> piece(
        lines.begin() + static_cast<std::ptrdiff_t>(i),
        lines.begin() + static_cast<std::ptrdiff_t>(std::min(i + 500, lines.size())));
    source.send(sent(piece));
    others.expect(piece);
    others.await();
  }
}

/// The whole lines of a text, without their ends; a rest without end is an error.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (auto end = text.find("\r\n"); end != std::string::npos; end = text.find("\r\n", begin)) {
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  EXPECT_EQ(begin, text.size()) << "a line was cut";
  return lines;
}

/// Expects some of the lines, each whole, in their order.
void expect_some_of(const std::vector<std::string>& lines, const std::vector<std::string>& got) {
  auto at = lines.begin();
  for (const auto& line : got) {
    at = std::find(at, lines.end(), line);
    ASSERT_NE(at, lines.end()) << "got what was not sent, or out of order";
    ++at;
  }
}

TEST(SlowClient, ThatNeverReadsIsDisconnected) {
  daemon broker;
  audience users{broker, {1, 2}};
  auto slow = broker.client(3, small);
  auto source = broker.source();
  const auto lines = long_broadcasts(1, 12'000);
  send_in_step(source, users, lines);
  broker.await_line("client disconnected, it does not read");
  EXPECT_LT(broker.program().peak_memory_kib(), 128u << 10);
  slow.receive_all();
  EXPECT_TRUE(slow.was_reset()) << "so that it knows that it missed something";
  EXPECT_EQ(slow.received(), sent(lines, "\r\n").substr(0, slow.received().size()));
  const auto totals = users.verify();
  EXPECT_EQ(totals["overflows"], 1u);
  EXPECT_GT(totals["notifications_dropped"], 0u);
  EXPECT_EQ(totals["events_received"], 12'000u);
}

TEST(SlowClient, HoldsNobodyUpForEver) {
  daemon broker{{{"client.stall-timeout", "100ms"}}};
  audience users{broker, {1}};
  auto slow = broker.client(2, small);
  auto source = broker.source();
  // All at once: backpressure may slow the source down, but not for ever.
  const auto lines = long_broadcasts(1, 12'000);
  users.expect(lines);
  auto reader = std::async(std::launch::async, [&] { users.await(); });
  source.send(sent(lines));
  reader.get();
  broker.await_line("client disconnected, it does not read");
  EXPECT_LT(broker.program().peak_memory_kib(), 192u << 10);
  users.verify();
}

TEST(SlowClient, ManyOfThemHarmNobody) {
  daemon broker{{{"client.stall-timeout", "100ms"}}};
  audience users{broker, {1, 2}};
  std::vector<peer> slow;
  for (int user = 3; user != 63; ++user) slow.push_back(broker.client(user, small));
  auto source = broker.source();
  send_in_step(source, users, long_broadcasts(1, 8'000));
  // Together they have more than may be in flight, so all are lost, whatever each may have pending.
  broker.await_line("client disconnected, it does not read", slow.size());
  EXPECT_LT(broker.program().peak_memory_kib(), 512u << 10);
  const auto totals = users.verify();
  EXPECT_EQ(totals["overflows"], slow.size());
}

TEST(SlowClient, MayLoseTheOldestInstead) {
  daemon broker{{{"client.overflow-policy", "drop-oldest"}, {"client.max-outbox", "256KiB"}}};
  audience users{broker, {1}};
  auto slow = broker.client(2, small);
  auto source = broker.source();
  const auto lines = long_broadcasts(1, 8'000);
  send_in_step(source, users, lines);
  EXPECT_LT(broker.program().peak_memory_kib(), 128u << 10);
  slow.receive_until(lines.back() + "\r\n");
  const auto got = lines_of(slow.received());
  expect_some_of(lines, got);
  ASSERT_LT(got.size(), lines.size());
  EXPECT_EQ(got.front(), lines.front());
  source.send("8001|B\n");
  users.expect({"8001|B"});
  slow.receive_until("8001|B\r\n");
  const auto totals = users.verify();
  EXPECT_EQ(totals["notifications_dropped"], lines.size() - got.size());
  EXPECT_GT(totals["overflows"], 0u);
}

TEST(SlowClient, MayLoseTheNewestInstead) {
  daemon broker{{{"client.overflow-policy", "drop-newest"}, {"client.max-outbox", "256KiB"}}};
  audience users{broker, {1}};
  auto slow = broker.client(2, small);
  auto source = broker.source();
  const auto lines = long_broadcasts(1, 8'000);
  send_in_step(source, users, lines);
  broker.await_counter("notifications_dropped", 1);
  // What it has got by then is what came first; later ones come when there is room again.
  const std::size_t room = 256 << 10;
  slow.receive(room);
  EXPECT_EQ(slow.received().substr(0, room), sent(lines, "\r\n").substr(0, room));
  auto sequel = std::int64_t{8001};
  await("room for new ones", [&] {
    const auto line = std::to_string(sequel++) + "|B";
    source.send(line + "\n");
    users.expect({line});
    users.await();
    return slow.receive_now().find("\n" + line) != std::string::npos;
  });
  auto all = lines;
  for (auto n = std::int64_t{8001}; n != sequel; ++n) all.push_back(std::to_string(n) + "|B");
  const auto totals = users.verify();
  const auto got = lines_of(slow.receive_all());
  expect_some_of(all, got);
  EXPECT_EQ(totals["notifications_dropped"], all.size() - got.size());
}

TEST(SlowClient, ManyThatMayLoseSomeHarmNobody) {
  for (const char* policy : {"drop-oldest", "drop-newest"}) {
    SCOPED_TRACE(policy);
    daemon broker{{{"client.overflow-policy", policy}, {"client.max-outbox", "1MiB"}}};
    audience users{broker, {1, 2}};
    std::vector<peer> slow;
    for (int user = 3; user != 63; ++user) slow.push_back(broker.client(user, small));
    auto source = broker.source();
    send_in_step(source, users, long_broadcasts(1, 6'000));
    EXPECT_LT(broker.program().peak_memory_kib(), 256u << 10);
    EXPECT_GT(broker.program().descriptors(), slow.size()) << "they are still connected";
    users.await();
    for (auto& client : slow) client.reset();
    const auto totals = users.verify();
    EXPECT_GT(totals["notifications_dropped"], 0u);
    EXPECT_EQ(totals["events_received"], 6'000u);
  }
}

TEST(SlowClient, ThatReadsLosesNothing) {
  daemon broker;
  audience users{broker, {1}};
  auto slow = broker.client(2, small);
  auto source = broker.source();
  const auto lines = long_broadcasts(1, 12'000);
  users.expect(lines);
  const auto expected = sent(lines, "\r\n");
  auto sender = std::async(std::launch::async, [&] { source.send(expected); });
  auto reader = std::async(std::launch::async, [&] { users.await(); });
  for (std::size_t size = 0; size < expected.size(); size += 100'000) {
    slow.receive(std::min(size, expected.size()));
  }
  slow.receive(expected.size());
  sender.get();
  reader.get();
  EXPECT_EQ(slow.received() == expected, true);
  const auto totals = users.verify();
  EXPECT_EQ(totals["overflows"], 0u);
  EXPECT_EQ(totals["notifications_dropped"], 0u);
}

}  // namespace
}  // namespace skein::test
