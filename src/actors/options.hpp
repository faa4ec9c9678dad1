/// Every setting of the daemon with its default: the one table of options.
/// Their names, texts and sources (command line, environment, file) are in config/option_table.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/event.hpp"
#include "core/outbox_options.hpp"
#include "core/sequence_options.hpp"
#include "store/log_options.hpp"

namespace skein {

enum class log_level : std::uint8_t { debug, info, warn, error };

/// What happens when a user connects who is connected already.
enum class duplicate_policy : std::uint8_t {
  all,     ///< every connection gets everything
  newest,  ///< the older connection is closed
};

struct source_options {
  /// `host:port`, `:port` (every interface), `host` or `port`. Port 0 is any free port.
  std::string listen = "localhost:9090";
  /// Longest line without its end, bytes, 16..32768. A longer line is skipped to its end.
  std::size_t max_line = 4096;
};

struct client_options {
  std::string listen = "localhost:9099";
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

struct store_options {
  std::string directory = "skein-data";
};

struct control_options {
  /// Path of the Unix socket; `auto`: `control` in the store's directory, or none without a store.
  std::string socket = "auto";
};

/// Backpressure: bytes between being read from a source and being written to a client.
struct flow_options {
  std::size_t high_mark = 64u << 20;  ///< at this many bytes sources are read no more
  std::size_t low_mark = 48u << 20;   ///< below this many they are read again
};

struct daemon_options {
  source_options source;
  client_options client;
  core::sequence_options sequence;
  event_options event;
  inbox_options inbox;
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

}  // namespace skein
