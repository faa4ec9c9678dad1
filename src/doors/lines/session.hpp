/// Serves one connection of a user, by lines: learns who it is, then writes what it is told, and
/// takes acknowledgements.
///
/// What waits for a client is bounded by core/events/live_session, or, of a durable session, by its
/// feed, which lets the rest wait in the log.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "actors/base/interfaces.hpp"
#include "actors/base/io_unit.hpp"
#include "actors/events/interfaces.hpp"
#include "core/events/client_line.hpp"
#include "core/events/live_session.hpp"
#include "core/events/outbox.hpp"
#include "core/time.hpp"
#include "doors/event_feed.hpp"
#include "io/flow.hpp"
#include "io/line_framer.hpp"
#include "options/daemon_options.hpp"

namespace skein {

/// What all sessions share; lives as long as they do.
struct session_environment {
  client_options options;
  io::flow& flow;
  event_feeds feeds;
  statistics_actor statistics;
  io_unit* unit = nullptr;  ///< null in tests
};

struct session_state;

/// What the actor does, message by message.
class line_session final : public feed_client {
 public:
  using pointer = measured_actor<session_actor, session_state>*;

  line_session(pointer self, std::shared_ptr<const session_environment> environment,
               std::shared_ptr<io::stream> connection);

  void on_readable();
  void on_writable();
  void on_portion(const portion& message);
  void on_news(const session_news& news);
  void on_handshake_overdue();
  void on_replaced();
  void on_progress_due();
  void on_drain();
  void on_drain_overdue();

 private:
  using status = io::io_result::status;

  enum class phase : std::uint8_t { handshake, live, draining, ended };

  struct durable_client {
    core::outbox outbox;
    bool names_epochs;                  ///< it is told epochs, and acknowledges by them
    core::epoch_number told_epoch = 0;  ///< it knows that what comes is of this epoch
  };
  /// What is there for as long as the client is listened to.
  struct listening {
    io::line_framer lines;
    std::optional<durable_client> durable;
  };

  // --- what it says ---
  void read_lines();
  void read_first_line(std::string_view line);
  void read_on();
  void acknowledge(std::string_view line);
  std::string_view no_acknowledgement() const;

  // --- what it is told ---
  std::size_t tell(core::epoch_number epoch, std::string_view lines) override;
  std::size_t waiting() const override;
  void warn(std::string_view reason) override;
  void refuse(std::string_view reason) override;

  std::size_t write_live(std::string_view lines);
  std::size_t write_durable(std::string_view lines);
  bool tell_epoch(core::epoch_number epoch);
  std::size_t write_now(std::string_view lines, core::time_point now);
  void write_outbox(core::time_point now);
  std::string_view front() const;
  void count_overflow(const core::live_session::overflow& overflow);
  void await_writable();
  void watch(core::time_point deadline);
  void update_charge();

  void end(io::stream::ending how);
  void count(const core::counts& counted);

  durable_client* durable() const {
    return listening_ && listening_->durable ? &*listening_->durable : nullptr;
  }

  const pointer self_;
  const std::shared_ptr<const session_environment> environment_;
  owned_stream connection_;
  std::unique_ptr<listening> listening_;  ///< none once it is plain and live
  event_feed feed_;
  core::live_session live_;  ///< what waits, unless it is durable
  io::charge charge_;        ///< for what waits, and the hold on the sources
  phase where_ = phase::handshake;
  bool awaits_writable_ = false;
  bool watched_ = false;  ///< a `progress_due` is on its way
};

struct session_state {
  static inline const char* name = "session";

  std::optional<line_session> session;
};

session_actor::behavior_type session(line_session::pointer self,
                                     std::shared_ptr<const session_environment> environment,
                                     std::shared_ptr<io::stream> connection);

}  // namespace skein
