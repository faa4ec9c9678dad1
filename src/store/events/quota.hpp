/// How much of what a user has missed is served.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/events/log_options.hpp"
#include "store/events/replay.hpp"

namespace skein::store {

/// What a user has missed: everything of theirs from `from` on.
struct pending {
  core::user_id user;
  core::log_position from;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  ///< of texts, with line ends of one byte
};

/// Counts `events` and `bytes`, by one pass over the log for all of them. What is in damaged
/// records is not counted. Throws store::error.
void count(engine& where, std::vector<pending>& users);

/// Moves `from` of each user up to where the quota allows it: first by age, as exact as the time of
/// a record; then, of what is left, by events and bytes. Returns for each what is not served, in
/// words, if anything. Throws store::error.
std::vector<std::optional<std::string>> apply(const quota& limits, engine& where, wall_time now,
                                              std::vector<pending>& users);

/// What of the events beyond `number` of `epoch` is not in the log from `begin` on, in words, if
/// anything. Of an earlier epoch than the one at `begin` the end is not known any more: then there
/// may be nothing that is missing. Throws store::error.
std::optional<std::string> missing_before(engine& where, core::epoch_number epoch,
                                          core::sequence_number number, core::log_position begin);

}  // namespace skein::store
