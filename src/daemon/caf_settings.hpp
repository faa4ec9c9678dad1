/// CAF's own settings.
#pragma once

#include <caf/actor_system_config.hpp>
#include <string>
#include <utility>
#include <vector>

namespace skein {

/// Sets validated settings, e.g. {"scheduler.max-threads", "2"}. 0 threads is one for each core but
/// one.
void apply_caf_settings(caf::actor_system_config& config,
                        const std::vector<std::pair<std::string, std::string>>& settings);

}  // namespace skein
