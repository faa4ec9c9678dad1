#include <sstream>

#include "config/invocation.hpp"

namespace skein::config {
namespace {

/// `text` as comment lines of at most 100 bytes.
std::string comment(const std::string& text) {
  constexpr std::size_t width = 100;
  std::string result;
  std::string line = "#";
  std::istringstream words{text};
  for (std::string word; words >> word; line += ' ' + word) {
    if (line.size() + 1 + word.size() <= width) continue;
    result += line + '\n';
    line = "#";
  }
  return result + line + '\n';
}

/// \throws error if a file cannot have this value
std::string in_a_file(const std::string& name, const std::string& value) {
  constexpr std::string_view blanks = " \t";
  const bool is_cut = value.find('#') != value.npos || blanks.find(value.front()) != blanks.npos ||
                      blanks.find(value.back()) != blanks.npos;
  if (!is_cut) return value;
  throw error(name, config::quoted(value) +
                        " cannot be written to a file: a value in a file has no # and no "
                        "blanks at its ends");
}

}  // namespace

std::string render(const daemon_options& all) {
  std::string result = comment(
      "Settings of skeind. A flag (--sequence.window 500) is stronger than the environment "
      "(SKEIN_SEQUENCE_WINDOW=500), which is stronger than this file. Durations are 500ms, 2s, "
      "10us "
      "or 1min (a bare number: milliseconds), sizes 4096, 64MiB or 16MB. A wrong value, an unknown "
      "name or a name given twice stops the start with its place.");
  const daemon_options defaults;
  for (const auto& section : sections()) {
    result += "\n# " + section.title + '\n';
    if (!section.name.empty()) result += '[' + section.name + "]\n";
    for (const auto& row : option_table()) {
      if (row.section() != section.name) continue;
      result += '\n';
      result += comment(row.meaning + " Allowed: " + row.kind.allowed +
                        ". Default: " + row.kind.text(defaults) + ".");
      result += row.key() + " = " + in_a_file(row.name, row.kind.text(all)) + '\n';
    }
  }
  return result;
}

}  // namespace skein::config
