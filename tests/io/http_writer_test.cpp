#include "io/http_writer.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace skein::io {
namespace {

using namespace std::literals;

constexpr http_reply_form of_11{11, false, true};
constexpr http_reply_form of_11_closing{11, false, false};
constexpr http_reply_form of_11_head{11, true, true};
constexpr http_reply_form of_10_keeping{10, false, true};
constexpr http_reply_form of_10{10, false, false};

std::string written(const http_reply_form& form, const http_response& response,
                    std::optional<std::time_t> now = {}) {
  std::string out;
  write_response(form, response, out, now);
  return out;
}

http_response text(std::string body, unsigned status = 200) {
  return {status, "text/plain", std::move(body), {}};
}

std::string date_of(std::time_t now) {
  const std::string bytes = written(of_11, text(""), now);
  const auto begin = bytes.find("Date: ");
  return bytes.substr(begin + 6, bytes.find("\r\n", begin) - begin - 6);
}

TEST(HttpWriter, WritesTypeLengthAndBody) {
  EXPECT_EQ(written(of_11, text("a\r\n\0b"s)),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\na\r\n\0b"s);
}

TEST(HttpWriter, WritesALengthAlsoForNoBody) {
  EXPECT_EQ(written(of_11, {404, "", "", {}}),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpWriter, WritesToAHeadRequestWhatAGetWouldGetWithoutTheBody) {
  const http_response response = text("abc");
  const std::string whole = written(of_11, response);
  EXPECT_EQ(written(of_11_head, response), whole.substr(0, whole.size() - 3));
}

TEST(HttpWriter, WritesNeitherBodyNorLengthWhereThereCanBeNone) {
  EXPECT_EQ(written(of_11, text("abc", 204)), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(written(of_11, text("abc", 304)), "HTTP/1.1 304 Not Modified\r\n\r\n");
}

TEST(HttpWriter, WritesNoPhraseForAStatusWithoutAName) {
  EXPECT_EQ(written(of_11, {299, "", "", {}}), "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(written(of_11, {498, "", "", {}}), "HTTP/1.1 498 \r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpWriter, NamesEveryStatusWithWhichARequestIsRefused) {
  const auto first_line = [](unsigned status) {
    const std::string bytes = written(of_11, text("", status));
    return bytes.substr(0, bytes.find("\r\n"));
  };
  EXPECT_EQ(first_line(400), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(first_line(413), "HTTP/1.1 413 Payload Too Large");
  EXPECT_EQ(first_line(414), "HTTP/1.1 414 URI Too Long");
  EXPECT_EQ(first_line(417), "HTTP/1.1 417 Expectation Failed");
  EXPECT_EQ(first_line(431), "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_EQ(first_line(501), "HTTP/1.1 501 Not Implemented");
  EXPECT_EQ(first_line(505), "HTTP/1.1 505 HTTP Version Not Supported");
}

TEST(HttpWriter, SaysWhatBecomesOfTheConnectionWhereTheVersionDoesNot) {
  const http_response nothing{204, "", "", {}};
  EXPECT_EQ(written(of_11, nothing), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(written(of_11_closing, nothing),
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(written(of_10_keeping, nothing),
            "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(written(of_10, nothing), "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}

TEST(HttpWriter, ClosesWhenTheRequestCouldNotBeRead) {
  EXPECT_EQ(written(http_reply_form{}, {400, "", "", {}}),
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(HttpWriter, WritesOtherHeadersInTheirOrder) {
  http_response response{405, "", "", {}};
  response.headers.add("Allow", "GET, PUT");
  response.headers.add("X", "");
  response.headers.add("Allow", "POST");
  EXPECT_EQ(written(of_11, response),
            "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n"
            "Allow: GET, PUT\r\nX: \r\nAllow: POST\r\n\r\n");
}

TEST(HttpWriter, LetsNoValueEndItsHeader) {
  http_response response{302, "a\r\n\r\nb", "", {}};
  response.headers.add("Loc\nation", "/a\r\nSet-Cookie: b\0c"s);
  EXPECT_EQ(written(of_11, response),
            "HTTP/1.1 302 Found\r\nContent-Type: a    b\r\nContent-Length: 0\r\n"
            "Loc ation: /a  Set-Cookie: b c\r\n\r\n");
}

TEST(HttpWriter, WritesTheDateInTheFormOfMail) {
  EXPECT_EQ(date_of(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, 5.6.7
  EXPECT_EQ(date_of(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date_of(1'709'251'199), "Thu, 29 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(date_of(4'102'444'800), "Fri, 01 Jan 2100 00:00:00 GMT");
}

TEST(HttpWriter, AppendsBehindWhatIsThere) {
  std::string out = "before";
  write_response(of_11, {204, "", "", {}}, out);
  write_response(of_11, {204, "", "", {}}, out);
  EXPECT_EQ(out, "beforeHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
}

TEST(HttpWriter, HasTheInterimResponseReady) {
  EXPECT_EQ(continue_response, "HTTP/1.1 100 Continue\r\n\r\n");
}

}  // namespace
}  // namespace skein::io
