/// The table of options: one row gives an option its name, values, meaning and place in
/// `daemon_options`. The command line, the environment, the file, the help and the shipped
/// `caf-application.conf` are all made from it; a new option is one new row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/option_kinds.hpp"

namespace skein::config {

struct option {
  std::string name;  ///< `section.key`, or `key` where there is no section
  option_kind kind;
  std::string meaning;  ///< sentences: what it does, what a larger and a smaller value cost
  std::string legacy;   ///< an older name in the environment, or empty

  std::string section() const;
  std::string key() const;
  std::string flag() const;      ///< `--sequence.gap-timeout`
  std::string variable() const;  ///< `SKEIN_SEQUENCE_GAP_TIMEOUT`
};

struct section {
  std::string name;
  std::string title;
};

/// In the order in which they are shown. The first has no name: its options come before all others.
const std::vector<section>& sections();

/// Section by section.
const std::vector<option>& option_table();

const option* find_option(std::string_view name);

/// \throws error when `text` is not allowed: `place: must be 1..16777216, got "abc"`.
void assign(daemon_options& all, const option& row, std::string_view text,
            const std::string& place);

}  // namespace skein::config
