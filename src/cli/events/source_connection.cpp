#include "cli/events/source_connection.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace skein::cli {

namespace {

constexpr std::size_t most_of_one_read = 64 * 1024;
constexpr std::size_t most_untaken = 64 * 1024;
constexpr std::size_t longest_receipt = 4096;

using clock = std::chrono::steady_clock;

int milliseconds_until(time_point deadline) {
  if (deadline == time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now());
  return static_cast<int>(
      std::clamp<std::int64_t>(left.count(), 0, std::numeric_limits<int>::max()));
}

std::string words_of(int error) {
  return std::generic_category().message(error);
}

}  // namespace

source_connection::source_connection(const endpoint& server, const sending_options& options,
                                     std::function<void(const std::string&)> on_refused)
    : socket_{connect_to(server)},
      options_{options},
      on_refused_{std::move(on_refused)},
      begin_{clock::now()},
      progress_{begin_} {
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  if (options_.receipts) out_ = "ACK\n";
}

bool source_connection::may_read() const {
  // Nothing is sent before the server has answered that it gives receipts.
  if (input_ended_ || (options_.receipts && !ledger_.begun())) return false;
  return in_.size() < most_of_one_read || in_.find('\n') == in_.npos;
}

bool source_connection::waits_for_server() const {
  return !out_.empty() || (options_.receipts && (!ledger_.begun() || half_closed_));
}

bool source_connection::is_done() const {
  if (!input_ended_ || !in_.empty() || !out_.empty()) return false;
  return !options_.receipts || (half_closed_ && peer_ended_);
}

time_point source_connection::deadline(time_point due) const {
  if (options_.timeout.count() == 0 || !waits_for_server()) return due;
  return std::min(due, progress_ + options_.timeout);
}

void source_connection::send(int input, const char* input_name) {
  for (;;) {
    const auto due = send_lines();
    if (options_.receipts && input_ended_ && in_.empty() && out_.empty() && !half_closed_) {
      half_closed_ = true;
      progress_ = clock::now();
      ::shutdown(socket_.get(), SHUT_WR);
    }
    if (is_done()) return;
    const bool reads = may_read() && out_.size() < most_untaken;
    const auto wanted =
        static_cast<short>((peer_ended_ ? 0 : POLLIN) | (out_.empty() ? 0 : POLLOUT));
    std::array<pollfd, 2> polled{{{socket_.get(), wanted, 0}, {reads ? input : -1, POLLIN, 0}}};
    const bool was_waiting = waits_for_server();
    const auto until = deadline(due);
    if (::poll(polled.data(), polled.size(), milliseconds_until(until)) < 0 && errno != EINTR) {
      throw std::system_error{errno, std::generic_category(), "poll failed"};
    }
    if (polled[0].revents != 0 && !peer_ended_) read_receipts();
    if (polled[1].revents != 0) read_input(input, input_name);
    if (!was_waiting) progress_ = clock::now();
    if (options_.timeout.count() != 0 && waits_for_server() &&
        clock::now() >= progress_ + options_.timeout) {
      if (half_closed_ && ledger_.open() == 0) return;
      throw std::runtime_error{
          options_.receipts && !ledger_.begun()
              ? "the server does not answer that it gives receipts (see --no-receipts)"
              : "the server neither takes nor says anything any more (see --timeout)"};
    }
  }
}

void source_connection::read_input(int input, const char* input_name) {
  const auto before = in_.size();
  in_.resize(before + most_of_one_read);
  const auto read = ::read(input, in_.data() + before, most_of_one_read);
  const int error = errno;
  in_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(read, 0)));
  if (read < 0 && error != EINTR && error != EAGAIN) {
    throw std::runtime_error{std::string{"cannot read "} + input_name + ": " + words_of(error)};
  }
  if (read == 0) {
    input_ended_ = true;
    if (!in_.empty() && in_.back() != '\n') in_ += '\n';
  }
}

time_point source_connection::take_lines() {
  std::size_t begin = 0;
  auto due = time_point::max();
  while (out_.size() < most_untaken) {
    const auto end = in_.find('\n', begin);
    if (end == in_.npos) break;
    if (options_.rate != 0) {
      const auto seconds = static_cast<double>(lines_) / static_cast<double>(options_.rate);
      const auto turn = begin_ + std::chrono::nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
      if (turn > clock::now()) {
        due = turn;
        break;
      }
    }
    if (options_.receipts) ledger_.sent({in_.data() + begin, end - begin});
    out_.append(in_, begin, end + 1 - begin);
    ++lines_;
    begin = end + 1;
  }
  in_.erase(0, begin);
  return due;
}

time_point source_connection::send_lines() {
  for (;;) {
    const auto before = lines_;
    const auto due = take_lines();
    if (!out_.empty()) write();
    if (!out_.empty() || lines_ == before) return due;
  }
}

void source_connection::write() {
  const auto sent = ::send(socket_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    progress_ = clock::now();
    bytes_ += static_cast<std::size_t>(sent);
    out_.erase(0, static_cast<std::size_t>(sent));
  } else if (errno != EINTR && errno != EAGAIN) {
    throw std::runtime_error{"the connection broke: " + words_of(errno)};
  }
}

void source_connection::read_receipts() {
  std::array<char, most_of_one_read> bytes;
  const auto read = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
  if (read < 0) {
    if (errno == EINTR || errno == EAGAIN) return;
    throw std::runtime_error{"the connection broke: " + words_of(errno)};
  }
  progress_ = clock::now();
  if (read == 0) {
    peer_ended_ = true;
    if (options_.receipts && (!half_closed_ || ledger_.open() != 0)) {
      throw std::runtime_error{"the server has closed the connection"};
    }
    return;
  }
  if (!options_.receipts) return;
  told_.append(bytes.data(), static_cast<std::size_t>(read));
  std::size_t begin = 0;
  for (auto end = told_.find('\n'); end != told_.npos; end = told_.find('\n', begin)) {
    auto line = std::string_view{told_}.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (const auto refused = ledger_.told(line)) on_refused_(*refused);
    begin = end + 1;
  }
  told_.erase(0, begin);
  if (told_.size() > longest_receipt) ledger_.told(told_);
}

}  // namespace skein::cli
