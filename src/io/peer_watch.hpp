/// How it is noticed that the machine of a peer is gone without a word.
#pragma once

#include <chrono>

namespace skein::io {

struct peer_watch {
  /// When nothing has come from a peer for this time, it is asked whether it is there; if it does
  /// not answer for as long again, it is gone. Whole seconds, rounded up; 0: it is never asked.
  std::chrono::milliseconds keep_alive{15'000};
  /// A peer is gone if for this time it does not acknowledge what is sent to it, or has no room for
  /// it. 0: that is left to the kernel, which tries for a quarter of an hour, and waits for room
  /// for ever.
  std::chrono::milliseconds user_timeout{0};
};

}  // namespace skein::io
