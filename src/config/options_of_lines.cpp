#include "config/option_rows.hpp"

namespace skein::config {

using namespace std::chrono_literals;

std::vector<option> options_of_lines() {
  using core::line_ending;
  using core::overflow_policy;
  return {
      {"source.listen", listen_address(SKEIN_MEMBER(source.listen), 9090),
       "Where sources connect. Without a host the daemon listens on every interface; without a "
       "port the port is 9090; port 0 is any free port; none closes this door.",
       "EVENT_SOURCE"},
      {"source.max-connections", number(SKEIN_MEMBER(source.max_connections), 1, 1'000'000),
       "Sources at a time. One more is closed at once. There may be fewer descriptors than this.",
       ""},
      {"source.max-line", size(SKEIN_MEMBER(source.max_line), 16, 32768),
       "Longest line of a source, in bytes without its end. A longer one is counted and skipped to "
       "its end. This times sequence.window must be less than 4 GiB.",
       ""},
      {"source.keep-alive", duration(SKEIN_MEMBER(source.watch.keep_alive), 0ms, 1h),
       "When a source has been silent for this time, TCP asks whether its machine is there; "
       "without an answer for as long again, the connection is broken. Rounded up to whole "
       "seconds; 0 never asks.",
       ""},
      {"source.user-timeout", duration(SKEIN_MEMBER(source.watch.user_timeout), 0ms, 1h),
       "A source that answers nothing for this time, when it is asked or something is sent to it, "
       "has broken its connection. 0 leaves that to keep-alive, and to the kernel: a quarter of an "
       "hour.",
       ""},

      {"client.listen", listen_address(SKEIN_MEMBER(client.listen), 9099),
       "Where clients connect. Without a host the daemon listens on every interface; without a "
       "port the port is 9099; port 0 is any free port; none closes this door.",
       "CLIENT"},
      {"client.max-connections", number(SKEIN_MEMBER(client.max_connections), 1, 1'000'000),
       "Clients at a time. One more gets a line ERR that says so, and is closed. There may be "
       "fewer descriptors than this.",
       ""},
      {"client.handshake-timeout", duration(SKEIN_MEMBER(client.handshake_timeout), 1ms, 1h),
       "Longest time from connecting to the line that names the user. Shorter frees silent "
       "connections earlier, longer is kind to slow networks.",
       ""},
      {"client.keep-alive", duration(SKEIN_MEMBER(client.watch.keep_alive), 0ms, 1h),
       "When a client has been silent for this time, TCP asks whether its machine is there; "
       "without an answer for as long again, the connection is broken. Rounded up to whole "
       "seconds; 0 never asks.",
       ""},
      {"client.user-timeout", duration(SKEIN_MEMBER(client.watch.user_timeout), 0ms, 1h),
       "A client that answers nothing for this time, when it is asked or something is sent to it, "
       "has broken its connection; so has a client that is there, but does not read for this time. "
       "0 leaves that to keep-alive, and to the kernel: a quarter of an hour, and never while the "
       "client is there.",
       ""},
      {"client.line-ending",
       choice<line_ending>(SKEIN_MEMBER(client.ending),
                           {{"crlf", line_ending::crlf}, {"lf", line_ending::lf}}),
       "Bytes at the end of every line that clients get.", ""},
      {"client.duplicate-policy",
       choice<duplicate_policy>(
           SKEIN_MEMBER(client.on_duplicate),
           {{"all", duplicate_policy::all}, {"newest", duplicate_policy::newest}}),
       "Several connections of one user: with all, each gets everything; with newest, a new one "
       "closes the older.",
       ""},
      {"client.max-outbox", size(SKEIN_MEMBER(client.outbox.max_bytes), 4 << 10, 4ll << 30),
       "Bytes that may wait for one client in addition to what the kernel buffers. More forgives "
       "longer pauses, and takes memory for every slow client.",
       ""},
      {"client.overflow-policy",
       choice<overflow_policy>(SKEIN_MEMBER(client.outbox.on_overflow),
                               {{"disconnect", overflow_policy::disconnect},
                                {"drop-oldest", overflow_policy::drop_oldest},
                                {"drop-newest", overflow_policy::drop_newest}}),
       "What happens when more than max-outbox waits for a client: disconnect closes its "
       "connection, so that it knows; with drop-oldest or drop-newest it stays and misses the "
       "oldest or the newest notifications, which are counted.",
       ""},
      {"client.stall-timeout", duration(SKEIN_MEMBER(client.stall_timeout), 1ms, longest),
       "Longest time without progress in which a client that lags may slow the sources down. "
       "Longer "
       "loses less at that client and delays all others.",
       ""},
  };
}

}  // namespace skein::config
