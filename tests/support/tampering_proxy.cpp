#include "support/tampering_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>
#include <vector>

namespace skein::test {

namespace {

sockaddr_in local(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr* generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

bool send_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const auto size = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return false;
    sent += static_cast<std::size_t>(size);
  }
  return true;
}

}  // namespace

tampering_proxy::tampering_proxy(std::uint16_t daemon_port, tamper change)
    : daemon_port_(daemon_port), change_(std::move(change)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = local(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, generic(address), size) != 0 || ::listen(listener_, 1024) != 0 ||
      ::getsockname(listener_, generic(address), &size) != 0) {
    throw std::runtime_error{"cannot listen"};
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { serve(); }};
}

tampering_proxy::~tampering_proxy() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
}

void tampering_proxy::serve() {
  std::vector<pollfd> polled{{listener_, POLLIN, 0}};  // then pairs: client, daemon
  std::string buffer;
  while (!stop_) {
    if (::poll(polled.data(), polled.size(), 20) <= 0) continue;
    for (std::size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      const bool from_daemon = i % 2 == 0;
      pollfd& other = polled[from_daemon ? i - 1 : i + 1];
      buffer.resize(1 << 16);
      const auto size = ::recv(polled[i].fd, buffer.data(), buffer.size(), 0);
      buffer.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
      if (from_daemon && !buffer.empty()) change_(buffer);
      if (size > 0 && send_all(other.fd, buffer)) continue;
      ::close(std::exchange(polled[i].fd, -1));
      ::close(std::exchange(other.fd, -1));
      polled[i].revents = other.revents = 0;
    }
    if (polled[0].revents == 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int daemon = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = local(daemon_port_);
    if (::connect(daemon, generic(address), sizeof address) != 0) continue;
    polled.push_back({client, POLLIN, 0});
    polled.push_back({daemon, POLLIN, 0});
  }
  for (std::size_t i = 1; i < polled.size(); ++i) ::close(polled[i].fd);
}

}  // namespace skein::test
