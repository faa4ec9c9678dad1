/// Connections that are closed, and read on until their peers have seen it.
///
/// A peer that is still sending when its connection is closed gets a reset, and with it loses what
/// it was answered (RFC 9112, 9.6): so only the sending side is closed at first, and what comes is
/// thrown away, within bounds. One of each I/O context; on its thread, but where it says otherwise.
#pragma once

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

namespace skein::io {

class connection;

class lingering final : public boost::asio::execution_context::service {
 public:
  static boost::asio::execution_context::id id;

  struct limits {
    std::chrono::milliseconds silent{5'000};  ///< longest time without a byte
    std::chrono::milliseconds all{30'000};    ///< longest time
    std::size_t most = 256;                   ///< connections; the oldest makes room
  };

  explicit lingering(boost::asio::execution_context& context);

  /// That of `context`.
  static lingering& of(boost::asio::execution_context& context);

  /// Before the first connection.
  void limit(const limits& by) { limits_ = by; }

  /// `closed` sends no more. From any thread.
  void take(std::shared_ptr<connection> closed);

  /// Ends all of them, and those to come at once. From any thread.
  void end();

  std::size_t size() const { return all_.size(); }

 private:
  using clock = std::chrono::steady_clock;
  struct entry {
    std::shared_ptr<connection> closed;
    clock::time_point heard;  ///< last
    clock::time_point until;
  };
  using place = std::list<entry>::iterator;

  void shutdown() override { all_.clear(); }
  void begin(std::shared_ptr<connection> closed);
  void await(const std::shared_ptr<connection>& closed, place at);
  void drop(place at);
  void watch();

  boost::asio::io_context& context_;
  limits limits_;
  std::list<entry> all_;  ///< in the order in which they came
  boost::asio::steady_timer timer_;
  bool watching_ = false;
  bool ended_ = false;
};

}  // namespace skein::io
