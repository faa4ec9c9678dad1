/// How much is kept: of the log of events, and for a user.
#pragma once

#include <chrono>
#include <cstdint>

namespace skein::store {

struct log_options {
  std::uint64_t max_bytes = 1u << 30;    ///< of the events' texts
  std::uint64_t max_events = 0;          ///< 0: no bound
  std::chrono::milliseconds max_age{0};  ///< 0: no bound
};

/// What happens when a user has missed more than the quota.
enum class quota_policy : std::uint8_t {
  drop_oldest,  ///< the newest within the quota are served
  drop_all,     ///< nothing of what was missed is served
};

/// The most of what a user has missed that is served when they come back. 0: no bound.
struct quota {
  std::uint64_t max_events = 0;
  std::uint64_t max_bytes = 0;  ///< of texts with their line ends
  std::chrono::milliseconds max_age{0};
  quota_policy policy = quota_policy::drop_oldest;
};

}  // namespace skein::store
