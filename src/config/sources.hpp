/// Where settings come from: the command line, the environment, a file. Each source checks its
/// names; values are checked when they are assigned.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/option_table.hpp"

namespace skein::config {

/// One setting as it was written.
struct setting {
  const option* row = nullptr;  ///< of `option_table()`
  std::string text;
  std::string source;  ///< `--sequence.window`, `environment QUEUE_LIMIT`, `skein.conf:12`
  std::string place;   ///< the source, and the name where the source does not say it
};

struct command_line {
  std::vector<setting> settings;
  std::optional<std::string> config_file;
  bool check = false;
  bool print = false;
  bool help = false;
  bool version = false;
};

/// The first argument is the program's name. Flags are `--name value` or `--name=value`; they are
/// never abbreviated, except for `-h`, `-V` and go-eventserver's `-config`.
/// \throws error for an unknown flag, one without a value, one given twice, or a stray argument.
command_line read_command_line(int argc, const char* const* argv);

/// The help: every flag with its values, meaning and default, section by section.
std::string help();

using environment = std::map<std::string, std::string>;

/// The variables of a process, given as its null-terminated `environ`.
environment environment_of(const char* const* variables);

/// Takes each `SKEIN_<OPTION>`, and an older name if its option has no such variable and the value
/// is not empty. Other variables are ignored, and so are those that Kubernetes sets for a service
/// named skein.
/// \throws error for a variable `SKEIN_...` that is no option.
std::vector<setting> read_environment(const environment& variables);

/// A file of settings, by its name: `.json` is go-eventserver's file, everything else has lines
/// `[section]`, `name = value` and `# comment`.
/// \throws error with file and line when it cannot be read, has a line that is none of these, an
/// unknown section or name, or a name twice.
std::vector<setting> read_file(const std::string& path);

/// go-eventserver's file: `{"eventListenerPort": 9090, "clientListenerPort": 9099}`, in `text`.
/// Both are ports of every interface, 1..65535 and different. `path` names it in errors.
std::vector<setting> read_json(const std::string& text, const std::string& path);

}  // namespace skein::config
