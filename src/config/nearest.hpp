/// Which name somebody meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skein::config {

/// Least number of steps that change `from` into `to`, where a step inserts, deletes or replaces a
/// byte or exchanges two neighbours (optimal string alignment). Cost: the product of the lengths.
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The name of `known` that `wanted` was meant to be, or an empty string when none is near. A
/// name that has the wrong section, or none, is near: `window` is meant to be `sequence.window`.
std::string nearest(std::string_view wanted, const std::vector<std::string>& known);

}  // namespace skein::config
