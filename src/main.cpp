/// skeind: reads the configuration, opens the doors, runs until a signal, drains.

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/defaults.hpp>
#include <caf/send.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <optional>
#include <random>
#include <thread>

#include "actors/base/io_unit.hpp"
#include "actors/base/log.hpp"
#include "config/invocation.hpp"
#include "core/hash.hpp"
#include "core/rate_limiter.hpp"
#include "daemon/caf_settings.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/last_resort.hpp"
#include "daemon/open_store.hpp"
#include "daemon/supervisor.hpp"
#include "doors/http/api/problem.hpp"
#include "io/acceptor.hpp"
#include "io/address.hpp"
#include "io/connection_places.hpp"
#include "io/descriptors.hpp"
#include "io/http_writer.hpp"
#include "io/lingering.hpp"
#include "io/process.hpp"
#include "io/start_signals.hpp"

namespace {

using namespace skein;

constexpr std::uint16_t source_port = 9090;
constexpr std::uint16_t client_port = 9099;
constexpr std::uint16_t http_port = 8082;

/// Who may come in.
class admissions {
 public:
  enum door : std::size_t { source, client, http };

  /// \param count  is called for each one too many, with whether it came over HTTP
  admissions(const daemon_options& options, std::size_t connections,
             std::function<void(bool)> count)
      : count_(std::move(count)),
        strangers_(connections, {options.source.max_connections, options.client.max_connections,
                                 options.http.max_connections}) {}

  void log_bounds() const {
    log::info("connections", {{"sources", strangers_.most(source)},
                              {"clients", strangers_.most(client)},
                              {"http", strangers_.most(http)}});
  }

  io::acceptor::admission of(door at) {
    static constexpr const char* names[] = {"source", "client", "http"};
    // Nothing is ever written to a source.
    const std::string refusals[] = {"", "ERR there are too many connections\r\n", http_refusal()};
    return {[this, at] { return strangers_.take(at); }, refusals[at],
            [this, at] { refused(names[at], at == http); }};
  }
  io::acceptor::admission of_operator() {
    return {[this] { return operators_.take(0); },
            R"({"ok":false,"error":"there are too many connections"})"
            "\n",
            [this] { refused("control", false); }};
  }

 private:
  static std::string http_refusal() {
    auto response =
        api::problem_response(api::plain_problem(503), "there are too many connections");
    response.headers.add("Retry-After", "1");
    std::string text;
    io::write_response({}, response, text);
    return text;
  }

  void refused(const char* name, bool over_http) {
    if (const auto suppressed = lines_.pass(std::chrono::steady_clock::now())) {
      log::warn("connection refused, there are too many",
                {{"door", name}, {"suppressed", *suppressed}});
    }
    count_(over_http);
  }

