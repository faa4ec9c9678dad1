/// The commands of the `skein` program.
#pragma once

#include "cli/command_line.hpp"

namespace skein::cli {

/// Exit statuses of all commands.
inline constexpr int exit_good = 0;
inline constexpr int exit_bad = 1;
inline constexpr int exit_usage = 2;

/// Each takes the arguments after its name, returns the exit status, and throws usage_error for
/// wrong arguments and std::runtime_error for what the machine or a server refuses.
int maze_command(const arguments& args);
int source_command(const arguments& args);
int client_command(const arguments& args);
int status_command(const arguments& args);
int epoch_command(const arguments& args);
int replay_command(const arguments& args);
int inbox_command(const arguments& args);
int store_command(const arguments& args);
int pub_command(const arguments& args);
int sub_command(const arguments& args);
int fetch_command(const arguments& args);
int topics_command(const arguments& args);
int dlq_command(const arguments& args);

}  // namespace skein::cli
