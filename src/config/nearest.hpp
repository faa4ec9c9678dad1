/// Which name somebody meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skein::config {

/// Least number of bytes to insert, delete or replace, or of neighbours to exchange, that makes
/// `to` out of `from` (optimal string alignment). Cost: the product of the lengths.
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The name of `known` that `wanted` was meant to be, or an empty string when none is near. A
/// name that has the wrong section, or none, is near: `window` is meant to be `sequence.window`.
std::string nearest(std::string_view wanted, const std::vector<std::string>& known);

}  // namespace skein::config
