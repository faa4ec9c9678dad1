/// skeind: reads the configuration and runs the daemon.

#include <unistd.h>

#include <exception>
#include <random>
#include <string>

#include "actors/base/log.hpp"
#include "config/invocation.hpp"
#include "core/hash.hpp"
#include "daemon/exit_status.hpp"
#include "daemon/run.hpp"
#include "io/process.hpp"
#include "io/start_signals.hpp"

namespace {

using namespace skein;

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
  } catch (const std::exception& e) {
    io::complain(io::reason_of(e));
  }
  log::stop();
  return exit_status;
}
