#include <iostream>
#include <limits>

#include "cli/commands.hpp"
#include "cli/daemon_place.hpp"
#include "cli/store/stored_log.hpp"
#include "store/events/log_reader.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein replay [options]

Prints the events of the log of a daemon on this machine, in their order, as the
sources sent them, but each ended by LF. The daemon may run meanwhile; what it has written by now is
printed. Damaged records are named on standard error and skipped; the exit
status is then 1.

)";

struct replay_options {
  store_place place;
  std::int64_t epoch = 0;
  std::int64_t from = 1;
  std::int64_t to = std::numeric_limits<std::int64_t>::max();
};

/// Prints the range of one epoch, or of all. Returns the exit status.
int print(const replay_options& o) {
  const auto engine = open_store(o.place.directory());
  store::log_reader log{*engine, core::line_ending::lf};
  const auto epoch = static_cast<core::epoch_number>(o.epoch);
  if (epoch != 0) log.seek(store::position_beyond(*engine, epoch, o.from - 1));
  int status = exit_good;
  for (;;) {
    try {
      const auto block = log.next();
      if (!block || (epoch != 0 && block->epoch > epoch)) break;
      for (const core::event& e : block->events) {
        if (e.sequence < o.from || e.sequence > o.to) continue;
        if (epoch == 0 || block->epoch == epoch) std::cout << block->text_of(e);
      }
      if (!std::cout) return exit_bad;
    } catch (const store::error& e) {
      if (e.what_kind() != store::error::kind::corrupted) throw;
      std::cerr << "skein: " << e.what() << std::endl;
      status = exit_bad;
    }
  }
  return std::cout.flush() ? status : exit_bad;
}

}  // namespace

int replay_command(const arguments& args) {
  replay_options o;
  bool help = false;
  const auto most = std::numeric_limits<std::int64_t>::max();
  po::options_description options{"Options", 96, 56};
  o.place.add_to(options, false);
  options.add_options()  //
      ("epoch", number(o.epoch, "epoch", 0, std::numeric_limits<core::epoch_number>::max()),
       "only events of this epoch; 0: of all epochs")                         //
      ("from", number(o.from, "from", 1, most), "from this number on")        //
      ("to", number(o.to, "to", 1, most), "up to and including this number")  //
      ("help", po::bool_switch(&help), "show this text");
  parse(args, options);
  if (help) {
    std::cout << about << options << std::flush;
    return exit_good;
  }
  return print(o);
}

}  // namespace skein::cli
