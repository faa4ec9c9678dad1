#include "daemon/run.hpp"

#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/defaults.hpp>
#include <caf/send.hpp>
#include <csignal>
#include <cstdlib>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "actors/base/io_unit.hpp"
#include "actors/base/log.hpp"
#include "daemon/caf_settings.hpp"
#include "daemon/doors.hpp"
#include "daemon/last_resort.hpp"
#include "daemon/listeners.hpp"
#include "daemon/open_store.hpp"
#include "daemon/supervisor.hpp"
#include "io/descriptors.hpp"
#include "io/lingering.hpp"
#include "io/process.hpp"
#include "io/start_signals.hpp"

namespace skein {
namespace {

/// Those beside the workers: I/O, log, two of the store's, three of CAF's, three that wait for
/// files, one for the end.
constexpr std::size_t other_threads = 11;

std::size_t workers_of(const caf::actor_system_config& settings) {
  return caf::get_or(settings, "scheduler.max-threads", caf::defaults::scheduler::max_threads);
}

/// The first signal drains, the second ends the process.
void drain_at(boost::asio::signal_set& signals, const supervisor_actor& parent) {
  signals.async_wait([&signals, &parent](const auto& error, int signal) {
    if (error) return;
    log::info("draining", {{"signal", signal}});
    caf::anon_send(parent, drain{});
    signals.async_wait([](const auto& cancelled, int second) {
      if (!cancelled) std::_Exit(128 + second);
    });
  });
}

/// The I/O context ends when nothing waits for it any more.
int run_to_the_end(const daemon_options& options) {
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
  const std::vector<door> doors = all_doors(options);
  listeners listening{context,
                      doors,
                      descriptors.connections,
                      {[&](accepted who) { unit.send(parent, std::move(who)); },
                       [&](const core::counts& counted) { unit.send(parent, report{counted}); }}};
  // Not before the doors are had: a start that fails leaves no new store.
  end_if_asked();
  const auto stored = open_store(options, descriptors.store_files);
  boost::asio::signal_set signals{context, SIGINT, SIGTERM};
  end_if_asked();  // from here on they wait for the I/O thread
  listening.start();
  parent = system.spawn(supervisor,
                        std::make_shared<const supervisor_environment>(supervisor_environment{
                            options, doors, flow, &unit,
                            [&] { boost::asio::post(context, [&] { listening.stop(); }); },
                            [&](int exit_status) { finished.set_value(exit_status); }, true,
                            [&](const door& which) {
                              const io::acceptor* const at = listening.at(which);
                              return !at || at->is_local();
                            }}),
                        stored);
  drain_at(signals, parent);
  io::tell_why_it_ends("skeind", exit_failed);  // no longer is it that it cannot start
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

}  // namespace

int run(const daemon_options& options) {
  try {
    return run_to_the_end(options);
  } catch (const ended_while_starting&) {
    return exit_ok;
  }
}

}  // namespace skein
