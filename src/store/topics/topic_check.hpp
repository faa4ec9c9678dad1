/// Verifies what a store at rest holds of topics.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "store/engine.hpp"
#include "store/topics/topic_layout.hpp"

namespace skein::store {

/// What was found to be there, damaged or not.
struct topic_counts {
  std::uint64_t topics = 0;
  std::uint64_t messages = 0;  ///< delayed or not, without those that were erased
  std::uint64_t subscribers = 0;
};

/// Reads every value of the families `topic` and `message`, and verifies what topic_layout.hpp says
/// of them. Calls `report` with a line for each finding. Takes some hundred bytes of memory a
/// topic. \param next  number of the next topic, as far as that is known
topic_counts check_topics(engine& where, std::optional<topic_number> next,
                          const std::function<void(const std::string&)>& report);

}  // namespace skein::store
