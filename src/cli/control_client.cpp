#include "cli/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <system_error>

#include "cli/command_line.hpp"
#include "cli/sockets.hpp"
#include "io/address.hpp"

namespace skein::cli {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Longest request, bytes without its end.
constexpr std::size_t longest_request = 4096;
/// No answer is nearly as long as this.
constexpr std::size_t longest_answer = 1 << 20;

/// One request and its answer.
class conversation {
 public:
  conversation(const std::filesystem::path& socket, milliseconds timeout)
      : socket_{socket.string()}, timeout_{timeout}, deadline_{steady_clock::now() + timeout} {
    connect();
  }

  std::string ask(const std::string& line) {
    // A daemon that has hung up may still have answered: if the request cannot be sent, the answer
    // shows it.
    send_all(connection_.get(), line + "\n");
    std::string answer;
    for (std::array<char, 4096> buffer; answer.size() < longest_answer;) {
      const auto size = receive(buffer.data(), buffer.size());
      if (size == 0) break;
      answer.append(buffer.data(), size);
      if (const auto end = answer.find('\n'); end != answer.npos) {
        answer.resize(end);
        return answer;
      }
    }
    if (answer.empty()) fail("closed the connection without an answer");
    return answer;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error{"the daemon at " + socket_ + " " + what};
  }

 private:
  void connect() {
    const auto address = [&] {
      try {
        return io::unix_endpoint(socket_);
      } catch (const std::runtime_error& e) {
        throw std::runtime_error{"cannot connect to " + socket_ + ": " + e.what()};
      }
    }();
    connection_ = descriptor{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    // Connecting may wait for as long as sending may: for room in the backlog.
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout_);
    const timeval limit{seconds.count(), (timeout_ - seconds).count() * 1000};
    ::setsockopt(connection_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(connection_.get(), address.data(), static_cast<socklen_t>(address.size())) == 0) {
      return;
    }
    if (errno == EAGAIN) fail_late();
    if (errno == ENOENT || errno == ECONNREFUSED) {
      throw std::runtime_error{"no daemon listens at " + socket_ +
                               " (see --directory and --config)"};
    }
    throw std::runtime_error{"cannot connect to " + socket_ + ": " +
                             std::generic_category().message(errno)};
  }

  /// How many bytes were received; 0 at the end.
  std::size_t receive(char* to, std::size_t size) {
    for (;;) {
      pollfd readable{connection_.get(), POLLIN, 0};
      const int ready = ::poll(&readable, 1, left());
      if (ready == 0 && left() == 0) fail_late();
      if (ready <= 0) continue;
      const auto received = ::recv(connection_.get(), to, size, 0);
      if (received >= 0) return static_cast<std::size_t>(received);
      if (errno != EINTR) return 0;
    }
  }

  /// Time until the deadline, ms; -1: none.
  int left() const {
    if (timeout_ == milliseconds::zero()) return -1;
    const auto rest = std::chrono::ceil<milliseconds>(deadline_ - steady_clock::now()).count();
    return static_cast<int>(
        std::clamp<milliseconds::rep>(rest, 0, std::numeric_limits<int>::max()));
  }

  [[noreturn]] void fail_late() const {
    fail("did not answer within " + std::to_string(timeout_.count()) + " ms");
  }

  std::string socket_;
  milliseconds timeout_;
  steady_clock::time_point deadline_;
  descriptor connection_;
};

}  // namespace

control_answer control_request(const std::filesystem::path& socket, const std::string& line,
                               milliseconds timeout) {
  if (line.size() > longest_request) {
    throw usage_error{"a request must not be longer than " + std::to_string(longest_request) +
                      " bytes"};
  }
  if (line.find('\n') != line.npos) throw usage_error{"a request must not have a line end in it"};

  conversation daemon{socket, timeout};
  control_answer answer;
  answer.text = daemon.ask(line);
  boost::json::error_code error;
  const auto parsed = boost::json::parse(answer.text, error);
  const auto* const values = error ? nullptr : parsed.if_object();
  const auto* const ok = values == nullptr ? nullptr : values->if_contains("ok");
  if (ok == nullptr || !ok->is_bool())
    daemon.fail("gave an answer that is no JSON object with \"ok\"");
  answer.values = *values;
  if (!ok->get_bool()) {
    const auto* const reason = values->if_contains("error");
    if (reason == nullptr || !reason->is_string()) daemon.fail("refused without a reason");
    throw std::runtime_error{std::string{reason->get_string()}};
  }
  return answer;
}

}  // namespace skein::cli
