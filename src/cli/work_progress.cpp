#include "cli/work_progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <sstream>
#include <utility>

namespace skein::cli {

using std::chrono::steady_clock;

work_progress::work_progress(std::string what)
    : work_progress{std::move(what), ::isatty(STDERR_FILENO) != 0, &steady_clock::now} {}

work_progress::work_progress(std::string what, bool terminal, clock now)
    : what_{std::move(what)},
      terminal_{terminal},
      now_{std::move(now)},
      begin_{now_()},
      told_{begin_} {}

void work_progress::advance(std::uint64_t by) {
  count_ += by;
  const auto now = now_();
  if (now - told_ < std::chrono::seconds{1}) return;
  told_ = now;
  clear();
  std::cerr << summary() << (terminal_ ? "" : "\n") << std::flush;
  shown_ = terminal_;
}

void work_progress::clear() {
  if (std::exchange(shown_, false)) std::cerr << "\r\x1b[K" << std::flush;
}

std::string work_progress::summary() const {
  const std::chrono::duration<double> time = now_() - begin_;
  const auto seconds = std::max(time.count(), 1e-9);
  std::ostringstream text;
  text.precision(3);
  text << std::fixed << count_ << " " << what_ << " in " << seconds << " s ("
       << static_cast<std::uint64_t>(static_cast<double>(count_) / seconds) << "/s)";
  return text.str();
}

}  // namespace skein::cli
