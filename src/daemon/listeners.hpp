/// Listens for all doors, and lets in whom there is room for.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/base/messages.hpp"
#include "core/counters/counters.hpp"
#include "core/rate_limiter.hpp"
#include "doors/door.hpp"
#include "io/acceptor.hpp"
#include "io/connection_places.hpp"

namespace skein {

class listeners {
 public:
  /// Called on the I/O thread.
  struct events {
    std::function<void(accepted)> let_in;
    std::function<void(const core::counts&)> count;
  };

  /// Listens at the doors' addresses; nobody can connect before `start`. Throws
  /// std::runtime_error, with one line, if that cannot be, or a socket's path cannot be one.
  /// \param doors  outlive it
  /// \param connections  of all doors at addresses together
  listeners(boost::asio::io_context& context, const std::vector<door>& doors,
            std::size_t connections, events told);
  listeners(const listeners&) = delete;
  listeners& operator=(const listeners&) = delete;

  /// Listens at the doors' sockets as well, and accepts. Throws as the constructor does.
  void start();

  /// Ends accepting, and closes all; on the I/O thread.
  void stop();

  /// What listens for the door; null if the door is closed, or does not listen.
  const io::acceptor* at(const door& which) const;

 private:
  struct listener {
    const door* which;
    std::shared_ptr<io::connection_places> places;
    std::size_t number;                  ///< of the door, for `places`
    std::unique_ptr<io::acceptor> at{};  ///< null: closed, or not open yet
  };

  io::acceptor::on_accept on_accept(const door& which);
  io::acceptor::on_error on_error();
  io::acceptor::admission admission_of(const listener& l);

  boost::asio::io_context& context_;
  const events told_;
  std::vector<listener> all_;
  core::rate_limiter lines_{1};
};

}  // namespace skein
