/// Makes the parts of the daemon and puts them together.
#pragma once

#include <atomic>
#include <caf/local_actor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "actors/base/io_unit.hpp"
#include "core/time.hpp"
#include "daemon/parts.hpp"
#include "daemon/stored_state.hpp"
#include "doors/door.hpp"
#include "io/flow.hpp"
#include "options/daemon_options.hpp"

namespace skein {

/// Since 1970, by the clock of the machine.
core::wall_time machine_clock();

struct assembly {
  std::vector<part> parts;
  door_environment for_doors;
};

/// `parent` watches all of them.
/// \param own_threads  for actors that wait for files
/// \param ending  becomes true when the daemon begins to end
assembly assemble(caf::local_actor* parent, const supervisor_actor& supervisor,
                  const daemon_options& options, io::flow& flow, io_unit* unit, bool own_threads,
                  const std::function<core::wall_time()>& wall_clock,
                  const std::shared_ptr<std::atomic<bool>>& ending, stored_state& stored);

}  // namespace skein
