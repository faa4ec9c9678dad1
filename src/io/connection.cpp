#include "io/connection.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <utility>

#include "io/address.hpp"
#include "io/lingering.hpp"

namespace skein::io {

namespace {

using boost::system::error_code;

io_result result_of(const error_code& error, std::size_t bytes) {
  using status = io_result::status;
  if (!error) return {status::ok, bytes};
  if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) {
    return {status::would_block, 0};
  }
  return {error == boost::asio::error::eof ? status::ended : status::failed, 0};
}

/// Bytes of a peer that are thrown away before others get their turn.
constexpr std::size_t most_discarded = 256 << 10;

}  // namespace

connection::connection(stream_socket socket, std::shared_ptr<void> place)
    : place_(std::move(place)), socket_(std::move(socket)) {
  // A Unix socket refuses this option, and does not need it.
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
}

io_result connection::read(char* to, std::size_t size) {
  error_code error;
  const std::size_t bytes = socket_.read_some(boost::asio::buffer(to, size), error);
  return result_of(error, bytes);
}

io_result connection::write(std::string_view bytes) {
  error_code error;
  const std::size_t written =
      socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
  return result_of(error, written);
}

void connection::observe(std::unique_ptr<readiness> observer) {
  observer_ = std::move(observer);
}

void connection::await_readable() {
  boost::asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
    self->socket_.async_wait(stream_socket::wait_read,
                             [self](const error_code&) { self->observer_->readable(); });
  });
}

void connection::await_writable() {
  boost::asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
    self->socket_.async_wait(stream_socket::wait_write,
                             [self](const error_code&) { self->observer_->writable(); });
  });
}

void connection::close(ending how) {
  if (closed_.exchange(true)) return;
  error_code ignored;
  if (how == ending::graceful && discard()) {
    socket_.shutdown(stream_socket::shutdown_send, ignored);
    lingering::of(socket_.get_executor().context()).take(shared_from_this());
    return;
  }
  // The descriptor lives as long as this object, since others may be using it. These calls end
  // their waiting.
  if (how == ending::abort) {
    // To shut a TCP socket down says that all was read; to dissolve its association resets it.
    const sockaddr nobody{AF_UNSPEC, {}};
    if (::connect(socket_.native_handle(), &nobody, sizeof nobody) == 0) return;
  }
  socket_.shutdown(stream_socket::shutdown_both, ignored);
}

bool connection::discard() {
  std::array<char, 16384> unread;
  for (std::size_t discarded = 0; discarded < most_discarded;) {
    const io_result result = read(unread.data(), unread.size());
    if (result.what == io_result::status::would_block) return true;
    if (result.what != io_result::status::ok) return false;
    discarded += result.bytes;
  }
  return true;
}

void connection::wake_all() {
  error_code ignored;
  socket_.cancel(ignored);
}

void connection::end() {
  ended_ = true;
  discard();  // the kernel resets a connection that ends with something unread
  error_code ignored;
  socket_.shutdown(stream_socket::shutdown_both, ignored);
}

std::string connection::peer() const {
  error_code error;
  const auto endpoint = socket_.remote_endpoint(error);
  if (error) return "unknown";
  return endpoint.protocol().family() == AF_UNIX ? "local" : to_text(tcp_endpoint(endpoint));
}

}  // namespace skein::io
