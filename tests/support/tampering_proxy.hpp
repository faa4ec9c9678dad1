/// Stands between clients and a daemon and may change what passes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace skein::test {

class tampering_proxy {
 public:
  /// Gets what the daemon has sent to one of the clients and may change it.
  using tamper = std::function<void(std::string& bytes)>;

  /// Listens on a free port of 127.0.0.1 and serves in a thread of its own until destroyed.
  tampering_proxy(std::uint16_t daemon_port, tamper change);
  ~tampering_proxy();

  std::uint16_t port() const { return port_; }

 private:
  void serve();

  std::uint16_t daemon_port_;
  tamper change_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace skein::test
