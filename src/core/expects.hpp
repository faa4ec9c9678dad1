/// A precondition that does not hold is a bug: the process ends, before it does harm, and says what
/// did not hold. Checked in every build.
#pragma once

namespace skein::core {

/// Ends the process: calls the function that `when_broken` was given, then aborts.
[[noreturn]] void broken(const char* what);

/// \param tell  is called with what did not hold, on the thread that found it; by default this is
/// written to standard error
void when_broken(void (*tell)(const char* what));

/// \param what  the sentence that must hold; a literal
constexpr void expects(bool holds, const char* what) {
  if (!holds) broken(what);
}

}  // namespace skein::core
