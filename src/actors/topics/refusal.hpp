/// An answer that says no.
#pragma once

#include <string>
#include <utility>

#include "actors/base/messages.hpp"
#include "store/engine.hpp"

namespace skein {

inline answered refusal(api::refused::reason why, std::string detail = {}) {
  api::refused r;
  r.why = why;
  r.detail = std::move(detail);
  return answered{std::move(r)};
}

inline answered too_many_answers() {
  return refusal(api::refused::reason::too_many_answers,
                 "too many answers are not taken; the messages stay");
}

inline answered cannot_be_read(const store::error& e) {
  const auto why =
      e.is_damage() ? api::refused::reason::failed : api::refused::reason::not_readable;
  return refusal(why, "the store cannot be read");
}

/// \param what  before the names, as "the topic exists and differs in"
inline answered differs(const std::string& what, core::option_names names) {
  api::refused r;
  r.why = api::refused::reason::exists_differently;
  r.detail = what;
  for (const std::string_view name : names) {
    r.detail.append(name == names.front() ? " " : ", ").append(name);
  }
  r.differs = std::move(names);
  return answered{std::move(r)};
}

}  // namespace skein