  std::function<void(bool)> count_;
  io::connection_places strangers_;
  io::connection_places operators_{16, {16}};
  core::rate_limiter lines_{1};
};

std::string control_socket(const daemon_options& options) {
  if (options.control.socket == no_door) return "";
  if (options.control.socket != "auto") return options.control.socket;
  return is_stored(options) ? options.store.directory + "/control" : "";
}

void check_control_socket(const std::string& path) {
  try {
    if (!path.empty()) io::unix_endpoint(path);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error{"cannot listen on " + path + ": " + e.what()};
  }
}

/// Those beside the workers: I/O, log, two of the store's, three of CAF's, three that wait for
/// files, one for the end.
constexpr std::size_t other_threads = 11;

std::size_t workers_of(const caf::actor_system_config& settings) {
  return caf::get_or(settings, "scheduler.max-threads", caf::defaults::scheduler::max_threads);
}

/// The doors and the actors behind them. The I/O context ends when nothing waits for it any more.
int run(const daemon_options& options) {
  io::note_signals();
  ::umask(077);  // what is stored is its owner's
  const io::descriptor_shares descriptors = io::share_descriptors(io::raise_descriptor_limit());
  std::optional<last_resort> closing;  // outlives what has to be closed
  caf::actor_system_config settings;
  apply_caf_settings(settings, options.caf);
  io::check_threads(workers_of(settings) + other_threads);
  log::start(options.level);
  io::flow flow{options.flow.high_mark, options.flow.low_mark};
  boost::asio::io_context context{1};
  std::promise<int> finished;

  caf::actor_system system{settings};
  io_unit unit{system};
  supervisor_actor parent;

  const auto accept_failed = [&](const std::string& what) {
    log::warn("cannot accept, trying again", {{"reason", what}});
    unit.send(parent, report{{{core::counter::accept_errors, 1}}});
  };
  const auto count_refused = [&](bool over_http) {
    unit.send(parent, report{{{core::counter::connections_refused, 1},
                              {core::counter::http_turned_away, over_http ? 1 : 0}}});
  };
  admissions may_enter{options, descriptors.connections, count_refused};
  std::optional<io::acceptor> sources;
  if (options.source.listen != no_door) {
    sources.emplace(
        context, options.source.listen, source_port,
        [&](auto connection) { unit.send(parent, source_accepted{connection}); }, accept_failed,
        options.source.watch);
    sources->admit(may_enter.of(admissions::source));
  }
  std::optional<io::acceptor> clients;
  if (options.client.listen != no_door) {
    clients.emplace(
        context, options.client.listen, client_port,
        [&](auto connection) { unit.send(parent, client_accepted{connection}); }, accept_failed,
        options.client.watch);
    clients->admit(may_enter.of(admissions::client));
  }
  std::optional<io::acceptor> programs;
  if (options.http.listen != no_door) {
    programs.emplace(
        context, options.http.listen, http_port,
        [&](auto connection) { unit.send(parent, http_accepted{connection}); }, accept_failed,
        options.http.watch);
    programs->admit(may_enter.of(admissions::http));
  }
  const std::string path = control_socket(options);
  check_control_socket(path);
  // Not before the doors are had: a start that fails leaves no new store.
  end_if_asked();
  const auto stored = open_store(options, descriptors.store_files);
  boost::asio::signal_set signals{context, SIGINT, SIGTERM};
  end_if_asked();  // from here on they wait for the I/O thread
  may_enter.log_bounds();
  std::optional<io::acceptor> operators;
  if (!path.empty()) {
    operators.emplace(
        context, std::filesystem::path{path},
        [&](auto connection) { unit.send(parent, control_accepted{connection}); }, accept_failed);
    operators->admit(may_enter.of_operator());
  }
  const auto open = [](const char* door, std::optional<io::acceptor>& at) {
    if (!at) return;
    at->start();
    for (const auto& address : at->addresses()) {
      log::info("listening", {{"door", door}, {"address", address}});
    }
  };
  open("source", sources);
  open("client", clients);
  open("http", programs);
  open("control", operators);
  const auto stop_accepting = [&] {
    boost::asio::post(context, [&] {
      for (auto* door : {&sources, &clients, &programs, &operators}) {
        if (*door) (*door)->stop();
      }
    });
  };
  parent = system.spawn(supervisor,
                        std::make_shared<const supervisor_environment>(supervisor_environment{
                            options, flow, &unit, stop_accepting,
                            [&](int exit_status) { finished.set_value(exit_status); }, true,
                            !programs || programs->is_local()}),
                        stored);

  signals.async_wait([&](const auto& error, int signal) {
    if (error) return;
    log::info("draining", {{"signal", signal}});
    caf::anon_send(parent, drain{});
    signals.async_wait([](const auto& cancelled, int second) {
      if (!cancelled) std::_Exit(128 + second);
    });
  });
  std::thread io_thread{[&] { context.run(); }};

  const int exit_status = finished.get_future().get();
  closing.emplace(exit_status);
  boost::asio::post(context, [&] { signals.cancel(); });
  io::lingering::of(context).end();
  io_thread.join();
  parent = nullptr;
  log::info("ended", {{"status", exit_status}});
  return exit_status;
}

int print(const std::string& lines) {
  if (io::print(lines)) return exit_ok;
  io::complain("cannot write to standard output");
  return exit_cannot_start;
}

}  // namespace

int main(int argc, char** argv) {
  io::take_over_process();
  io::tell_why_it_ends("skeind", exit_cannot_start);
  config::invocation invocation;
  try {
    invocation = config::read(argc, argv, config::environment_of(environ));
    if (invocation.what == config::invocation::action::run) {
      io::end_at_signals();
      config::check_doors(invocation);
    }
  } catch (const config::error& e) {
    io::complain(e.what());
    return exit_bad_configuration;
  }
  switch (invocation.what) {
    case config::invocation::action::run:
      break;
    case config::invocation::action::version:
      return print("skeind " SKEIN_VERSION "\n");
    default:
      return print(invocation.text);
  }
  int exit_status = exit_cannot_start;
  try {
    std::random_device random;
    core::table_secret = std::uint64_t{random()} << 32 | random();
    exit_status = run(invocation.options);
  } catch (const ended_while_starting&) {
    exit_status = exit_ok;
  } catch (const std::exception& e) {
    io::complain(io::reason_of(e));
  }
  log::stop();
  return exit_status;
}
