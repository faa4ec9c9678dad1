/// Randomness of tests: always from a seed that a failure prints.
#pragma once

#include <cstdint>
#include <random>

namespace skein::test {

class random_source {
 public:
  explicit random_source(std::uint64_t seed) : engine_(seed) {}

  /// Uniform in [low, high].
  template <class T>
  T between(T low, T high) {
    return static_cast<T>(std::uniform_int_distribution<std::int64_t>{
        static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)}(engine_));
  }

  bool one_in(int n) { return between(1, n) == 1; }

  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace skein::test

/// Names the seed of what fails in this scope.
#define SKEIN_TRACE_SEED(seed) SCOPED_TRACE(::testing::Message() << "seed " << (seed))
