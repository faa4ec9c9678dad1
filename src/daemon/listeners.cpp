#include "daemon/listeners.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "actors/base/log.hpp"
#include "io/address.hpp"
#include "options/daemon_options.hpp"

namespace skein {
namespace {

void check_socket(const std::string& path) {
  try {
    io::unix_endpoint(path);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error{"cannot listen on " + path + ": " + e.what()};
  }
}

}  // namespace

listeners::listeners(boost::asio::io_context& context, const std::vector<door>& doors,
                     std::size_t connections, events told)
    : context_(context), told_(std::move(told)) {
  std::vector<std::size_t> most;
  for (const door& d : doors) {
    if (!d.listen.empty()) most.push_back(d.max_connections);
  }
  const auto shared = std::make_shared<io::connection_places>(connections, std::move(most));
  std::size_t number = 0;
  for (const door& d : doors) {
    if (!d.listen.empty()) {
      all_.push_back({&d, shared, number++});
      if (d.listen == no_door) continue;
      all_.back().at = std::make_unique<io::acceptor>(context, d.listen, d.default_port,
                                                      on_accept(d), on_error(), d.watch);
    } else if (!d.socket.empty()) {
      check_socket(d.socket);
      all_.push_back({&d,
                      std::make_shared<io::connection_places>(
                          d.max_connections, std::vector<std::size_t>{d.max_connections}),
                      0});
    }
  }
}

void listeners::start() {
  for (listener& l : all_) {
    const door& d = *l.which;
    if (!d.socket.empty()) {
      l.at = std::make_unique<io::acceptor>(context_, std::filesystem::path{d.socket}, on_accept(d),
                                            on_error());
    } else if (l.at) {
      log::info("connections", {{"door", d.name}, {"most", l.places->most(l.number)}});
    }
  }
  for (const listener& l : all_) {
    if (!l.at) continue;
    l.at->admit(admission_of(l));
    l.at->start();
    for (const auto& address : l.at->addresses()) {
      log::info("listening", {{"door", l.which->name}, {"address", address}});
    }
  }
}

void listeners::stop() {
  for (const listener& l : all_) {
    if (l.at) l.at->stop();
  }
}

const io::acceptor* listeners::at(const door& which) const {
  const auto found = std::find_if(all_.begin(), all_.end(),
                                  [&](const listener& l) { return l.which->name == which.name; });
  return found == all_.end() ? nullptr : found->at.get();
}

io::acceptor::on_accept listeners::on_accept(const door& which) {
  return [this, name = which.name](auto connection) {
    told_.let_in({name, std::move(connection)});
  };
}

io::acceptor::on_error listeners::on_error() {
  return [this](const std::string& why) {
    log::warn("cannot accept, trying again", {{"reason", why}});
    told_.count({{core::counter::accept_errors, 1}});
  };
}

io::acceptor::admission listeners::admission_of(const listener& l) {
  const door& which = *l.which;
  const auto refused = [this, &which] {
    if (const auto suppressed = lines_.pass(std::chrono::steady_clock::now())) {
      log::warn("connection refused, there are too many",
                {{"door", which.name}, {"suppressed", *suppressed}});
    }
    core::counts counted = which.refused;
    ++counted[core::counter::connections_refused];
    told_.count(counted);
  };
  return {[places = l.places, number = l.number] { return places->take(number); }, which.refusal,
          refused};
}

}  // namespace skein
