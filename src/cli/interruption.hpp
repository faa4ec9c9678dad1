/// What ends a command before its work is done, and waiting that heeds it.
#pragma once

#include <chrono>
#include <exception>
#include <string>
#include <string_view>

#include "cli/sockets.hpp"

namespace skein::cli {

using time_point = std::chrono::steady_clock::time_point;

/// SIGINT and SIGTERM as something to poll: from now on they do not end this process.
descriptor stop_signals();

/// A command was interrupted.
class interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

/// SIGINT, SIGTERM, and a reader of standard output that has gone. While this lives, signals do not
/// end the process; the first one after its end does.
class interruption {
 public:
  interruption() : signals_{stop_signals()} {}
  ~interruption();
  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;

  bool has_come() const;

 private:
  friend bool await(int fd, short events, time_point deadline, const interruption* stop);

  descriptor signals_;
};

/// Waits until `fd` is ready for `events`, which wins over everything else; -1 is never ready.
/// False at the deadline. Throws interrupted if `stop`, which may be null, comes before.
bool await(int fd, short events, time_point deadline, const interruption* stop);

/// `text` of a stranger, made fit for a terminal: line ends and tabs as they are, everything else
/// as core/visible_text shows it.
std::string for_terminal(std::string_view text);

/// If standard output is a pipe, makes it so small that it holds only what its reader has not read
/// of one message: then `await_reader` can tell. Returns whether it has done so.
bool make_pipe_small();

/// After `make_pipe_small`: waits until everything that was written has been read. False if that
/// will not happen: nobody reads any more, or `stop` has come.
bool await_reader(const interruption& stop);

/// Writes `text` to standard output, past all buffers. Returns how much was written: less than all
/// if nobody reads any more, or if `stop` has come while it had to wait. Throws std::runtime_error
/// if it cannot be written.
std::size_t write_out(std::string_view text, const interruption& stop);

}  // namespace skein::cli
