/// A door for HTTP that says what a test wants.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "cli/sockets.hpp"
#include "io/http.hpp"

namespace skein::cli::test {

class fake_http {
 public:
  /// Answers a request, the `nth` from 0; nothing hangs up instead. Called by one thread at a time.
  using answering =
      std::function<std::optional<io::http_response>(const io::http_request&, std::size_t nth)>;

  /// Listens on a free port of 127.0.0.1, and serves in threads of its own until destroyed.
  explicit fake_http(answering answer);
  /// Answers with these, one after the other, and hangs up behind the last.
  explicit fake_http(std::vector<io::http_response> answers);
  ~fake_http();

  std::string port() const { return std::to_string(port_); }
  /// What was asked so far: `POST /a {"b":1}`.
  std::vector<std::string> requests() const;
  std::size_t connections() const;

 private:
  void serve();
  void converse(int fd);

  answering answer_;
  descriptor listener_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::list<descriptor> connections_;
  std::list<std::thread> threads_;
  std::thread thread_;
};

/// With a body of JSON, or none.
io::http_response json_answer(unsigned status, std::string body = {});

/// A problem document.
io::http_response problem_answer(unsigned status, const std::string& title,
                                 const std::string& more_members = {});

}  // namespace skein::cli::test
