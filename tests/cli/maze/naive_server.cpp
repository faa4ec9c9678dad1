#include "cli/maze/naive_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace skein::cli::test {

naive_server::naive_server(tamper change, std::uint64_t close_after)
    : change_{std::move(change)},
      close_after_{close_after},
      source_listener_{listen_on(source_port_)},
      client_listener_{listen_on(client_port_)},
      thread_{[this] { serve(); }} {}

naive_server::~naive_server() {
  stop_ = true;
  thread_.join();
  for (const auto& c : connections_) ::close(c.fd);
  ::close(source_listener_);
  ::close(client_listener_);
}

int naive_server::listen_on(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (::bind(fd, generic, size) != 0 || ::listen(fd, 1024) != 0 ||
      ::getsockname(fd, generic, &size) != 0) {
    throw std::runtime_error{"cannot listen"};
  }
  port = ntohs(address.sin_port);
  return fd;
}

void naive_server::serve() {
  while (!stop_) {
    std::vector<pollfd> polled{{source_listener_, POLLIN, 0}, {client_listener_, POLLIN, 0}};
    for (const auto& c : connections_) {
      const int events = c.out.empty() ? POLLIN : POLLIN | POLLOUT;
      polled.push_back({c.fd, static_cast<short>(events), 0});
    }
    if (::poll(polled.data(), polled.size(), 20) <= 0) continue;
    for (std::size_t i = 0; i + 2 < polled.size(); ++i) {
      auto& c = connections_[i];
      const int happened = polled[i + 2].revents;
      bool open = true;
      if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0) open = read(c);
      if (open && !c.out.empty()) open = write(c);
      if (!open) ::close(std::exchange(c.fd, -1));
    }
    if (close_after_ != 0 && delivered_ >= close_after_) {
      for (auto& c : connections_) ::close(std::exchange(c.fd, -1));
    }
    connections_.erase(std::remove_if(connections_.begin(), connections_.end(),
                                      [](const auto& c) { return c.fd < 0; }),
                       connections_.end());
    for (std::size_t i = 0; i < 2; ++i) {
      if (polled[i].revents == 0) continue;
      connection accepted;
      accepted.fd = ::accept4(polled[i].fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      accepted.is_source = i == 0;
      if (accepted.fd >= 0) connections_.push_back(std::move(accepted));
    }
  }
}

bool naive_server::read(connection& c) {
  std::array<char, 4096> buffer;
  const auto size = ::recv(c.fd, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  c.in.append(buffer.data(), static_cast<std::size_t>(size));
  std::size_t begin = 0;
  for (auto end = c.in.find('\n'); end != std::string::npos; end = c.in.find('\n', begin)) {
    auto line = c.in.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (c.is_source) {
      // As go-eventserver does with what it does not know.
      if (line.find('|') != line.npos) take_event(line);
    } else {
      c.user = std::stoll(line);
      ++identified_;
    }
    begin = end + 1;
  }
  c.in.erase(0, begin);
  return true;
}

bool naive_server::write(connection& c) {
  const auto size = ::send(c.fd, c.out.data(), c.out.size(), MSG_NOSIGNAL);
  if (size > 0) c.out.erase(0, static_cast<std::size_t>(size));
  return size >= 0 || errno == EAGAIN;
}

void naive_server::take_event(const std::string& line) {
  const auto number = plain_event::parse(line).number;
  distance_ = std::max(distance_.load(), number - next_number_);
  pending_[number] = line;
  for (auto first = pending_.begin(); first != pending_.end() && first->first == next_number_;
       first = pending_.begin(), ++next_number_) {
    deliver(first->second);
    pending_.erase(first);
  }
}

void naive_server::deliver(const std::string& line) {
  std::set<std::int64_t> connected;
  for (const auto& c : connections_) {
    if (c.user != 0) connected.insert(c.user);
  }
  for (const auto user : routing_.route(plain_event::parse(line), connected)) {
    for (auto& c : connections_) {
      if (c.user != user) continue;
      ++c.lines;
      ++delivered_;
      const auto changed = change_ ? change_(user, c.lines, line) : std::nullopt;
      c.out += changed ? *changed : line + "\r\n";
    }
  }
}

}  // namespace skein::cli::test
