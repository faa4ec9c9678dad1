/// Stored values, changed by hand.
#pragma once

#include <string>
#include <string_view>

#include "store/engine.hpp"

namespace skein::test {

inline void overwrite(store::engine& engine, store::family f, std::string_view key,
                      std::string_view value) {
  const auto changes = engine.new_batch();
  changes->put(f, key, {value});
  engine.commit(*changes, true);
}
inline void erase(store::engine& engine, store::family f, std::string_view key) {
  const auto changes = engine.new_batch();
  changes->erase(f, key);
  engine.commit(*changes, true);
}
/// Flips a bit in the middle.
inline void damage(store::engine& engine, store::family f, std::string_view key) {
  std::string value = engine.get(f, key).value();
  value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 4);
  overwrite(engine, f, key, value);
}

}  // namespace skein::test
