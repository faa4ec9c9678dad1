/// skeind: reads the configuration, opens the doors, runs until a signal, drains.

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <csignal>
#include <cstdlib>
#include <future>
#include <iostream>
#include <thread>
#include <unistd.h>

#include "actors/caf_settings.hpp"
#include "actors/io_unit.hpp"
#include "actors/log.hpp"
#include "actors/supervisor.hpp"
#include "config/invocation.hpp"
#include "io/acceptor.hpp"
#include "io/descriptors.hpp"

namespace {

using namespace skein;

constexpr std::uint16_t source_port = 9090;
constexpr std::uint16_t client_port = 9099;

/// The doors and the actors behind them. The I/O context ends when nothing waits for it any more.
int run(const daemon_options& options) {
  log::start(options.level);
  std::signal(SIGPIPE, SIG_IGN);
  io::flow flow{options.flow.high_mark, options.flow.low_mark};
  boost::asio::io_context context{1};
  boost::asio::signal_set signals{context, SIGINT, SIGTERM};
  std::promise<int> finished;

  caf::actor_system_config settings;
  apply_caf_settings(settings, options.caf);
  caf::actor_system system{settings};
  io_unit unit{system};
  supervisor_actor parent;

  const auto accept_failed = [&](const std::string& what) {
    log::warn("cannot accept, trying again", {{"reason", what}});
    traffic counted;
    counted.accept_errors = 1;
    unit.send(parent, report{counted});
  };
  io::acceptor sources{context, options.source.listen, source_port,
                       [&](auto connection) { unit.send(parent, source_accepted{connection}); },
                       accept_failed};
  io::acceptor clients{context, options.client.listen, client_port,
                       [&](auto connection) { unit.send(parent, client_accepted{connection}); },
                       accept_failed};
  const auto stop_accepting = [&] {
    boost::asio::post(context, [&] {
      sources.stop();
      clients.stop();
    });
  };
  parent = system.spawn(
      supervisor, std::make_shared<const supervisor_environment>(supervisor_environment{
                      options, flow, &unit, stop_accepting,
                      [&](int exit_status) { finished.set_value(exit_status); }}));

  signals.async_wait([&](const auto& error, int signal) {
    if (error) return;
    log::info("draining", {{"signal", signal}});
    caf::anon_send(parent, drain{});
    signals.async_wait([](const auto& cancelled, int second) {
      if (!cancelled) std::_Exit(128 + second);
    });
  });
  for (const auto& address : sources.addresses()) {
    log::info("listening", {{"door", "source"}, {"address", address}});
  }
  for (const auto& address : clients.addresses()) {
    log::info("listening", {{"door", "client"}, {"address", address}});
  }
  sources.start();
  clients.start();
  std::thread io_thread{[&] { context.run(); }};

  const int exit_status = finished.get_future().get();
  boost::asio::post(context, [&] { signals.cancel(); });
  io_thread.join();
  parent = nullptr;
  log::info("ended", {{"status", exit_status}});
  return exit_status;
}

}  // namespace

int main(int argc, char** argv) {
  config::invocation invocation;
  try {
    invocation = config::read(argc, argv, config::environment_of(environ));
  } catch (const config::error& e) {
    std::cerr << "skeind: " << e.what() << '\n';
    return exit_bad_configuration;
  }
  switch (invocation.what) {
    case config::invocation::action::run:
      break;
    case config::invocation::action::version:
      std::cout << "skeind " SKEIN_VERSION "\n";
      return exit_ok;
    default:
      std::cout << invocation.text;
      return exit_ok;
  }
  int exit_status = exit_cannot_start;
  try {
    io::raise_descriptor_limit();
    exit_status = run(invocation.options);
  } catch (const std::exception& e) {
    std::cerr << "skeind: " << e.what() << '\n';
  }
  log::stop();
  return exit_status;
}
