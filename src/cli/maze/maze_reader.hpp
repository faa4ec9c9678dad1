/// The receiving half of a maze.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cli/maze/latency_histogram.hpp"
#include "cli/maze/maze_race.hpp"
#include "cli/maze/stream_verifier.hpp"
#include "cli/sockets.hpp"

namespace skein::cli {

/// Reads and verifies some of the clients in one thread.
class maze_reader {
 public:
  /// The race must outlive the reader.
  explicit maze_reader(maze_race& race);

  /// Takes over the connection of the script's client number `client`. Before `run`.
  void add(descriptor connection, std::size_t client);

  /// Reads until every client of the race has everything and nothing more came for the settle time,
  /// or until the race is lost.
  void run();

  const latency_histogram& latency() const { return latency_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t reads() const { return reads_; }
  std::int64_t cpu_time() const { return cpu_time_; }  ///< ns

 private:
  struct reading {
    descriptor connection;
    stream_verifier verifier;
    std::int64_t last_read = 0;  ///< time
    bool complete = false;
  };

  void read(reading& client, bool ended);
  void note_end(const stream_verifier& verifier);
  void take(reading& client, std::size_t size, std::int64_t time);
  void check_timeouts(std::int64_t time);
  void report_unfinished_difference();

  maze_race& race_;
  descriptor poll_;
  std::vector<reading> clients_;
  std::vector<char> buffer_;
  latency_histogram latency_;
  std::uint64_t bytes_ = 0;
  std::uint64_t reads_ = 0;
  std::int64_t cpu_time_ = 0;
};

}  // namespace skein::cli
