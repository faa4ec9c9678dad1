#include "io/http_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "support/http_reading.hpp"
#include "support/random.hpp"

namespace skein::io {
namespace {

using namespace std::literals;
using result = http_reader::result;
using texts = std::vector<std::string>;

/// Each target, set of headers and body of these tests is small.
constexpr http_limits small{32, 128, 16};

test::http_reading read(std::string_view bytes, const http_limits& limits = {}) {
  return test::read_in_pieces(limits, bytes, [&] { return bytes.size(); });
}

/// The status with which `bytes` are refused; 0 if they are not.
unsigned refused(std::string_view bytes, const http_limits& limits = {}) {
  return read(bytes, limits).error.status;
}

/// With this first line and these headers beside `Host`.
std::string head(std::string_view first_line, std::string_view headers = "") {
  return std::string{first_line} + "\r\nHost: h\r\n" + std::string{headers} + "\r\n";
}

std::string post(std::string_view headers, std::string_view body = "") {
  return head("POST /a HTTP/1.1", headers) + std::string{body};
}

std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

/// What a chunked request is read as.
std::string chunked_text(std::string_view body) {
  return "POST /a HTTP/1.1, keeps\nHost: h\nTransfer-Encoding: chunked\n\n" + std::string{body};
}

void put(http_reader& reader, std::string_view bytes) {
  const auto space = reader.space_for_reading();
  ASSERT_GE(space.size, bytes.size());
  std::memcpy(space.data, bytes.data(), bytes.size());
  reader.commit(bytes.size());
}

// What a request says.

TEST(HttpReader, ReadsARequestWithoutABody) {
  EXPECT_EQ(read("GET /topics/a?max=3 HTTP/1.1\r\nHost: h:80\r\nAccept:*/*\r\n\r\n").requests,
            texts{"GET /topics/a?max=3 HTTP/1.1, keeps\nHost: h:80\nAccept: */*\n\n"});
}

TEST(HttpReader, ReadsABodyOfTheLengthThatItSays) {
  EXPECT_EQ(read(post("Content-Length: 5\r\n", "a\r\n\0z"sv)).requests,
            texts{"POST /a HTTP/1.1, keeps\nHost: h\nContent-Length: 5\n\na\r\n\0z"s});
}

TEST(HttpReader, KnowsMethodsByTheirExactNames) {
  for (const char* name : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const auto reading = read(head(name + " /a HTTP/1.1"s));
    EXPECT_EQ(reading.requests, texts{name + " /a HTTP/1.1, keeps\nHost: h\n\n"s});
  }
  for (const char* name : {"get", "Get", "GETS", "TRACE", "BREW", "!#$%&'*+-.^_`|~"}) {
    EXPECT_EQ(read(head(name + " /a HTTP/1.1"s)).requests,
              texts{"? /a HTTP/1.1, keeps\nHost: h\n\n"});
  }
}

TEST(HttpReader, SplitsATargetAtItsFirstQuestionMark) {
  http_request r;
  r.target = "/a/b?c=d?e";
  EXPECT_EQ(r.path(), "/a/b");
  EXPECT_EQ(r.query(), "c=d?e");
  r.target = "/a";
  EXPECT_EQ(r.path(), "/a");
  EXPECT_EQ(r.query(), "");
}

TEST(HttpReader, KeepsThePathAndQueryOfAnAbsoluteTarget) {
  const auto target_of = [](const std::string& target) {
    const auto found = read(head("GET " + target + " HTTP/1.1")).requests;
    return found.empty() ? "" : found[0].substr(4, found[0].find(" HTTP/") - 4);
  };
  EXPECT_EQ(target_of("http://h/a?b"), "/a?b");
  EXPECT_EQ(target_of("HTTPS://h:8080/a"), "/a");
  EXPECT_EQ(target_of("http://h"), "/");
  EXPECT_EQ(target_of("http://h?b=/c"), "/?b=/c");
  EXPECT_EQ(target_of("http://[::1]:80/"), "/");
}

TEST(HttpReader, TakesAStarAsTheTargetOfOptionsOnly) {
  EXPECT_EQ(read(head("OPTIONS * HTTP/1.1")).requests.size(), 1u);
  EXPECT_EQ(refused(head("GET * HTTP/1.1")), 400u);
}

TEST(HttpReader, RefusesATargetThatIsNoPathWith400) {
  for (const char* target : {"a", "h:80", "ftp://h/a", "http://", "http:///a", "http://?a",
                             "http://user@h/a", "http:/a", "*", "a?http://b/"}) {
    EXPECT_EQ(refused(head("GET "s + target + " HTTP/1.1")), 400u) << target;
  }
}

TEST(HttpReader, FindsHeadersWhateverTheCaseOfTheirNamesAndTrimsTheirValues) {
  http_reader reader;
  put(reader, head("GET / HTTP/1.1", "cOnTent-tYPE:\t text/plain \t\r\nX: 1\r\nx:\r\nX: 3\r\n"));
  ASSERT_EQ(reader.next(), result::request);
  const http_headers& headers = reader.request().headers;
  EXPECT_EQ(reader.request().content_type(), "text/plain");
  EXPECT_EQ(headers.find("x"), "1");
  EXPECT_EQ(headers.find("Y"), "");
  ASSERT_EQ(headers.size(), 5u);
  EXPECT_EQ(headers.name(3), "x");
  EXPECT_EQ(headers.value(3), "");
  EXPECT_EQ(headers.value(4), "3");
}

TEST(HttpReader, LetsARequestBeMovedFrom) {
  http_reader reader;
  put(reader, post("Content-Length: 1\r\n", "1") + head("GET /b HTTP/1.1"));
  ASSERT_EQ(reader.next(), result::request);
  const http_request first = std::move(reader.request());
  ASSERT_EQ(reader.next(), result::request);
  EXPECT_EQ(first.body, "1");
  EXPECT_EQ(test::text_of(reader.request()), "GET /b HTTP/1.1, keeps\nHost: h\n\n");
}

TEST(HttpReader, KeepsNothingOfARequestInTheNext) {
  const auto reading = read(
      "POST /a HTTP/1.0\r\nX: y\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab"
      "GET /b HTTP/1.0\r\n\r\n");
  ASSERT_EQ(reading.requests.size(), 2u);
  EXPECT_EQ(reading.requests[1], "GET /b HTTP/1.0, closes\n\n");
}

// Whether the connection is kept.

TEST(HttpReader, KeepsAConnectionOf11UnlessItIsToBeClosed) {
  const auto keeps = [](const char* headers) {
    return read(head("GET / HTTP/1.1", headers)).requests.at(0).find("keeps") != std::string::npos;
  };
  EXPECT_TRUE(keeps(""));
  EXPECT_TRUE(keeps("Connection: upgrade\r\n"));
  EXPECT_FALSE(keeps("Connection: close\r\n"));
  EXPECT_FALSE(keeps("Connection: foo, CLOSE\r\n"));
  EXPECT_FALSE(keeps("Connection: keep-alive\r\nConnection: close\r\n"));
}

TEST(HttpReader, ClosesAConnectionOf10UnlessItIsToBeKept) {
  const auto keeps = [](const char* headers) {
    return read(head("GET / HTTP/1.0", headers)).requests.at(0).find("keeps") != std::string::npos;
  };
  EXPECT_FALSE(keeps(""));
  EXPECT_TRUE(keeps("Connection: Keep-Alive\r\n"));
  EXPECT_FALSE(keeps("Connection: keep-alive, close\r\n"));
  EXPECT_FALSE(keeps("Connection: close\r\nConnection: keep-alive\r\n"));
}

TEST(HttpReader, NeedsNoHostIn10) {
  EXPECT_EQ(read("GET / HTTP/1.0\r\n\r\n").requests, texts{"GET / HTTP/1.0, closes\n\n"});
}

TEST(HttpReader, SaysInWhatFormAReplyIsWanted) {
  http_request r;
  r.method = http_method::head;
  r.version = 10;
  r.keep_alive = true;
  EXPECT_EQ(r.reply_form().version, 10);
  EXPECT_TRUE(r.reply_form().head);
  EXPECT_TRUE(r.reply_form().keep_alive);
}

// The first line.

TEST(HttpReader, RefusesAFirstLineThatIsNoRequestWith400) {
  for (const char* line : {"GET",
                           "GET /a",
                           "GET /a ",
                           "GET  /a HTTP/1.1",
                           " GET /a HTTP/1.1",
                           "GET /a  HTTP/1.1",
                           "GET /a HTTP/1.1 ",
                           "GET\t/a HTTP/1.1",
                           "GET /a\tHTTP/1.1",
                           "GET /a b HTTP/1.1",
                           "GET /a HTTP/1.1 HTTP/1.1",
                           "G@T /a HTTP/1.1",
                           "GET /\x01 HTTP/1.1",
                           "GET /\x7F HTTP/1.1",
                           "GET /a HTTP/1",
                           "GET /a HTTP/11",
                           "GET /a HTTP/1.10",
                           "GET /a http/1.1",
                           "GET /a HTTP",
                           "HTTP/1.1 200 OK",
                           "\x16\x03\x01\x02",
                           "GET /a HTTP/+.1",
                           "GET /a\rb HTTP/1.1"}) {
    EXPECT_EQ(refused(head(line)), 400u) << line;
  }
  EXPECT_EQ(refused("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"sv), 400u);
}

TEST(HttpReader, RefusesAnotherVersionWith505) {
  for (const char* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9"}) {
    EXPECT_EQ(refused(head("GET /a "s + version)), 505u) << version;
  }
  EXPECT_EQ(refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505u);
}

TEST(HttpReader, RefusesATargetThatIsTooLongWith414) {
  const std::string longest(31, 'a');
  EXPECT_EQ(refused(head("GET /" + longest + " HTTP/1.1"), small), 0u);
  EXPECT_EQ(refused(head("GET /" + longest + "a HTTP/1.1"), small), 414u);
  EXPECT_EQ(refused(head("GET /" + std::string(5000, 'a') + " HTTP/1.1"), small), 414u);
  // It is not waited for.
  EXPECT_EQ(refused(std::string(96, 'a'), small), 0u);
  EXPECT_EQ(refused(std::string(97, 'a'), small), 414u);
}

TEST(HttpReader, SkipsOneEmptyLineBeforeARequestAndNoMore) {
  EXPECT_EQ(read("\r\n" + head("GET / HTTP/1.1") + "\r\n" + head("GET / HTTP/1.1")).requests.size(),
            2u);
  EXPECT_EQ(refused("\r\n\r\n" + head("GET / HTTP/1.1")), 400u);
  EXPECT_EQ(refused("\n" + head("GET / HTTP/1.1")), 400u);
}

// Headers.

TEST(HttpReader, EndsLinesInCrlfOnly) {
  EXPECT_EQ(refused("GET / HTTP/1.1\nHost: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\r\n\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\r\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\r\n\r\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\r\n\rX: y\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\r\nHost: h\r\n\r\n"), 400u);
}

TEST(HttpReader, RefusesAFoldedHeaderWith400) {
  EXPECT_EQ(refused(head("GET / HTTP/1.1", "X: a\r\n b\r\n")), 400u);
  EXPECT_EQ(refused(head("GET / HTTP/1.1", "X: a\r\n\tb: c\r\n")), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused(head("GET / HTTP/1.1", "X: a\r\n \r\n")), 400u);
}

TEST(HttpReader, RefusesAMalformedHeaderWith400) {
  for (const char* line : {"X : a", "X\t: a", ": a", "X", "X Y: a", "X(: a", "X: a\x01", "X: \x7F",
                           "X\x80: a", "Connection: a b"}) {
    EXPECT_EQ(refused(head("GET / HTTP/1.1", line + "\r\n"s)), 400u) << line;
  }
  EXPECT_EQ(refused(head("GET / HTTP/1.1", "X: a\0\r\n"sv)), 400u);
  EXPECT_EQ(refused(head("GET / HTTP/1.1", "X: \x80\xFF\t~\r\n"sv)), 0u);
}

TEST(HttpReader, Refuses11WithoutExactlyOneHostWith400) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.0\r\nHost: h\r\nhost: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 0u);
}

