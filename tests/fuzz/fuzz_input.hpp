/// Turns the bytes of a fuzzer into choices, and says what does not hold.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace skein::fuzz {

class input {
 public:
  input(const std::uint8_t* bytes, std::size_t size) : next_(bytes), end_(bytes + size) {}

  bool empty() const { return next_ == end_; }

  /// 0 at the end.
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : *next_++; }

  /// 0..limit-1; `limit` is at most 65536.
  std::size_t below(std::size_t limit) {
    const std::size_t high = limit > 256 ? std::size_t{byte()} << 8 : 0;
    return (high + byte()) % limit;
  }

  bool flag() { return (byte() & 1) != 0; }

  /// At most `size` bytes.
  std::string_view take(std::size_t size) {
    const std::size_t n = std::min(size, static_cast<std::size_t>(end_ - next_));
    const std::string_view taken{reinterpret_cast<const char*>(next_), n};
    next_ += n;
    return taken;
  }

 private:
  const std::uint8_t* next_;
  const std::uint8_t* end_;
};

[[noreturn]] inline void fail(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
  std::abort();
}

}  // namespace skein::fuzz

/// An assertion of a fuzzer: in every build.
#define SKEIN_REQUIRE(what) \
  ((what) ? static_cast<void>(0) : ::skein::fuzz::fail(#what, __FILE__, __LINE__))

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
