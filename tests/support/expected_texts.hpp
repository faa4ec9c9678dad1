/// What clients must get, byte for byte, by the rules of the follower maze told with maps and sets.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "cli/maze/naive_routing.hpp"

namespace skein::test {

class expected_texts {
 public:
  /// A client of `user` connects; returns its number: 0, 1, ...
  std::size_t connect(std::int64_t user) {
    clients_.push_back({user, true, {}});
    return clients_.size() - 1;
  }
  void disconnect(std::size_t client) { clients_[client].connected = false; }

  /// The next event in order.
  void deliver(const std::string& line) {
    std::set<std::int64_t> users;
    for (const auto& c : clients_) {
      if (c.connected) users.insert(c.user);
    }
    for (const auto user : routing_.route(cli::test::plain_event::parse(line), users)) {
      for (auto& c : clients_) {
        if (c.connected && c.user == user) c.text += line + "\r\n";
      }
    }
  }

  /// A new epoch: nobody follows anybody.
  void forget_follows() { routing_.followers.clear(); }

  const std::string& of(std::size_t client) const { return clients_[client].text; }

 private:
  struct told {
    std::int64_t user;
    bool connected;
    std::string text;
  };
  std::vector<told> clients_;
  cli::test::naive_routing routing_;
};

}  // namespace skein::test