TEST(HttpReader, RefusesMoreThanOneOriginWith400) {
  EXPECT_EQ(refused(head("POST / HTTP/1.1", "Origin: http://a\r\norigin: http://b\r\n")), 400u);
  EXPECT_EQ(read(head("POST / HTTP/1.1", "Origin: http://a\r\n")).requests.size(), 1u);
}

TEST(HttpReader, RefusesAHostThatIsNoneWith400) {
  for (const char* host : {"a b", "a/b", "a?b", "a#b", "u@h", "a\\b", "\xC3\xA4", "a\tb"}) {
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: "s + host + "\r\n\r\n"), 400u) << host;
  }
  for (const char* host : {"h", "h:80", "[::1]:80", "127.0.0.1", "a_b-c.d", "%41"}) {
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: "s + host + "\r\n\r\n"), 0u) << host;
  }
}

TEST(HttpReader, RefusesHeadersThatAreTooLargeWith431) {
  const std::string rest(128 - "Host: h\r\n"sv.size() - "X: \r\n\r\n"sv.size(), 'x');
  EXPECT_EQ(refused(head("GET / HTTP/1.1", "X: " + rest + "\r\n"), small), 0u);
  EXPECT_EQ(refused(head("GET / HTTP/1.1", "X: " + rest + "x\r\n"), small), 431u);
  EXPECT_EQ(refused(head("GET / HTTP/1.1", "X: " + std::string(9000, 'x') + "\r\n"), small), 431u);
  // They are not waited for.
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n" + std::string(128, 'x'), small), 0u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n" + std::string(129, 'x'), small), 431u);
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i != 33; ++i) many += "a:\r\n";
  EXPECT_EQ(refused(many, small), 431u);
}

