/// The real daemon, on free ports, watched through its log.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "support/peer.hpp"
#include "support/process.hpp"

namespace skein::test {

/// The fields of a line of the log, or of any part of one: `key=value key="a value"`.
class log_fields {
 public:
  explicit log_fields(std::string_view line);

  /// Empty if there is none.
  std::string text(const std::string& key) const;
  /// \throws std::runtime_error if it is none.
  std::uint64_t operator[](const std::string& key) const;

 private:
  std::map<std::string, std::string> fields_;
};

class daemon {
 public:
  /// By name, without the dashes. What is not given: port 0 for both doors, level debug and
  /// frequent statistics, which are what tests watch.
  using options = std::map<std::string, std::string>;

  /// Starts it and waits until it listens.
  explicit daemon(const options& given = {}, process::start how = {});

  process& program() { return process_; }
  std::uint16_t source_port() const { return source_port_; }
  std::uint16_t client_port() const { return client_port_; }

  /// Connects a source; returns when the daemon has it.
  peer source() const;
  /// Connects a client of `user`; returns when the daemon has registered it: it is told of every
  /// event that is sent from then on.
  peer client(std::int64_t user, int receive_buffer = 0);

  /// How many lines of the log have `part` in them.
  std::size_t lines_with(std::string_view part) const;
  void await_line(std::string_view part, std::size_t times = 1) const;
  /// Waits until a line of statistics says so.
  void await_counter(const std::string& key, std::uint64_t least) const;
  /// Waits until the counter has exactly this value.
  void await_exactly(const std::string& key, std::uint64_t value) const;

  /// Ends it by SIGTERM as it should end; returns the counters of its whole life.
  log_fields stop();
  /// The counters of its whole life, once it has ended.
  log_fields totals() const;

 private:
  log_fields last_statistics() const;

  process process_;
  std::uint16_t source_port_ = 0;
  std::uint16_t client_port_ = 0;
};

}  // namespace skein::test
