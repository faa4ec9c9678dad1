/// The follower graph from the store: a checkpoint, and the follows and unfollows since.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/events/follower_graph.hpp"
#include "store/events/log_reader.hpp"

namespace skein::store {

/// Whether a later epoch, `now`, still has the graph of epoch `before`: no epoch in between has
/// begun with an empty graph. `epochs` has all epochs.
bool keeps_graph(const std::vector<epoch_begin>& epochs, core::epoch_number before,
                 core::epoch_number now);

/// Applies the follows and unfollows of `block` to `graph`. `epoch` is the epoch of the events so
/// far; a new epoch begins with an empty graph, unless it keeps the graph.
void fold(const core::ordered_block& block, core::epoch_number& epoch,
          const std::vector<epoch_begin>& epochs, core::follower_graph& graph);

/// Where to begin folding to get the graph at `position`.
struct fold_start {
  core::log_position from = 0;
  core::epoch_number epoch = 1;
  std::optional<checkpoint> with;  ///< the graph to begin with; none: an empty one
};

/// Nothing if what is needed is not in the log any more. Throws store::error.
std::optional<fold_start> fold_start_for(engine& where, core::log_position position);

/// Puts the follows of the checkpoint into `graph`: those of all followers, or those of `users`.
/// False if the checkpoint was given up meanwhile; then the graph must not be used. Throws
/// store::error.
bool load(engine& where, const checkpoint& from, core::follower_graph& graph);
bool load(engine& where, const checkpoint& from, const std::vector<core::user_id>& users,
          core::follower_graph& graph);

/// How far a recovery has come: positions.
using tell_progress = std::function<void(core::log_position at, core::log_position end)>;

struct graph_at_position {
  core::follower_graph graph;
  core::epoch_number epoch = 1;  ///< of the event before
};

/// The graph after everything before `position`, which is the begin of a record, or the end. Throws
/// store::error; `corrupted` also if a record is missing.
graph_at_position graph_at(engine& where, core::log_position position,
                           const tell_progress& tell = nullptr);

/// The graph at the end of the log. Nobody may write meanwhile. Throws store::error; `corrupted`
/// also if a record is missing.
core::follower_graph recover_graph(engine& where, const tell_progress& tell);

}  // namespace skein::store
