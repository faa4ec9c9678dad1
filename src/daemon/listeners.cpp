#include "daemon/listeners.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "io/address.hpp"

namespace skein {
namespace {

void check_socket(const std::string& path) {
  try {
    io::unix_endpoint(path);
  } catch (const std::runtime_error& e) {
    throw std::runtime_error{"cannot listen on " + path + ": " + e.what()};
  }
}

bool shares_places(const door& which) {
  return !which.listen.empty();
}

}  // namespace

listeners::listeners(boost::asio::io_context& context, const std::vector<door>& doors,
                     std::size_t connections, events told)
    : context_(context), told_(std::move(told)) {
  std::vector<std::size_t> most;
  for (const door& d : doors) {
    all_.push_back({&d, nullptr, most.size()});
    if (shares_places(d)) most.push_back(d.max_connections);
  }
  shared_ = std::make_unique<io::connection_places>(connections, std::move(most));
  for (listener& l : all_) {
    const door& d = *l.which;
    if (!d.socket.empty()) check_socket(d.socket);
    if (d.listen.empty() || d.listen == no_door) continue;
    accept_at(l, std::make_unique<io::acceptor>(
                     context, d.listen, d.default_port,
                     [this, &d](auto stream) {
                       told_.let_in({d.name, std::move(stream)});
                     },
                     [this](const std::string& why) { cannot_accept(why); }, d.watch));
  }
}

void listeners::accept_at(listener& l, std::unique_ptr<io::acceptor> at) {
  l.at = std::move(at);
  l.at->admit(admission_of(l));
}

io::acceptor::admission listeners::admission_of(const listener& l) {
  const door& which = *l.which;
  io::connection_places* from = shared_.get();
  std::size_t number = l.number;
  if (!shares_places(which)) {
    own_.push_back(std::make_unique<io::connection_places>(
        which.max_connections, std::vector<std::size_t>{which.max_connections}));
    from = own_.back().get();
    number = 0;
  }
  return {[from, number] { return from->take(number); }, which.refusal,
          [this, &which] { refused(which); }};
}

void listeners::start() {
  for (const listener& l : all_) {
    if (!shares_places(*l.which)) continue;
    log::info("connections", {{"door", l.which->name}, {"most", shared_->most(l.number)}});
  }
  for (listener& l : all_) {
    const door& d = *l.which;
    if (d.socket.empty()) continue;
    accept_at(l, std::make_unique<io::acceptor>(
                     context_, std::filesystem::path{d.socket},
                     [this, &d](auto stream) {
                       told_.let_in({d.name, std::move(stream)});
                     },
                     [this](const std::string& why) { cannot_accept(why); }));
  }
  for (const listener& l : all_) {
    if (!l.at) continue;
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

bool listeners::is_local(const door& which) const {
  const io::acceptor* const found = at(which);
  return !found || found->is_local();
}

std::vector<std::string> listeners::addresses(const door& which) const {
  const io::acceptor* const found = at(which);
  return found ? found->addresses() : std::vector<std::string>{};
}

void listeners::refused(const door& which) {
  if (const auto suppressed = lines_.pass(std::chrono::steady_clock::now())) {
    log::warn("connection refused, there are too many",
              {{"door", which.name}, {"suppressed", *suppressed}});
  }
  core::counts counted = which.refused;
  ++counted[core::counter::connections_refused];
  told_.count(counted);
}

void listeners::cannot_accept(const std::string& why) {
  log::warn("cannot accept, trying again", {{"reason", why}});
  told_.count({{core::counter::accept_errors, 1}});
}

}  // namespace skein
