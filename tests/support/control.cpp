#include "support/control.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "support/eventually.hpp"

namespace skein::test {

std::string ask(const std::string& socket, const std::string& command) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const std::string line = command + "\n";
  std::string answer;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, line.data(), line.size(), MSG_NOSIGNAL) > 0) {
    char buffer[4096];
    pollfd readable{fd, POLLIN, 0};
    while (::poll(&readable, 1, static_cast<int>(generous.count())) == 1) {
      const auto size = ::recv(fd, buffer, sizeof buffer, 0);
      if (size <= 0) break;
      answer.append(buffer, static_cast<std::size_t>(size));
    }
  }
  ::close(fd);
  if (answer.empty() || answer.back() != '\n') {
    throw std::runtime_error{"no answer to " + command + ": " + std::strerror(errno)};
  }
  answer.pop_back();
  return answer;
}

}  // namespace skein::test
