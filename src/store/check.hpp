/// Verifies all of a store at rest.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "store/engine.hpp"

namespace skein::store {

/// What was found to be there, damaged or not.
struct check_counts {
  std::uint64_t records = 0;
  std::uint64_t events = 0;  ///< of the records that can be read
  std::uint64_t epochs = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t edges = 0;  ///< of the follower graph at the end
  std::uint64_t inboxes = 0;
  std::uint64_t topics = 0;
  std::uint64_t messages = 0;  ///< of topics, delayed or not
  std::uint64_t subscribers = 0;
};

/// Reads every byte, and verifies every checksum and all invariants of layout.hpp: records follow
/// each other and agree with their index entries, epochs agree with both, and each checkpoint is
/// the graph to which the checkpoint before it and the log lead; and the invariants of
/// topic_layout.hpp. Calls `report` with a line for each finding, which names the place. What only
/// follows from a finding is not reported again, as far as that can be known.
///
/// Nothing may be written meanwhile: `where` is opened for reading, or nobody else has it. Takes
/// the memory of two follower graphs. Throws store::error if the store cannot be read for another
/// reason than damage.
check_counts check(engine& where, const std::function<void(const std::string&)>& report);

}  // namespace skein::store
