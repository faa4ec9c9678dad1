/// Asks a server over HTTP/1.1, one request after the other.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cli/interruption.hpp"
#include "cli/sockets.hpp"

namespace skein::cli {

/// There is no server, it has closed the connection, or has not answered in time.
class server_lost : public std::runtime_error {
 public:
  server_lost(const std::string& what, bool may_be_done)
      : std::runtime_error{what}, may_be_done_{may_be_done} {}

  /// Whether the server may have done what it was asked.
  bool may_be_done() const { return may_be_done_; }

 private:
  bool may_be_done_;
};

struct http_answer {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

/// Connects at the first request, keeps the connection, and opens a new one if the server has
/// closed it in between. Nothing is ever sent twice.
class http_client {
 public:
  /// \throws std::runtime_error if the host is unknown
  http_client(const std::string& host, std::uint16_t port);

  /// Without `body` the request has none; else it is JSON. `target` is a path, encoded, and perhaps
  /// a query. `timeout` covers everything, also connecting; 0 is none. Throws server_lost; and
  /// interrupted, if the signal of `heed` has come, but not while an answer is on its way. After
  /// both the next request takes a new connection.
  http_answer ask(const char* method, std::string_view target,
                  const std::optional<std::string>& body, std::chrono::milliseconds timeout);

  /// From now on requests end when `stop` has come, which lives as long; null: they do not.
  void heed(const interruption* stop) { stop_ = stop; }

  /// As it was given: "host:port".
  const std::string& server() const { return server_.name; }

 private:
  descriptor connect(time_point deadline) const;

  endpoint server_;
  std::string host_header_;
  descriptor connection_;
  const interruption* stop_ = nullptr;
};

}  // namespace skein::cli
