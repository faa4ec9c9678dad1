#include "cli/maze/maze_reader.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/maze/process_usage.hpp"

namespace skein::cli {

namespace {

constexpr std::int64_t millisecond = 1'000'000;
constexpr int longest_wait = 20;                         // ms
constexpr std::int64_t check_every = 200 * millisecond;  // between two looks for time-outs

std::string client_name(std::uint32_t user) {
  return "client " + std::to_string(user);
}

}  // namespace

maze_reader::maze_reader(maze_race& race)
    : race_{race},
      poll_{::epoll_create1(EPOLL_CLOEXEC)},
      buffer_(static_cast<std::size_t>(race.options.read_buffer)) {}

void maze_reader::add(descriptor connection, std::size_t client) {
  clients_.push_back({std::move(connection), stream_verifier{race_.script, client}, 0, false});
  if (clients_.back().verifier.complete()) {
    clients_.back().complete = true;
  } else {
    race_.clients_left.fetch_add(1);
  }
}

void maze_reader::run() {
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    // Edge-triggered: a read that does not fill the buffer has emptied the socket.
    epoll_event wanted{};
    wanted.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    wanted.data.u64 = i;
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, clients_[i].connection.get(), &wanted) != 0) {
      race_.fail("epoll_ctl: " + std::generic_category().message(errno));
    }
  }
  std::array<epoll_event, 512> ready{};
  std::int64_t settled_at = 0;
  auto next_check = now() + check_every;
  while (!race_.stopped()) {
    if (race_.options.read_pause != 0) {
      std::this_thread::sleep_for(std::chrono::microseconds{race_.options.read_pause});
    }
    const auto count =
        ::epoll_wait(poll_.get(), ready.data(), static_cast<int>(ready.size()), longest_wait);
    for (int i = 0; i < count && !race_.stopped(); ++i) {
      const auto& event = ready[static_cast<std::size_t>(i)];
      const bool ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
      read(clients_[event.data.u64], ended);
    }
    if (count == static_cast<int>(ready.size())) continue;
    const auto time = now();
    if (race_.clients_left.load() == 0 && race_.all_sent()) {
      if (settled_at == 0) settled_at = time + race_.options.settle_after.count() * millisecond;
      if (time >= settled_at) break;
    } else if (time >= next_check) {
      check_timeouts(time);
      next_check = time + check_every;
    }
  }
  report_unfinished_difference();
  cpu_time_ = thread_cpu_time();
}

void maze_reader::read(reading& client, bool ended) {
  for (;;) {
    const auto size = ::recv(client.connection.get(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return;
      race_.fail(client_name(client.verifier.user()) + ", line " +
                 std::to_string(client.verifier.lines() + 1) +
                 ": connection broke: " + std::generic_category().message(errno));
      return;
    }
    if (size == 0) {
      note_end(client.verifier);
      return;
    }
    take(client, static_cast<std::size_t>(size), now());
    if (race_.stopped()) return;
    if (static_cast<std::size_t>(size) < buffer_.size() && !ended) return;
  }
}

void maze_reader::note_end(const stream_verifier& v) {
  if (v.wrong()) {
    race_.fail(sentence_of(v.first_difference()));
    return;
  }
  const auto where = client_name(v.user()) + ", line " + std::to_string(v.lines() + 1) +
                     ": the server closed the connection";
  if (!v.complete()) {
    race_.fail(where + ", expected \"" + std::string{race_.script.line(v.next_event())} + "\"");
  } else if (race_.clients_left.load() != 0) {
    race_.fail(where + " while others were still served");
  }
}

void maze_reader::take(reading& client, std::size_t size, std::int64_t time) {
  const auto fed = client.verifier.feed(buffer_.data(), size);
  bytes_ += size;
  ++reads_;
  client.last_read = time;
  if (fed.count > 0) {
    const auto age = [&](std::uint32_t event) {
      return time - race_.sent_at(race_.script.batch_of(event));
    };
    // Each end of the read stands for half of its lines.
    latency_.record(age(fed.first_event), fed.count - fed.count / 2);
    if (fed.count > 1) latency_.record(age(fed.last_event), fed.count / 2);
    race_.lines_received.fetch_add(fed.count, std::memory_order_relaxed);
    race_.advance_frontier(fed.last_event);
  }
  if (client.verifier.wrong_line_ended()) {
    race_.fail(sentence_of(client.verifier.first_difference()));
  } else if (!client.complete && client.verifier.complete()) {
    client.complete = true;
    auto last = race_.finished_at.load();
    while (last < time && !race_.finished_at.compare_exchange_weak(last, time)) {
    }
    race_.clients_left.fetch_sub(1);
  }
}

void maze_reader::check_timeouts(std::int64_t time) {
  const auto timeout = race_.options.timeout.count();
  for (const auto& client : clients_) {
    const auto& v = client.verifier;
    if (v.complete()) continue;
    if (v.wrong()) {
      if (time - client.last_read > check_every) {
        race_.fail(sentence_of(v.first_difference()));
        return;
      }
      continue;
    }
    const auto event = v.next_event();
    const auto sent = race_.sent_at(race_.script.batch_of(event));
    if (sent == 0) continue;
    const auto waited = (time - std::max(sent, client.last_read)) / millisecond;
    if (timeout != 0 && waited > timeout) {
      race_.fail(client_name(v.user()) + ", line " + std::to_string(v.lines() + 1) +
                 ": nothing received for " + std::to_string(waited) + " ms, expected \"" +
                 std::string{race_.script.line(event)} + "\"");
      return;
    }
  }
}

void maze_reader::report_unfinished_difference() {
  for (const auto& client : clients_) {
    if (client.verifier.wrong()) race_.fail(sentence_of(client.verifier.first_difference()));
  }
}

}  // namespace skein::cli
