#include "cli/sockets.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace skein::cli {

namespace {

constexpr std::size_t connections_per_address = 25'000;

[[noreturn]] void fail(const endpoint& server, int error) {
  throw std::runtime_error{"cannot connect to " + server.name + ": " +
                           std::generic_category().message(error)};
}

void leave_from_other_address(int fd, const endpoint& server, std::size_t ordinal) {
  if (ordinal < connections_per_address || server.address.ss_family != AF_INET) return;
  sockaddr_in to{};
  std::memcpy(&to, &server.address, sizeof to);
  if ((ntohl(to.sin_addr.s_addr) >> 24U) != 127U) return;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr =
      htonl(0x7f000001U + static_cast<std::uint32_t>(ordinal / connections_per_address));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) fail(server, errno);
}

}  // namespace

descriptor::~descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

endpoint resolve(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  endpoint server;
  server.name = host + ":" + std::to_string(port);
  const auto status = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (status != 0) {
    throw std::runtime_error{"cannot resolve " + host + ": " + ::gai_strerror(status)};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};
  std::memcpy(&server.address, found->ai_addr, found->ai_addrlen);
  server.size = found->ai_addrlen;
  return server;
}

descriptor connect_to(const endpoint& server, std::size_t ordinal) {
  descriptor fd{::socket(server.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (fd.get() < 0) fail(server, errno);
  leave_from_other_address(fd.get(), server, ordinal);
  const auto* address = reinterpret_cast<const sockaddr*>(&server.address);
  if (::connect(fd.get(), address, server.size) != 0) fail(server, errno);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

int send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace skein::cli
