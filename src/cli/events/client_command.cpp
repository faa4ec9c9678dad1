#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/daemon_place.hpp"
#include "cli/interruption.hpp"
#include "cli/maze/maze_race.hpp"
#include "cli/sockets.hpp"
#include "io/descriptors.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

constexpr const char* about = R"(usage: skein client [options] ID [ID...]

Connects as each of the users and prints what they get to standard output until
SIGINT, SIGTERM, the end of all connections, or a limit. With several IDs each
line is preceded by "ID: ". An ID is sent as it is. With --ack each ID has a
durable session that names epochs, unless it says otherwise (7, 7| and 7|. are
the same, 7|5 is as without --ack), and what was printed is acknowledged. Exit
status 1 if the server ended a connection or --timeout came before --count.

)";

struct client_options {
  door_place place{"client.listen", {}, 0, {}};
  std::int64_t count = 0;
  std::chrono::milliseconds timeout{0};
  bool acknowledges = false;
  std::vector<std::string> ids;
};

struct listener {
  std::string id;
  descriptor connection;
  std::string pending;  ///< a line whose end has not come
  std::string epoch;    ///< with a dot, if the server says which
  std::string last;     ///< number of the last event that was printed and not acknowledged
};

class printing_clients {
 public:
  explicit printing_clients(const client_options& o) : options_{o} {
    const auto address = o.place.address();
    const auto server = resolve(address.host, address.port);
    for (const auto& id : o.ids) {
      listeners_.push_back({id, connect_to(server, listeners_.size()), {}, {}, {}});
      send_all(listeners_.back().connection.get(), first_line(id) + "\n");
    }
  }

  int run() {
    const auto signals = stop_signals();
    std::vector<pollfd> polled{{signals.get(), POLLIN, 0}};
    for (const auto& l : listeners_) polled.push_back({l.connection.get(), POLLIN, 0});
    const auto deadline = options_.timeout.count() == 0
                              ? 0
                              : now() + std::chrono::nanoseconds{options_.timeout}.count();
    while (open_ends(polled)) {
      const auto left = deadline == 0 ? -1 : (deadline - now() + 999'999) / 1'000'000;
      if (deadline != 0 && left <= 0) return options_.count == 0 ? exit_good : exit_bad;
      if (::poll(polled.data(), polled.size(),
                 static_cast<int>(std::min<std::int64_t>(left, 1'000'000'000))) < 0 &&
          errno != EINTR) {
        throw std::runtime_error{"poll failed"};
      }
      if (polled[0].revents != 0) return exit_good;
      for (std::size_t i = 0; i < listeners_.size(); ++i) {
        if (polled[i + 1].revents == 0) continue;
        if (!read(listeners_[i])) polled[i + 1].fd = -1;
        if (enough() || std::ferror(stdout) != 0) return flush() ? exit_good : exit_bad;
      }
      if (!flush()) return exit_bad;
    }
    std::cerr << "the server ended the connection" << std::endl;
    return exit_bad;
  }

 private:
  std::string first_line(const std::string& id) const {
    const std::size_t bar = id.find('|');
    const bool open = bar == std::string::npos || bar + 1 == id.size();
    return options_.acknowledges && open ? id.substr(0, bar) + "|." : id;
  }

  /// Acknowledges what has been written out. Returns whether it has.
  bool flush() {
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return false;
    if (!options_.acknowledges) return true;
    for (listener& l : listeners_) {
      if (l.last.empty()) continue;
      // If the connection has ended, reading it says so.
      send_all(l.connection.get(), "A|" + l.epoch + std::exchange(l.last, {}) + "\n");
    }
    return true;
  }

  static bool open_ends(const std::vector<pollfd>& polled) {
    return std::any_of(polled.begin() + 1, polled.end(), [](const auto& p) { return p.fd >= 0; });
  }
  bool enough() const {
    return options_.count != 0 && printed_ >= static_cast<std::uint64_t>(options_.count);
  }

  bool read(listener& l) {
    const auto size = ::read(l.connection.get(), buffer_.data(), buffer_.size());
    if (size <= 0) return size < 0 && errno == EINTR;
    const std::string_view bytes{buffer_.data(), static_cast<std::size_t>(size)};
    for (std::size_t begin = 0; begin < bytes.size() && !enough();) {
      const auto end = bytes.find('\n', begin);
      if (end == std::string_view::npos) {
        l.pending += bytes.substr(begin);
        break;
      }
      l.pending += bytes.substr(begin, end - begin);
      print(l);
      begin = end + 1;
    }
    return true;
  }

  void print(listener& l) {
    if (!l.pending.empty() && l.pending.back() == '\r') l.pending.pop_back();
    if (options_.acknowledges && l.pending.rfind("E|", 0) == 0) {
      // What came before is acknowledged together with what follows.
      l.last.clear();
      l.epoch = l.pending.substr(2) + ".";
      l.pending.clear();
      return;
    }
    const std::size_t sign = l.pending.rfind("+", 0) == 0 ? 1 : 0;
    if (const std::size_t bar = l.pending.find('|');
        bar != std::string::npos && l.pending.rfind("ERR ", 0) != 0) {
      l.last = l.pending.substr(sign, bar - sign);
    }
    if (listeners_.size() > 1) std::fprintf(stdout, "%s: ", l.id.c_str());
    const auto text = terminal_ ? for_terminal(l.pending) : l.pending;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    l.pending.clear();
    ++printed_;
  }

  const client_options& options_;
  std::vector<listener> listeners_;
  std::array<char, 64 * 1024> buffer_{};
  std::uint64_t printed_ = 0;
  const bool terminal_ = ::isatty(STDOUT_FILENO) != 0;
};

}  // namespace

int client_command(const arguments& args) {
  client_options o;
  po::options_description visible{"Options", 96, 56};
  o.place.add_to(visible);
  visible.add_options()  //
      ("count", number(o.count, "count", 0, std::numeric_limits<std::int64_t>::max()),
       "end after this many lines; 0: never")                                       //
      ("timeout", duration(o.timeout, "timeout"), "end after this time; 0: never")  //
      ("ack", po::bool_switch(&o.acknowledges), "acknowledge what was printed")     //
      ("help", "show this text");
  po::options_description all;
  all.add(visible).add_options()("id", po::value(&o.ids));
  po::positional_options_description positional;
  positional.add("id", -1);
  if (parse(args, all, positional).count("help") != 0) {
    std::cout << about << visible;
    return exit_good;
  }
  if (o.ids.empty()) throw usage_error{"client needs at least one user ID"};
  io::raise_descriptor_limit();
  return printing_clients{o}.run();
}

}  // namespace skein::cli
