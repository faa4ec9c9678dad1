#include "cli/interruption.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <stdexcept>
#include <system_error>

#include "core/visible_text.hpp"

namespace skein::cli {

namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

/// Rounded up, as poll takes it.
int milliseconds_until(time_point deadline) {
  if (deadline == time_point::max()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(
      std::clamp<std::int64_t>(left.count(), 0, std::numeric_limits<int>::max()));
}

}  // namespace

descriptor stop_signals() {
  const auto set = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return descriptor{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
}

interruption::~interruption() {
  signalfd_siginfo taken;
  while (::read(signals_.get(), &taken, sizeof taken) > 0) continue;
  const auto set = ending_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool interruption::has_come() const {
  try {
    await(-1, 0, std::chrono::steady_clock::now(), this);
    return false;
  } catch (const interrupted&) {
    return true;
  }
}

bool await(int fd, short events, time_point deadline, const interruption* stop) {
  for (;;) {
    // No events are asked of standard output: errors show by themselves.
    pollfd polled[]{{fd, events, 0}, {-1, POLLIN, 0}, {-1, 0, 0}};
    if (stop != nullptr) {
      polled[1].fd = stop->signals_.get();
      polled[2].fd = STDOUT_FILENO;
    }
    const int ready = ::poll(polled, 3, milliseconds_until(deadline));
    if (ready < 0 && errno != EINTR) {
      throw std::system_error{errno, std::generic_category(), "poll failed"};
    }
    if (ready > 0 && polled[0].revents != 0) return true;
    if (ready > 0) throw interrupted{};
    if (ready == 0 && deadline <= std::chrono::steady_clock::now()) return false;
  }
}

std::string for_terminal(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of("\n\t"), text.size());
    core::append_visible(result, text.substr(0, end));
    if (end != text.size()) result += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

bool make_pipe_small() {
  struct stat output {};
  // A pipe of one page is ready for more only when it is empty.
  return ::fstat(STDOUT_FILENO, &output) == 0 && S_ISFIFO(output.st_mode) &&
         ::fcntl(STDOUT_FILENO, F_SETPIPE_SZ, ::sysconf(_SC_PAGESIZE)) == ::sysconf(_SC_PAGESIZE);
}

bool await_reader(const interruption& stop) {
  try {
    await(STDOUT_FILENO, POLLOUT, time_point::max(), &stop);
  } catch (const interrupted&) {
    return false;
  }
  // It is also ready when nobody reads any more.
  int unread = 0;
  return ::ioctl(STDOUT_FILENO, FIONREAD, &unread) == 0 && unread == 0;
}

std::size_t write_out(std::string_view text, const interruption& stop) {
  std::size_t written = 0;
  while (written != text.size()) {
    try {
      await(STDOUT_FILENO, POLLOUT, time_point::max(), &stop);
    } catch (const interrupted&) {
      return written;
    }
    // A pipe that is ready takes this much without waiting.
    const auto size = ::write(STDOUT_FILENO, text.data() + written,
                              std::min<std::size_t>(text.size() - written, PIPE_BUF));
    if (size >= 0) {
      written += static_cast<std::size_t>(size);
    } else if (errno == EPIPE) {
      return written;
    } else if (errno != EINTR && errno != EAGAIN) {
      throw std::runtime_error{"cannot write: " + std::generic_category().message(errno)};
    }
  }
  return written;
}

}  // namespace skein::cli
