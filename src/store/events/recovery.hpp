/// The follower graph out of the store: a checkpoint, and the follows and unfollows since.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/events/follower_graph.hpp"
#include "store/events/log_reader.hpp"

namespace skein::store {

/// Whether the graph of epoch `before` is still that of `now`, a later one: no epoch since has
/// begun with an empty one. `epochs` has all of them.
bool keeps_graph(const std::vector<epoch_begin>& epochs, core::epoch_number before,
                 core::epoch_number now);

/// Does the follows and unfollows of `block` to `graph`. `epoch` is that of the events so far; a
/// new one begins with an empty graph, unless it keeps it.
void fold(const core::ordered_block& block, core::epoch_number& epoch,
          const std::vector<epoch_begin>& epochs, core::follower_graph& graph);

/// Where a fold begins that leads to the graph at `position`.
struct fold_start {
  core::log_position from = 0;
  core::epoch_number epoch = 1;
  std::optional<checkpoint> with;  ///< the graph to begin with; none: an empty one
};

/// None if what it takes is not in the log any more. Throws store::error.
std::optional<fold_start> fold_start_for(engine& where, core::log_position position);

/// Puts what the users followed at the checkpoint into `graph`: of all followers, or of those among
/// `users`. False if the checkpoint was given up meanwhile; then the graph is of no use. Throws
/// store::error.
bool load(engine& where, const checkpoint& from, core::follower_graph& graph);
bool load(engine& where, const checkpoint& from, const std::vector<core::user_id>& users,
          core::follower_graph& graph);

/// How far a recovery has come: positions.
using progress = std::function<void(core::log_position at, core::log_position end)>;

struct graph_at_position {
  core::follower_graph graph;
  core::epoch_number epoch = 1;  ///< of the event before
};

/// The graph as of what is before `position`, which is the begin of a record, or the end. Throws
/// store::error; `corrupted` also if a record is missing.
graph_at_position graph_at(engine& where, core::log_position position,
                           const progress& tell = nullptr);

/// The graph at the end of the log. Nobody writes meanwhile. Throws store::error; `corrupted` also
/// if a record is missing.
core::follower_graph recover_graph(engine& where, const progress& tell);

}  // namespace skein::store
