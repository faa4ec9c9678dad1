/// A wrong setting, and the text that names its place.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace skein::config {

/// A wrong setting. `what()` is one line that begins with the place:
/// `caf-application.conf:12: sequence.window: must be 1..16777216, got "abc"`.
class error : public std::runtime_error {
 public:
  error(const std::string& place, const std::string& reason)
      : std::runtime_error(place + ": " + reason) {}
};

/// `text` in double quotes, on one line, as core/visible_text shows it; what goes past 80 bytes as
/// `...`.
std::string quoted(std::string_view text);

}  // namespace skein::config
