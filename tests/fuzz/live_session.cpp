/// A plain session against its model.

#include "fuzz/fuzz_input.hpp"
#include "support/live_game.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace skein;
  fuzz::input in{bytes, size};
  test::live_game game{[&](std::size_t n) { return in.below(n); }};
  while (!in.empty() && game.step()) {
  }
  return 0;
}
