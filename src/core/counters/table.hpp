/// What the daemon counts: one row a counter. The log, `skein status` and docs/operations.md call
/// it by this name.
///
///     row(name, labels, unit, kind, plane, help)
///
/// A `counter` only grows. A `gauge` is what there is now: what comes adds 1, what goes takes it
/// away. With `labels` there is a number for each of them, and the sum. The help text starts as a
/// sentence about the unit would go on.
#pragma once

// clang-format off
#define SKEIN_COUNTERS(row) \
  row(events_received,         event_kind, "events",        counter, events, "read from sources, whatever became of them") \
  row(notifications_sent,      event_kind, "notifications", counter, events, "handed to sessions by the router, one for each session that is told") \
  row(malformed,               malformed,  "lines",         counter, events, "that were no events") \
  row(events_late,             none,       "events",        counter, events, "whose gap had been given up") \
  row(events_duplicate,        none,       "events",        counter, events, "whose number was there already") \
  row(events_beyond,           none,       "events",        counter, events, "refused because their number is too far ahead") \
  row(gaps,                    none,       "gaps",          counter, events, "given up") \
  row(events_missing,          none,       "events",        counter, events, "that gaps lacked when they were given up") \
  row(epochs,                  none,       "epochs",        counter, events, "begun, except the first") \
  row(events_unfinished,       none,       "events",        counter, events, "that still waited for others when the daemon ended") \
  row(events_lost,             none,       "events",        counter, events, "that were told, but not in the store when the daemon ended") \
  row(notifications_dropped,   none,       "notifications", counter, events, "that a session could not write") \
  row(overflows,               none,       "overflows",     counter, events, "of an outbox") \
  row(events_recorded,         none,       "events",        counter, events, "written to the log, or gathered for it") \
  row(acknowledgements,        none,       "acknowledgements", counter, events, "that moved a cursor") \
  row(replays,                 none,       "replays",       counter, events, "begun for durable sessions") \
  row(notifications_replayed,  none,       "notifications", counter, events, "handed to sessions by replays") \
  row(clients_lagging,         none,       "sessions",      gauge,   events, "that are durable and do not take what they get") \
  row(messages_published,      none,       "messages",      counter, topics, "that topics took") \
  row(messages_refused,        none,       "messages",      counter, topics, "that topics did not take") \
  row(messages_refused_unheard, none,      "messages",      counter, topics, "refused after the publisher had been answered") \
  row(messages_delivered,      none,       "leases",        counter, topics, "given") \
  row(messages_acknowledged,   none,       "leases",        counter, topics, "acknowledged") \
  row(messages_returned,       none,       "leases",        counter, topics, "given back") \
  row(messages_dropped,        none,       "messages",      counter, topics, "that a subscriber lost to make room") \
  row(messages_expired,        none,       "messages",      counter, topics, "that a subscriber did not get in time") \
  row(messages_dead,           none,       "messages",      counter, topics, "that a subscriber was given too often") \
  row(subscribers_expired,     none,       "subscribers",   counter, topics, "removed because they had been idle") \
  row(topics_in_memory,        none,       "topics",        gauge,   topics, "in memory") \
  row(commits,                 none,       "commits",       counter, store,  "to the store") \
  row(commit_failures,         none,       "commits",       counter, store,  "that failed") \
  row(checkpoints_made,        none,       "checkpoints",   counter, store,  "of the graph") \
  row(cuts,                    none,       "cuts",          counter, store,  "of the log, for its bounds") \
  row(sources,                 none,       "connections",   gauge,   doors,  "of sources") \
  row(sources_total,           none,       "connections",   counter, doors,  "of sources") \
  row(sources_refused,         none,       "connections",   counter, doors,  "of sources that spoke HTTP or TLS") \
  row(clients,                 none,       "connections",   gauge,   doors,  "of clients") \
  row(clients_total,           none,       "connections",   counter, doors,  "of clients") \
  row(handshakes_failed,       none,       "connections",   counter, doors,  "of clients that never named a user") \
  row(http_connections,        none,       "connections",   gauge,   doors,  "over HTTP") \
  row(http_connections_total,  none,       "connections",   counter, doors,  "over HTTP") \
  row(http_turned_away,        none,       "connections",   counter, doors,  "over HTTP that were one too many") \
  row(http_requests,           none,       "requests",      counter, doors,  "answered") \
  row(http_refused,            none,       "requests",      counter, doors,  "answered with a status of 400 and above") \
  row(connections_refused,     none,       "connections",   counter, doors,  "that were one too many, at any door") \
  row(accept_errors,           none,       "failures",      counter, doors,  "to accept a connection") \
  row(bytes_read,              none,       "bytes",         counter, doors,  "from sources") \
  row(bytes_written,           none,       "bytes",         counter, doors,  "taken by the kernel for clients") \
  row(log_omitted,             none,       "lines",         counter, daemon, "of the log that were too many of their kind")
// clang-format on
