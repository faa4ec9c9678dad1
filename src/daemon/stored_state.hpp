/// What the daemon goes on with.
#pragma once

#include <cstdint>
#include <memory>

#include "core/events/follower_graph.hpp"
#include "core/events/sequence.hpp"
#include "store/engine.hpp"
#include "store/events/event_log.hpp"

namespace skein {

struct stored_state {
  std::shared_ptr<store::engine> engine;  ///< null if nothing is stored
  std::unique_ptr<store::event_log> log;  ///< null if no events are
  std::uint64_t life = 0;                 ///< of the daemon on this store
  core::sequence_start start;
  core::follower_graph graph;
};

}  // namespace skein
