/// Addresses as users write them.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skein::io {

struct host_port {
  std::string host;  ///< empty: every interface
  std::uint16_t port;
};

/// Reads `host:port`, `[v6]:port`, `:port`, `host` or `port`. An empty text is `:default_port`.
/// Throws std::invalid_argument, with the reason, if the port is no number of 0..65535.
host_port parse_address(const std::string& text, std::uint16_t default_port);

/// Whether `host` is an address, with brackets if it is of version 6, and not a name.
bool is_ip_address(std::string_view host);

/// Every endpoint that a listener on `text` binds. Throws as parse_address does, and
/// std::runtime_error if the host is unknown.
std::vector<boost::asio::ip::tcp::endpoint> resolve_listener(boost::asio::io_context& context,
                                                             const std::string& text,
                                                             std::uint16_t default_port);

/// Throws as resolve_listener does, and std::runtime_error if none of the addresses of `text` is
/// one of this machine.
void check_listener(boost::asio::io_context& context, const std::string& text);

/// The address of a Unix socket. Throws std::runtime_error, with the reason, if `path` is empty or
/// longer than 107 bytes.
boost::asio::local::stream_protocol::endpoint unix_endpoint(const std::string& path);

/// `endpoint` as one of TCP, which it is.
boost::asio::ip::tcp::endpoint tcp_endpoint(
    const boost::asio::generic::stream_protocol::endpoint& endpoint);

/// E.g. "127.0.0.1:9090" or "[::1]:9090".
std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace skein::io
