/// The limit: the event plane as one thread and one epoll loop over the same core objects, without
/// actors, supervision, statistics or options. What it reaches is what the daemon is measured by.
///
///     limit SOURCE_PORT CLIENT_PORT
///
/// It serves the loopback address until it is killed, and trusts its clients.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/events/follower_graph.hpp"
#include "core/events/outbox.hpp"
#include "core/events/recipients.hpp"
#include "core/events/reorder_buffer.hpp"
#include "core/events/round.hpp"
#include "io/descriptors.hpp"
#include "io/event_decoder.hpp"

namespace {

using namespace skein;
using clock_type = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t high_mark = 64u << 20;
constexpr std::size_t low_mark = 48u << 20;

struct client {
  std::string first_line;
  core::user_id user = core::no_user;
  core::session_index index = 0;
  core::outbox waiting{core::outbox_options{1u << 30, core::overflow_policy::drop_newest}};
};

struct peer {
  int fd = -1;
  std::optional<io::event_decoder> source;
  std::optional<client> user;
};

int listen_on(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, SOMAXCONN) != 0) {
    std::perror("limit");
    std::exit(1);
  }
  return fd;
}

class server {
 public:
  server(int source_port, int client_port)
      : epoll_(epoll_create1(0)),
        source_door_(listen_on(source_port)),
        client_door_(listen_on(client_port)),
        order_(core::sequence_options{}, core::line_ending::crlf) {
    watch(source_door_, EPOLLIN, EPOLL_CTL_ADD);
    watch(client_door_, EPOLLIN, EPOLL_CTL_ADD);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> ready;
    for (;;) {
      const int count = epoll_wait(epoll_, ready.data(), ready.size(), timeout());
      for (int i = 0; i < count; ++i) {
        const int fd = ready[static_cast<std::size_t>(i)].data.fd;
        const auto events = ready[static_cast<std::size_t>(i)].events;
        if (fd == source_door_ || fd == client_door_) {
          accept_all(fd);
        } else if (peer& p = *peers_[static_cast<std::size_t>(fd)]; p.source) {
          read_events(p);
        } else {
          if (events & EPOLLOUT) write_waiting(p);
          if (events & ~static_cast<unsigned>(EPOLLOUT)) read_client(p);
        }
      }
      const auto now = clock_type::now();
      order_.advance(now, ordered_->block);
      route();
      if (!round_.empty() && next_flush_ - now <= 200us) flush();
    }
  }

 private:
  struct ordered {
    core::event_block block;
  };

  int timeout() const {
    if (round_.empty() && order_.next_deadline() == core::never) return -1;
    if (!round_.empty()) {
      const auto wait =
          std::chrono::duration_cast<std::chrono::milliseconds>(next_flush_ - clock_type::now());
      return std::max(0, static_cast<int>(wait.count()));
    }
    return 10;
  }

