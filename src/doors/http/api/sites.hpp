/// Which web pages may use the daemon, and by which names it may be reached.
///
/// A browser is a client of every port of its machine. It says from which page a request comes, in
/// `Origin` and `Sec-Fetch-Site`: no page is served here, so all are foreign. A page whose own name
/// is made to lead here (DNS rebinding) has the same origin; but `Host` then has that name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/http.hpp"

namespace skein::api {

struct site_rules {
  /// Names by which the daemon may be reached; none: all. An address always may.
  std::vector<std::string> hosts;
  /// Of pages that may use it, as `https://a.example:8443`.
  std::vector<std::string> origins;
};

/// Those of the loopback interface, and `listen`, at which is listened, and `more`.
std::vector<std::string> loopback_names(std::string_view listen, std::vector<std::string> more);

/// The response that says so, if the request must not be looked at.
std::optional<io::http_response> refuse_site(const io::http_request& http, const site_rules& rules);

/// The origin of the page that has sent the request, if pages of it may; else empty.
std::string_view allowed_origin(const io::http_request& http, const site_rules& rules);

/// Lets the page read the response (CORS).
void let_page_read(std::string_view origin, io::http_response& response);

}  // namespace skein::api
