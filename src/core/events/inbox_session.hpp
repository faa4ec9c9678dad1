/// A durable session: brings a user everything from where its inbox stands, each event once and in
/// order, by a replay of the log and then by the router, however often its client lags.
///
///                  opened           at_head          joined          done
///     opening ─────────▶ replaying ─────────▶ joining ─────▶ closing ─────▶ live
///                            ▲                                                │
///                            └──────────────── lagging ◀──────────────────────┘
///                               all is written          also from replaying and closing
///
/// It never overflows and never slows the sources. When it lags it leaves the router; when nothing
/// waits for its client any more, the log is replayed to it from where it stopped.
///
/// Each replay and each join has a ticket. What comes with a ticket of the past was still on its
/// way, and is ignored.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/client_line.hpp"
#include "core/events/event.hpp"
#include "core/events/session_cursor.hpp"
#include "core/time.hpp"

namespace skein::core {

struct inbox_options {
  /// Bytes that may wait for the client; the rest waits in the log. More than a round of a replay.
  std::size_t room = 1u << 20;
  /// Bytes that the router has told and that wait for the replay to be done.
  std::size_t most_kept = (1u << 20) / 4;
  /// Longest time for which a round of a replay is held.
  std::chrono::milliseconds stall_timeout{500};
  /// The same, while others wait for the replay to end.
  std::chrono::milliseconds patience{250};
  bool in_order = true;  ///< numbers rise within an epoch
};

class inbox_session {
 public:
  enum class stage : std::uint8_t {
    opening,    ///< waits for its place
    replaying,  ///< gets what it has missed
    joining,    ///< has it, and waits for the router to take it
    closing,    ///< gets what has come between, and keeps what the router tells
    live,       ///< the router tells it
    lagging,    ///< nobody tells it until nothing waits for its client
    ended,
  };

  /// What it wants done. `write`, `warn` and `refuse` may call `end`.
  class intents {
   public:
    virtual ~intents() = default;

    /// Answered by `opened`. The client has everything up to `beyond`, if it says so.
    virtual void open(const std::optional<named_position>& beyond) = 0;
    /// The user has everything up to here.
    virtual void record(session_cursor::place upto) = 0;

    /// What the user has missed: from `from` on, but nothing up to `after`. Answered by `told`,
    /// then `at_head`.
    virtual void replay(ticket_number ticket, log_position from, session_cursor::place after) = 0;
    /// The rest of the replay, up to here. Answered by `told`, then `done`.
    virtual void replay_until(log_position position) = 0;
    virtual void stop_replay() = 0;

    /// To be told everything from a position on that the router says: `joined`, then `told`.
    virtual void join(ticket_number ticket, log_position from) = 0;
    virtual void leave() = 0;

    /// Whole lines of `epoch` for the client: to be written, or to wait. Returns how many bytes of
    /// them the client has or will get; fewer than all only by whole lines.
    virtual std::size_t write(epoch_number epoch, std::string_view lines) = 0;
    /// Bytes that wait to be written.
    virtual std::size_t waiting() const = 0;
    /// The client should know.
    virtual void warn(std::string_view reason) = 0;
    /// The session cannot go on.
    virtual void refuse(std::string_view reason) = 0;

    virtual void lag_begins() = 0;
    virtual void lag_ends() = 0;
  };

  /// Both outlive it.
  inbox_session(intents& out, const inbox_options& options) : out_(out), options_(options) {}

  // --- what others say ---

  void begin(const std::optional<named_position>& beyond) { out_.open(beyond); }

  /// The user has everything up to `place`. `warning`, unless empty: it is not as it was asked for.
  void opened(session_cursor::place place, std::string_view warning);

  /// Part of what is to be replayed cannot be.
  void missing(ticket_number ticket, std::string_view reason);

  /// Everything up to `position` has been replayed.
  void at_head(ticket_number ticket, log_position position);

  /// The router tells everything from `position` on.
  void joined(ticket_number ticket, log_position position);

  /// The replay has come to the position that was asked for.
  void done(ticket_number ticket);

  /// It cannot go on.
  void failed(ticket_number ticket, std::string_view reason);

  /// Others wait for the replay to end.
  void hurry(ticket_number ticket, time_point now);

  /// Whether what is told with this ticket matters now.
  bool awaits(ticket_number ticket) const;

  /// Whole lines of `epoch`; with them it has been told everything up to `upto`. Returns whether
  /// the round they come from has to be held until `holds_round` is false.
  bool told(ticket_number ticket, epoch_number epoch, log_position upto, std::string_view lines,
            time_point now);

  // --- what the client does ---

  /// Nothing waits to be written any more.
  void all_written();

  /// The client has everything up to here.
  session_cursor::outcome acknowledge(const named_position& said);

  /// Leaves router and replay. Nothing is asked for afterwards.
  void end();

  /// The same, if the router has already let the session go.
  void replaced();

  // --- time ---

  /// The round of a replay is being written: the next one waits for it.
  bool holds_round() const { return held_since_.has_value(); }

  /// When to `look`, or `never`.
  time_point next_deadline() const {
    return held_since_ ? *held_since_ + options_.stall_timeout : never;
  }

  /// Lets go of a round that has been held for too long.
  void look(time_point now) { let_go(now, options_.stall_timeout); }

  stage where() const { return where_; }

  /// Bytes of what the router has told while closing; at most `most_kept`.
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  struct kept_lines {
    epoch_number epoch;
    log_position upto;
    std::string text;
  };

  void start_replay();
  void lag();
  void let_go(time_point now, std::chrono::milliseconds time);
  bool write(epoch_number epoch, log_position upto, std::string_view lines);
  bool write_replayed(epoch_number epoch, log_position upto, std::string_view lines,
                      time_point now);
  void write_live(epoch_number epoch, log_position upto, std::string_view lines);
  void keep(epoch_number epoch, log_position upto, std::string_view lines);
  void drop_kept();

  bool is_of_replay(ticket_number ticket) const {
    return where_ != stage::ended && ticket == replay_ticket_;
  }

  intents& out_;
  const inbox_options& options_;
  session_cursor cursor_{{}};
  log_position upto_ = 0;       ///< everything before it has been sent
  log_position live_from_ = 0;  ///< the router tells everything from here on
  ticket_number replay_ticket_ = 0;
  ticket_number live_ticket_ = 0;
  ticket_number last_ticket_ = 0;
  stage where_ = stage::opening;
  bool settled_ = false;  ///< nothing that was sent can come any more
  /// What the router has told while closing. Its rounds are not held: everybody would wait.
  std::vector<kept_lines> kept_;
  std::size_t kept_bytes_ = 0;
  std::optional<time_point> held_since_;
};

}  // namespace skein::core
