/// A tiny follower-maze server for tests, right by being simple; it can be told to misbehave.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/maze/naive_routing.hpp"

namespace skein::cli::test {

class naive_server {
 public:
  /// Text to send instead of the `nth` line (from 1) of a user, with its end; nothing changes
  /// nothing.
  using tamper = std::function<std::optional<std::string>(std::int64_t user, std::uint64_t nth,
                                                          const std::string& line)>;

  /// Listens on two free ports of 127.0.0.1 and serves in a thread of its own until destroyed.
  /// `close_after`: closes all connections after that many lines to clients; 0 is never.
  explicit naive_server(tamper change = {}, std::uint64_t close_after = 0);
  ~naive_server();

  std::uint16_t source_port() const { return source_port_; }
  std::uint16_t client_port() const { return client_port_; }
  /// Clients that have sent their id so far.
  std::uint64_t identified() const { return identified_.load(); }
  /// The largest distance of an arriving number from the next expected one so far.
  std::int64_t greatest_distance() const { return distance_.load(); }

 private:
  struct connection {
    int fd = -1;
    bool is_source = false;
    std::string in;
    std::string out;
    std::int64_t user = 0;  ///< 0 before the id came
    std::uint64_t lines = 0;
  };

  static int listen_on(std::uint16_t& port);
  void serve();
  bool read(connection& c);
  bool write(connection& c);
  void take_event(const std::string& line);
  void deliver(const std::string& line);

  tamper change_;
  std::uint64_t close_after_;
  std::uint64_t delivered_ = 0;
  std::uint16_t source_port_ = 0;
  std::uint16_t client_port_ = 0;
  int source_listener_ = -1;
  int client_listener_ = -1;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> identified_{0};
  std::atomic<std::int64_t> distance_{0};
  std::vector<connection> connections_;
  std::map<std::int64_t, std::string> pending_;
  std::int64_t next_number_ = 1;
  naive_routing routing_;
  std::thread thread_;
};

}  // namespace skein::cli::test
