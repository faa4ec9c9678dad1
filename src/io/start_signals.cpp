#include "io/start_signals.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <initializer_list>

namespace skein::io {

namespace {

std::atomic<int> noted{0};
static_assert(std::atomic<int>::is_always_lock_free);

void take(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

}  // namespace

void end_at_signals() {
  take([](int) { ::_exit(0); });
}

void note_signals() {
  take([](int signal) {
    int none = 0;
    if (!noted.compare_exchange_strong(none, signal)) ::_exit(128 + signal);
  });
}

int noted_signal() {
  return noted;
}

}  // namespace skein::io
