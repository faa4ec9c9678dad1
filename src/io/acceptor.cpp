#include "io/acceptor.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "io/address.hpp"
#include "io/connection.hpp"

namespace skein::io {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

std::vector<tcp::endpoint> endpoints_of(boost::asio::io_context& context, const std::string& text,
                                        std::uint16_t default_port) {
  try {
    return resolve_listener(context, text, default_port);
  } catch (const std::exception& e) {
    throw std::runtime_error{"cannot listen on " + text + ": " + e.what()};
  }
}

/// Connections inherit it from the socket that listens.
void set(int socket, const peer_watch& watch) {
  const auto option = [&](int level, int name, std::int64_t value) {
    const int as_int = static_cast<int>(value);
    ::setsockopt(socket, level, name, &as_int, sizeof as_int);
  };
  constexpr int probes = 3;
  constexpr std::int64_t longest = 32'767;  // the kernel's
  const std::int64_t seconds =
      std::min(std::chrono::ceil<std::chrono::seconds>(watch.keep_alive).count(), longest);
  option(SOL_SOCKET, SO_KEEPALIVE, seconds != 0);
  if (seconds != 0) {
    option(IPPROTO_TCP, TCP_KEEPIDLE, seconds);
    option(IPPROTO_TCP, TCP_KEEPINTVL, std::max<std::int64_t>(seconds / probes, 1));
    option(IPPROTO_TCP, TCP_KEEPCNT, probes);
  }
  option(IPPROTO_TCP, TCP_USER_TIMEOUT, watch.user_timeout.count());
}

}  // namespace

acceptor::acceptor(boost::asio::io_context& context, const std::string& text,
                   std::uint16_t default_port, on_accept accepted, on_error failed,
                   const peer_watch& watch)
    : context_(context), accepted_(std::move(accepted)), failed_(std::move(failed)) {
  std::uint16_t chosen_port = 0;
  for (tcp::endpoint endpoint : endpoints_of(context, text, default_port)) {
    // With port 0, all addresses of the door share the port that the first one got.
    if (endpoint.port() == 0) endpoint.port(chosen_port);
    auto d = std::make_unique<door>(context);
    try {
      d->socket.open(endpoint.protocol());
      d->socket.set_option(tcp::acceptor::reuse_address{true});
      if (endpoint.protocol() == tcp::v6()) {
        d->socket.set_option(boost::asio::ip::v6_only{!endpoint.address().is_unspecified()});
      }
      d->socket.bind(endpoint);
      set(d->socket.native_handle(), watch);
      d->socket.non_blocking(true);
      endpoint = tcp_endpoint(d->socket.local_endpoint());
      chosen_port = endpoint.port();
      d->name = to_text(endpoint);
    } catch (const boost::system::system_error& e) {
      // A host without IPv6 still has the loopback name for it.
      if (endpoint.protocol() == tcp::v6() && !doors_.empty() &&
          e.code() != boost::asio::error::address_in_use) {
        continue;
      }
      throw std::runtime_error{"cannot listen on " + to_text(endpoint) + ": " + e.code().message()};
    }
    doors_.push_back(std::move(d));
  }
}

acceptor::acceptor(boost::asio::io_context& context, const std::filesystem::path& socket,
                   on_accept accepted, on_error failed)
    : context_(context), accepted_(std::move(accepted)), failed_(std::move(failed)) {
  auto d = std::make_unique<door>(context);
  d->name = socket.string();
  try {
    d->socket.open(boost::asio::local::stream_protocol{});
    d->file.emplace(d->socket.native_handle(), d->name);
    // At once: other processes think that a file at which nobody listens was left behind.
    d->socket.listen();
    d->socket.non_blocking(true);
  } catch (const boost::system::system_error& e) {
    throw std::runtime_error{"cannot listen on " + d->name + ": " + e.code().message()};
  } catch (const std::runtime_error& e) {
    throw std::runtime_error{"cannot listen on " + d->name + ": " + e.what()};
  }
  doors_.push_back(std::move(d));
}

void acceptor::admit(admission how) {
  refusal_ = refusal{how.refusal};
  admission_ = std::move(how);
}

std::vector<std::string> acceptor::addresses() const {
  std::vector<std::string> texts;
  for (const auto& d : doors_) texts.push_back(d->name);
  return texts;
}

bool acceptor::is_local() const {
  return std::all_of(doors_.begin(), doors_.end(), [](const auto& d) {
    const auto endpoint = d->socket.local_endpoint();
    return endpoint.protocol().family() == AF_UNIX ||
           tcp_endpoint(endpoint).address().is_loopback();
  });
}

void acceptor::start() {
  for (const auto& d : doors_) {
    error_code error;
    d->socket.listen(boost::asio::socket_base::max_listen_connections, error);
    if (error) throw std::runtime_error{"cannot listen on " + d->name + ": " + error.message()};
    await(*d);
  }
}

void acceptor::stop() {
  for (const auto& d : doors_) {
    error_code ignored;
    d->retry.cancel();
    d->file.reset();
    d->socket.close(ignored);
  }
}

void acceptor::await(door& d) {
  d.socket.async_wait(boost::asio::socket_base::wait_read, [this, &d](const error_code& error) {
    if (!error) accept_all(d);
  });
}

void acceptor::accept_all(door& d) {
  if (!d.socket.is_open()) return;
  // Others on this thread get their turn in between.
  constexpr int most_at_once = 64;
  for (int i = 0; i != most_at_once; ++i) {
    error_code error;
    stream_socket socket{context_};
    d.socket.accept(socket, error);
    if (error == boost::asio::error::would_block || error == boost::asio::error::try_again) break;
    if (error == boost::asio::error::connection_aborted ||
        error == boost::asio::error::interrupted) {
      continue;
    }
    if (error) {
      failed_(error.message());
      d.retry.expires_after(pause);
      d.retry.async_wait([this, &d](const error_code& cancelled) {
        if (!cancelled) accept_all(d);
      });
      return;
    }
    std::shared_ptr<void> place;
    if (admission_.place && !(place = admission_.place())) {
      refusal_.say_to(std::move(socket));
      admission_.refused();
      continue;
    }
    accepted_(std::make_shared<connection>(std::move(socket), std::move(place)));
  }
  await(d);
}

}  // namespace skein::io
