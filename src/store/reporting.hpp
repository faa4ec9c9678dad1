/// Going through a store that may be damaged in part.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "store/engine.hpp"

namespace skein::store {

using report_function = std::function<void(const std::string&)>;

/// Does `f`, and reports the damage that this finds. Returns whether it finds none.
template <class F>
bool try_to(const report_function& report, F&& f) {
  try {
    f();
    return true;
  } catch (const error& e) {
    if (e.what_kind() != error::kind::corrupted && e.what_kind() != error::kind::newer_version) {
      throw;
    }
    report(e.what());
    return false;
  }
}

/// Calls `visit(key, value)` for everything of a family.
template <class F>
void for_each(engine& where, family f, const report_function& report, F&& visit) {
  try_to(report, [&] {
    const auto at = where.walk(f, reading::many);
    for (at->seek(""); at->valid(); at->next()) {
      try_to(report, [&] { visit(at->key(), at->value()); });
    }
  });
}

}  // namespace skein::store
