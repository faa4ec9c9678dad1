#include "core/expects.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace skein::core {
namespace {

void write(const char* what) {
  std::fprintf(stderr, "a bug: it does not hold that %s\n", what);
}

std::atomic<void (*)(const char*)> telling{write};

}  // namespace

void broken(const char* what) {
  // A precondition that fails while another one is reported must not be reported as well.
  telling.exchange(write)(what);
  std::abort();
}

void when_broken(void (*tell)(const char*)) {
  telling = tell;
}

}  // namespace skein::core
