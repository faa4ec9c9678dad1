/// What the daemon was asked to do, and with which settings.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "config/error.hpp"
#include "config/sources.hpp"
#include "options/daemon_options.hpp"

namespace skein::config {

/// Read from the working directory when it is there and no other file is named.
inline constexpr const char* default_file = "caf-application.conf";

struct invocation {
  enum class action {
    run,
    check,    ///< print `text` and exit
    print,    ///< print `text`, a configuration file, and exit
    help,     ///< print `text` and exit
    version,  ///< print the version, which this layer does not know, and exit
  };
  action what = action::run;
  /// Every setting in effect. `caf` holds every setting of CAF that the option table has, with
  /// durations and numbers as CAF writes them; `scheduler.max-threads` 0 is one for each core
  /// except one core.
  daemon_options options;
  std::string config_file;                    ///< that was read, empty when there was none
  std::map<std::string, std::string> places;  ///< where each option was set that was set
  std::string text;                           ///< what to print, with its line ends
};

/// Flag > environment > file > default. Help and version need neither environment nor file.
/// \param directory where the default file is looked for; empty is the working directory.
/// \throws error for anything wrong anywhere, overridden or not. An older environment variable is
/// ignored if its `SKEIN_` name overrides it.
invocation read(int argc, const char* const* argv, const environment& variables,
                const std::filesystem::path& directory = {});

/// Resolves the hosts of all doors.
/// \throws error with the place of a door where it is impossible to listen on this machine: the
/// host is unknown, or none of its addresses is an address of this machine.
void check_doors(const invocation& given);

/// The settings as a configuration file with the meaning of each. Reading it gives `all` again.
/// \throws error for a value that a file cannot say.
std::string render(const daemon_options& all);

}  // namespace skein::config
