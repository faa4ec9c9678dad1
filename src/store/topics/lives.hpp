/// Lives of the daemon on one store.
#pragma once

#include <cstdint>

#include "store/engine.hpp"

namespace skein::store {

/// In each life leases of a subscriber are counted from a multiple of this on. So no two have the
/// same name, although leases that are given while the store fails are not stored.
inline constexpr std::uint64_t leases_of_a_life = std::uint64_t{1} << 40;

/// Stores, on disk, that one more life begins. Returns how many have.
/// \throws error
std::uint64_t begin_life(engine& of);

}  // namespace skein::store
