/// A program that asks over one connection of HTTP, one request at a time.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "support/fake_stream.hpp"

namespace skein::simulation {

struct http_reply {
  int status = 0;
  std::string body;
};

class http_peer {
 public:
  explicit http_peer(std::shared_ptr<fake_stream> connection)
      : connection_(std::move(connection)) {}

  fake_stream& connection() { return *connection_; }

  void ask(const std::string& method, const std::string& target, const std::string& body) {
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: a\r\n";
    if (!body.empty()) text += "Content-Type: application/json\r\n";
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    connection_->says_on(text);
  }

  /// The next one, once it is there as a whole.
  std::optional<http_reply> reply() {
    const std::string& all = connection_->heard();
    const std::size_t head = all.find("\r\n\r\n", taken_);
    if (head == all.npos) return std::nullopt;
    const std::size_t body = head + 4;
    static const std::string length = "\r\nContent-Length: ";
    const std::size_t field = all.find(length, taken_);
    std::size_t bytes = 0;
    if (field < head) bytes = std::strtoull(&all[field + length.size()], nullptr, 10);
    if (all.size() < body + bytes) return std::nullopt;
    http_reply r{std::atoi(&all[taken_ + std::string{"HTTP/1.1 "}.size()]),
                 all.substr(body, bytes)};
    taken_ = body + bytes;
    return r;
  }

 private:
  std::shared_ptr<fake_stream> connection_;
  std::size_t taken_ = 0;
};

}  // namespace skein::simulation
