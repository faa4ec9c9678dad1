#include <algorithm>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "cli/commands.hpp"
#include "cli/daemon_place.hpp"
#include "cli/input.hpp"
#include "cli/maze_race.hpp"
#include "cli/sockets.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein source [options] [FILE]

Sends the lines of FILE, or of standard input, to a server's event source door as
they are, a last one without an end with one, and says how many went out. What
became of them the server does not say here: see `skein status`.

)";

struct source_options {
  door_place place{"source.listen", {}, 0, {}};
  std::int64_t rate = 0;
  std::string file = "-";
};

/// Lines gathered for one write, and when they are due.
class line_sender {
 public:
  line_sender(int fd, std::int64_t rate) : fd_{fd}, rate_{rate}, start_{now()} {}

  void add(const std::string& line) {
    if (rate_ != 0) await_turn();
    pending_ += line;
    pending_ += '\n';
    ++lines_;
    if (pending_.size() >= most_pending) flush();
  }

  void flush() {
    if (const auto error = send_all(fd_, pending_); error != 0) {
      throw std::runtime_error{"the connection broke after " + std::to_string(bytes_) +
                               " bytes: " + std::generic_category().message(error)};
    }
    bytes_ += pending_.size();
    pending_.clear();
  }

  std::uint64_t lines() const { return lines_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t most_pending = 64 * 1024;

  void await_turn() {
    const auto seconds = static_cast<double>(lines_) / static_cast<double>(rate_);
    const auto due = start_ + static_cast<std::int64_t>(seconds * 1e9);
    const auto time = now();
    if (time >= due) return;
    flush();
    std::this_thread::sleep_for(std::chrono::nanoseconds{due - time});
  }

  int fd_;
  std::int64_t rate_;
  std::int64_t start_;
  std::string pending_;
  std::uint64_t lines_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

int source_command(const arguments& args) {
  std::ios::sync_with_stdio(false);  // lets std::cin tell what is already read
  source_options o;
  po::options_description visible{"Options", 96, 56};
  o.place.add_to(visible);
  visible.add_options()  //
      ("rate", number(o.rate, "rate", 0, 1'000'000'000),
       "lines per second; 0: as fast as they come and the server takes them")  //
      ("help", "show this text");
  po::options_description all;
  all.add(visible).add_options()("file", po::value(&o.file));
  po::positional_options_description positional;
  positional.add("file", 1);
  if (parse(args, all, positional).count("help") != 0) {
    std::cout << about << visible;
    return exit_good;
  }

  input from{o.file};
  auto& lines = from.stream();
  const auto server = o.place.address();
  const auto connection = connect_to(resolve(server.host, server.port));
  const auto begin = now();
  line_sender sender{connection.get(), o.rate};
  for (std::string line; std::getline(lines, line);) {
    sender.add(line);
    // What is typed goes out at once; a file or a full pipe in large pieces.
    if (lines.rdbuf()->in_avail() <= 0) sender.flush();
  }
  sender.flush();
  from.check();
  const auto seconds = std::max(static_cast<double>(now() - begin) * 1e-9, 1e-9);
  std::cerr << "written: " << sender.lines() << " lines, " << sender.bytes() << " bytes in "
            << seconds << " s ("
            << static_cast<std::uint64_t>(static_cast<double>(sender.lines()) / seconds)
            << " lines/s); what became of them: skein status" << std::endl;
  return exit_good;
}

}  // namespace skein::cli
