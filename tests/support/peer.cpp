#include "support/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

namespace skein::test {

namespace {

using std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error{what + ": " + std::strerror(errno)};
}

sockaddr_in address_of(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

sockaddr* generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

sockaddr_in own_address(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, generic(address), &size) != 0) fail("getsockname");
  return address;
}

}  // namespace

peer::peer(std::uint16_t port, int receive_buffer, const char* from) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0) fail("socket");
  if (receive_buffer != 0) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  // The port is chosen when it connects: then connections that have ended take none away.
  const int later = 1;
  ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &later, sizeof later);
  auto local = address_of(from, 0);
  if (::bind(fd_, generic(local), sizeof local) != 0) fail("bind");
  auto remote = address_of("127.0.0.1", port);
  if (::connect(fd_, generic(remote), sizeof remote) != 0) fail("connect");
  const auto mine = own_address(fd_);
  address_ = std::string{from} + ":" + std::to_string(ntohs(mine.sin_port));
}

peer::peer(peer&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      address_(std::move(other.address_)),
      received_(std::move(other.received_)),
      ended_(other.ended_),
      was_reset_(other.was_reset_) {}

bool peer::wait_for(short what, time_point deadline) const {
  pollfd polled{fd_, what, 0};
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
  return ::poll(&polled, 1, static_cast<int>(std::max<decltype(left)>(left, 0))) > 0;
}

std::size_t peer::send_some(std::string_view bytes, std::chrono::milliseconds patience) {
  std::size_t sent = 0;
  while (sent != bytes.size()) {
    const auto rest = bytes.substr(sent);
    const auto size = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (size >= 0) {
      sent += static_cast<std::size_t>(size);
    } else if (errno != EAGAIN) {
      fail("send");
    } else if (!wait_for(POLLOUT, steady_clock::now() + patience)) {
      break;
    }
  }
  return sent;
}

void peer::send(std::string_view bytes, std::chrono::milliseconds within) {
  const auto sent = send_some(bytes, within);
  if (sent != bytes.size()) {
    throw std::runtime_error{"the daemon has taken " + std::to_string(sent) + " bytes of " +
                             std::to_string(bytes.size())};
  }
}

peer::got peer::receive_some(time_point deadline) {
  if (ended_) return got::end;
  if (!wait_for(POLLIN, deadline)) return got::nothing;
  static thread_local std::vector<char> buffer(1 << 18);
  const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (size > 0) {
    received_.append(buffer.data(), static_cast<std::size_t>(size));
    return got::something;
  }
  ended_ = true;
  was_reset_ = size < 0;
  return got::end;
}

std::string peer::take_received() {
  return std::exchange(received_, {});
}

void peer::forget(std::string_view text) {
  const auto found = received_.find(text);
  if (found != std::string::npos) received_.erase(found, text.size());
}

const std::string& peer::receive(std::size_t size, std::chrono::milliseconds within) {
  const auto deadline = steady_clock::now() + within;
  while (received_.size() < size) {
    const auto what = receive_some(deadline);
    if (what == got::something) continue;
    throw std::runtime_error{
        address_ + (what == got::end ? " was closed after " : " got only ") +
        std::to_string(received_.size()) + " bytes of " + std::to_string(size) + ", ..." +
        received_.substr(received_.size() - std::min<std::size_t>(received_.size(), 60))};
  }
  return received_;
}

const std::string& peer::receive_until(std::string_view text, std::chrono::milliseconds within) {
  const auto deadline = steady_clock::now() + within;
  std::size_t from = 0;
  while (received_.find(text, from) == std::string::npos) {
    from = received_.size() - std::min(received_.size(), text.size());
    if (receive_some(deadline) == got::something) continue;
    throw std::runtime_error{address_ + " did not get " + std::string{text}};
  }
  return received_;
}

const std::string& peer::receive_all(std::chrono::milliseconds within) {
  const auto deadline = steady_clock::now() + within;
  for (;;) {
    const auto what = receive_some(deadline);
    if (what == got::end) return received_;
    if (what == got::nothing) throw std::runtime_error{address_ + " was not closed"};
  }
}

const std::string& peer::receive_now() {
  while (receive_some(steady_clock::now()) == got::something) {
  }
  return received_;
}

void peer::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

void peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

bool peer::vanish() {
  const int on = 1;
  if (::setsockopt(fd_, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) != 0) return false;
  close();
  return true;
}

void peer::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

taken_port::taken_port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto address = address_of("127.0.0.1", 0);
  if (::bind(fd_, generic(address), sizeof address) != 0 || ::listen(fd_, 1) != 0) fail("listen");
  number_ = ntohs(own_address(fd_).sin_port);
}

taken_port::~taken_port() {
  ::close(fd_);
}

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace skein::test
