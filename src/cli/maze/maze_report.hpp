/// What `skein maze` prints.
#pragma once

#include <cstdint>
#include <string>

#include "cli/maze/maze_options.hpp"
#include "cli/maze/maze_run.hpp"
#include "cli/maze/maze_script.hpp"

namespace skein::cli {

/// Sizes of a script, computed once.
struct script_totals {
  std::uint64_t events = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t bytes = 0;  ///< of all deliveries
  double prepare_seconds = 0;
};

/// The success line, or the failure and the first difference in two.
std::string verdict(const maze_result& result);

/// Several lines for people that end in the verdict.
std::string text_report(const maze_result& result, const maze_options& options,
                        const script_totals& totals);

/// One line of JSON without its end.
std::string json_report(const maze_result& result, const maze_options& options,
                        const script_totals& totals);

/// One line without its end: a bar for a terminal, plain facts otherwise.
std::string progress_line(const maze_progress& progress, const script_totals& totals,
                          bool terminal);

}  // namespace skein::cli
