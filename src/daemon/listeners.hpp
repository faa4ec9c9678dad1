/// Listens for all doors, and lets in whom there is room for.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/base/log.hpp"
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

  /// Whether only this machine can connect.
  bool is_local(const door& which) const;

  /// What is listened on for it; none if it is closed.
  std::vector<std::string> addresses(const door& which) const;

 private:
  struct listener {
    const door* which;
    std::unique_ptr<io::acceptor> at;  ///< null: the door is closed, or not open yet
    std::size_t number;                ///< among those that share places
  };

  const io::acceptor* at(const door& which) const;
  io::acceptor::admission admission_of(const listener& l);
  void accept_at(listener& l, std::unique_ptr<io::acceptor> at);
  void refused(const door& which);
  void cannot_accept(const std::string& why);

  boost::asio::io_context& context_;
  const events told_;
  std::vector<listener> all_;
  std::unique_ptr<io::connection_places> shared_;
  std::vector<std::unique_ptr<io::connection_places>> own_;  ///< of doors at sockets
  core::rate_limiter lines_{1};
};

}  // namespace skein
