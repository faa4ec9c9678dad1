#include "cli/maze/maze_sender.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/maze/process_usage.hpp"

namespace skein::cli {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t least_pause = 200'000;       // ns between two paced writes
constexpr std::int64_t window_pause = 100'000;      // ns between two looks at the frontier
constexpr std::int64_t longest_pause = 50'000'000;  // ns between two looks at a stopped race
constexpr std::size_t most_pieces = 256;            // of one write

void pause(std::int64_t nanoseconds) {
  std::this_thread::sleep_for(std::chrono::nanoseconds{nanoseconds});
}

}  // namespace

maze_sender::maze_sender(maze_race& race, descriptor connection, std::size_t index)
    : race_{race},
      connection_{std::move(connection)},
      stride_{static_cast<std::size_t>(race.options.sources)},
      next_{index} {}

void maze_sender::interrupt() {
  ::shutdown(connection_.get(), SHUT_RDWR);
}

bool maze_sender::allowed(std::size_t batch) const {
  if (stride_ == 1 || race_.options.window == 0) return true;
  const auto end = std::int64_t{race_.script.end_event(batch)};
  return race_.frontier() >= race_.script.last_told(end - 1 - race_.options.window);
}

std::int64_t maze_sender::due(std::size_t batch) const {
  if (race_.options.rate == 0) return 0;
  const auto seconds = static_cast<double>(race_.script.first_event(batch)) /
                       static_cast<double>(race_.options.rate);
  return start_ + static_cast<std::int64_t>(seconds * static_cast<double>(second));
}

void maze_sender::run(std::int64_t start) {
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  start_ = start;
  while (next_ < race_.script.batches() && !race_.stopped()) {
    await_turn();
    if (race_.stopped()) break;
    gather();
    if (!write_gathered()) break;
  }
  // A maze that is lost ends at once; one that may be won ends its stream in good form.
  if (!race_.stopped()) ::shutdown(connection_.get(), SHUT_WR);
  cpu_time_ = thread_cpu_time();
}

void maze_sender::await_turn() {
  const auto turn = due(next_);
  if (turn != 0) {
    const auto wake = std::max(turn, last_write_ + least_pause);
    for (auto time = now(); time < wake && !race_.stopped(); time = now()) {
      pause(std::min(wake - time, longest_pause));
    }
  }
  while (!allowed(next_) && !race_.stopped()) pause(window_pause);
}

void maze_sender::gather() {
  const auto time = now();
  const auto most_bytes = static_cast<std::size_t>(race_.options.slice);
  std::size_t bytes = 0;
  pieces_.clear();
  gathered_events_ = 0;
  do {
    const auto text = race_.script.batch_text(next_);
    auto* const begin = const_cast<char*>(text.data());  // iovec serves reads and writes alike
    if (!pieces_.empty() &&
        static_cast<char*>(pieces_.back().iov_base) + pieces_.back().iov_len == begin) {
      pieces_.back().iov_len += text.size();
    } else {
      pieces_.push_back({begin, text.size()});
    }
    race_.mark_sent(next_, time);
    bytes += text.size();
    gathered_events_ += race_.script.end_event(next_) - race_.script.first_event(next_);
    if (const auto turn = due(next_); turn != 0) lag_ = std::max(lag_, time - turn);
    next_ += stride_;
  } while (!race_.options.flush_batches && next_ < race_.script.batches() &&
           pieces_.size() < most_pieces &&
           bytes + race_.script.batch_text(next_).size() <= most_bytes && due(next_) <= time &&
           allowed(next_));
  if (first_write_ == 0) first_write_ = time;
  last_write_ = time;
}

bool maze_sender::write_gathered() {
  auto* piece = pieces_.data();
  auto* const end = piece + pieces_.size();
  while (piece != end) {
    msghdr message{};
    message.msg_iov = piece;
    message.msg_iovlen = static_cast<std::size_t>(end - piece);
    const auto sent = ::sendmsg(connection_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      const auto error = errno;
      race_.fail("a source connection broke after " + std::to_string(race_.events_sent.load()) +
                 " events: " + std::generic_category().message(error));
      return false;
    }
    auto left = static_cast<std::size_t>(sent);
    for (; piece != end && left >= piece->iov_len; ++piece) left -= piece->iov_len;
    if (piece != end) {
      piece->iov_base = static_cast<char*>(piece->iov_base) + left;
      piece->iov_len -= left;
    }
  }
  race_.events_sent.fetch_add(gathered_events_, std::memory_order_relaxed);
  return true;
}

}  // namespace skein::cli
