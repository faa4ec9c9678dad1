/// The file by which processes of this machine find a Unix socket.
#pragma once

#include <sys/types.h>

#include <string>

namespace skein::io {

/// The file exists as long as this object: binding a socket creates it, and it is removed at the
/// end unless another file has taken its place.
class socket_file {
 public:
  /// Binds `socket`, which is open and of the family AF_UNIX. Only the user of this process may
  /// connect to it (mode 0600). A file at which nobody listens any more is replaced. Throws
  /// std::runtime_error with the reason if there is another process at it, something that is no
  /// socket, no directory for it, or no permission.
  socket_file(int socket, const std::string& path);
  ~socket_file();
  socket_file(const socket_file&) = delete;
  socket_file& operator=(const socket_file&) = delete;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace skein::io
