/// A door: accepts connections at an address or at a path.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/peer_watch.hpp"
#include "io/refusal.hpp"
#include "io/socket_file.hpp"
#include "io/stream.hpp"

namespace skein::io {

/// Listens on every address that a text such as `localhost:9090` or `:9090` names, or at the path
/// of a Unix socket.
///
/// Accepting never waits for what a client does. A connection that is one too many is told so, and
/// closed. If descriptors run out nevertheless, clients wait in the kernel's backlog and accepting
/// is tried again after `pause`.
class acceptor {
 public:
  using on_accept = std::function<void(std::shared_ptr<stream>)>;
  using on_error = std::function<void(const std::string& what)>;

  static constexpr std::chrono::milliseconds pause{100};

  /// `address` is `host:port`, `[v6]:port`, `:port`, `host` or `port`; `default_port` stands in
  /// for a missing one. Port 0 is any free port. Throws std::runtime_error, with one line that
  /// names the address, if it cannot be listened on. Nobody can connect before `start`.
  acceptor(boost::asio::io_context& context, const std::string& address, std::uint16_t default_port,
           on_accept accepted, on_error failed, const peer_watch& watch = {});

  /// A Unix socket, to which only the user of this process may connect. Its file is created,
  /// replaces a file at which nobody listens any more, and is removed by `stop`. Throws
  /// std::runtime_error, with one line that names the path, if it cannot be listened on: another
  /// process listens, the path is empty or longer than 107 bytes, its directory is missing, or the
  /// machine refuses.
  acceptor(boost::asio::io_context& context, const std::filesystem::path& socket,
           on_accept accepted, on_error failed);

  struct admission {
    /// Called for each connection, which keeps the result; null: it is one too many.
    std::function<std::shared_ptr<void>()> place;
    std::string refusal;            ///< said to one too many; empty: nothing
    std::function<void()> refused;  ///< called for it
  };
  /// To be called before `start`; otherwise every connection is accepted.
  void admit(admission how);

  /// What is listened on, e.g. "127.0.0.1:9090", or the path; one or more.
  std::vector<std::string> addresses() const;

  /// Whether only this machine can connect.
  bool is_local() const;

  /// Starts accepting. The functions are called on the I/O thread. Throws as the constructors do.
  void start();

  /// Ends accepting and closes the door; on the I/O thread. No call follows.
  void stop();

 private:
  struct door {
    door(boost::asio::io_context& context) : socket(context), retry(context) {}
    boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol,
                                       boost::asio::io_context::executor_type>
        socket;
    boost::asio::steady_timer retry;
    std::string name;                 ///< address or path
    std::optional<socket_file> file;  ///< of a Unix socket
  };

  void await(door& d);
  void accept_all(door& d);

  boost::asio::io_context& context_;
  std::vector<std::unique_ptr<door>> doors_;
  on_accept accepted_;
  on_error failed_;
  admission admission_;
  refusal refusal_{""};
};

}  // namespace skein::io
