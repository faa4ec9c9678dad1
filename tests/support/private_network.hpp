/// A network that only a thread and the processes it starts see: a loopback of its own, on which
/// every port is free. Takes a privileged process.
#pragma once

#include <functional>

namespace skein::test {

/// Runs `body` in a thread that has such a network. False, without running it, if none can be had.
bool within_private_network(const std::function<void()>& body);

}  // namespace skein::test
