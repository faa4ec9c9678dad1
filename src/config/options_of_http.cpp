#include "config/option_rows.hpp"

namespace skein::config {

using namespace std::chrono_literals;

std::vector<option> options_of_http() {
  return {
      {"http.listen", listen_address(SKEIN_MEMBER(http.listen), 8082),
       "Where programs connect over HTTP. Without a host the daemon listens on every interface; "
       "without a port the port is 8082; port 0 is any free port; none closes this door.",
       "GOPHERMQ_BROKER_PORT"},
      {"http.keep-alive", duration(SKEIN_MEMBER(http.watch.keep_alive), 0ms, 1h),
       "When a connection has been silent for this time, TCP asks whether the machine of its "
       "client is there; without an answer for as long again, the connection is broken. Rounded up "
       "to whole seconds; 0 never asks.",
       ""},
      {"http.user-timeout", duration(SKEIN_MEMBER(http.watch.user_timeout), 0ms, 1h),
       "A connection whose other side answers nothing for this time, when it is asked or something "
       "is sent to it, is broken. 0 leaves that to keep-alive and http.request-timeout.",
       ""},
      {"http.max-connections", number(SKEIN_MEMBER(http.max_connections), 1, 1'000'000),
       "Connections at a time. One more is answered by 503, and closed. There may be fewer "
       "descriptors than this.",
       ""},
      {"http.max-target", size(SKEIN_MEMBER(http.max_target), 256, 1 << 20),
       "Longest path with its query, in bytes.", ""},
      {"http.max-headers", size(SKEIN_MEMBER(http.max_headers), 1 << 10, 1 << 20),
       "Most bytes of the headers of a request.", ""},
      {"http.max-body", size(SKEIN_MEMBER(http.max_body), 1 << 10, 1 << 30),
       "Most bytes of the body of a request, which is held in memory.", ""},
      {"http.max-bodies", size(SKEIN_MEMBER(http.max_bodies), 2 << 10, 1ull << 40),
       "Most memory for requests that are being read, of all connections together, in addition to "
       "128 KiB for each. A request that exceeds it is answered by 503. At least twice "
       "http.max-body.",
       ""},
      {"http.max-answers", size(SKEIN_MEMBER(http.max_answers), 1 << 20, 1ull << 40),
       "Most memory for answers that are written, or that clients have not taken, of all "
       "connections together, in addition to 64 KiB for each. An answer that exceeds it is "
       "replaced by 503, and its messages stay as if they had not been asked for. A single answer "
       "may be larger.",
       ""},
      {"http.request-timeout", duration(SKEIN_MEMBER(http.request_timeout), 1ms, 1h),
       "Longest time from the first byte of a request to its last, and longest time without "
       "progress of a client that takes an answer.",
       ""},
      {"http.idle-timeout", duration(SKEIN_MEMBER(http.idle_timeout), 1ms, longest),
       "Longest time between two requests of a connection.", ""},
      {"http.max-wait", duration(SKEIN_MEMBER(http.max_wait), 0ms, 1h),
       "Longest time that a request may ask to be held: for messages, or for acknowledgements.",
       ""},
      {"http.api-wait",
       choice<api::wait_for>(SKEIN_MEMBER(http.api_wait),
                             {{"accepted", api::wait_for::accepted},
                              {"durable", api::wait_for::durable},
                              {"delivered", api::wait_for::delivered}}),
       "When /api/publish is answered: accepted at once, and the message is written within "
       "topic.commit-interval, but not synced; durable when it is on disk; delivered when all "
       "subscribers have acknowledged it. Requests of /v1 say it themselves.",
       ""},
      {"http.api-expiry", duration(SKEIN_MEMBER(http.api_expiry), 0ms, 87'600h),
       "A subscriber that was created by /api/subscribe is removed when it has fetched nothing for "
       "this time. 0 is never.",
       ""},

      {"http.hosts", list(SKEIN_MEMBER(http.hosts), "hosts", is_host_name),
       "Names by which programs reach the daemon, for example broker.example. If it listens on "
       "localhost they are added to the names of localhost; otherwise, if there are none, every "
       "name is accepted. Addresses always are. A request for any other name is answered by 421: "
       "so a web page whose name was made to lead here gets no further.",
       ""},
      {"http.origins",
       list(SKEIN_MEMBER(http.origins), "http://HOST[:PORT] or https://HOST[:PORT]", is_origin),
       "Web pages that may use this door from a browser, for example https://shop.example. All "
       "others are answered by 403, since a browser lets any page send requests to its own "
       "machine.",
       ""},
      {"http.operator", boolean(SKEIN_MEMBER(http.for_operator)),
       "Any program that reaches this door may begin an epoch, and purge all dead letters of a "
       "subscriber at once. Otherwise only skein can, at the control door.",
       ""},
  };
}

}  // namespace skein::config
