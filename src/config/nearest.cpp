#include "config/nearest.hpp"

#include <algorithm>
#include <cstdint>

namespace skein::config {
namespace {

std::string_view without_section(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to) {
  const auto width = to.size() + 1;
  std::vector<std::size_t> before(width), above(width), row(width);
  for (std::size_t j = 0; j < width; ++j) above[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j < width; ++j) {
      const std::size_t replaced = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[width - 1];
}

std::string nearest(std::string_view wanted, const std::vector<std::string>& known) {
  constexpr std::size_t longest = 100;
  if (wanted.size() > longest) return {};
  std::string result;
  auto best = std::max<std::size_t>(2, wanted.size() / 4) + 1;
  for (const auto& name : known) {
    auto distance = edit_distance(wanted, name);
    if (without_section(wanted) == without_section(name))
      distance = std::min<std::size_t>(distance, 1);
    if (distance < best) {
      best = distance;
      result = name;
    }
  }
  return result;
}

}  // namespace skein::config
