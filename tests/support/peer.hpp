/// The other end of a connection to the daemon: what a source or a client does with its socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "support/eventually.hpp"

namespace skein::test {

/// Every call that waits throws std::runtime_error when its time is over.
class peer {
 public:
  /// Connects to 127.0.0.1. `receive_buffer` in bytes: how much the kernel takes for a peer that
  /// does not read; 0 is the system's choice. `from` is the address it connects from.
  explicit peer(std::uint16_t port, int receive_buffer = 0, const char* from = "127.0.0.1");
  ~peer() { close(); }
  peer(peer&& other) noexcept;
  peer& operator=(peer&&) = delete;

  /// Its own address, e.g. "127.0.0.1:40123".
  const std::string& address() const { return address_; }

  void send(std::string_view bytes, std::chrono::milliseconds within = generous);
  /// Sends what the connection takes without a wait of more than `patience`; returns how much.
  std::size_t send_some(std::string_view bytes, std::chrono::milliseconds patience);

  /// Everything received so far.
  const std::string& received() const { return received_; }
  /// Forgets what was received, and returns it.
  std::string take_received();
  /// Forgets the first `text` among what was received, and nothing else.
  void forget(std::string_view text);
  /// Receives until `size` bytes have been received in all.
  const std::string& receive(std::size_t size, std::chrono::milliseconds within = generous);
  /// Receives until `text` is among it.
  const std::string& receive_until(std::string_view text,
                                   std::chrono::milliseconds within = generous);
  /// Receives to the end of the connection, which may be a reset.
  const std::string& receive_all(std::chrono::milliseconds within = generous);
  /// Receives what is there now.
  const std::string& receive_now();
  bool was_reset() const { return was_reset_; }

  void half_close();
  void reset();  ///< closes with RST
  /// Closes without a word to the other side, as a machine that loses its power. Takes rights;
  /// false without them.
  bool vanish();
  void close();

 private:
  enum class got { something, nothing, end };
  using time_point = std::chrono::steady_clock::time_point;
  got receive_some(time_point deadline);
  bool wait_for(short what, time_point deadline) const;

  int fd_ = -1;
  std::string address_;
  std::string received_;
  bool ended_ = false;
  bool was_reset_ = false;
};

/// A port of 127.0.0.1 that is taken as long as this lives.
class taken_port {
 public:
  taken_port();
  ~taken_port();
  taken_port(const taken_port&) = delete;
  taken_port& operator=(const taken_port&) = delete;
  std::uint16_t number() const { return number_; }

 private:
  int fd_;
  std::uint16_t number_ = 0;
};

/// Lets this process have as many connections as the system allows.
void allow_many_descriptors();

}  // namespace skein::test
