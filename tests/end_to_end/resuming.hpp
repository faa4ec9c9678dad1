/// What tests of durable sessions share.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "audience.hpp"

namespace skein::test {

/// `1|B`, `2|B`, ... as clients get them.
inline std::string told(std::int64_t first, std::int64_t last) {
  return sent(broadcasts(first, last), "\r\n");
}

/// Whole lines, without their ends; what is cut off at the end is left out.
inline std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (auto end = text.find("\r\n"); end != std::string::npos; end = text.find("\r\n", begin)) {
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 2;
  }
  return lines;
}

/// Expects that the client gets exactly `text` next, and forgets it.
inline void expect_told(peer& client, const std::string& text) {
  const std::string got = client.receive(text.size());
  EXPECT_TRUE(got == text) << "got " << got.substr(0, 200) << "... of " << got.size()
                           << " bytes instead of " << text.substr(0, 200) << "... of "
                           << text.size();
  client.take_received();
}

/// Returns when the daemon has done what the client said up to now: it answers what it cannot
/// understand. What the client is told meanwhile is left to be received.
inline void await_heard(peer& client) {
  const std::string barrier = "ERR an acknowledgement is A| and a number\r\n";
  const auto before = client.received().find(barrier);
  ASSERT_EQ(before, std::string::npos);
  client.send("heard\n");
  client.receive_until(barrier);
  client.forget(barrier);
}

/// Acknowledges; returns when the daemon has heard it.
inline void acknowledge(peer& client, std::int64_t number) {
  client.send("A|" + std::to_string(number) + "\n");
  await_heard(client);
}

/// A source sends these lines and leaves; returns when all of them have their place: the expected
/// number is behind them.
inline void play(daemon& broker, const std::vector<std::string>& lines, std::uint64_t next) {
  peer source{broker.source_port()};
  source.send(sent(lines));
  broker.await_status("next", next);
}

}  // namespace skein::test
