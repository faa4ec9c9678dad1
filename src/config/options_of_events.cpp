#include "config/option_rows.hpp"

namespace skein::config {

using namespace std::chrono_literals;

std::vector<option> options_of_events() {
  using core::gap_policy;
  using core::late_policy;
  using core::restart_policy;
  return {
      {"sequence.window", number(SKEIN_MEMBER(sequence.window), 1, 1 << 24),
       "Largest distance from the next expected number that is waited for. More tolerates more "
       "disorder and takes memory for it.",
       "QUEUE_LIMIT"},
      {"sequence.gap-timeout", duration(SKEIN_MEMBER(sequence.gap_timeout), 1ms, longest),
       "Longest time for which a missing number holds back the numbers after it. Shorter gives up "
       "events that are merely slow, longer delays everybody at each lost event.",
       "QUEUE_TTL"},
      {"sequence.gap-policy",
       choice<gap_policy>(SKEIN_MEMBER(sequence.on_gap),
                          {{"skip", gap_policy::skip}, {"wait", gap_policy::wait}}),
       "skip gives a gap up when the window or the gap timeout is exceeded; wait waits for ever "
       "and does not read a source that is ahead of the window.",
       ""},
      {"sequence.late-policy",
       choice<late_policy>(SKEIN_MEMBER(sequence.on_late),
                           {{"drop", late_policy::drop}, {"deliver", late_policy::deliver}}),
       "An event whose turn has passed: drop counts it and keeps the order, deliver passes it on "
       "out of order.",
       ""},
      {"sequence.max-jump", number(SKEIN_MEMBER(sequence.max_jump), 1, 1'000'000'000'000),
       "Numbers further than this from the next expected number are refused, so that wrong lines "
       "cannot make the whole stream late. Nearer numbers beyond the window are believed when two "
       "of them are within the window of each other. At least the window.",
       ""},
      {"sequence.on-restart",
       choice<restart_policy>(SKEIN_MEMBER(sequence.on_restart),
                              {{"auto", restart_policy::automatic},
                               {"continue", restart_policy::off},
                               {"always", restart_policy::every_time}}),
       "When a source that starts again at 1 begins a new epoch. auto: when all older sources have "
       "ended or are silent, unless it repeats a stream that was interrupted. continue: never. "
       "always: with the first event of a source, if no source that had sent an event was "
       "connected when it connected.",
       ""},
      {"sequence.restart-wait", duration(SKEIN_MEMBER(sequence.restart_wait), 1ms, longest),
       "Longest time for which a source that starts again at 1 waits for older sources to end, or "
       "to be silent.",
       ""},
      {"sequence.keep-graph", boolean(SKEIN_MEMBER(keep_graph)),
       "A new epoch keeps the follower graph; otherwise it starts with an empty one.", ""},

      {"event.durability",
       choice<durability>(
           SKEIN_MEMBER(event.level),
           {{"async", durability::async}, {"sync", durability::sync}, {"none", durability::none}}),
       "async routes events at once and has them on disk within commit-interval; sync has them on "
       "disk before anybody sees them, which costs delay; none stores nothing: no resume, no "
       "durable sessions.",
       ""},
      {"event.commit-interval", duration(SKEIN_MEMBER(event.commit_interval), 1ms, 60s),
       "Longest time until an event is on disk, with durability async. Shorter loses less when the "
       "machine fails, longer writes less often.",
       ""},
      {"event.max-bytes", size(SKEIN_MEMBER(event.log.max_bytes), 1 << 20, 1ll << 50),
       "Most bytes of events that the log keeps. Older events are cut off, and cannot be replayed "
       "any more.",
       ""},
      {"event.max-events", number(SKEIN_MEMBER(event.log.max_events), 0, 1ll << 60),
       "Most events that the log keeps. 0 is no bound.", ""},
      {"event.max-age", duration(SKEIN_MEMBER(event.log.max_age), 0ms, 87'600h),
       "Longest time that the log keeps an event. 0 is no bound.", ""},

      {"inbox.max-events", number(SKEIN_MEMBER(inbox.quota.max_events), 0, 1ll << 60),
       "Most events that are served to a user who comes back. 0 is no bound except that of the "
       "log. With a bound the log is read twice for users who come back.",
       ""},
      {"inbox.max-bytes", size(SKEIN_MEMBER(inbox.quota.max_bytes), 0, 1ll << 50),
       "Most bytes that are served to a user who comes back. 0 is no bound except that of the log.",
       ""},
      {"inbox.max-age", duration(SKEIN_MEMBER(inbox.quota.max_age), 0ms, 87'600h),
       "Oldest event that is served to a user who comes back. 0 is no bound except that of the "
       "log.",
       ""},
      {"inbox.overflow-policy",
       choice<store::quota_policy>(SKEIN_MEMBER(inbox.quota.policy),
                                   {{"drop-oldest", store::quota_policy::drop_oldest},
                                    {"drop-all", store::quota_policy::drop_all}}),
       "What is dropped when a user has missed more than max-events or max-bytes: the oldest "
       "events, or all. The user is told.",
       ""},
  };
}

}  // namespace skein::config
