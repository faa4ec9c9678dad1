/// The real daemon, on free ports, watched through its log and its door for the operator.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support/peer.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"

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
  /// By name, without the dashes. What is not given: port 0 for all doors, level debug and
  /// frequent statistics, which are what tests watch; a store in a directory of its own.
  using options = std::map<std::string, std::string>;

  /// Starts it and waits until it listens.
  explicit daemon(const options& given = {}, process::start how = {});

  /// After `kill` or `stop`: starts it on the same store, on other ports, with the options from
  /// before but for those of `changed`.
  void start_again(const options& changed = {});
  /// The same, but it may well fail: without waiting, and without looking at what it says.
  void begin_again(const options& changed = {});
  /// After `begin_again`: waits until it listens.
  void await_doors();

  /// Ends it by SIGKILL.
  void kill();

  process& program() { return *process_; }
  const std::filesystem::path& store() const { return store_; }
  std::uint16_t source_port() const { return source_port_; }
  std::uint16_t client_port() const { return client_port_; }
  std::uint16_t http_port() const { return http_port_; }

  /// Connects a source; returns when the daemon has it.
  peer source() const;
  /// Connects a client of `user`; returns when the daemon has registered it: it is told of every
  /// event that is sent from then on.
  peer client(std::int64_t user, int receive_buffer = 0);
  /// Connects a durable session of `user`; with `beyond`, for everything beyond that number.
  peer durable(std::int64_t user, std::optional<std::int64_t> beyond = {},
               int receive_buffer = 0) const;

  /// The answer at the door for the operator, without its line end.
  std::string command(const std::string& text) const;
  /// A number of the answer to `status`.
  std::uint64_t status(const std::string& key) const;
  /// Waits until the number has this value.
  void await_status(const std::string& key, std::uint64_t value) const;

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

  temporary_directory own_;
  options options_;
  process::start how_;
  std::filesystem::path store_;
  std::unique_ptr<process> process_;
  std::uint16_t source_port_ = 0;
  std::uint16_t client_port_ = 0;
  std::uint16_t http_port_ = 0;
};

}  // namespace skein::test
