/// The sending half of a maze.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "cli/maze/maze_race.hpp"
#include "cli/sockets.hpp"

namespace skein::cli {

/// One source: sends every S-th batch of the script with as few writes as pace and window allow.
/// One thread runs it; `interrupt` may be called by another.
class maze_sender {
 public:
  /// `index` is 0..sources-1. The race must outlive the sender.
  maze_sender(maze_race& race, descriptor connection, std::size_t index);

  /// Sends until all batches are gone or the race is stopped, then ends the stream.
  /// `start` is when event 0 is due, nanoseconds of the monotonic clock.
  void run(std::int64_t start);

  /// Makes a blocked `run` return.
  void interrupt();

  std::int64_t first_write() const { return first_write_; }  ///< time; 0 if there was none
  std::int64_t greatest_lag() const { return lag_; }         ///< ns behind the pace, at worst
  std::int64_t cpu_time() const { return cpu_time_; }        ///< ns

 private:
  bool allowed(std::size_t batch) const;
  std::int64_t due(std::size_t batch) const;
  void await_turn();
  void gather();
  bool write_gathered();

  maze_race& race_;
  descriptor connection_;
  std::size_t stride_;
  std::size_t next_;  ///< the next batch to send
  std::int64_t start_ = 0;
  std::int64_t first_write_ = 0;
  std::int64_t last_write_ = 0;
  std::int64_t lag_ = 0;
  std::int64_t cpu_time_ = 0;
  std::uint64_t gathered_events_ = 0;
  std::vector<iovec> pieces_;
};

}  // namespace skein::cli
