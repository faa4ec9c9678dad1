/// A connection over TCP or a Unix socket. Reads and writes happen on the calling thread, waiting
/// happens on the I/O thread.
#pragma once

#include <atomic>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <utility>

#include "io/stream.hpp"

namespace skein::io {

/// A socket that knows its executor's type: that is 90 bytes less for each connection. A type that
/// also knows its family would save no further byte.
using stream_socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                       boost::asio::io_context::executor_type>;

class connection final : public stream, public std::enable_shared_from_this<connection> {
 public:
  /// `socket` is connected; it becomes non-blocking and sends without delay. `place` lives as long
  /// as the socket.
  explicit connection(stream_socket socket, std::shared_ptr<void> place = nullptr);

  io_result read(char* to, std::size_t size) override;
  io_result write(std::string_view bytes) override;
  void observe(std::unique_ptr<readiness> observer) override;
  void await_readable() override;
  void await_writable() override;
  void close(ending how) override;
  std::string peer() const override;

  // --- for `lingering`, on the I/O thread ---

  /// Throws away what has come. Returns false if nothing more will come.
  bool discard();
  /// Ends what is waited for.
  void wake_all();
  template <class Handler>
  void await_input(Handler handler) {
    socket_.async_wait(stream_socket::wait_read,
                       [handler = std::move(handler)](const auto&) mutable { handler(); });
  }
  /// Closes both sides.
  void end();
  bool has_ended() const { return ended_; }

 private:
  std::shared_ptr<void> place_;  ///< is destroyed after the socket
  stream_socket socket_;
  std::unique_ptr<readiness> observer_;
  std::atomic<bool> closed_{false};
  bool ended_ = false;  ///< by `end`
};

}  // namespace skein::io
