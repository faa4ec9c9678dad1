#include "cli/daemon_place.hpp"

#include <unistd.h>

#include <array>
#include <stdexcept>

#include "cli/command_line.hpp"
#include "config/invocation.hpp"

namespace skein::cli {

namespace po = boost::program_options;

namespace {

/// Without variables that the daemon does not know: the daemon itself complains about those.
config::environment variables_of_the_daemon() {
  const auto all = config::environment_of(environ);
  config::environment result;
  for (const auto& row : config::option_table()) {
    for (const auto& name : {row.variable(), row.legacy}) {
      if (const auto found = all.find(name); found != all.end()) result.insert(*found);
    }
  }
  return result;
}

/// An address that reaches a listener at `host` from this machine.
std::string reaching(const std::string& host) {
  const bool all = host.empty() || host == "0.0.0.0" || host == "::";
  return all || host == "localhost" ? "127.0.0.1" : host;
}

}  // namespace

void daemon_settings::add_to(po::options_description& options) {
  options.add_options()("config", po::value(&file_)->value_name("FILE"),
                        "the daemon's file, if it is not caf-application.conf of this directory");
}

const daemon_options& daemon_settings::get() const {
  if (read_ == nullptr) {
    const std::array<const char*, 3> words{"skein", "--config", file_.c_str()};
    read_ = std::make_shared<const daemon_options>(
        config::read(file_.empty() ? 1 : 3, words.data(), variables_of_the_daemon()).options);
  }
  return *read_;
}

void door_place::add_to(po::options_description& options) {
  options.add_options()  //
      ("host", po::value(&host)->value_name("HOST"), "where the daemon is, if not on this machine")(
          "port", optional_port(port, "port"), (std::string{"its "} + option).c_str());
  daemon.add_to(options);
}

io::host_port door_place::address() const {
  if (!host.empty() && port != 0) return {host, port};
  const auto listen = config::find_option(option)->kind.text(daemon.get());
  if (listen == no_door) {
    throw std::runtime_error{std::string{"the daemon's "} + option + " is " + no_door};
  }
  auto address = io::parse_address(listen, 0);
  if (port == 0 && address.port == 0) {
    throw std::runtime_error{std::string{"the daemon's "} + option +
                             " is any free port; say with --port which one it has"};
  }
  return {host.empty() ? reaching(address.host) : host, port == 0 ? address.port : port};
}

void store_place::add_to(po::options_description& options, bool with_socket) {
  options.add_options()("directory", po::value(&given_directory)->value_name("DIR"),
                        "the daemon's store.directory");
  if (with_socket) {
    options.add_options()("socket", po::value(&given_socket)->value_name("PATH"),
                          "its control.socket; with --directory it is DIR/control");
  }
  daemon.add_to(options);
}

std::string store_place::directory() const {
  return given_directory.empty() ? daemon.get().store.directory : given_directory;
}

std::filesystem::path store_place::socket() const {
  if (!given_socket.empty() && !given_directory.empty()) {
    throw usage_error{"--directory and --socket exclude each other"};
  }
  if (!given_socket.empty()) return given_socket;
  const std::filesystem::path usual{"control"};
  if (!given_directory.empty()) return given_directory / usual;
  const auto& set = daemon.get().control.socket;
  if (set == no_door) throw std::runtime_error{"the daemon's control.socket is none"};
  if (set != "auto") return set;
  return daemon.get().store.directory / usual;
}

}  // namespace skein::cli
