#include "core/events/first_line.hpp"

#include <gtest/gtest.h>

#include <string>

namespace skein::core {
namespace {

TEST(FirstLine, OfARequestIsOfABrowser) {
  for (const char* line :
       {"GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "OPTIONS * HTTP/1.1\r\n",
        "PUT /a|b HTTP/1.0\n", "DELETE ", "CONNECT a:1", "PRI * HTTP/2.0\r\n",
        "brew /pot HTTP/1.1\r\n", "1|B / HTTP/1.1\r\nHost: a\r\n", "\x16\x03\x01\x02"}) {
    EXPECT_TRUE(is_of_a_browser(line)) << line;
  }
}

TEST(FirstLine, OfASourceIsNot) {
  for (const char* line : {"", "1|B\n", "1|F|2|3\r\nGET / HTTP/1.1\r\n", "G", "POST", "hello\n",
                           "GETTING 1\n", "\n", "\x16", "HTTP/1.1\n", "see HTTP/1.1 there\n"}) {
    EXPECT_FALSE(is_of_a_browser(line)) << line;
  }
}

TEST(FirstLine, IsToldByAsManyBytesAsThatTakes) {
  for (const std::string line :
       {"OPTIONS / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n", "\x16\x03\x01 more of it\n"}) {
    EXPECT_TRUE(is_of_a_browser(line.substr(0, enough_to_tell))) << line;
  }
}

}  // namespace
}  // namespace skein::core
