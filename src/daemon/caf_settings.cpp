#include "daemon/caf_settings.hpp"

#include <algorithm>
#include <caf/config_value.hpp>
#include <thread>

namespace skein {

void apply_caf_settings(caf::actor_system_config& config,
                        const std::vector<std::pair<std::string, std::string>>& settings) {
  for (const auto& [name, text] : settings) {
    if (name == "scheduler.max-threads" && text == "0") {
      // The I/O thread, which also decodes what sources send, has the remaining one.
      config.set(name, std::max<std::size_t>(2, std::thread::hardware_concurrency()) - 1);
    } else if (name == "scheduler.policy") {
      config.set(name, caf::atom_from_string(text));
    } else {
      config.set(name, *caf::config_value::parse(text));
    }
  }
}

}  // namespace skein
