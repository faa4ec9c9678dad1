#include "cli/fake_control.hpp"

#include <sys/socket.h>

#include <stdexcept>
#include <utility>

#include "io/address.hpp"

namespace skein::cli::test {

fake_control::fake_control(std::string answer, manner how)
    : answer_{std::move(answer)},
      how_{how},
      listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  const auto address = io::unix_endpoint(socket());
  if (::bind(listener_.get(), address.data(), static_cast<socklen_t>(address.size())) != 0 ||
      ::listen(listener_.get(), 16) != 0) {
    throw std::runtime_error{"cannot listen"};
  }
  thread_ = std::thread{[this] { serve(); }};
}

fake_control::~fake_control() {
  ::shutdown(listener_.get(), SHUT_RDWR);  // ends the accept
  thread_.join();
}

std::vector<std::string> fake_control::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

void fake_control::serve() {
  for (;;) {
    descriptor accepted{::accept(listener_.get(), nullptr, nullptr)};
    if (accepted.get() < 0) return;
    if (how_ != manner::hangs_up) converse(accepted.get());
    if (how_ == manner::silent) kept_.push_back(std::move(accepted));
  }
}

void fake_control::converse(int fd) {
  std::string line;
  for (char byte = 0; ::recv(fd, &byte, 1, 0) == 1 && byte != '\n';) line += byte;
  {
    const std::lock_guard lock{mutex_};
    requests_.push_back(line);
  }
  send_all(fd, answer_);
}

}  // namespace skein::cli::test