// Where a body ends.

TEST(HttpReader, RefusesALengthThatIsNotOneNumberOfDigitsWith400) {
  for (const char* length : {"", "+1", "-1", "0x1", "1 1", "1,1", "1, 1", "1;", "a", "1.0", "1e1",
                             "18446744073709551616", "99999999999999999999999999"}) {
    EXPECT_EQ(refused(post("Content-Length: "s + length + "\r\n", "a")), 400u) << length;
  }
  EXPECT_EQ(refused(post("Content-Length: 1\r\nContent-Length: 1\r\n", "a")), 400u);
  EXPECT_EQ(refused(post("Content-Length: 1\r\nContent-Length: 2\r\n", "a")), 400u);
  EXPECT_EQ(refused(post("Content-Length: 01\r\n", "a")), 0u);
}

TEST(HttpReader, RefusesALengthBesideATransferEncodingWith400) {
  for (const char* coding : {"chunked", "gzip", "identity", ""}) {
    const std::string line = "Transfer-Encoding: "s + coding + "\r\n";
    EXPECT_EQ(refused(post("Content-Length: 3\r\n" + line, "0\r\n\r\n")), 400u) << coding;
    EXPECT_EQ(refused(post(line + "Content-Length: 3\r\n", "0\r\n\r\n")), 400u) << coding;
  }
}

