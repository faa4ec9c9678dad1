/// All actors of the daemon together, without its doors: connections are streams of the test's.
#pragma once

#include <caf/send.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "daemon/doors.hpp"
#include "daemon/supervisor.hpp"
#include "store/events/recovery.hpp"
#include "support/actor_test.hpp"
#include "support/fake_stream.hpp"
#include "support/fragile_engine.hpp"

namespace skein {

using stream_pointer = std::shared_ptr<fake_stream>;

/// The daemon without its doors.
class whole_daemon : public actor_test {
 protected:
  void start() {
    auto stored = std::make_shared<stored_state>();
    if (engine) {
      stored->engine = engine;
      stored->log = std::make_unique<store::event_log>(*engine, options.event.log, false);
      stored->start = stored->log->start();
      stored->graph = store::recover_graph(*engine, [](auto, auto) {});
    }
    parent = system.spawn(supervisor,
                          std::make_shared<const supervisor_environment>(supervisor_environment{
                              options, doors(), flow, nullptr, [this] { ++accepting_stopped; },
                              [this](int status) { finished.push_back(status); }, false}),
                          stored);
    run();
  }

  virtual std::vector<door> doors() const { return all_doors(options); }

  stream_pointer connect_source() {
    auto connection = std::make_shared<fake_stream>();
    caf::anon_send(parent, accepted{"source", connection});
    run();
    return connection;
  }
  stream_pointer connect_client(core::user_id user, const char* behind = "") {
    auto connection = std::make_shared<fake_stream>();
    connection->says(std::to_string(user) + behind + "\r\n");
    caf::anon_send(parent, accepted{"client", connection});
    run();
    return connection;
  }

  stream_pointer connect_http() {
    auto connection = std::make_shared<fake_stream>();
    caf::anon_send(parent, accepted{"http", connection});
    run();
    return connection;
  }
  static std::string post(const std::string& path, const std::string& body,
                          const char* type = "application/json") {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static bool has(const stream_pointer& stream, const char* text) {
    return stream->heard().find(text) != std::string::npos;
  }

  /// Time for everything that is gathered to be written.
  void settle() { pass(std::chrono::milliseconds{50}); }
  void drain() {
    caf::anon_send(parent, skein::drain{});
    run();
  }

  void TearDown() override {
    if (finished.size() == 1) {
      pass(options.drain_timeout + std::chrono::seconds{1});
      EXPECT_EQ(alive(), 0u) << "nothing is left";
      EXPECT_FALSE(timer_is_left());
    }
    actor_test::TearDown();
  }

  using statuses = std::vector<int>;

  daemon_options options;
  std::shared_ptr<test::fragile_engine> engine;  ///< null if nothing is stored
  supervisor_actor parent;
  int accepting_stopped = 0;
  statuses finished;
};

/// With a store.
class storing_daemon : public whole_daemon {
 protected:
  storing_daemon() { engine = std::make_shared<test::fragile_engine>(); }

  void restart() {
    drain();
    ASSERT_EQ(finished, statuses{exit_ok});
    pass(options.drain_timeout + std::chrono::seconds{1});
    finished.clear();
    start();
  }
};

}  // namespace skein
