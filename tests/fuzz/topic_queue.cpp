/// A topic and its model, played with operations out of the input: the same answers.

#include "fuzz/fuzz_input.hpp"
#include "support/topic_game.hpp"

namespace {

/// The input as a source of numbers.
class choices {
 public:
  explicit choices(skein::fuzz::input& in) : in_(in) {}
  int between(int low, int high) {
    return low + static_cast<int>(in_.below(static_cast<std::size_t>(high - low) + 1));
  }
  bool one_in(int n) { return between(1, n) == 1; }

 private:
  skein::fuzz::input& in_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  skein::fuzz::input in{data, size};
  choices random{in};
  skein::test::topic_game game{random, [](const char*) { std::abort(); }};
  while (!in.empty()) game.step();
  return 0;
}
