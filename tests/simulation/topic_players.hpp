/// Programs that publish to topics and lease from them over HTTP: they acknowledge, give back, let
/// leases lapse, lose their connections, and read slowly.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "simulation/http_peer.hpp"
#include "simulation/topic_checker.hpp"
#include "simulation/world.hpp"

namespace skein::simulation {

/// Each function that checks returns what is broken; nothing, if all promises are kept.
class topic_players {
 public:
  explicit topic_players(world& in);

  /// The daemon runs.
  void started();
  /// The daemon is no more.
  void ended(stop how);

  void step();
  std::string check();
  /// Everybody gets and acknowledges everything.
  std::string finish();

  std::size_t requests() const { return requests_; }
  /// Of all answers so far.
  std::size_t digest() const { return digest_; }

 private:
  /// Nothing: there was no whole answer.
  using answered = std::function<void(const std::optional<http_reply>&)>;

  struct client {
    http_peer peer;
    answered then;         ///< null: nothing is asked
    std::string target{};  ///< of what was asked last
  };
  struct subscriber {
    bool there = false;
    bool in_doubt = false;  ///< it comes or goes
    int busy = 0;           ///< requests that are not answered
    std::vector<std::string> leases;
  };
  struct topic {
    std::string name;
    core::topic_options options;
    bool made = false;
    topic_checker checker;
    std::map<std::string, subscriber> subscribers{};
    std::string path() const { return "/v1/topics/" + name; }
    std::string path(const std::string& who) const { return path() + "/subscribers/" + who; }
  };

  static core::topic_options some_options(test::random_source& random);

  client* idle_client();
  void ask(client& by, const char* method, const std::string& target, const std::string& body,
           answered then);
  /// Answers that are there are taken; and what they have not got by then is not to come.
  void take_answers();
  void lose(client& c);

  void make(topic& t);
  void come_or_go(topic& t, client& by, const std::string& who);
  void publish(topic& t, client& by);
  void lease(topic& t, client& by, const std::string& who, std::size_t most, time wait);
  void settle(topic& t, client& by, const std::string& who, settling how,
              const std::vector<std::string>& leases);
  void describe(topic& t, client& by, const std::string& who);
  void settle_some(topic& t, client& by, const std::string& who);
  void wrong(const std::string& what) {
    if (broken_.empty()) broken_ = what;
  }

  /// All that is asked is answered.
  void wait_for_answers();
  void empty(topic& t, const std::string& who);

  world& in_;
  std::vector<topic> topics_;
  std::vector<client> clients_;
  std::size_t published_ = 0;
  std::size_t requests_ = 0;
  std::size_t digest_ = 0;
  std::string broken_;
};

}  // namespace skein::simulation
