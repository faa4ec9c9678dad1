/// Who follows a user, and whom a user follows, a page at a time.
///
/// The graph keeps nothing for a followee: followers are found by a walk over all users that follow
/// anybody, a limited number at each call. A page may be short, or empty; it is the last one if it
/// does not say where to go on.
#pragma once

#include "calls/calls.hpp"
#include "core/events/follower_graph.hpp"

namespace skein {

/// `stale_cursor` if the graph has been rebuilt, larger or smaller, since the page before.
api::answer list_follows(const core::follower_graph& graph, const api::list_follows& asked);

}  // namespace skein
