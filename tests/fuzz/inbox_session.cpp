/// A durable session with everybody it talks to: every event once, in order.

#include "fuzz/fuzz_input.hpp"
#include "support/inbox_game.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace skein;
  fuzz::input in{bytes, size};
  test::inbox_game game{[&](std::size_t n) { return in.below(n); }};
  while (!in.empty()) game.step();
  game.finish();
  return 0;
}
