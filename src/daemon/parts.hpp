/// The parts of the daemon, and the order in which they end, as data.
#pragma once

#include <caf/actor.hpp>
#include <cstdint>
#include <string_view>
#include <vector>

#include "doors/door.hpp"

namespace skein {

/// What becomes of a part that has not ended when the drain timeout is over.
enum class at_timeout : std::uint8_t {
  kill,           ///< it is ended
  kill_if_asked,  ///< likewise, if it holds the end up; else it is still asked to end
  try_last,       ///< it writes to the store, and tries so a last time
  leave,          ///< nothing
};

struct part {
  std::string_view name;
  caf::actor who;     ///< null: there is none, or it has failed
  bool vital = true;  ///< the daemon ends with it
  at_timeout overdue = at_timeout::kill;
};

/// A step is over when its part has answered or is gone, or its last connection is.
struct end_step {
  enum class kind : std::uint8_t {
    connections,  ///< all of the group have ended
    drain,        ///< the part has
    flush,        ///< what the part writes is on disk; left out when the drain timeout is over
  };
  kind what;
  drain_group group{};
  std::string_view part{};
};

using end_steps = std::vector<end_step>;

/// Of the parts of events, those of topics, and, when both have ended, of the rest.
const end_steps& steps_of_events();
const end_steps& steps_of_topics();
const end_steps& steps_of_rest();

}  // namespace skein
