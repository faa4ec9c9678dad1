#include "simulation/world.hpp"

#include <caf/send.hpp>
#include <utility>

#include "daemon/doors.hpp"
#include "store/events/recovery.hpp"
#include "store/topics/lives.hpp"

namespace skein::simulation {

using namespace std::chrono_literals;

world::world(std::uint64_t seed) : random(seed) {
  options.event.level = random.one_in(2) ? durability::async : durability::sync;
  options.keep_graph = random.one_in(3);
  options.event.log.max_events = 16'000;  // a checkpoint for every 2,000, and no cut
  if (random.one_in(2)) options.event.log.max_events = 100'000;
  options.event.commit_interval = random.between(5, 200) * 1ms;
  options.topic.commit_interval = random.between(1, 100) * 1ms;
  options.http.idle_timeout = options.http.request_timeout = 24h;
  options.topic.idle_timeout = random.between(100, 60'000) * 1ms;
}

core::wall_time world::now() const {
  return 1'700'000'000'000 + scheduler.clock().now().time_since_epoch() / 1ms;
}

std::shared_ptr<stored_state> world::recover() {
  auto stored = std::make_shared<stored_state>();
  stored->engine = engine;
  stored->life = store::begin_life(*engine);
  stored->log = std::make_unique<store::event_log>(*engine, options.event.log, options.keep_graph);
  stored->start = stored->log->start();
  stored->graph = store::recover_graph(*engine, [](auto, auto) {});
  return stored;
}

void world::start(std::shared_ptr<stored_state> stored) {
  runs = true;
  finished.clear();
  supervisor_environment environment{options, all_doors(options),
                                     flow,    nullptr,
                                     [] {},   [this](int status) { finished.push_back(status); },
                                     false};
  environment.wall_clock = [this] { return now(); };
  parent_ = system.spawn(supervisor,
                         std::make_shared<const supervisor_environment>(std::move(environment)),
                         std::move(stored));
  run();
}

void world::kill(stop how) {
  runs = false;
  const std::size_t all = engine->unsynced();
  const bool is_killed = how == stop::killed;
  // Actors that end still know it.
  const auto former = engine;
  engine = former->crash(is_killed ? all : random.between<std::size_t>(0, all), random.one_in(2));
  kill_all();
}

void world::drain() {
  runs = false;
  caf::anon_send(parent_, skein::drain{});
  run();
}

std::shared_ptr<fake_stream> world::connect_source() {
  auto connection = std::make_shared<fake_stream>();
  caf::anon_send(parent_, accepted{"source", connection});
  return connection;
}

void world::connect_client(const std::shared_ptr<fake_stream>& connection) {
  caf::anon_send(parent_, accepted{"client", connection});
}

std::shared_ptr<fake_stream> world::connect_http() {
  auto connection = std::make_shared<fake_stream>();
  caf::anon_send(parent_, accepted{"http", connection});
  return connection;
}

}  // namespace skein::simulation
