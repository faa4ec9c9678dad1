/// Every setting of the daemon with its default: the one table of options.
/// Their names, texts and sources (command line, environment, file) are in config/option_table.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "calls/calls.hpp"
#include "core/events/event.hpp"
#include "core/events/outbox_options.hpp"
#include "core/events/sequence_options.hpp"
#include "core/topics/topic_options.hpp"
#include "io/peer_watch.hpp"
#include "store/events/log_options.hpp"

namespace skein {

enum class log_level : std::uint8_t { debug, info, warn, error };

/// What happens when a user connects who is connected already.
enum class duplicate_policy : std::uint8_t {
  all,     ///< every connection gets everything
  newest,  ///< the older connection is closed
};

/// Instead of an address: this door is closed.
inline constexpr const char* no_door = "none";

struct source_options {
  /// `host:port`, `:port` (every interface), `host` or `port`; or `no_door`. Port 0 is any free
  /// port.
  std::string listen = "localhost:9090";
  /// At a time; one more is closed at once.
  std::size_t max_connections = 10'000;
  /// Longest line without its end, bytes, 16..32768. A longer line is skipped to its end.
  std::size_t max_line = 4096;
  io::peer_watch watch{std::chrono::seconds{15}, std::chrono::seconds{30}};
};

struct client_options {
  std::string listen = "localhost:9099";
  /// At a time; one more is told so, and closed.
  std::size_t max_connections = 1'000'000;
  io::peer_watch watch;
  /// Longest time from accepting a connection to its first line.
  std::chrono::milliseconds handshake_timeout{5000};
  core::line_ending ending = core::line_ending::crlf;
  duplicate_policy on_duplicate = duplicate_policy::all;
  core::outbox_options outbox;
  /// Longest time without progress in which a client that lags may slow the sources down.
  std::chrono::milliseconds stall_timeout{500};
};

/// When an event is on disk.
enum class durability : std::uint8_t {
  none,   ///< never: nothing is stored
  async,  ///< it is routed at once, and on disk within the commit interval
  sync,   ///< it is on disk before anybody sees it
};

struct event_options {
  durability level = durability::async;
  /// Longest time until an event is on disk, at level `async`; for acknowledgements at each level.
  std::chrono::milliseconds commit_interval{50};
  store::log_options log;
};

struct inbox_options {
  store::quota quota;
};

struct topic_options {
  core::topic_options defaults;  ///< of topics that are created without these
  /// Longest time until what was accepted, but not waited for, is written to the store. What was
  /// written but not synced survives the end of the process, but not a failure of the machine.
  std::chrono::milliseconds commit_interval{20};
  core::topic_limits limits{256u << 20, 1'000'000};  ///< of each topic
  std::size_t max_memory = 1u << 30;                 ///< bytes, of all topics together
  std::size_t max_topics = 100'000;
  std::size_t max_subscribers = 100'000;  ///< of one topic
  /// A topic that was not asked for anything for this time leaves memory.
  std::chrono::milliseconds idle_timeout{60'000};
};

struct http_options {
  std::string listen = "localhost:8082";
  io::peer_watch watch;
  std::size_t max_connections = 10'000;
  std::size_t max_target = 8u << 10;     ///< bytes
  std::size_t max_headers = 16u << 10;   ///< bytes
  std::size_t max_body = 16u << 20;      ///< bytes
  std::size_t max_bodies = 256u << 20;   ///< bytes of memory, of all connections together
  std::size_t max_answers = 256u << 20;  ///< likewise
  /// Longest time from the first byte of a request to its last, and without progress of a client
  /// that takes an answer.
  std::chrono::milliseconds request_timeout{30'000};
  /// Longest time between two requests of a connection.
  std::chrono::milliseconds idle_timeout{75'000};
  /// Longest time that a request may ask to be held for messages.
  std::chrono::milliseconds max_wait{60'000};
  /// When a publish by /api is answered.
  api::wait_for api_wait = api::wait_for::accepted;
  /// Names by which the daemon may be reached. If it listens on the loopback interface they are
  /// added to the names of that interface; otherwise none means all.
  std::vector<std::string> hosts;
  std::vector<std::string> origins;  ///< of web pages that may use it: `https://a.example:8443`
  bool for_operator = false;         ///< begins epochs, and purges all dead letters at once
  /// A subscriber that was created by /api is removed when it has fetched nothing for this time.
  std::chrono::milliseconds api_expiry{24 * 3'600'000};
};

struct store_options {
  std::string directory = "skein-data";
};

struct control_options {
  /// Path of the Unix socket; `auto`: `control` in the store's directory, or none without a store.
  std::string socket = "auto";
};

/// Backpressure: bytes between being read from a source and being written to a client.
struct flow_options {
  std::size_t high_mark = 64u << 20;  ///< at this many bytes sources are not read any more
  std::size_t low_mark = 48u << 20;   ///< below this many they are read again
};

struct daemon_options {
  source_options source;
  client_options client;
  core::sequence_options sequence;
  event_options event;
  inbox_options inbox;
  topic_options topic;
  http_options http;
  store_options store;
  control_options control;
  bool keep_graph = false;  ///< a new epoch keeps the follower graph
  flow_options flow;
  /// Longest pause between two rounds of writing while the daemon is busy, 0..1 s.
  std::chrono::microseconds flush_interval{10'000};
  std::chrono::milliseconds statistics_interval{2000};  ///< 0 writes only the totals at exit
  log_level level = log_level::info;
  std::chrono::milliseconds drain_timeout{5000};
  /// CAF's own settings, name and value, e.g. {"scheduler.max-threads", "2"}.
  std::vector<std::pair<std::string, std::string>> caf;
};

/// Whether there is a store.
inline bool is_stored(const daemon_options& options) {
  return options.event.level != durability::none ||
         options.topic.defaults.storage != core::topic_storage::memory;
}

}  // namespace skein
