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

  /// Whether it may have done what it was asked.
  bool may_be_done() const { return may_be_done_; }

 private:
  bool may_be_done_;
};

struct http_answer {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

/// Connects when it is first asked, keeps the connection, and makes a new one if the server has
/// closed it in between. What was sent is never sent again.
class http_client {
 public:
  /// \throws std::runtime_error if the host is unknown
  http_client(const std::string& host, std::uint16_t port);

  /// Without `body` the request has none; else it is JSON. `target` is a path, encoded, and
  /// perhaps a query. `timeout` is for all of it, to connect too; 0 is none. Throws server_lost;
  /// and interrupted, if what is heeded has come, but not while an answer is on its way. Behind
  /// both the next request takes a new connection.
  http_answer ask(const char* method, std::string_view target,
                  const std::optional<std::string>& body, std::chrono::milliseconds timeout);

  /// What is heeded from now on: while `stop` lives, or nothing, if it is null.
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
