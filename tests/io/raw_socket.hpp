/// The other end of a connection: a blocking socket without anything around it.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "io/address.hpp"

namespace skein::io::test {

class raw_socket {
 public:
  /// Connects to what an acceptor gives as its address: a path, or a port of 127.0.0.1.
  explicit raw_socket(const std::string& name)
      : fd_{::socket(name.front() == '/' ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    if (name.front() == '/') {
      connect(unix_endpoint(name));
    } else {
      connect(boost::asio::ip::tcp::endpoint{boost::asio::ip::address_v4::loopback(),
                                             parse_address(name, 0).port});
    }
  }
  ~raw_socket() { ::close(fd_); }
  raw_socket(const raw_socket&) = delete;
  raw_socket& operator=(const raw_socket&) = delete;

  int fd() const { return fd_; }
  /// 0, or the reason why it is not connected.
  int error() const { return error_; }

 private:
  template <class Endpoint>
  void connect(const Endpoint& to) {
    if (::connect(fd_, to.data(), static_cast<socklen_t>(to.size())) != 0) error_ = errno;
  }

  int fd_;
  int error_ = 0;
};

}  // namespace skein::io::test
