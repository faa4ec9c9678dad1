#include "io/patient_output.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace skein::io {

patient_output::patient_output(int descriptor) : descriptor_{descriptor} {
  struct stat what {};
  if (::fstat(descriptor, &what) != 0) return;
  socket_ = S_ISSOCK(what.st_mode);
  if (!S_ISFIFO(what.st_mode) && !S_ISCHR(what.st_mode)) return;
  const auto path = "/proc/self/fd/" + std::to_string(descriptor);
  const int opened = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (opened < 0) return;
  descriptor_ = opened;
  own_ = true;
}

patient_output::~patient_output() {
  if (own_) ::close(descriptor_);
}

bool patient_output::write(std::string_view text, const std::function<bool()>& give_up) const {
  while (!text.empty()) {
    pollfd ready{descriptor_, POLLOUT, 0};
    const bool gives_up = give_up();
    if (::poll(&ready, 1, gives_up ? 0 : 100) == 0) {
      if (gives_up) return false;
      continue;
    }
    // A pipe that is ready takes so much at once, also where it could not be opened again.
    const auto size = own_ ? text.size() : std::min<std::size_t>(text.size(), PIPE_BUF);
    const auto written = socket_
                             ? ::send(descriptor_, text.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL)
                             : ::write(descriptor_, text.data(), size);
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return false;
    } else if (give_up()) {
      return false;
    }
  }
  return true;
}

bool patient_output::write(std::string_view text, std::chrono::milliseconds patience) const {
  using clock = std::chrono::steady_clock;
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), PIPE_BUF))) {
    const auto deadline = clock::now() + patience;
    if (!write(text.substr(0, PIPE_BUF), [&] { return clock::now() >= deadline; })) return false;
  }
  return true;
}

}  // namespace skein::io
