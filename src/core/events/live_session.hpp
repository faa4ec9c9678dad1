/// What waits for a client whose session is not durable, and what that does to the sources.
///
/// What its connection does not take waits in the outbox, whose bound and policy make sure that a
/// client that does not read harms only itself. The sources wait for a client that reads, but too
/// slowly: once half of its outbox is full it holds the sources up, until a quarter is left, or
/// until it has taken nothing for the stall timeout. When the sources are held up and no client at
/// all has taken anything for four stall timeouts, the client overflows, whatever the size of its
/// outbox.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/events/outbox.hpp"
#include "core/time.hpp"

namespace skein::core {

class live_session {
 public:
  /// The state of the sources.
  struct flow_state {
    bool held_up_by_clients = false;
    time_point last_progress{};  ///< of any client that lags
  };

  struct overflow {
    bool happened = false;
    std::size_t dropped = 0;   ///< lines
    bool disconnects = false;  ///< the session ends
  };

  live_session(const outbox_options& options, std::chrono::milliseconds stall_timeout)
      : outbox_(options), stall_timeout_(stall_timeout) {}

  /// Whether nothing waits.
  bool empty() const { return outbox_.empty(); }
  /// Bytes that wait.
  std::size_t size() const { return outbox_.size(); }
  /// Lines that wait; one of which a part was written counts.
  std::size_t lines() const { return outbox_.lines(); }
  /// The bytes that are to be written next.
  std::string_view front() const { return outbox_.front(); }

  /// The connection has taken bytes of lines that did not wait.
  void took(time_point now) { last_progress_ = now; }

  /// The connection does not take these whole lines now; see `outbox::append`.
  overflow keep(std::string_view lines, bool mid_line, time_point now);

  /// The connection has taken this many bytes of `front()`.
  void written(std::size_t bytes, time_point now);

  /// It takes no more for now, or nothing is left.
  void end_of_writing();

  /// Both are called a stall timeout after something began to wait, and again for as long as
  /// something still waits. This one comes first: a client that makes no progress does not hold the
  /// sources up.
  void check_hold(time_point now);
  /// This one comes then, with the sources as they are without this client's hold: the client
  /// overflows if waiting is hopeless.
  overflow check_progress(time_point now, const flow_state& flow);

  bool holds_sources() const { return holds_; }

  /// Bytes that this client counts for in a flow whose high mark is `high`.
  std::size_t charge(std::size_t high) const { return size() + (holds_ ? high : 0); }

 private:
  bool disconnects() const { return outbox_.options().on_overflow == overflow_policy::disconnect; }

  outbox outbox_;
  time_point last_progress_{};  ///< last time the connection took bytes
  std::chrono::duration<std::uint32_t, std::milli> stall_timeout_;
  bool holds_ = false;
};

}  // namespace skein::core
