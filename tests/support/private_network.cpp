#include "support/private_network.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>

namespace skein::test {

namespace {

bool bring_up_loopback() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = ::ioctl(fd, SIOCSIFFLAGS, &loopback) == 0;
  ::close(fd);
  return up;
}

}  // namespace

bool within_private_network(const std::function<void()>& body) {
  bool had = false;
  std::thread{[&] {
    had = ::unshare(CLONE_NEWNET) == 0 && bring_up_loopback();
    if (had) body();
  }}.join();
  return had;
}

}  // namespace skein::test
