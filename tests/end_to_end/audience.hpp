/// Clients of a daemon together with what they must get.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <initializer_list>
#include <string>
#include <vector>

#include "support/daemon.hpp"
#include "support/expected_texts.hpp"

namespace skein::test {

class audience {
 public:
  audience(daemon& whose, std::initializer_list<std::int64_t> users) : daemon_(whose) {
    for (const auto user : users) add(user);
  }

  /// One more client, which is told of all that is sent from now on.
  peer& add(std::int64_t user) {
    expected_.connect(user);
    return clients_.emplace_back(daemon_.client(user));
  }

  peer& operator[](std::size_t client) { return clients_[client]; }

  /// These events come in this order, and no others in between.
  void expect(const std::vector<std::string>& lines) {
    for (const auto& line : lines) expected_.deliver(line);
  }
  /// The stream starts again; nobody follows anybody.
  void expect_restart() { expected_.forget_follows(); }

  /// Waits until each has got as much as it must.
  void await() {
    for (std::size_t i = 0; i != clients_.size(); ++i) clients_[i].receive(expected_.of(i).size());
  }

  /// Waits for that, ends the daemon, and verifies that each got exactly what it must and then the
  /// end. Returns the counters.
  log_fields verify() {
    await();
    EXPECT_TRUE(daemon_.program().lives());
    const auto totals = daemon_.stop();
    for (std::size_t i = 0; i != clients_.size(); ++i) {
      EXPECT_EQ(abbreviated(clients_[i].receive_all(), expected_.of(i)), "as expected")
          << "client " << i;
      EXPECT_FALSE(clients_[i].was_reset()) << "client " << i;
    }
    return totals;
  }

 private:
  /// The first difference, for texts may be long.
  static std::string abbreviated(const std::string& text, const std::string& expected) {
    if (text == expected) return "as expected";
    std::size_t at = 0;
    while (at < std::min(text.size(), expected.size()) && text[at] == expected[at]) ++at;
    const std::size_t from = at - std::min<std::size_t>(at, 40);
    return "after " + std::to_string(at) + " bytes: got ..." + text.substr(from, 120) +
           " instead of ..." + expected.substr(from, 120);
  }

  daemon& daemon_;
  std::deque<peer> clients_;
  expected_texts expected_;
};

/// The lines as a source sends them.
inline std::string sent(const std::vector<std::string>& lines, const std::string& ending = "\n") {
  std::string text;
  for (const auto& line : lines) text += line + ending;
  return text;
}

/// Broadcasts first..last.
inline std::vector<std::string> broadcasts(std::int64_t first, std::int64_t last) {
  std::vector<std::string> lines;
  for (auto n = first; n <= last; ++n) lines.push_back(std::to_string(n) + "|B");
  return lines;
}

}  // namespace skein::test
