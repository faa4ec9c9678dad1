/// How it is noticed that the machine of a peer is gone without a word.
#pragma once

#include <chrono>

namespace skein::io {

struct peer_watch {
  /// A peer from which nothing has come for so long is asked whether it is there; one that does not
  /// answer for as long again is gone. Whole seconds, rounded up; 0: it is never asked.
  std::chrono::milliseconds keep_alive{15'000};
  /// A peer that does not acknowledge, or does not make room for, what is sent to it for so long is
  /// gone. 0: that is left to the kernel, which tries for a quarter of an hour, and waits for room
  /// for ever.
  std::chrono::milliseconds user_timeout{0};
};

}  // namespace skein::io
