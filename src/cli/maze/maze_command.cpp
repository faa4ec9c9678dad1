#include <unistd.h>

#include <functional>
#include <iostream>
#include <new>
#include <stdexcept>

#include "cli/commands.hpp"
#include "cli/maze/maze_options.hpp"
#include "cli/maze/maze_race.hpp"
#include "cli/maze/maze_report.hpp"
#include "cli/maze/maze_run.hpp"

namespace skein::cli {

namespace {

class progress_display {
 public:
  explicit progress_display(const script_totals& totals) : totals_{totals} {}

  void show(const maze_progress& progress) {
    if (terminal_) std::cerr << '\r';
    std::cerr << progress_line(progress, totals_, terminal_);
    if (!terminal_) std::cerr << '\n';
    std::cerr << std::flush;
    shown_ = true;
  }
  void finish() const {
    if (terminal_ && shown_) std::cerr << '\n';
  }

 private:
  const script_totals& totals_;
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
};

}  // namespace

int maze_command(const arguments& args) {
  const auto options = parse_maze_options(args);
  if (!options) return exit_good;
  const bool talkative = options->log_level == "info" || options->log_level == "debug";

  script_totals totals;
  const auto begin = now();
  const auto script = [&] {
    try {
      return write_script(options->recipe);
    } catch (const std::bad_alloc&) {
      throw std::runtime_error{"not enough memory to prepare the events; send fewer"};
    }
  }();
  totals.events = script.events();
  totals.deliveries = script.deliveries();
  totals.bytes = script.delivered_bytes();
  totals.prepare_seconds = static_cast<double>(now() - begin) * 1e-9;
  if (talkative) {
    std::cerr << "prepared " << totals.events << " events, " << totals.deliveries << " deliveries, "
              << totals.bytes / 1'000'000 << " MB to verify" << std::endl;
  }

  progress_display display{totals};
  std::function<void(const maze_progress&)> report;
  if (talkative) report = [&](const maze_progress& p) { display.show(p); };
  const auto result = run_maze(script, *options, report);
  display.finish();

  if (options->json) {
    std::cout << json_report(result, *options, totals) << std::endl;
    std::cerr << verdict(result) << std::flush;
  } else {
    std::cout << text_report(result, *options, totals) << std::flush;
  }
  return result.good() ? exit_good : exit_bad;
}

}  // namespace skein::cli
