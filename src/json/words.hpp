/// Words of JSON for the values of an enumeration.
#pragma once

#include <cstddef>
#include <string_view>

namespace skein::api {

template <class Enum>
struct word {
  std::string_view text;
  Enum value;
};

/// \pre it is one of them
template <class Enum, std::size_t n>
constexpr std::string_view text_of(const word<Enum> (&words)[n], Enum value) {
  std::size_t i = 0;
  while (words[i].value != value) ++i;
  return words[i].text;
}

}  // namespace skein::api
