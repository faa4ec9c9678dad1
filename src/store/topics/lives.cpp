#include "store/topics/lives.hpp"

#include "store/topics/topic_layout.hpp"

namespace skein::store {

std::uint64_t begin_life(engine& of) {
  const auto before = of.get(family::meta, lives_key);
  const std::uint64_t life = (before ? decode_lives(*before) : 0) + 1;
  const auto changes = of.new_batch();
  changes->put(family::meta, lives_key, {encode_lives(life)});
  of.commit(*changes, true);
  return life;
}

}  // namespace skein::store
