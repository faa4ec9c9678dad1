/// Who follows a user, and whom a user follows, a page at a time.
///
/// The graph keeps nothing for a followee: their followers are found by a walk over all who follow
/// anybody, so many of them a call. A page may be short, or empty, and is not the last as long as
/// it says where to go on.
#pragma once

#include "calls/calls.hpp"
#include "core/events/follower_graph.hpp"

namespace skein {

/// `stale_cursor` if the graph has been rebuilt, larger or smaller, since the page before.
api::answer list_follows(const core::follower_graph& graph, const api::list_follows& asked);

}  // namespace skein
