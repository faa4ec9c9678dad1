/// A connection as its actor sees it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace skein::io {

/// Is told, from any thread, that the stream has become ready.
class readiness {
 public:
  virtual ~readiness() = default;
  virtual void readable() = 0;
  virtual void writable() = 0;
};

struct io_result {
  enum class status : std::uint8_t {
    ok,
    would_block,
    ended,   ///< the peer sends no more
    failed,  ///< the connection is gone
  };
  status what = status::ok;
  std::size_t bytes = 0;
};

/// No call waits. One thread at a time reads or closes, and one writes.
class stream {
 public:
  virtual ~stream() = default;

  virtual io_result read(char* to, std::size_t size) = 0;
  virtual io_result write(std::string_view bytes) = 0;

  /// Whom the two calls below tell. Called once, before them.
  virtual void observe(std::unique_ptr<readiness> observer) = 0;

  /// `readable` is called once when a read would not block any more, also at the end.
  virtual void await_readable() = 0;
  virtual void await_writable() = 0;

  /// How an open connection ends.
  enum class ending : std::uint8_t {
    /// What was written still arrives, and the end after it, also if the peer goes on sending for a
    /// while: that is read and thrown away, within the bounds of io/lingering.
    graceful,
    /// At once: what the kernel still holds is thrown away. A Unix socket holds nothing: what was
    /// written is with the peer.
    abort,
  };
  virtual void close(ending how) = 0;

  /// Address and port of the other side, e.g. "127.0.0.1:41234"; "local" over a Unix socket.
  virtual std::string peer() const = 0;
};

}  // namespace skein::io
