#include <algorithm>
#include <regex>

#include "config/error.hpp"
#include "config/nearest.hpp"
#include "config/sources.hpp"

namespace skein::config {

environment environment_of(const char* const* variables) {
  environment result;
  for (; variables != nullptr && *variables != nullptr; ++variables) {
    const std::string_view text = *variables;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

namespace {

/// Variables that Kubernetes, and Docker before it, sets for a service whose name begins with
/// `skein`: `SKEIN_SERVICE_HOST`, `SKEIN_HTTP_SERVICE_PORT`, `SKEIN_PORT=tcp://10.0.0.1:8082`,
/// `SKEIN_PORT_8082_TCP_ADDR` and the like. They are not meant as options.
bool is_of_a_service(const std::string& name, const std::string& value) {
  static const std::regex always{
      "SKEIN_.*(SERVICE_HOST|SERVICE_PORT(_.+)?)|"
      "SKEIN_(.+_)?PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?"};
  static const std::regex port{"SKEIN_(.+_)?PORT"};
  static const std::regex url{"(tcp|udp|sctp)://.*"};
  return std::regex_match(name, always) ||
         (std::regex_match(name, port) && std::regex_match(value, url));
}

}  // namespace

std::vector<setting> read_environment(const environment& variables) {
  std::vector<setting> result;
  std::vector<std::string> known;
  const auto take = [&](const option& row, environment::const_iterator variable) {
    const auto place = "environment " + variable->first;
    result.push_back({&row, variable->second, place, place});
  };
  for (const auto& row : option_table()) {
    known.push_back(row.variable());
    const auto legacy = variables.find(row.legacy);
    if (const auto ours = variables.find(known.back()); ours != variables.end())
      take(row, ours);
    else if (!row.legacy.empty() && legacy != variables.end() && !legacy->second.empty())
      take(row, legacy);
  }
  const std::string_view prefix = "SKEIN_";
  for (auto v = variables.lower_bound(std::string{prefix}); v != variables.end(); ++v) {
    const auto& name = v->first;
    if (name.compare(0, prefix.size(), prefix) != 0) break;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    if (is_of_a_service(name, v->second)) continue;
    const auto near = nearest(name, known);
    throw error("environment " + name,
                "unknown variable" + (near.empty() ? "" : ", did you mean " + near + "?"));
  }
  return result;
}

}  // namespace skein::config
