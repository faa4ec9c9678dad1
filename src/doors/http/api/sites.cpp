#include "doors/http/api/sites.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "doors/http/api/problem.hpp"
#include "io/address.hpp"

namespace skein::api {
namespace {

/// Of a host and a port.
std::string_view without_port(std::string_view authority) {
  const auto end = !authority.empty() && authority.front() == '[' ? authority.find(']') + 1 : 0;
  return authority.substr(0, authority.find(':', end));
}

/// Whether `host` is below the domain `localhost`, which nobody can own (RFC 6761).
bool is_below_localhost(std::string_view host) {
  constexpr std::string_view end = ".localhost";
  return host.size() > end.size() &&
         io::equal_ignoring_case(host.substr(host.size() - end.size()), end);
}

bool is_one_of(const std::vector<std::string>& all, std::string_view text) {
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& one) { return io::equal_ignoring_case(one, text); });
}

bool is_known_host(std::string_view authority, const site_rules& rules) {
  std::string_view host = without_port(authority);
  if (rules.hosts.empty() || authority.empty() || io::is_ip_address(host)) return true;
  if (host.size() > 1 && host.back() == '.') host.remove_suffix(1);
  return is_one_of(rules.hosts, host) ||
         (is_below_localhost(host) && is_one_of(rules.hosts, "localhost"));
}

/// Whether a page of `origin` has come from where it sends its request to. The scheme does not
/// count: a proxy in front may speak TLS.
bool is_own_origin(std::string_view origin, std::string_view authority) {
  const auto scheme = origin.find("://");
  if (scheme == origin.npos || authority.empty()) return false;
  const bool tls = origin.substr(0, scheme) == "https";
  const std::string_view port = tls ? ":443" : ":80";
  const auto bare = [&](std::string_view text) {
    const bool usual = text.size() > port.size() && text.substr(text.size() - port.size()) == port;
    return usual ? text.substr(0, text.size() - port.size()) : text;
  };
  return io::equal_ignoring_case(bare(origin.substr(scheme + 3)), bare(authority));
}

io::http_response foreign_page(std::string_view origin) {
  return problem_response(plain_problem(403),
                          "a web page of another site has sent this" +
                              (origin.empty() ? std::string{} : ", of " + std::string{origin}) +
                              "; the option http.origins names those that may");
}

}  // namespace

std::vector<std::string> loopback_names(std::string_view listen, std::vector<std::string> more) {
  for (const std::string_view name :
       {std::string_view{"localhost"}, std::string_view{"ip6-localhost"},
        std::string_view{"ip6-loopback"}, listen})
    more.emplace_back(name);
  return more;
}

std::optional<io::http_response> refuse_site(const io::http_request& http,
                                             const site_rules& rules) {
  if (!is_known_host(http.authority, rules)) {
    return problem_response(plain_problem(421), "this daemon is not known as " +
                                                    std::string{without_port(http.authority)} +
                                                    "; the option http.hosts names further hosts");
  }
  if (!allowed_origin(http, rules).empty()) return {};
  const std::string_view origin = http.headers.find("Origin");
  const bool foreign = !origin.empty() && !is_own_origin(origin, http.authority);
  if (foreign || io::equal_ignoring_case(http.headers.find("Sec-Fetch-Site"), "cross-site"))
    return foreign_page(origin);
  return {};
}

std::string_view allowed_origin(const io::http_request& http, const site_rules& rules) {
  const std::string_view origin = http.headers.find("Origin");
  return is_one_of(rules.origins, origin) ? origin : std::string_view{};
}

void let_page_read(std::string_view origin, io::http_response& response) {
  if (origin.empty()) return;
  const std::string allow{response.headers.find("Allow")};
  response.headers.add("Access-Control-Allow-Origin", origin);
  response.headers.add("Vary", "Origin");
  response.headers.add("Access-Control-Expose-Headers", "Allow, Location, Retry-After");
  if (allow.empty()) return;
  response.headers.add("Access-Control-Allow-Methods", allow);
  response.headers.add("Access-Control-Allow-Headers", "Content-Type");
  response.headers.add("Access-Control-Max-Age", "600");
}

}  // namespace skein::api
