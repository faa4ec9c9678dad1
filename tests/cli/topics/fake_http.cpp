#include "cli/topics/fake_http.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <stdexcept>
#include <utility>

#include "io/http_reader.hpp"
#include "io/http_writer.hpp"
#include "support/http_reading.hpp"

namespace skein::cli::test {

fake_http::fake_http(answering answer)
    : answer_{std::move(answer)}, listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
      ::getsockname(listener_.get(), any, &size) != 0) {
    throw std::runtime_error{"cannot listen"};
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread{[this] { serve(); }};
}

fake_http::fake_http(std::vector<io::http_response> answers)
    : fake_http{[all = std::move(answers)](const io::http_request&, std::size_t nth) {
        return nth < all.size() ? std::optional{all[nth]} : std::nullopt;
      }} {}

fake_http::~fake_http() {
  ::shutdown(listener_.get(), SHUT_RDWR);  // ends the accept
  thread_.join();
  for (const auto& c : connections_) ::shutdown(c.get(), SHUT_RDWR);
  for (auto& t : threads_) t.join();
}

std::vector<std::string> fake_http::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

std::size_t fake_http::connections() const {
  const std::lock_guard lock{mutex_};
  return connections_.size();
}

void fake_http::serve() {
  for (;;) {
    descriptor accepted{::accept(listener_.get(), nullptr, nullptr)};
    if (accepted.get() < 0) return;
    const std::lock_guard lock{mutex_};
    connections_.push_back(std::move(accepted));
    threads_.emplace_back([this, fd = connections_.back().get()] { converse(fd); });
  }
}

void fake_http::converse(int fd) {
  io::http_reader reader;
  for (;;) {
    const auto what = reader.next();
    if (what == io::http_reader::result::more) {
      const auto space = reader.space_for_reading();
      const auto size = ::recv(fd, space.data, space.size, 0);
      if (size <= 0) break;
      reader.commit(static_cast<std::size_t>(size));
    } else if (what == io::http_reader::result::request) {
      const auto& request = reader.request();
      const std::lock_guard lock{mutex_};
      const auto nth = requests_.size();
      requests_.push_back(skein::test::name_of(request.method) + (" " + request.target) +
                          (request.body.empty() ? "" : " " + request.body));
      const auto answer = answer_(request, nth);
      if (!answer) break;
      std::string bytes;
      io::write_response(request.reply_form(), *answer, bytes);
      send_all(fd, bytes);
    } else {
      break;
    }
  }
  ::shutdown(fd, SHUT_RDWR);
}

io::http_response json_answer(unsigned status, std::string body) {
  io::http_response answer;
  answer.status = status;
  if (!body.empty()) answer.content_type = "application/json";
  answer.body = std::move(body);
  return answer;
}

io::http_response problem_answer(unsigned status, const std::string& title,
                                 const std::string& more_members) {
  return json_answer(status, "{\"type\":\"about:blank\",\"title\":\"" + title +
                                 "\",\"status\":" + std::to_string(status) + more_members + "}");
}

}  // namespace skein::cli::test
