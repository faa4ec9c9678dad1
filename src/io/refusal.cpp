#include "io/refusal.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <utility>

namespace skein::io {

using boost::system::error_code;

class refusal::leaving : public std::enable_shared_from_this<leaving> {
 public:
  leaving(stream_socket socket, std::shared_ptr<std::size_t> count)
      : socket_(std::move(socket)), end_(socket_.get_executor()), count_(std::move(count)) {
    ++*count_;
  }
  ~leaving() { --*count_; }
  leaving(const leaving&) = delete;
  leaving& operator=(const leaving&) = delete;

  void go() {
    end_.expires_after(longest);
    end_.async_wait([self = shared_from_this()](const error_code&) {
      error_code ignored;
      self->socket_.close(ignored);
    });
    read_on();
  }

 private:
  static constexpr std::chrono::seconds longest{1};
  static constexpr std::size_t most_read = 1 << 20;  // bytes

  void read_on() {
    socket_.async_wait(stream_socket::wait_read, [self = shared_from_this()](error_code error) {
      std::array<char, 16384> unread;
      while (!error && self->read_ < most_read) {
        self->read_ += self->socket_.read_some(boost::asio::buffer(unread), error);
      }
      if (error == boost::asio::error::would_block) {
        self->read_on();
      } else {
        self->end_.cancel();
      }
    });
  }

  stream_socket socket_;
  boost::asio::steady_timer end_;
  std::shared_ptr<std::size_t> count_;
  std::size_t read_ = 0;
};

void refusal::say_to(stream_socket socket) {
  if (text_.empty()) return;
  error_code failure;
  socket.non_blocking(true, failure);
  socket.write_some(boost::asio::buffer(text_), failure);
  socket.shutdown(stream_socket::shutdown_send, failure);
  if (failure || *leaving_ == most_leaving) return;
  std::make_shared<leaving>(std::move(socket), leaving_)->go();
}

}  // namespace skein::io
