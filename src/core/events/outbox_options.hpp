/// How far a client may lag.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skein::core {

/// What happens to a client that does not read as fast as it is sent to.
enum class overflow_policy : std::uint8_t {
  disconnect,   ///< its connection is closed
  drop_oldest,  ///< the notifications that wait longest are dropped
  drop_newest,  ///< new notifications are dropped
};

struct outbox_options {
  /// Bytes that may wait for one client beyond what the kernel buffers, 4 KiB..4 GiB.
  std::size_t max_bytes = 16u << 20;
  overflow_policy on_overflow = overflow_policy::disconnect;
};

}  // namespace skein::core
