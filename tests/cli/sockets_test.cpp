#include "cli/sockets.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "cli/maze/naive_server.hpp"

namespace skein::cli::test {
namespace {

std::uint32_t local_address(const descriptor& connection) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(connection.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohl(address.sin_addr.s_addr);
}

TEST(Sockets, LeaveFromFurtherLoopbackAddressesWhenPortsRunShort) {
  const naive_server server;
  const auto door = resolve("127.0.0.1", server.client_port());
  EXPECT_EQ(local_address(connect_to(door, 24'999)), 0x7f000001U);
  EXPECT_EQ(local_address(connect_to(door, 25'000)), 0x7f000002U);
  EXPECT_EQ(local_address(connect_to(door, 99'999)), 0x7f000004U);
}

TEST(Sockets, NameTheServerThatRefuses) {
  std::uint16_t port = 0;
  {
    const naive_server gone;
    port = gone.client_port();
  }
  try {
    connect_to(resolve("127.0.0.1", port));
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_EQ(e.what(),
              "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  }
}

}  // namespace
}  // namespace skein::cli::test
