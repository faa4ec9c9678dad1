#include "io/http_head.hpp"

#include <algorithm>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/verb.hpp>
#include <charconv>
#include <limits>
#include <system_error>

namespace skein::io {
namespace {

namespace http = boost::beast::http;

std::string_view view_of(boost::beast::string_view s) {
  return {s.data(), s.size()};
}

http_method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return http_method::get;
    case http::verb::head:
      return http_method::head;
    case http::verb::post:
      return http_method::post;
    case http::verb::put:
      return http_method::put;
    case http::verb::delete_:
      return http_method::delete_;
    case http::verb::options:
      return http_method::options;
    case http::verb::patch:
      return http_method::patch;
    default:
      return http_method::other;
  }
}

/// Whether `text` is nothing but digits, and not too many.
bool read_number(std::string_view text, std::uint64_t& to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), to);
  return error == std::errc{} && end == text.data() + text.size();
}

bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}

/// Whether `text` may be a host and a port: no space, no path, nobody's name and password.
bool is_plain_host(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return c <= ' ' || c > '~' ||
           std::string_view{"\"#/<>?@\\^`{|}"}.find(c) != std::string_view::npos;
  });
}

/// `target` as it is kept, and its authority, if it has one, in `authority`; empty if its form is
/// not served.
std::string origin_form(std::string_view target, http_method method, std::string& authority) {
  if (target.front() == '/' || (target == "*" && method == http_method::options)) {
    return std::string{target};
  }
  const auto scheme = target.find("://");
  if (scheme == target.npos || (!equal_ignoring_case(target.substr(0, scheme), "http") &&
                                !equal_ignoring_case(target.substr(0, scheme), "https"))) {
    return {};
  }
  const std::string_view rest = target.substr(scheme + 3);
  const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
  if (host.empty() || !is_plain_host(host)) return {};
  authority = host;
  const std::string_view path = rest.substr(host.size());
  return (path.empty() || path.front() == '?' ? "/" : "") + std::string{path};
}

/// Whether a first line is valid except for its version.
bool names_a_version(std::string_view line) {
  if (line.size() < 11 || std::count(line.begin(), line.end(), ' ') != 2) return false;
  const std::string_view last = line.substr(line.size() - 11);
  return last.substr(0, 6) == " HTTP/" && is_decimal(last[6]) && last[7] == '.' &&
         is_decimal(last[8]);
}

}  // namespace

http_head::http_head(http_request& to) : to_(to) {
  header_limit(std::numeric_limits<std::uint32_t>::max());
  body_limit(boost::none);
}

http_head::error_code http_head::put_all(std::string_view bytes) {
  error_code error;
  const std::size_t used = put({bytes.data(), bytes.size()}, error);
  if (used == bytes.size() && error == http::error::need_more) return {};
  if (used != bytes.size() && !error) return http::error::bad_field;
  return error;
}

std::optional<http_error> http_head::read_first_line(std::string_view line,
                                                     std::size_t max_target) {
  const error_code error = put_all(line);
  if (error == http::error::bad_version && names_a_version(line)) {
    return http_error{505, "neither HTTP/1.0 nor HTTP/1.1"};
  }
  if (error) return http_error{400, "the first line is no request"};
  if (target_size_ > max_target) return http_error{414, "the target is too long"};
  if (to_.target.empty()) return http_error{400, "the target is no path"};
  return {};
}

std::optional<http_error> http_head::read_headers(std::string_view lines) {
  constexpr http_error unclear_end{400, "where the body ends is not clear"};
  const error_code error = put_all(lines);
  if (error == http::error::bad_content_length || error == http::error::multiple_content_length ||
      error == http::error::bad_transfer_encoding) {
    return unclear_end;
  }
  if (error) return http_error{400, "a header is malformed"};
  const bool is_11 = to_.version == 11;
  if (hosts_ > 1 || (hosts_ == 0 && is_11)) return http_error{400, "not one Host"};
  if (!plain_host_) return http_error{400, "Host is malformed"};
  if (origins_ > 1) return http_error{400, "more than one Origin"};
  if (lengths_ > 1 || !plain_length_) return unclear_end;
  if (encoded_ && (lengths_ != 0 || !is_11)) return unclear_end;
  if (encoded_ && !only_chunked_) return http_error{501, "a transfer coding other than chunked"};
  if (expects_other_ && is_11) return http_error{417, "an expectation other than 100-continue"};
  if (to_.authority.empty()) to_.authority = to_.headers.find("Host");
  to_.keep_alive = keep_alive() && !close_;
  return {};
}

void http_head::on_request_impl(http::verb verb, text, text target, int version, error_code&) {
  to_.method = method_of(verb);
  to_.target = origin_form(view_of(target), to_.method, to_.authority);
  to_.version = static_cast<std::uint8_t>(version);
  target_size_ = target.size();
}

void http_head::on_field_impl(http::field field, text name, text text_value, error_code&) {
  const std::string_view value = view_of(text_value);
  switch (field) {
    case http::field::host:
      ++hosts_;
      plain_host_ &= is_plain_host(value);
      break;
    case http::field::origin:
      ++origins_;
      break;
    case http::field::content_length:
      ++lengths_;
      plain_length_ &= read_number(value, length_);
      break;
    case http::field::transfer_encoding:
      encoded_ = true;
      only_chunked_ &= equal_ignoring_case(value, "chunked");
      break;
    case http::field::expect:
      (equal_ignoring_case(value, "100-continue") ? expects_continue_ : expects_other_) = true;
      break;
    case http::field::connection:
      // In 1.0 Beast lets `keep-alive` win over it.
      close_ |= http::token_list{text_value}.exists("close");
      break;
    default:
      break;
  }
  to_.headers.add(view_of(name), value);
}

}  // namespace skein::io
