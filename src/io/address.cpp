#include "io/address.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace skein::io {

using boost::asio::ip::tcp;

namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

std::uint16_t parse_port(const std::string& text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument{"port must be 0..65535, got \"" + text + "\""};
  }
  return port;
}

bool has_ipv6(boost::asio::io_context& context) {
  boost::system::error_code error;
  tcp::socket probe{context};
  probe.open(tcp::v6(), error);
  return !error;
}

}  // namespace

bool is_ip_address(std::string_view host) {
  in6_addr ignored;
  const auto is = [&](int family, std::string_view text) {
    return ::inet_pton(family, std::string{text}.c_str(), &ignored) == 1;
  };
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return is(AF_INET, host);
  const auto inside = host.substr(1, host.size() - 2);
  return is(AF_INET6, inside.substr(0, inside.find('%')));
}

host_port parse_address(const std::string& text, std::uint16_t default_port) {
  if (is_number(text)) return {"", parse_port(text)};
  std::string host = text;
  std::uint16_t port = default_port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == text.npos || (end + 1 != text.size() && text[end + 1] != ':')) {
      throw std::invalid_argument{"must be [address]:port, got \"" + text + "\""};
    }
    host = text.substr(1, end - 1);
    if (end + 1 != text.size()) port = parse_port(text.substr(end + 2));
  } else if (const std::size_t colon = text.rfind(':');
             colon != text.npos && text.find(':') == colon) {
    host = text.substr(0, colon);
    if (colon + 1 != text.size()) port = parse_port(text.substr(colon + 1));
  }
  return {host, port};
}

std::vector<tcp::endpoint> resolve_listener(boost::asio::io_context& context,
                                            const std::string& text, std::uint16_t default_port) {
  const host_port address = parse_address(text, default_port);
  if (address.host.empty()) {
    return {tcp::endpoint{has_ipv6(context) ? tcp::v6() : tcp::v4(), address.port}};
  }
  if (address.host == "localhost") {
    // Loopback by definition (RFC 6761), also on a machine without a hosts file.
    return {tcp::endpoint{boost::asio::ip::address_v4::loopback(), address.port},
            tcp::endpoint{boost::asio::ip::address_v6::loopback(), address.port}};
  }
  tcp::resolver resolver{context};
  boost::system::error_code error;
  const auto found =
      resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
  if (error) {
    throw std::runtime_error{"cannot resolve \"" + address.host + "\": " + error.message()};
  }
  std::vector<tcp::endpoint> endpoints;
  for (const auto& entry : found) {
    if (std::find(endpoints.begin(), endpoints.end(), entry.endpoint()) == endpoints.end()) {
      endpoints.push_back(entry.endpoint());
    }
  }
  // IPv4 first: it is the address that must be there.
  std::stable_sort(endpoints.begin(), endpoints.end(), [](const auto& a, const auto& b) {
    return a.address().is_v4() && b.address().is_v6();
  });
  return endpoints;
}

void check_listener(boost::asio::io_context& context, const std::string& text) {
  const auto is_here = [&](tcp::endpoint endpoint) {
    endpoint.port(0);
    boost::system::error_code error;
    tcp::socket probe{context};
    probe.open(endpoint.protocol(), error);
    if (!error) probe.bind(endpoint, error);
    return error != boost::asio::error::address_family_not_supported &&
           error != boost::system::errc::address_not_available;
  };
  const auto endpoints = resolve_listener(context, text, 0);
  if (std::any_of(endpoints.begin(), endpoints.end(), is_here)) return;
  throw std::runtime_error{endpoints.front().address().to_string() +
                           " is no address of this machine"};
}

boost::asio::local::stream_protocol::endpoint unix_endpoint(const std::string& path) {
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty()) throw std::runtime_error{"the path of a socket must not be empty"};
  if (path.size() > longest) {
    throw std::runtime_error{"the path of a socket must not be longer than " +
                             std::to_string(longest) + " bytes"};
  }
  return {path};
}

tcp::endpoint tcp_endpoint(const boost::asio::generic::stream_protocol::endpoint& endpoint) {
  tcp::endpoint result;
  std::memcpy(result.data(), endpoint.data(), std::min(endpoint.size(), result.capacity()));
  return result;
}

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" + port;
}

}  // namespace skein::io
