/// The same bytes yield the same requests, however they arrive, in bounded memory; what a request
/// was read as is read as the same again. What the writer writes has one end.
///
/// The first bytes choose the limits and the sizes of the pieces, the rest is the stream: as it is,
/// or put together of parts of requests.

#include "io/http_reader.hpp"

#include <string>
#include <string_view>

#include "fuzz/fuzz_input.hpp"
#include "io/http_writer.hpp"
#include "support/http_reading.hpp"

namespace {

using namespace skein;

constexpr std::string_view parts[] = {
    "GET / HTTP/1.1\r\n",
    "POST /a HTTP/1.1\r\n",
    "POST http://h?x HTTP/1.0\r\n",
    "OPTIONS * HTTP/1.1\r\n",
    "PUT ",
    "/b",
    " HTTP/1.1",
    "HTTP/2.0",
    "Host: h\r\n",
    "Host: h\r\n\r\n",
    "Content-Length: ",
    "Content-Length: 3\r\n",
    "Content-Length: 5000\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\n\r\n",
    "Transfer-Encoding: ",
    "chunked",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Expect: 100-continue\r\n",
    "Expect: ",
    "X:\r\n",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\n",
    " ",
    "0\r\n\r\n",
    "0\r\n",
    "3\r\nabc\r\n",
    "00a;b=\"c\"\r\n0123456789\r\n",
    "1",
};

std::string stream_of(fuzz::input& in) {
  if (in.flag()) return std::string{in.take(1 << 20)};
  std::string stream;
  while (!in.empty()) {
    const std::size_t choice = in.below(64);
    if (choice < 32) {
      stream += parts[choice];
    } else if (choice == 32) {
      stream.append(in.below(6000), static_cast<char>(in.byte()));
    } else if (choice < 48) {
      stream += in.take(choice - 32);
    } else {
      stream += static_cast<char>(in.byte());
    }
  }
  return stream;
}

/// `request`, written with a plain length.
std::string written(const io::http_request& request) {
  std::string bytes = test::name_of(request.method);
  bytes += " " + request.target + (request.version == 10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  for (std::size_t i = 0; i != request.headers.size(); ++i) {
    const std::string_view name = request.headers.name(i);
    if (io::equal_ignoring_case(name, "Content-Length")) continue;
    if (io::equal_ignoring_case(name, "Transfer-Encoding")) continue;
    bytes.append(name).append(":").append(request.headers.value(i)).append("\r\n");
  }
  return bytes + "Content-Length: " + std::to_string(request.body.size()) + "\r\n\r\n" +
         request.body;
}

void check_read_again(const io::http_request& request) {
  if (request.method == io::http_method::other) return;  // its name is not kept
  io::http_reader reader;
  const std::string bytes = written(request);
  const auto again = test::read_in_pieces(
      reader, bytes, [&] { return bytes.size(); },
      [&](const io::http_request& found) {
        SKEIN_REQUIRE(found.method == request.method && found.target == request.target);
        SKEIN_REQUIRE(found.version == request.version && found.body == request.body);
        SKEIN_REQUIRE(found.keep_alive == request.keep_alive);
        SKEIN_REQUIRE(written(found) == bytes);
      });
  SKEIN_REQUIRE(again.requests.size() == 1 && again.error.status == 0 && again.idle);
}

void check_limits(const io::http_request& request, const io::http_limits& limits) {
  SKEIN_REQUIRE(!request.target.empty() && request.target.size() <= limits.target);
  SKEIN_REQUIRE(request.body.size() <= limits.body);
  std::size_t size = 2;
  for (std::size_t i = 0; i != request.headers.size(); ++i) {
    for (const auto text : {request.headers.name(i), request.headers.value(i)}) {
      SKEIN_REQUIRE(text.find_first_of(std::string_view{"\r\n\0", 3}) == text.npos);
      size += text.size();
    }
    size += 3;  // a colon and the line end
  }
  SKEIN_REQUIRE(size <= limits.headers);
}

void check_reader(const io::http_limits& limits, std::string_view stream, fuzz::input pieces) {
  io::http_reader reader{limits};
  const auto whole = test::read_in_pieces(
      reader, stream, [&] { return stream.size(); },
      [&](const io::http_request& request) {
        check_limits(request, limits);
        check_read_again(request);
      });
  const auto cut = test::read_in_pieces(limits, stream,
                                        [&] { return 1 + pieces.below(pieces.flag() ? 8 : 300); });
  SKEIN_REQUIRE(whole == cut);
  SKEIN_REQUIRE(whole == test::read_in_pieces(limits, stream, [] { return 1; }));
  // A header of 4 bytes takes an entry of 12, and there is room for twice as many.
  const std::size_t by_limits =
      64 * 1024 + limits.target + 8 * limits.headers + 2 * limits.body + 1024;
  const std::size_t by_bytes = 4 * 1024 + 12 * stream.size() + 1024;
  for (const auto* reading : {&whole, &cut}) {
    SKEIN_REQUIRE(reading->always_has_space);
    SKEIN_REQUIRE(reading->most_held <= std::min(by_limits, by_bytes));
  }
  SKEIN_REQUIRE(!reader.idle() || reader.held() <= 64);
}

/// Any but those that are the writer's.
std::string header_name(fuzz::input& in) {
  return "X" + std::string{in.take(in.below(20))};
}

void check_writer(fuzz::input in) {
  const io::http_reply_form form{static_cast<std::uint8_t>(10 + in.below(2)), in.flag(), in.flag()};
  io::http_response response;
  response.status = static_cast<unsigned>(200 + in.below(400));
  response.content_type = in.take(in.below(40));
  const std::size_t others = in.below(4);
  for (std::size_t i = 0; i != others; ++i) {
    const std::string name = header_name(in);
    response.headers.add(name, in.take(in.below(40)));
  }
  response.body = in.take(in.below(300));
  std::string bytes;
  io::write_response(form, response, bytes, static_cast<std::time_t>(in.below(65536)) << 16);

  std::string_view rest = bytes;
  std::size_t lines = 0;
  std::size_t lengths = 0;
  std::size_t length = 0;
  bool closes = false;
  for (;;) {
    const auto end = rest.find("\r\n");
    SKEIN_REQUIRE(end != rest.npos);
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (line.empty()) break;
    SKEIN_REQUIRE(line.find_first_of(std::string_view{"\r\n\0", 3}) == line.npos);
    SKEIN_REQUIRE(lines == 0 ? line.substr(0, 9) == "HTTP/1.1 " : line.find(": ") != line.npos);
    if (line.substr(0, 16) == "Content-Length: ") {
      ++lengths;
      length = std::stoul(std::string{line.substr(16)});
    }
    closes |= line == "Connection: close";
    ++lines;
  }
  const bool never_a_body = response.status == 204 || response.status == 304;
  const bool says_connection = !form.keep_alive || form.version == 10;
  const bool has_type = !never_a_body && !response.content_type.empty();
  SKEIN_REQUIRE(lines == 2 + others + lengths + (says_connection ? 1 : 0) + (has_type ? 1 : 0));
  SKEIN_REQUIRE(lengths == (never_a_body ? 0 : 1));
  SKEIN_REQUIRE(never_a_body || length == response.body.size());
  SKEIN_REQUIRE(rest == (never_a_body || form.head ? "" : response.body));
  SKEIN_REQUIRE(closes == !form.keep_alive);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  fuzz::input in{bytes, size};
  check_writer(in);
  io::http_limits limits;
  if (in.flag()) limits = {1 + in.below(64), 1 + in.below(256), in.below(64)};
  const std::string_view choices = in.take(in.below(64));
  const fuzz::input pieces{reinterpret_cast<const std::uint8_t*>(choices.data()), choices.size()};
  check_reader(limits, stream_of(in), pieces);
  return 0;
}
