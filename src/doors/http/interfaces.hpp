/// A session over HTTP by its messages.
#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/base/messages.hpp"
#include "doors/http/messages.hpp"

namespace skein {

/// One connection over HTTP: a request, its answer, and the next.
using http_session_actor = caf::typed_actor<
    /// Reads, and asks others for what the requests want.
    caf::reacts_to<readable>,
    /// Writes the rest of the answer.
    caf::reacts_to<writable>,
    /// Ends if the client takes too long.
    caf::reacts_to<look_at_deadline>,
    /// Lets a worker begin.
    caf::reacts_to<turn_came>,
    /// Does what a large request wants, which a worker has read.
    caf::reacts_to<request_read>,
    /// Sends a large answer, which a worker has written.
    caf::reacts_to<answer_written>,
    /// The events of a request have been read by a source.
    caf::reacts_to<events_read>,
    /// Reports what it counted.
    caf::reacts_to<report_due>,
    /// Ends after the answer to what was asked.
    caf::reacts_to<drain>,
    /// Ends at once.
    caf::reacts_to<drain_overdue>>;

}  // namespace skein
