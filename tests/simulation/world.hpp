/// The daemon in a simulation, without its doors: over a store that fails and forgets, in virtual
/// time. Everything follows from the seed.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <vector>

#include "daemon/supervisor.hpp"
#include "simulation/stop.hpp"
#include "support/actor_test.hpp"
#include "support/fake_stream.hpp"
#include "support/fragile_engine.hpp"
#include "support/random.hpp"

namespace skein::simulation {

class world : public actor_test {
 public:
  explicit world(std::uint64_t seed);
  ~world() override { TearDown(); }

  using actor_test::alive;
  using actor_test::flow;
  using actor_test::leap;
  using actor_test::pass;
  using actor_test::run;
  using actor_test::system;
  using actor_test::the;
  using actor_test::timer_is_left;

  /// Some messages, of actors in any order.
  void run_some(std::size_t most) {
    actor_test::run_some(random.between<std::size_t>(0, most),
                         [this](std::size_t n) { return random.between<std::size_t>(0, n - 1); });
  }

  /// Of the machine's clock, ms.
  core::wall_time now() const;

  // --- the daemon ---

  std::shared_ptr<stored_state> recover();
  void start(std::shared_ptr<stored_state> stored);
  void kill(stop how);
  void drain();

  std::shared_ptr<fake_stream> connect_source();
  void connect_client(const std::shared_ptr<fake_stream>& connection);
  std::shared_ptr<fake_stream> connect_http();

  /// For whoever looks for the cause of a failure: `write(std::ostream&)` of one line.
  template <class F>
  void trace(F&& write) const {
    if (!traces_) return;
    std::cerr << now() % 100'000'000 << ' ';
    write(std::cerr);
    std::cerr << std::endl;
  }

  /// A number in [0, n).
  std::size_t any(std::size_t n) { return random.between<std::size_t>(0, n - 1); }

  test::random_source random;
  daemon_options options;
  std::shared_ptr<test::fragile_engine> engine = std::make_shared<test::fragile_engine>();
  bool runs = false;          ///< the daemon, and is not to end
  std::vector<int> finished;  ///< exit statuses

 private:
  void TestBody() override {}

  supervisor_actor parent_;
  bool traces_ = std::getenv("SKEIN_TRACE") != nullptr;
};

}  // namespace skein::simulation
