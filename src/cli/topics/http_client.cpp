#include "cli/topics/http_client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

namespace skein::cli {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

/// How long to wait for an answer after an interruption.
constexpr std::chrono::milliseconds grace{200};

/// No answer of the daemon is nearly as long as this.
constexpr std::uint64_t most_answer_bytes = 1u << 30;

/// A connection as Beast reads and writes one, until a deadline.
class timed_stream {
 public:
  timed_stream(int fd, time_point deadline, const interruption* stop)
      : fd_{fd}, deadline_{deadline}, stop_{stop} {}

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& error) {
    const asio::mutable_buffer to = *asio::buffer_sequence_begin(buffers);
    return move(POLLIN, error, [&] { return ::recv(fd_, to.data(), to.size(), 0); });
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& error) {
    // Beast gathers head and body in one sequence, and repeats what was not taken.
    const asio::const_buffer from = first_of(buffers);
    return move(POLLOUT, error,
                [&] { return ::send(fd_, from.data(), from.size(), MSG_NOSIGNAL); });
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code error;
    const auto size = read_some(buffers, error);
    if (error) throw boost::system::system_error{error};
    return size;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    error_code error;
    const auto size = write_some(buffers, error);
    if (error) throw boost::system::system_error{error};
    return size;
  }

 private:
  bool is_ready(short events) const {
    try {
      return await(fd_, events, deadline_, stop_);
    } catch (const interrupted&) {
      // The messages of an answer on its way may be leased to us: so it is better to wait for it a
      // little.
      const auto patience = std::min(deadline_, std::chrono::steady_clock::now() + grace);
      if (events != POLLIN || !await(fd_, events, patience, nullptr)) throw;
      return true;
    }
  }

  template <class Buffers>
  static asio::const_buffer first_of(const Buffers& buffers) {
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto i = asio::buffer_sequence_begin(buffers); i != end; ++i) {
      if (const asio::const_buffer buffer{*i}; buffer.size() != 0) return buffer;
    }
    return {};
  }

  template <class Move>
  std::size_t move(short events, error_code& error, Move&& once) {
    error = {};
    for (;;) {
      if (!is_ready(events)) {
        error = asio::error::timed_out;
        return 0;
      }
      const auto size = once();
      if (size > 0) return static_cast<std::size_t>(size);
      if (size == 0 && events == POLLOUT) return 0;
      if (size == 0) {
        error = asio::error::eof;
        return 0;
      }
      if (errno == EINTR || errno == EAGAIN) continue;
      error = {errno, boost::system::generic_category()};
      return 0;
    }
  }

  int fd_;
  time_point deadline_;
  const interruption* stop_;
};

/// Whether the server has closed it, or said something without being asked.
bool is_stale(int fd) {
  pollfd polled{fd, POLLIN, 0};
  return ::poll(&polled, 1, 0) != 0;
}

std::string reason_of(const error_code& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::eof) {
    return "closed the connection without a whole answer";
  }
  if (error == asio::error::timed_out) return "did not answer in time";
  if (error.category() == boost::system::generic_category()) {
    return "broke the connection: " + error.message();
  }
  return "does not speak HTTP: " + error.message();
}

}  // namespace

http_client::http_client(const std::string& host, std::uint16_t port)
    : server_{resolve(host, port)},
      host_header_{(host.find(':') == host.npos ? host : "[" + host + "]") + ":" +
                   std::to_string(port)} {}

descriptor http_client::connect(time_point deadline) const {
  const auto fail = [&](int error) {
    throw server_lost{
        "cannot connect to " + server_.name + ": " + std::generic_category().message(error), false};
  };
  descriptor fd{::socket(server_.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (fd.get() < 0) fail(errno);
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(&server_.address);
  if (::connect(fd.get(), address, server_.size) == 0) return fd;
  if (errno != EINPROGRESS) fail(errno);
  if (!await(fd.get(), POLLOUT, deadline, stop_)) fail(ETIMEDOUT);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) fail(error);
  return fd;
}

http_answer http_client::ask(const char* method, std::string_view target,
                             const std::optional<std::string>& body,
                             std::chrono::milliseconds timeout) {
  const auto deadline =
      timeout == timeout.zero() ? time_point::max() : std::chrono::steady_clock::now() + timeout;
  // After an exception the connection is in an unknown state, and is not kept.
  descriptor connection = std::exchange(connection_, {});
  if (connection.get() < 0 || is_stale(connection.get())) connection = connect(deadline);
  timed_stream stream{connection.get(), deadline, stop_};

  http::request<http::string_body> request;
  request.method_string({method, std::char_traits<char>::length(method)});
  request.target({target.data(), target.size()});
  request.set(http::field::host, host_header_);
  if (body) {
    request.set(http::field::content_type, "application/json");
    request.body() = *body;
  }
  request.prepare_payload();

  error_code error;
  http::write(stream, request, error);
  const auto fail = [&] {
    throw server_lost{"the daemon at " + server_.name + " " + reason_of(error), true};
  };
  if (error == asio::error::timed_out) fail();
  // A server that has hung up may still have answered: if the request cannot be sent, the answer
  // shows it.
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(most_answer_bytes);
  http::read(stream, buffer, parser, error);
  if (error) fail();

  auto response = parser.release();
  if (response.keep_alive()) connection_ = std::move(connection);
  http_answer answer;
  answer.status = response.result_int();
  const auto type = response[http::field::content_type];
  answer.content_type.assign(type.data(), type.size());
  answer.body = std::move(response.body());
  return answer;
}

}  // namespace skein::cli