  void watch(int fd, unsigned events, int operation) {
    epoll_event e{};
    e.events = events;
    e.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &e);
  }

  void accept_all(int door) {
    for (;;) {
      const int fd = accept4(door, nullptr, nullptr, SOCK_NONBLOCK);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (peers_.size() <= static_cast<std::size_t>(fd)) {
        peers_.resize(static_cast<std::size_t>(fd) + 1);
      }
      auto& p = peers_[static_cast<std::size_t>(fd)] = std::make_unique<peer>();
      p->fd = fd;
      if (door == source_door_) {
        p->source.emplace(4096);
        sources_.push_back(fd);
      } else {
        p->user.emplace();
      }
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  void read_events(peer& p) {
    const auto space = p.source->space();
    const ssize_t n = recv(p.fd, space.data, space.size, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
      sources_.erase(std::find(sources_.begin(), sources_.end(), p.fd));
      drop(p.fd);
      return;
    }
    if (n < 0) return;
    const io::decoded_events decoded = p.source->commit(static_cast<std::size_t>(n));
    core::event_block& out = ordered_->block;
    out.text.reserve(out.text.size() + decoded.block.text.size() + decoded.block.events.size());
    out.events.reserve(out.events.size() + decoded.block.events.size());
    order_.push(decoded.block, 0, clock_type::now(), out);
    route();
  }

  void route() {
    const core::event_block& block = ordered_->block;
    if (block.events.empty()) return;
    for (std::size_t i = 0; i != block.events.size(); ++i) {
      graph_.prefetch_behind(block.events, i);
      const core::event& e = block.events[i];
      if (e.kind == core::event_kind::follow) graph_.follow(e.from, e.to);
      if (e.kind == core::event_kind::unfollow) graph_.unfollow(e.from, e.to);
      const std::string_view line = block.text_of(e);
      if (e.kind == core::event_kind::broadcast) {
        round_.broadcast(line);
      } else {
        core::for_each_recipient(e, graph_, [&](core::session_index s) { round_.add(s, line); });
      }
    }
    if (!round_.empty()) round_.keep(ordered_);
    ordered_ = std::make_shared<ordered>();
  }

  void flush() {
    const auto round = round_.seal();
    std::size_t writes = round->groups().size();
    for (std::uint32_t i = 0; i != round->groups().size(); ++i) {
      write_portion(*round, round->groups()[i].session, i);
    }
    if (round->broadcasts() != 0) {
      has_group_.assign(sessions_.size(), false);
      for (const auto& g : round->groups()) has_group_[g.session] = true;
      for (core::session_index s = 0; s != sessions_.size(); ++s) {
        if (!has_group_[s]) write_portion(*round, s, core::round::broadcasts_only);
      }
      writes = sessions_.size();
    }
    next_flush_ = clock_type::now() + std::min<std::chrono::microseconds>(10ms, 10us * writes);
  }

  void write_portion(const core::round& round, core::session_index session, std::uint32_t group) {
    const int fd = sessions_[session];
    if (fd < 0) return;
    client& c = *peers_[static_cast<std::size_t>(fd)]->user;
    std::string_view text = round.in_one_piece(group);
    if (text.empty()) {
      const std::size_t size = round.size_of(group);
      if (gathered_.size() < size) gathered_.resize(size);
      round.copy_to(gathered_.data(), group);
      text = {gathered_.data(), size};
    }
    std::size_t written = 0;
    if (c.waiting.empty()) {
      const ssize_t n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN) return;
      written = n < 0 ? 0 : static_cast<std::size_t>(n);
      if (written == text.size()) return;
      watch(fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
    c.waiting.append(text.substr(written), written != 0 && text[written - 1] != '\n');
    waiting_bytes_ += text.size() - written;
    if (waiting_bytes_ >= high_mark && !paused_) pause(true);
  }

  void write_waiting(peer& p) {
    core::outbox& waiting = p.user->waiting;
    while (!waiting.empty()) {
      const auto front = waiting.front();
      const ssize_t n = send(p.fd, front.data(), front.size(), MSG_NOSIGNAL);
      if (n < 0) return;
      waiting.written(static_cast<std::size_t>(n));
      waiting_bytes_ -= static_cast<std::size_t>(n);
      if (waiting_bytes_ < low_mark && paused_) pause(false);
    }
    watch(p.fd, EPOLLIN, EPOLL_CTL_MOD);
  }

  void pause(bool paused) {
    paused_ = paused;
    for (const int fd : sources_) watch(fd, paused ? 0u : unsigned{EPOLLIN}, EPOLL_CTL_MOD);
  }

  void read_client(peer& p) {
    std::array<char, 4096> bytes;
    const ssize_t n = recv(p.fd, bytes.data(), bytes.size(), 0);
    client& c = *p.user;
    if (n <= 0) {
      if (n < 0 && errno == EAGAIN) return;
      if (c.user != core::no_user) {
        graph_.disconnect(c.user, c.index);
        sessions_[c.index] = -1;
      }
      waiting_bytes_ -= c.waiting.size();
      drop(p.fd);
    } else if (c.user == core::no_user) {
      c.first_line.append(bytes.data(), static_cast<std::size_t>(n));
      const std::size_t end = c.first_line.find_first_of("\r\n");
      if (end == std::string::npos) return;
      c.user = core::parse_user(c.first_line.substr(0, end));
      c.first_line = {};
      c.index = static_cast<core::session_index>(sessions_.size());
      sessions_.push_back(p.fd);
      graph_.connect(c.user, c.index);
      round_.join(c.index);
    }
  }

  void drop(int fd) {
    peers_[static_cast<std::size_t>(fd)].reset();
    close(fd);
  }

  int epoll_;
  int source_door_;
  int client_door_;
  core::reorder_buffer order_;
  core::follower_graph graph_;
  core::round_builder round_;
  std::shared_ptr<ordered> ordered_ = std::make_shared<ordered>();
  std::vector<std::unique_ptr<peer>> peers_;  ///< by descriptor
  std::vector<int> sources_;
  std::vector<int> sessions_;  ///< descriptors by session index, -1 once ended
  std::vector<bool> has_group_;
  std::vector<char> gathered_;
  std::size_t waiting_bytes_ = 0;
  bool paused_ = false;
  clock_type::time_point next_flush_{};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: limit SOURCE_PORT CLIENT_PORT\n", stderr);
    return 2;
  }
  io::raise_descriptor_limit();
  std::signal(SIGPIPE, SIG_IGN);
  server{std::atoi(argv[1]), std::atoi(argv[2])}.run();
}
