/// Knows what everything together has counted.
#pragma once

#include <chrono>

#include "actors/base/interfaces.hpp"
#include "io/flow.hpp"

namespace skein {

struct statistics_state {
  static inline const char* name = "statistics";

  core::counts totals;
  core::counts logged;  ///< totals of the last line
};

/// Logs a line every `interval` in which something moved; 0 logs only at the end.
statistics_actor::behavior_type statistics(measured_actor<statistics_actor, statistics_state>* self,
                                           std::chrono::milliseconds interval,
                                           const io::flow& flow);

}  // namespace skein
