/// Which sessions are told of an event.
#pragma once

#include "core/events/event.hpp"
#include "core/events/follower_graph.hpp"

namespace skein::core {

/// Calls `tell(session)` for each session that is told of `e`, once each. A broadcast tells every
/// session and is left to the caller.
template <class F>
void for_each_recipient(const event& e, const follower_graph& graph, F&& tell) {
  const session_set* sessions = nullptr;
  switch (e.kind) {
    case event_kind::follow:
    case event_kind::private_message:
      sessions = graph.sessions_of(e.to);
      break;
    case event_kind::status_update:
      sessions = graph.audience_of(e.from);
      break;
    case event_kind::unfollow:
    case event_kind::broadcast:
      break;
  }
  if (sessions) sessions->for_each(tell);
}

}  // namespace skein::core
