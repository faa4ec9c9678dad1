#include "io/socket_file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "io/address.hpp"

namespace skein::io {

namespace {

using unix_address = boost::asio::local::stream_protocol::endpoint;

[[noreturn]] void fail(int error) {
  throw std::runtime_error{std::generic_category().message(error)};
}

/// 0 if somebody listens there, or the reason why not.
int probe(const unix_address& address) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  const int error =
      ::connect(socket, address.data(), static_cast<socklen_t>(address.size())) == 0 ? 0 : errno;
  ::close(socket);
  return error == EAGAIN ? 0 : error;  // there is no room for one more that waits
}

/// Removes what a process that is gone has left.
void remove_stale(const std::string& path, const unix_address& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0 && !S_ISSOCK(found.st_mode)) {
    throw std::runtime_error{"the file exists and is no socket"};
  }
  const int error = probe(address);
  if (error == 0) throw std::runtime_error{"another process listens"};
  if (error != ECONNREFUSED && error != ENOENT) fail(error);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail(errno);
}

}  // namespace

socket_file::socket_file(int socket, const std::string& path) : path_{path} {
  const unix_address address = unix_endpoint(path);
  const auto bind = [&] {
    return ::bind(socket, address.data(), static_cast<socklen_t>(address.size())) == 0 ? 0 : errno;
  };
  // Linux gives the file the mode that the socket has when it is bound.
  if (::fchmod(socket, S_IRUSR | S_IWUSR) != 0) fail(errno);
  int error = bind();
  if (error == EADDRINUSE) {
    remove_stale(path, address);
    error = bind();
  }
  if (error == ENOENT) throw std::runtime_error{"its directory does not exist"};
  if (error != 0) fail(error);
  struct stat made {};
  if (::lstat(path.c_str(), &made) != 0) fail(errno);
  device_ = made.st_dev;
  inode_ = made.st_ino;
}

socket_file::~socket_file() {
  struct stat found {};
  if (::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
}

}  // namespace skein::io
