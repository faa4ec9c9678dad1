/// What a durable topic keeps in memory, at most, besides what is not committed. With less memory
/// the store is read more often; the answers are the same.
#pragma once

#include <cstddef>

namespace skein::store {

/// Each is 1 at least.
struct topic_memory {
  std::size_t newest = 256;  ///< messages, over all priorities
  std::size_t newest_bytes = 256 << 10;
  std::size_t stretches = 4;    ///< that are read ahead, each somewhere else
  std::size_t first_ahead = 8;  ///< messages at a place that was not reached from the one before;
  std::size_t most_ahead = 64;  ///< then twice as many each time, up to this
  std::size_t ahead_bytes = 64 << 10;  ///< of a stretch; a message that is larger is not kept
  std::size_t delayed = 512;           ///< that are due first
  std::size_t delayed_bytes = 256 << 10;
};

}  // namespace skein::store
