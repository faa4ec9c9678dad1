/// An answer that says no.
#pragma once

#include <string>
#include <utility>

#include "actors/messages.hpp"

namespace skein {

inline answered refusal(api::refused::reason why, std::string detail = {}) {
  api::refused r;
  r.why = why;
  r.detail = std::move(detail);
  return answered{std::move(r)};
}

}  // namespace skein
