#include "doors/http/http_door.hpp"

#include <algorithm>
#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/send.hpp>
#include <ctime>
#include <optional>
#include <utility>

#include "doors/http/api/problem.hpp"
#include "doors/http/http_session.hpp"
#include "io/address.hpp"
#include "io/http_writer.hpp"

namespace skein {
namespace {

using core::counter;

class http_reception final : public reception {
 public:
  explicit http_reception(http_environment environment)
      : environment_(std::make_shared<const http_environment>(std::move(environment))) {}

  connection_actor open(caf::local_actor* parent, connection_number,
                        std::shared_ptr<io::stream> connection) override {
    count({{counter::http_connections, 1}, {counter::http_connections_total, 1}});
    return parent->spawn(http_session, environment_, std::move(connection));
  }

  void ended(connection_number, const connection_actor&, bool) override {
    count({{counter::http_connections, core::minus(1)}});
  }

 private:
  void count(const core::counts& counted) {
    caf::anon_send(environment_->ask.parts.statistics, report{counted});
  }

  std::shared_ptr<const http_environment> environment_;
};

/// An answer to nothing in particular.
std::string unavailable(std::string_view why, std::optional<std::time_t> now = {}) {
  auto response = api::problem_response(api::plain_problem(503), why);
  response.headers.add("Retry-After", "1");
  std::string bytes;
  io::write_response({}, response, bytes, now);
  return bytes;
}

http_environment environment_of(const daemon_options& options, const door_environment& all,
                                bool is_local) {
  api::settings settings;
  settings.topic = options.topic.defaults;
  if (!all.topic_recorder) settings.topic.storage = core::topic_storage::memory;
  settings.subscriber_expiry = options.http.api_expiry;
  settings.api_wait = options.http.api_wait;
  settings.longest_wait = options.http.max_wait;
  settings.sites = {options.http.hosts, options.http.origins};
  if (is_local) {
    const auto listen = io::parse_address(options.http.listen, 0).host;
    settings.sites.hosts = api::loopback_names(listen, options.http.hosts);
  }
  settings.for_operator = options.http.for_operator;
  const auto line = [&] {
    const std::size_t workers = all.statistics->home_system().scheduler().num_workers();
    return std::make_shared<waiting_line>(std::max<std::size_t>(1, workers / 2));
  };
  return {
      options.http,
      settings,
      options.source.max_line,
      {all.topics, all.router, {all.sequencer, all.statistics, all.recorder, all.topic_recorder}},
      all.supervisor,
      std::make_shared<byte_budget>(options.http.max_bodies),
      all.answers,
      line(),
      line(),
      line(),
      all.report_interval,
      all.unit,
      options.event.level == durability::sync};
}

}  // namespace

door http_door(const daemon_options& options) {
  using std::chrono::milliseconds;
  door d{"http", options.http.listen};
  d.default_port = 8082;
  d.watch = options.http.watch;
  d.max_connections = options.http.max_connections;
  d.refusal = unavailable("there are too many connections");
  d.refused = {{counter::http_turned_away, 1}};
  d.ends_with = drain_group::programs;
  d.turn_away = [](io::stream& connection) {
    connection.write(unavailable("the daemon is ending", std::time(nullptr)));
    connection.close(io::stream::ending::graceful);
  };
  // They may be an eighth of their time too late, at most 5 seconds.
  const auto pause = std::min(options.http.request_timeout, options.http.idle_timeout) / 8;
  d.looks = {std::clamp(pause, milliseconds{1}, milliseconds{5000}), true};
  d.open = [options](const door_environment& all, bool is_local) {
    return std::make_unique<http_reception>(environment_of(options, all, is_local));
  };
  return d;
}

}  // namespace skein
