/// Waiting for what another process does: until it is seen, never for a time.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace skein::test {

using namespace std::chrono_literals;

/// No test comes near this unless something is wrong. Sanitizers take their time.
inline constexpr std::chrono::milliseconds generous{SKEIN_SANITIZED ? 180'000 : 30'000};

/// Whether `seen()` became true in time.
template <class Condition>
bool eventually(Condition&& seen, std::chrono::milliseconds within = generous) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (!seen()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// \throws std::runtime_error that names `what` if it did not.
template <class Condition>
void await(const std::string& what, Condition&& seen, std::chrono::milliseconds within = generous) {
  if (!eventually(seen, within)) throw std::runtime_error{"waited in vain for: " + what};
}

}  // namespace skein::test
