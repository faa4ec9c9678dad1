#pragma once

namespace skein::simulation {

/// How the daemon ended before it started again.
enum class stop {
  drained,
  killed,   ///< what was written is there
  crashed,  ///< with the machine: what was synced is there
};

}  // namespace skein::simulation
