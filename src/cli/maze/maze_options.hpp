/// Options of `skein maze`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "cli/command_line.hpp"
#include "cli/maze/maze_script.hpp"

namespace skein::cli {

struct maze_options {
  cli::recipe recipe;
  std::string host = "127.0.0.1";
  std::uint16_t source_port = 9090;
  std::uint16_t client_port = 9099;
  std::int64_t sources = 1;        ///< connections that share the events
  std::int64_t window = 500;       ///< numbers that several sources may be ahead of the clients
  std::int64_t rate = 0;           ///< events per second; 0 is as fast as the server takes them
  std::int64_t slice = 64 * 1024;  ///< most bytes of one write, but at least one batch
  bool flush_batches = false;      ///< each batch in its own write
  std::chrono::milliseconds timeout{20'000};     ///< a client's wait for what was sent; 0: for ever
  std::chrono::milliseconds settle_before{200};  ///< the first event; and 50 us for each client
  std::chrono::milliseconds settle_after{100};   ///< the last line, to notice extra ones
  std::int64_t readers = 1;                      ///< threads that read the clients
  std::int64_t read_buffer = 256 * 1024;         ///< most bytes of one read
  std::int64_t read_pause = 200;                 ///< us between two rounds of reading
  std::chrono::milliseconds log_interval{1000};  ///< between two lines of progress
  std::int64_t server_pid = 0;                   ///< process to report about; 0 is none
  std::string log_level = "info";                ///< debug, info, warning, error
  bool json = false;
};

/// Nothing if only help was asked for and printed. Throws usage_error.
std::optional<maze_options> parse_maze_options(const arguments& args);

}  // namespace skein::cli
