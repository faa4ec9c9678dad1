#include "io/address.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace skein::io {
namespace {

TEST(Address, IsReadInEveryFormThatUsersWrite) {
  struct row {
    const char* text;
    const char* host;
    std::uint16_t port;
  };
  for (const row& r : {
           row{"", "", 9090},
           row{":", "", 9090},
           row{":8080", "", 8080},
           row{"8080", "", 8080},
           row{"0", "", 0},
           row{"65535", "", 65535},
           row{"localhost", "localhost", 9090},
           row{"localhost:0", "localhost", 0},
           row{"localhost:8080", "localhost", 8080},
           row{"127.0.0.1:65535", "127.0.0.1", 65535},
           row{"127.0.0.1", "127.0.0.1", 9090},
           row{"[::1]:8080", "::1", 8080},
           row{"[::1]", "::1", 9090},
           row{"::1", "::1", 9090},
           row{"::", "::", 9090},
           row{"[]:8080", "", 8080},
           row{"1host", "1host", 9090},
       }) {
    SCOPED_TRACE(r.text);
    const host_port address = parse_address(r.text, 9090);
    EXPECT_EQ(address.host, r.host);
    EXPECT_EQ(address.port, r.port);
  }
}

TEST(Address, IsRefusedWithTheReason) {
  for (const std::string text :
       {"65536", "99999999999999999999", ":x", ":-1", ":+1", ":80x", ": 80", "localhost:65536",
        "localhost:http", "[::1", "[::1]8080", "[::1]:x", "[::1]:70000"}) {
    SCOPED_TRACE(text);
    try {
      parse_address(text, 9090);
      FAIL() << "was taken";
    } catch (const std::invalid_argument& e) {
      // The reason shows the part that is wrong.
      const std::string what = e.what();
      const std::size_t quote = what.find('"');
      ASSERT_NE(quote, what.npos);
      EXPECT_NE(text.find(what.substr(quote + 1, what.size() - quote - 2)), text.npos) << what;
    }
  }
}

TEST(Address, IsWrittenAsItIsRead) {
  boost::asio::io_context context;
  EXPECT_EQ(to_text(resolve_listener(context, "127.0.0.1:81", 80).at(0)), "127.0.0.1:81");
  EXPECT_EQ(to_text(resolve_listener(context, "127.0.0.1", 80).at(0)), "127.0.0.1:80");
  const boost::asio::ip::tcp::endpoint v6{boost::asio::ip::make_address("::1"), 82};
  EXPECT_EQ(to_text(v6), "[::1]:82");
}

TEST(Address, WithoutAHostIsEveryInterface) {
  boost::asio::io_context context;
  const auto endpoints = resolve_listener(context, ":81", 80);
  ASSERT_EQ(endpoints.size(), 1u);
  EXPECT_TRUE(endpoints[0].address().is_unspecified());
  EXPECT_EQ(endpoints[0].port(), 81);
}

TEST(Address, NamesItsIPv4FormFirstAndNoneTwice) {
  boost::asio::io_context context;
  auto endpoints = resolve_listener(context, "localhost:81", 80);
  ASSERT_FALSE(endpoints.empty());
  EXPECT_TRUE(endpoints[0].address().is_v4());
  std::sort(endpoints.begin(), endpoints.end());
  EXPECT_EQ(std::unique(endpoints.begin(), endpoints.end()), endpoints.end());
}

TEST(Address, OfAnUnknownHostIsRefused) {
  boost::asio::io_context context;
  EXPECT_THROW(resolve_listener(context, "no host has spaces:81", 80), std::runtime_error);
}

}  // namespace
}  // namespace skein::io
