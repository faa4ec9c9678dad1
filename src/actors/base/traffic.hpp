/// What is counted. Every actor counts for itself and reports differences; the statistics
/// collector knows the totals.
#pragma once

#include <array>
#include <cstdint>

#include "core/events/event.hpp"
#include "core/events/event_line.hpp"

namespace skein {

struct traffic {
  using counter = std::uint64_t;

  std::array<counter, core::event_kinds> received{};  ///< events read, by kind
  std::array<counter, core::event_kinds> sent{};      ///< notifications handed to sessions, by kind
  std::array<counter, core::malformed_reasons> malformed{};  ///< lines, by reason

  counter late = 0;        ///< events whose gap had been given up
  counter duplicate = 0;   ///< events whose number was there already
  counter beyond = 0;      ///< events refused: too far ahead
  counter gaps = 0;        ///< given up
  counter missing = 0;     ///< numbers in these gaps
  counter epochs = 0;      ///< begun, but for the first
  counter unfinished = 0;  ///< events that still waited for others when the daemon ended
  counter lost = 0;        ///< events that were told, but not in the store when the daemon ended

  counter dropped = 0;    ///< notifications that a session could not write
  counter overflows = 0;  ///< times an outbox was full

  counter recorded = 0;  ///< events written to the log
  counter commits = 0;
  counter commit_failures = 0;
  counter checkpoints = 0;  ///< of the graph
  counter cuts = 0;         ///< of the log, for its bounds
  counter acknowledgements = 0;
  counter lags_begun = 0, lags_ended = 0;  ///< of durable sessions
  counter replays = 0;                     ///< begun for a durable session
  counter replayed = 0;                    ///< notifications handed to sessions by replays

  counter sources_opened = 0, sources_closed = 0;
  counter sources_refused = 0;  ///< of these, they were browsers
  counter clients_opened = 0, clients_closed = 0;
  counter handshakes_failed = 0;  ///< clients that never said who they are
  counter accept_errors = 0;
  counter connections_refused = 0;  ///< one too many, at any door
  counter bytes_read = 0;           ///< from sources

  counter published = 0;  ///< messages that topics took
  counter refused = 0;    ///< messages that they did not
  counter refused_unheard =
      0;                  ///< messages that are not taken, of publishers who had been answered
  counter delivered = 0;  ///< leases given
  counter settled = 0;    ///< leases acknowledged
  counter returned = 0;   ///< leases given back
  counter dropped_messages = 0;                  ///< messages that a subscriber lost to make room
  counter expired = 0;                           ///< messages that a subscriber did not get in time
  counter dead = 0;                              ///< messages that a subscriber was given too often
  counter subscribers_expired = 0;               ///< removed, since they had been idle
  counter topics_opened = 0, topics_closed = 0;  ///< into and out of memory
  counter http_opened = 0, http_closed = 0;      ///< connections
  counter http_turned_away = 0;                  ///< connections: there were too many
  counter http_requests = 0;
  counter http_refused = 0;  ///< of these, answered by a status of 400 and above

  traffic& operator+=(const traffic& other);
  bool operator==(const traffic& other) const;
  bool operator!=(const traffic& other) const { return !(*this == other); }
};

}  // namespace skein
