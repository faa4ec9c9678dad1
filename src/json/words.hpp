/// Words of JSON for the values of an enumeration.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/expects.hpp"

namespace skein::api {

template <class Enum>
struct word {
  std::string_view text;
  Enum value;
};

/// \pre it is one of them
template <class Enum, std::size_t n>
constexpr std::string_view text_of(const word<Enum> (&words)[n], Enum value) {
  for (const auto& w : words) {
    if (w.value == value) return w.text;
  }
  core::broken("each value has a word");
}

}  // namespace skein::api
