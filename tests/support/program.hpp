/// A program that works with topics, over HTTP. Every answer that it gets is held against
/// docs/openapi.json.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support/daemon.hpp"
#include "support/http_client.hpp"

namespace skein::test {

/// What `docs/openapi.json` does not allow of this answer; empty: nothing.
std::string breach_of_contract(const std::string& method, const std::string& target,
                               const http_answer& answer);

struct delivered {
  std::string lease;
  std::uint64_t id = 0;
  std::uint64_t attempt = 0;
  std::uint64_t priority = 0;
  std::string key;
  std::string payload;
  std::string published;
  std::string deadline;    ///< empty if it has none
  std::string expires_at;  ///< likewise
};

/// Their payloads, with a blank between.
std::string payloads_of(const std::vector<delivered>& all);

/// One connection.
class program {
 public:
  explicit program(std::uint16_t port) : http_(port) {}
  explicit program(const daemon& broker) : program(broker.http_port()) {}

  http_client& http() { return http_; }

  http_answer ask(const http_message& message);
  http_answer get(const std::string& target) { return ask({"GET", target, ""}); }
  http_answer put(const std::string& target, const std::string& body = "") {
    return ask({"PUT", target, body});
  }
  http_answer post(const std::string& target, const std::string& body = "") {
    return ask({"POST", target, body});
  }
  http_answer remove(const std::string& target) { return ask({"DELETE", target, ""}); }

  // These expect that it goes well.

  void create(const std::string& topic, const std::string& options = "{}");
  void subscribe(const std::string& topic, const std::string& subscriber);
  /// Returns the id.
  std::uint64_t publish(const std::string& topic, const std::string& payload,
                        const std::string& more = "", const std::string& query = "");
  std::vector<delivered> lease(const std::string& topic, const std::string& subscriber,
                               const std::string& body = "");
  void ack(const std::string& topic, const std::string& subscriber,
           const std::vector<delivered>& what);
  /// Outcomes of `ack`, `nack` and `extend`, with a blank between; `more` as `"delay_ms":0`.
  std::string settle(const std::string& how, const std::string& topic,
                     const std::string& subscriber, const std::vector<std::string>& leases,
                     const std::string& more = "");
  /// Leases and acknowledges until there is nothing more; returns the payloads.
  std::string drain(const std::string& topic, const std::string& subscriber);
  /// A number of what describes a topic or subscriber.
  std::uint64_t number(const std::string& target, const std::string& name);

  // A request without waiting, and its answer.
  void begin(const http_message& message);
  http_answer end();

 private:
  http_client http_;
  std::vector<http_message> begun_;
};

std::string topic_path(const std::string& topic);
std::string subscriber_path(const std::string& topic, const std::string& subscriber);
/// Of an answer to `lease`.
std::vector<delivered> deliveries_in(const http_answer& answer);
/// Of an answer to a publish: `published delayed`.
std::string outcomes_in(const http_answer& answer, const std::string& list = "messages");
std::vector<std::string> leases_of(const std::vector<delivered>& all);

}  // namespace skein::test
