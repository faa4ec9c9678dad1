/// A program at the daemon's door over HTTP: bytes out, answers in, one connection.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "support/peer.hpp"

namespace skein::test {

struct http_answer {
  unsigned status = 0;
  std::string status_line;                     ///< `HTTP/1.1 200 OK`
  std::map<std::string, std::string> headers;  ///< by name in lower case
  std::string body;

  /// Empty if there is none.
  std::string header(const std::string& lower_case_name) const;
  bool keeps_open() const { return header("connection") != "close"; }
  /// Throws what Boost.JSON throws if the body is none.
  boost::json::value json() const;
};

/// Status and body, for comparisons and messages.
std::string text_of(const http_answer& answer);

struct http_message {
  std::string method;
  std::string target;
  std::string body;
  std::string type = "application/json";            ///< not sent with an empty body
  std::map<std::string, std::string> headers = {};  ///< beside those of the body, and `Host`
};

/// Its bytes, with `Content-Length` if it has a body or could have one.
std::string bytes_of(const http_message& message);
/// The same with its body in chunks of so many bytes.
std::string chunked_bytes_of(const http_message& message, std::size_t size);

/// Text in quotes, as JSON wants it.
std::string json_text(std::string_view text);

class http_client {
 public:
  explicit http_client(std::uint16_t port, int receive_buffer = 0) : peer_(port, receive_buffer) {}

  peer& connection() { return peer_; }

  void send(std::string_view bytes) { peer_.send(bytes); }
  void send(const http_message& message) { peer_.send(bytes_of(message)); }

  /// The next answer, also one of 1xx. What follows it is kept for the next call. `to_head`: it
  /// has no body, whatever it says.
  http_answer receive(bool to_head = false, std::chrono::milliseconds within = generous);

  /// The same if it is there already, all of it; does not wait, and does not mind the end of the
  /// connection.
  std::optional<http_answer> receive_now();

  http_answer ask(const http_message& message);
  http_answer get(const std::string& target) { return ask({"GET", target, ""}); }
  http_answer put(const std::string& target, const std::string& body = "") {
    return ask({"PUT", target, body});
  }
  http_answer post(const std::string& target, const std::string& body = "") {
    return ask({"POST", target, body});
  }
  http_answer remove(const std::string& target) { return ask({"DELETE", target, ""}); }

  /// Expects that nothing more comes, and then the end of the connection.
  void expect_end();

 private:
  peer peer_;
};

}  // namespace skein::test
