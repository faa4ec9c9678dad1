/// skein: load, verify, operate and talk to an event broker from the command line.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <iostream>
#include <string>

#include "cli/commands.hpp"
#include "core/visible_text.hpp"
#include "io/process.hpp"

namespace {

using namespace skein;
using namespace skein::cli;

struct command {
  const char* name;
  const char* summary;
  int (*run)(const arguments&);
};

constexpr std::array<command, 13> commands{{
    {"maze", "play the follower maze against a server and verify every byte", maze_command},
    {"source", "send a file or standard input to the event source door", source_command},
    {"client", "print what users get", client_command},
    {"status", "print how a daemon on this machine is doing", status_command},
    {"epoch", "print its epoch and next number, or begin a new epoch", epoch_command},
    {"replay", "print a range of its log of events", replay_command},
    {"inbox", "print how far a user has acknowledged and what waits", inbox_command},
    {"store", "describe its store, verify it, or copy it", store_command},
    {"topics", "list topics; create, show or delete one", topics_command},
    {"pub", "publish messages to a topic", pub_command},
    {"sub", "subscribe to a topic, and print what comes", sub_command},
    {"fetch", "print what is there for a subscriber", fetch_command},
    {"dlq", "list dead letters, replay or purge them", dlq_command},
}};

const command* find(const std::string& name) {
  for (const auto& c : commands) {
    if (name == c.name) return &c;
  }
  return nullptr;
}

void print_help() {
  std::cout << "usage: skein COMMAND [options]\n\n";
  for (const auto& c : commands) {
    std::cout << "  " << c.name << std::string(10 - std::string{c.name}.size(), ' ') << c.summary
              << "\n";
  }
  std::cout << "\nskein help COMMAND tells more; skein --version gives the version.\n"
               "Exit status: 0 good, 1 failed, 2 wrong command or option.\n";
}

int run(arguments args) {
  if (args.empty()) throw usage_error{"a command is missing"};
  auto name = args.front();
  args.erase(args.begin());
  if (name == "--version" || name == "-V") {
    std::cout << "skein " << SKEIN_VERSION << "\n";
    return exit_good;
  }
  if (name == "help" || name == "--help" || name == "-h") {
    if (args.empty()) {
      print_help();
      return exit_good;
    }
    name = args.front();
    args = {"--help"};
  }
  const auto* const known = find(name);
  if (known == nullptr) throw usage_error{"unknown command '" + name + "'"};
  return known->run(args);
}

/// Says so, unless the reason is that nobody reads any more.
bool is_output_lost() {
  std::cout.flush();
  const bool flushed = std::fflush(stdout) == 0;
  if (std::cout && flushed && std::ferror(stdout) == 0) return false;
  pollfd output{STDOUT_FILENO, 0, 0};
  const bool is_read = ::poll(&output, 1, 0) == 0 || (output.revents & POLLERR) == 0;
  if (is_read) std::cerr << "skein: cannot write to standard output" << std::endl;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  io::take_over_process();
  io::tell_why_it_ends("skein", exit_bad);
  try {
    const int status = run({argv + 1, argv + argc});
    return is_output_lost() ? exit_bad : status;
  } catch (const usage_error& e) {
    std::cerr << "skein: " << core::visible(e.what()) << " (see skein --help)" << std::endl;
    return exit_usage;
  } catch (const std::exception& e) {
    std::cerr << "skein: " << core::visible(io::reason_of(e)) << std::endl;
    return exit_bad;
  }
}
