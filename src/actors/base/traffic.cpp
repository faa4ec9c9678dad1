#include "actors/base/traffic.hpp"

#include <type_traits>

namespace skein {

namespace {

constexpr std::size_t counters = sizeof(traffic) / sizeof(traffic::counter);
static_assert(std::is_trivially_copyable_v<traffic> &&
              sizeof(traffic) == counters * sizeof(traffic::counter));

const traffic::counter* begin_of(const traffic& t) {
  return reinterpret_cast<const traffic::counter*>(&t);
}

}  // namespace

traffic& traffic::operator+=(const traffic& other) {
  auto* const mine = reinterpret_cast<counter*>(this);
  for (std::size_t i = 0; i != counters; ++i) mine[i] += begin_of(other)[i];
  return *this;
}

bool traffic::operator==(const traffic& other) const {
  for (std::size_t i = 0; i != counters; ++i) {
    if (begin_of(*this)[i] != begin_of(other)[i]) return false;
  }
  return true;
}

}  // namespace skein
