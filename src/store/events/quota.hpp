/// How much of what a user has missed is served.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/events/log_options.hpp"
#include "store/events/replay.hpp"

namespace skein::store {

/// What a user has missed: everything for this user from `from` on.
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
/// a record; then, for the rest, by events and bytes. Says in words for each user what is not
/// served, if anything. Throws store::error.
std::vector<std::optional<std::string>> apply(const quota& limits, engine& where, wall_time now,
                                              std::vector<pending>& users);

/// Says in words which events beyond `number` of `epoch` are not in the log, which begins at
/// `begin`; nothing if none are missing. The end of an earlier epoch than that at `begin` is not
/// known any more: then it may be that nothing is missing after all. Throws store::error.
std::optional<std::string> missing_before(engine& where, core::epoch_number epoch,
                                          core::sequence_number number, core::log_position begin);

}  // namespace skein::store
