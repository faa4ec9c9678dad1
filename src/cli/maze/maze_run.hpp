/// A whole run of the maze: connect, send, verify.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cli/maze/latency_histogram.hpp"
#include "cli/maze/maze_options.hpp"
#include "cli/maze/maze_script.hpp"

namespace skein::cli {

struct maze_result {
  std::string problem;  ///< the first difference or failure; empty if all is well
  std::uint64_t events_sent = 0;
  std::uint64_t deliveries = 0;  ///< lines received as expected
  std::uint64_t bytes = 0;       ///< received by all clients
  std::uint64_t reads = 0;
  double connect_seconds = 0;  ///< for all clients, ids included
  double seconds = 0;          ///< first byte sent to last expected byte received
  double lag_ms = 0;           ///< with a rate: how late a batch was sent at worst
  latency_histogram latency;   ///< weighed by deliveries
  double own_cpu_seconds = 0;
  double sender_cpu_seconds = 0;
  double reader_cpu_seconds = 0;
  std::optional<double> server_cpu_seconds;  ///< between the first event and the end
  std::optional<std::uint64_t> server_peak_kib;

  bool good() const { return problem.empty(); }
};

/// How far a run is.
struct maze_progress {
  std::uint64_t events_sent = 0;
  std::uint64_t lines_received = 0;
  double seconds = 0;
};

/// Plays the script. `report`, if any, is called in the calling thread at each log interval. What
/// goes wrong between start and end is in the result; throws std::runtime_error if a connection
/// fails.
maze_result run_maze(const maze_script& script, const maze_options& options,
                     const std::function<void(const maze_progress&)>& report = {});

}  // namespace skein::cli
