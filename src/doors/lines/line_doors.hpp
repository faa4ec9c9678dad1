/// The doors for lines of text.
#pragma once

#include "doors/door.hpp"
#include "options/daemon_options.hpp"

namespace skein {

/// Takes events.
door source_door(const daemon_options& options);

/// Takes the events in bodies of requests, which the door for programs hands on as connections.
door event_body_door(const daemon_options& options);

/// Tells users what happens.
door client_door(const daemon_options& options);

}  // namespace skein
