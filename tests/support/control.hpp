/// The operator's side of the control socket.
#pragma once

#include <string>

namespace skein::test {

/// Sends one line to the Unix socket and returns the line that comes back, without its end.
/// \throws std::runtime_error if nobody listens there, or ends without an answer
std::string ask(const std::string& socket, const std::string& command);

}  // namespace skein::test
