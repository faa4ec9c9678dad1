#include "io/http_writer.hpp"

#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <cstdio>
#include <ostream>  // status.hpp takes it for granted

#include "core/expects.hpp"

namespace skein::io {
namespace {

void append_number(std::string& out, std::size_t value) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_clean(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  out.append(text);
  for (std::size_t i = begin; i != out.size(); ++i) {
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
  }
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  append_clean(out, name);
  out += ": ";
  append_clean(out, value);
  out += "\r\n";
}

/// As RFC 9110, 5.6.7 wants it, whatever the locale.
std::string date_of(std::time_t now) {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm t{};
  if (gmtime_r(&now, &t) == nullptr) return {};
  std::array<char, 64> date;
  const int size = std::snprintf(date.data(), date.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                 days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900,
                                 t.tm_hour, t.tm_min, t.tm_sec);
  return {date.data(), static_cast<std::size_t>(size)};
}

void append_date(std::string& out, std::time_t now) {
  thread_local std::time_t second = 0;
  thread_local std::string date = date_of(0);
  if (now != second) {
    second = now;
    date = date_of(now);
  }
  if (!date.empty()) append_header(out, "Date", date);
}

/// One that would say a second time, or otherwise, where the response ends, or what it is.
[[maybe_unused]] bool is_of_the_writer(std::string_view name) {
  for (const std::string_view own :
       {"Content-Type", "Content-Length", "Transfer-Encoding", "Date", "Connection"}) {
    if (equal_ignoring_case(name, own)) return true;
  }
  return false;
}

}  // namespace

std::string_view reason_phrase(unsigned number) {
  const auto status = boost::beast::http::int_to_status(number);
  if (status == boost::beast::http::status::unknown) return {};
  const auto phrase = boost::beast::http::obsolete_reason(status);
  return {phrase.data(), phrase.size()};
}

bool write_head(const http_reply_form& form, const http_response& response, std::string& out,
                std::optional<std::time_t> now) {
  core::expects(response.status >= 200 && response.status <= 599, "a response has a final status");
  const bool never_a_body = response.status == 204 || response.status == 304;
  const bool with_body = !never_a_body && !form.head;
  out += "HTTP/1.1 ";
  append_number(out, response.status);
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  if (!never_a_body) {
    if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
    out += "Content-Length: ";
    append_number(out, response.body.size());
    out += "\r\n";
  }
  if (now) append_date(out, *now);
  if (!form.keep_alive) {
    out += "Connection: close\r\n";
  } else if (form.version == 10) {
    out += "Connection: keep-alive\r\n";
  }
  for (std::size_t i = 0; i != response.headers.size(); ++i) {
    core::expects(!is_of_the_writer(response.headers.name(i)),
                  "the writer alone makes the headers of a connection");
    append_header(out, response.headers.name(i), response.headers.value(i));
  }
  out += "\r\n";
  return with_body;
}

void write_response(const http_reply_form& form, const http_response& response, std::string& out,
                    std::optional<std::time_t> now) {
  out.reserve(out.size() + 256 + (form.head ? 0 : response.body.size()));
  if (write_head(form, response, out, now)) out += response.body;
}

}  // namespace skein::io
