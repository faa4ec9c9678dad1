#include "io/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <utility>

#include "io/address.hpp"

namespace skein::io {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

io_result result_of(const error_code& error, std::size_t bytes) {
  using status = io_result::status;
  if (!error) return {status::ok, bytes};
  if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) {
    return {status::would_block, 0};
  }
  return {error == boost::asio::error::eof ? status::ended : status::failed, 0};
}

}  // namespace

connection::connection(tcp_socket socket) : socket_(std::move(socket)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay{true}, ignored);
  socket_.set_option(boost::asio::socket_base::keep_alive{true}, ignored);
}

connection::~connection() {
  // The socket's own destructor would turn lingering off and so make of an abort an end at leisure.
  error_code ignored;
  socket_.close(ignored);
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

void connection::observe(std::unique_ptr<readiness> observer) { observer_ = std::move(observer); }

void connection::await_readable() {
  boost::asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
    self->socket_.async_wait(tcp_socket::wait_read,
                             [self](const error_code&) { self->observer_->readable(); });
  });
}

void connection::await_writable() {
  boost::asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
    self->socket_.async_wait(tcp_socket::wait_write,
                             [self](const error_code&) { self->observer_->writable(); });
  });
}

void connection::close(ending how) {
  if (closed_.exchange(true)) return;
  // The descriptor lives as long as this object: others may be using it. Shutting it down ends
  // what they wait for.
  error_code ignored;
  if (how == ending::abort) {
    socket_.set_option(boost::asio::socket_base::linger{true, 0}, ignored);
  }
  socket_.shutdown(tcp_socket::shutdown_both, ignored);
}

std::string connection::peer() const {
  error_code error;
  const tcp::endpoint endpoint = socket_.remote_endpoint(error);
  return error ? "unknown" : to_text(endpoint);
}

}  // namespace skein::io
