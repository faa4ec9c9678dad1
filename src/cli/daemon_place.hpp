/// Where a daemon is that was started on this machine with the same file and the same variables:
/// this is what commands use if they are not told.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "io/address.hpp"
#include "options/daemon_options.hpp"

namespace skein::cli {

/// The daemon's settings: of the file of `--config`, or of caf-application.conf in the working
/// directory if it is there, and of the variables that the daemon reads.
class daemon_settings {
 public:
  void add_to(boost::program_options::options_description& options);

  /// Read when they are first asked for. Throws config::error.
  const daemon_options& get() const;

 private:
  std::string file_;
  mutable std::shared_ptr<const daemon_options> read_;
};

/// A door over TCP: if `--host` or `--port` is not given, it is taken from the daemon's settings.
struct door_place {
  const char* option;  ///< its option of the daemon, as `http.listen`
  std::string host;
  std::uint16_t port = 0;
  daemon_settings daemon;

  void add_to(boost::program_options::options_description& options);
  /// Throws std::runtime_error if the settings name no port to connect to.
  io::host_port address() const;
};

/// The store, and the control door in it: `--directory` or `--socket`, or the daemon's settings.
struct store_place {
  std::string given_directory;
  std::string given_socket;
  daemon_settings daemon;

  void add_to(boost::program_options::options_description& options, bool with_socket);
  std::string directory() const;
  /// Throws usage_error if both are given, and std::runtime_error if there is no such door.
  std::filesystem::path socket() const;
};

}  // namespace skein::cli
