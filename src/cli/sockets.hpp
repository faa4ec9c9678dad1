/// Outgoing TCP connections of the command line program, blocking and without surprises.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace skein::cli {

/// An open file descriptor, closed at the end.
class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int fd) : fd_{fd} {}
  descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor();

  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

/// A resolved address of a server.
struct endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
  std::string name;  ///< as given: "host:port"
};

/// Throws std::runtime_error if the host is unknown.
endpoint resolve(const std::string& host, std::uint16_t port);

/// A connected TCP socket without Nagle's delay. Connections to 127.0.0.0/8 with an `ordinal` of
/// 25,000 and above leave from 127.0.0.2, 127.0.0.3, ..., so that local ports do not run out.
/// Throws std::runtime_error that names the server and the reason.
descriptor connect_to(const endpoint& server, std::size_t ordinal = 0);

/// Sends all bytes; 0 or the error number. A closed peer is EPIPE, never a signal.
int send_all(int fd, std::string_view bytes);

}  // namespace skein::cli
