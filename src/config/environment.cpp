#include <algorithm>

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
    const auto near = nearest(name, known);
    throw error("environment " + name,
                "unknown variable" + (near.empty() ? "" : ", did you mean " + near + "?"));
  }
  return result;
}

}  // namespace skein::config