TEST(HttpReader, RefusesATransferEncodingIn10With400) {
  EXPECT_EQ(refused(head("POST / HTTP/1.0", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"), 400u);
}

TEST(HttpReader, RefusesATransferEncodingBesideChunkedWith501) {
  for (const char* coding :
       {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked,", ",chunked",
        "chunked;q=1", "identity", "\"chunked\"", "xchunked", "chunked x", ""}) {
    EXPECT_EQ(refused(post("Transfer-Encoding: "s + coding + "\r\n", "0\r\n\r\n")), 501u) << coding;
  }
  EXPECT_EQ(refused(post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n")), 501u);
  EXPECT_EQ(refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")), 400u);
  EXPECT_EQ(refused(post("Transfer-Encoding : chunked\r\n")), 400u);
  EXPECT_EQ(refused(post("Transfer-Encoding: \x0B"
                         "chunked\r\n")),
            400u);
}

TEST(HttpReader, TakesEveryMethodToHaveABodyIfItSaysSo) {
  const auto reading =
      read(head("GET / HTTP/1.1", "Content-Length: 2\r\n") + "ab" + head("GET / HTTP/1.1"));
  EXPECT_EQ(reading.requests.size(), 2u);
  EXPECT_EQ(reading.error.status, 0u);
}

TEST(HttpReader, TakesNoBodyIfNothingSaysSo) {
  EXPECT_EQ(read(post("") + head("GET / HTTP/1.1")).requests.size(), 2u);
  EXPECT_EQ(read(post("Content-Length: 0\r\n") + head("GET / HTTP/1.1")).requests.size(), 2u);
}

TEST(HttpReader, RefusesABodyThatIsTooLargeWith413) {
  EXPECT_EQ(refused(post("Content-Length: 16\r\n", std::string(16, 'a')), small), 0u);
  EXPECT_EQ(refused(post("Content-Length: 17\r\n"), small), 413u);
  EXPECT_EQ(refused(post("Content-Length: 18446744073709551615\r\n"), small), 413u);
  EXPECT_EQ(refused(chunked("11\r\n"), small), 413u);
  EXPECT_EQ(refused(chunked("8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n"), small), 0u);
  EXPECT_EQ(refused(chunked("8\r\n12345678\r\n9\r\n"), small), 413u);
  EXPECT_EQ(refused(chunked("8\r\n12345678\r\nFFFFFFFFFFFFFFFF\r\n"), small), 413u);
}

// Chunks.

TEST(HttpReader, PutsChunksTogetherAndDropsTheirFraming) {
  EXPECT_EQ(read(chunked("5\r\nhello\r\n00A\r\n, \r\nworld!\r\n0\r\n\r\n")).requests,
            texts{chunked_text("hello, \r\nworld!")});
  EXPECT_EQ(read(chunked("a\r\n0123456789\r\n000\r\n\r\n")).requests,
            texts{chunked_text("0123456789")});
  EXPECT_EQ(read(chunked("0\r\n\r\n")).requests, texts{chunked_text("")});
  EXPECT_EQ(read(post("transfer-encoding: CHUNKED\r\n", "0\r\n\r\n")).requests.size(), 1u);
}

TEST(HttpReader, DropsExtensionsAndTrailers) {
  EXPECT_EQ(read(chunked("1;a\r\nx\r\n1;b=\"c;d\";e\r\ny\r\n0;f=g\r\n"
                         "Host: i\r\nContent-Length: 9\r\nX:\r\n\r\n"))
                .requests,
            texts{chunked_text("xy")});
}

TEST(HttpReader, RefusesAMalformedSizeOfAChunkWith400) {
  for (const char* line : {"", "x", "-1", "+1", "0x1", " 1", "1 ", "1 ;a", "1\t", "1,", "1g", ";a",
                           "00000000000000001", "1\r", "1;a\rb", "1;\x01"}) {
    EXPECT_EQ(refused(chunked(line + "\r\na\r\n0\r\n\r\n"s)), 400u) << line;
  }
  EXPECT_EQ(refused(chunked("1\na\r\n0\r\n\r\n")), 400u);
  EXPECT_EQ(refused(chunked("1;a\nb\r\n0\r\n\r\n")), 400u);
  EXPECT_EQ(refused(chunked("0000000000000001\r\na\r\n0\r\n\r\n")), 0u);
}

TEST(HttpReader, RefusesAChunkThatIsLongerThanItsSizeWith400) {
  EXPECT_EQ(refused(chunked("1\r\nab\r\n0\r\n\r\n")), 400u);
  EXPECT_EQ(refused(chunked("1\r\na\n0\r\n\r\n")), 400u);
  EXPECT_EQ(refused(chunked("1\r\na\rb")), 400u);
  EXPECT_EQ(refused(chunked("1\r\nab")), 400u);  // it is not waited for
}

TEST(HttpReader, RefusesAMalformedTrailerWith400) {
  for (const char* line : {"X", ": a", "X : a", " X: a", "\tX: a", "X: a\rb", "X: \x7F", "\r"}) {
    EXPECT_EQ(refused(chunked("0\r\n"s + line + "\r\n\r\n")), 400u) << line;
  }
  EXPECT_EQ(refused(chunked("0\r\nX: a\n\r\n")), 400u);
  EXPECT_EQ(refused(chunked("0\r\n\n")), 400u);
}

TEST(HttpReader, RefusesExtensionsAndTrailersThatAreTooLargeWith431) {
  const std::string full = ";" + std::string(127, 'a');  // beside 18 plain bytes a line
  EXPECT_EQ(refused(chunked("000000000000000"
                            "0" +
                            full + "\r\n\r\n"),
                    small),
            0u);
  EXPECT_EQ(refused(chunked("000000000000000"
                            "0" +
                            full + "a\r\n\r\n"),
                    small),
            431u);
  EXPECT_EQ(refused(chunked("000000000000000"
                            "0" +
                            full + "\r\nX:\r\n\r\n"),
                    small),
            431u);
  const std::string half = "0000000000000001;" + std::string(63, 'a') + "\r\nb\r\n";
  EXPECT_EQ(refused(chunked(half + half + "0\r\n\r\n"), small), 0u);
  EXPECT_EQ(refused(chunked(half + half + half), small), 431u);
  EXPECT_EQ(refused(chunked("0\r\nX: " + std::string(123, 'a') + "\r\n\r\n"), small), 0u);
  EXPECT_EQ(refused(chunked("0\r\nX: " + std::string(124, 'a') + "\r\n\r\n"), small), 431u);
  const std::string line = "X: " + std::string(59, 'a') + "\r\n";
  EXPECT_EQ(refused(chunked("0\r\n" + line + line + "\r\n"), small), 0u);
  EXPECT_EQ(refused(chunked("0\r\n" + line + line + "X:\r\n\r\n"), small), 431u);
  // They are not waited for.
  EXPECT_EQ(refused(chunked("1;" + std::string(145, 'a')), small), 431u);
  EXPECT_EQ(refused(chunked("0\r\n" + std::string(129, 'a')), small), 431u);
}

// Expectations.

TEST(HttpReader, SaysOnceThatAClientExpectsToContinue) {
  http_reader reader;
  put(reader, post("Content-Length: 2\r\nExpect: 100-Continue\r\n"));
  EXPECT_EQ(reader.next(), result::expects_continue);
  EXPECT_EQ(reader.next(), result::more);
  put(reader, "ab");
  ASSERT_EQ(reader.next(), result::request);
  EXPECT_EQ(reader.request().body, "ab");
  EXPECT_EQ(reader.next(), result::more);
}

TEST(HttpReader, SaysItForAChunkedBodyToo) {
  http_reader reader;
  put(reader, post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(reader.next(), result::expects_continue);
  put(reader, "1\r\na\r\n0\r\n\r\n");
  EXPECT_EQ(reader.next(), result::request);
}

TEST(HttpReader, SaysNothingOfAnExpectationOnceTheBodyHasBegun) {
  for (const std::string& bytes :
       {post("Content-Length: 2\r\nExpect: 100-continue\r\n", "a"),
        post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "1"),
        post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "1\r\n"),
        post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "1\r\na\r\n"),
        post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "0\r\n")}) {
    http_reader reader;
    put(reader, bytes);
    EXPECT_EQ(reader.next(), result::more) << bytes;
  }
}

TEST(HttpReader, SaysNothingOfAnExpectationIfThereIsNoBody) {
  EXPECT_EQ(read(post("Content-Length: 0\r\nExpect: 100-continue\r\n")).continues, 0u);
  EXPECT_EQ(read(head("GET / HTTP/1.1", "Expect: 100-continue\r\n")).continues, 0u);
}

TEST(HttpReader, SaysNothingOfAnExpectationIn10) {
  EXPECT_EQ(
      read(head("POST / HTTP/1.0", "Content-Length: 1\r\nExpect: 100-continue\r\n")).continues, 0u);
  EXPECT_EQ(refused(head("POST / HTTP/1.0", "Expect: more\r\n")), 0u);
}

TEST(HttpReader, RefusesABodyThatIsTooLargeBeforeItIsSent) {
  const auto reading = read(post("Content-Length: 17\r\nExpect: 100-continue\r\n"), small);
  EXPECT_EQ(reading.continues, 0u);
  EXPECT_EQ(reading.error.status, 413u);
}

TEST(HttpReader, RefusesAnotherExpectationWith417) {
  EXPECT_EQ(refused(post("Content-Length: 1\r\nExpect: more\r\n")), 417u);
  EXPECT_EQ(refused(post("Content-Length: 1\r\nExpect: 100-continue, more\r\n")), 417u);
  EXPECT_EQ(refused(post("Expect: 100-continue\r\nExpect: more\r\n")), 417u);
}

TEST(HttpReader, ForgetsAnExpectationWithItsRequest) {
  http_reader reader;
  put(reader,
      post("Content-Length: 1\r\nExpect: 100-continue\r\n", "a") + post("Content-Length: 1\r\n"));
  EXPECT_EQ(reader.next(), result::request);
  EXPECT_EQ(reader.next(), result::more);
}

// How the bytes come.

/// Of every kind, short enough to be cut at every two places.
const std::vector<std::string>& streams() {
  static const std::vector<std::string> all{
      head("GET /a HTTP/1.1") + post("Content-Length: 3\r\n", "abc") + head("HEAD /b HTTP/1.1"),
      chunked("3;x=y\r\na\r\n\r\n1\r\nb\r\n0\r\nX: y\r\n\r\n") + head("GET /c HTTP/1.1"),
      "\r\n" + post("Expect: 100-continue\r\nContent-Length: 2\r\n", "ab") + "\r\n" + head("GET"),
      post("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", "1\r\na\r\n0\r\n\r\n") +
          "\r\n",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\nGET / "
      "HTTP/2.0\r\n\r\n",
      head("GET /a HTTP/1.1") + "\r\n\r\n" + head("GET /a HTTP/1.1"),
      head("GET /a HTTP/1.1", "X: a\r\n b\r\n"),
      head("GET /a HTTP/1.1", "X: a\n"),
      head("GET /" + std::string(40, 'a') + " HTTP/1.1"),
      std::string(120, 'a'),
      head("GET / HTTP/1.1", "X: " + std::string(120, 'x') + "\r\n"),
      "GET / HTTP/1.1\r\n" + std::string(140, 'x'),
      post("Content-Length: 17\r\n", "abc"),
      post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
      chunked("8\r\n12345678\r\n9\r\n123456789\r\n0\r\n\r\n"),
      chunked("2\r\nabc\r\n0\r\n\r\n"),
      chunked("1;" + std::string(146, 'a')),
      chunked("0\r\nX: " + std::string(130, 'a')),
      chunked("1\ra"),
      post("Content-Length: 8\r\n", "abc"),
      "GET / HTTP/1.1\r\nHo",
      chunked("1\r\na\r"),
  };
  return all;
}

TEST(HttpReader, ReadsTheSameHoweverTheBytesAreCutInThree) {
  for (const std::string& stream : streams()) {
    const auto whole = read(stream, small);
    for (std::size_t i = 1; i < stream.size(); ++i) {
      for (std::size_t j = 1; i + j <= stream.size(); ++j) {
        const std::size_t sizes[] = {i, j, stream.size()};
        const std::size_t* next = sizes;
        ASSERT_EQ(test::read_in_pieces(small, stream, [&] { return *next++; }), whole)
            << stream << " at " << i << " and " << j << " behind it";
      }
    }
  }
}

TEST(HttpReader, ReadsTheSameByteByByte) {
  for (const std::string& stream : streams()) {
    EXPECT_EQ(test::read_in_pieces(small, stream, [] { return 1; }), read(stream, small)) << stream;
  }
}

TEST(HttpReader, ReadsTheSameHoweverManyRequestsAreCut) {
  for (std::uint64_t seed = 1; seed != 20; ++seed) {
    SKEIN_TRACE_SEED(seed);
    test::random_source random{seed};
    std::string stream;
    texts expected;
    for (int i = 0; i != 50; ++i) {
      const std::string body(random.between(0u, random.one_in(5) ? 40'000u : 50u), 'b');
      const std::string length = std::to_string(body.size());
      stream += post("Content-Length: " + length + "\r\n", body);
      expected.push_back("POST /a HTTP/1.1, keeps\nHost: h\nContent-Length: " + length + "\n\n" +
                         body);
    }
    const auto reading = test::read_in_pieces({}, stream, [&] {
      return random.between(std::size_t{1}, std::size_t{random.one_in(3) ? 100'000u : 500u});
    });
    EXPECT_EQ(reading.requests, expected);
    EXPECT_TRUE(reading.idle);
  }
}

TEST(HttpReader, GivesOutPipelinedRequestsOneByOne) {
  http_reader reader;
  put(reader, head("GET /1 HTTP/1.1") + head("GET /2 HTTP/1.1"));
  ASSERT_EQ(reader.next(), result::request);
  EXPECT_EQ(reader.request().target, "/1");
  ASSERT_EQ(reader.next(), result::request);
  EXPECT_EQ(reader.request().target, "/2");
  EXPECT_EQ(reader.next(), result::more);
}

TEST(HttpReader, IsIdleBetweenRequestsOnly) {
  http_reader reader;
  EXPECT_TRUE(reader.idle());
  for (const char c : post("Content-Length: 1\r\n")) {
    put(reader, {&c, 1});
    EXPECT_EQ(reader.next(), result::more);
    EXPECT_FALSE(reader.idle());
  }
  put(reader, "a");
  EXPECT_EQ(reader.next(), result::request);
  EXPECT_EQ(reader.next(), result::more);
  EXPECT_TRUE(reader.idle());
  put(reader, "\r\n");
  EXPECT_EQ(reader.next(), result::more);
  EXPECT_TRUE(reader.idle());
}

TEST(HttpReader, StaysFailedAndDropsWhateverComes) {
  http_reader reader;
  put(reader, "x\n");
  EXPECT_EQ(reader.next(), result::failed);
  for (int i = 0; i != 1000; ++i) {
    put(reader, head("GET / HTTP/1.1"));
    EXPECT_EQ(reader.next(), result::failed);
  }
  EXPECT_EQ(reader.error().status, 400u);
  EXPECT_FALSE(reader.idle());
  EXPECT_LE(reader.held(), 4096u + 64);
}

// Memory.

/// What strings of no bytes hold.
constexpr std::size_t next_to_nothing = 64;

TEST(HttpReader, HoldsNextToNothingWhileIdle) {
  http_reader reader;
  EXPECT_LE(reader.held(), next_to_nothing);
  const std::string large(1'000'000, 'a');
  const auto reading = test::read_in_pieces(
      reader,
      head("GET /" + std::string(5000, 'a') + " HTTP/1.1",
           "X: " + std::string(9000, 'a') + "\r\n") +
          post("Content-Length: 1000000\r\n", large),
      [] { return 70'000; }, [](const http_request&) {});
  EXPECT_EQ(reading.requests.size(), 2u);
  EXPECT_GE(reading.most_held, 100'000u);
  EXPECT_TRUE(reader.idle());
  EXPECT_LE(reader.held(), next_to_nothing);
}

TEST(HttpReader, HoldsNoMoreForABodyThatIsOnlyAnnounced) {
  http_reader reader;
  put(reader, post("Content-Length: 16000000\r\n"));
  EXPECT_EQ(reader.next(), result::more);
  EXPECT_LE(reader.held(), 5000u);
  reader.space_for_reading();
  EXPECT_LE(reader.held(), 5000u);
}

TEST(HttpReader, ReadsALargeBodyInLargePieces) {
  http_reader reader;
  std::size_t largest = 0;
  test::read_in_pieces(
      reader, post("Content-Length: 1000000\r\n", std::string(1'000'000, 'a')),
      [&] {
        largest = std::max(largest, reader.space_for_reading().size);
        return 1'000'000;
      },
      [](const http_request&) {});
  EXPECT_EQ(largest, 64u * 1024);
}

TEST(HttpReader, HasSpaceForTheLongestLineThatIsAllowed) {
  const http_limits limits{200'000, 100'000, 0};
  const std::string target = "/" + std::string(199'999, 'a');
  const auto reading = read(head("GET " + target + " HTTP/1.1"), limits);
  EXPECT_TRUE(reading.always_has_space);
  EXPECT_EQ(reading.requests.size(), 1u);
  EXPECT_EQ(refused(std::string(200'065, 'a'), limits), 414u);
}

TEST(HttpReader, HoldsNoMoreThanItsLimitsAllow) {
  const http_limits limits{100'000, 200'000, 300'000};
  const std::string target = "/" + std::string(99'999, 'a');
  std::string headers;
  while (headers.size() + 4 < 190'000) headers += "a:\r\n";
  const std::string stream =
      head("POST " + target + " HTTP/1.1", headers + "Content-Length: 300000\r\n") +
      std::string(300'000, 'b') + chunked("493e0;" + std::string(200'000, 'e'));
  for (const std::size_t piece : {1, 1000, 1'000'000}) {
    const auto reading = test::read_in_pieces(limits, stream, [&] { return piece; });
    EXPECT_EQ(reading.requests.size(), 1u);
    EXPECT_EQ(reading.error.status, 0u);
    EXPECT_TRUE(reading.always_has_space);
    EXPECT_LE(reading.most_held, 200'100u + 100'100 + 8 * 200'000 + 2 * 300'100);
  }
}

}  // namespace
}  // namespace skein::io
