#include "core/events/inbox_session.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/expects.hpp"

namespace skein::core {

namespace {

sequence_number number_of(std::string_view line) {
  sequence_number number = 0;
  if (!line.empty() && line.front() == '+') line.remove_prefix(1);
  std::from_chars(line.data(), line.data() + line.size(), number);
  return number;
}

/// The highest number in `text`: that of its last line, unless numbers may fall.
sequence_number highest_number(std::string_view text, bool in_order) {
  if (in_order) {
    const std::size_t before = text.substr(0, text.size() - 1).rfind('\n');
    return number_of(before == std::string_view::npos ? text : text.substr(before + 1));
  }
  sequence_number highest = 0;
  while (!text.empty()) {
    highest = std::max(highest, number_of(text));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return highest;
}

}  // namespace

void inbox_session::opened(session_cursor::place place, std::string_view warning) {
  if (where_ != stage::opening) return;
  cursor_ = session_cursor{place};
  if (!warning.empty()) out_.warn(warning);
  if (where_ == stage::opening) start_replay();
}

void inbox_session::start_replay() {
  if (where_ == stage::lagging) out_.lag_ends();
  where_ = stage::replaying;
  replay_ticket_ = ++last_ticket_;
  settled_ = false;
  out_.replay(replay_ticket_, upto_, cursor_.last());
}

void inbox_session::missing(ticket_number ticket, std::string_view reason) {
  if (is_of_replay(ticket)) out_.warn(reason);
}

void inbox_session::at_head(ticket_number ticket, log_position position) {
  if (!is_of_replay(ticket) || where_ != stage::replaying) return;
  upto_ = std::max(upto_, position);
  where_ = stage::joining;
  live_ticket_ = ++last_ticket_;
  out_.join(live_ticket_, upto_);
}

void inbox_session::joined(ticket_number ticket, log_position position) {
  if (ticket != live_ticket_ || where_ != stage::joining) return;
  where_ = stage::closing;
  live_from_ = position;
  out_.replay_until(position);
}

void inbox_session::done(ticket_number ticket) {
  if (!is_of_replay(ticket) || where_ != stage::closing) return;
  upto_ = std::max(upto_, live_from_);
  where_ = stage::live;
  const auto kept = std::exchange(kept_, {});
  kept_bytes_ = 0;
  for (const kept_lines& k : kept) {
    if (where_ != stage::live) return;
    write_live(k.epoch, k.upto, k.text);
  }
}

void inbox_session::failed(ticket_number ticket, std::string_view reason) {
  if (where_ == stage::opening || is_of_replay(ticket)) out_.refuse(reason);
}

void inbox_session::hurry(ticket_number ticket, time_point now) {
  if (is_of_replay(ticket)) let_go(now, options_.patience);
}

bool inbox_session::awaits(ticket_number ticket) const {
  const bool closing = where_ == stage::closing;
  if (ticket == replay_ticket_) return closing || where_ == stage::replaying;
  return ticket == live_ticket_ && (closing || where_ == stage::live);
}

bool inbox_session::told(ticket_number ticket, epoch_number epoch, log_position upto,
                         std::string_view lines, time_point now) {
  if (!awaits(ticket)) return false;
  if (ticket == replay_ticket_) return write_replayed(epoch, upto, lines, now);
  if (where_ == stage::live) {
    write_live(epoch, upto, lines);
  } else {
    keep(epoch, upto, lines);
  }
  return false;
}

bool inbox_session::write_replayed(epoch_number epoch, log_position upto, std::string_view lines,
                                   time_point now) {
  // The round goes on for others.
  if (where_ == stage::closing) upto = std::min(upto, live_from_);
  if (!write(epoch, upto, lines) || out_.waiting() == 0) return false;
  held_since_ = now;
  return true;
}

void inbox_session::write_live(epoch_number epoch, log_position upto, std::string_view lines) {
  if (write(epoch, upto, lines) && out_.waiting() > options_.room / 2) lag();
}

void inbox_session::keep(epoch_number epoch, log_position upto, std::string_view lines) {
  if (kept_bytes_ + lines.size() > options_.most_kept) {
    lag();
  } else {
    kept_bytes_ += lines.size();
    kept_.push_back({epoch, upto, std::string{lines}});
  }
}

/// Returns whether the client has or will get all of it; else the session lags, or has ended.
bool inbox_session::write(epoch_number epoch, log_position upto, std::string_view lines) {
  while (!settled_ && !lines.empty()) {
    // What was sent may not have been in the log yet when the replay began, or may have been lost
    // with the machine and come from a source again.
    settled_ = !cursor_.covers(epoch, number_of(lines));
    if (!settled_) lines.remove_prefix(lines.find('\n') + 1);
  }
  const std::size_t written = lines.empty() ? 0 : out_.write(epoch, lines);
  expects(written == 0 || lines[written - 1] == '\n', "a client gets whole lines");
  if (where_ == stage::ended) return false;
  if (written != 0) {
    cursor_.sent(epoch, highest_number(lines.substr(0, written), options_.in_order));
  }
  if (written != lines.size()) {
    lag();
    return false;
  }
  upto_ = std::max(upto_, upto);
  return true;
}

/// Is told nothing until the client has taken what waits for it.
void inbox_session::lag() {
  const bool is_member =
      where_ == stage::live || where_ == stage::joining || where_ == stage::closing;
  if (is_member) out_.leave();
  if (where_ != stage::live) out_.stop_replay();
  if (where_ != stage::lagging) out_.lag_begins();
  where_ = stage::lagging;
  drop_kept();
  held_since_.reset();
  if (out_.waiting() == 0) start_replay();
}

void inbox_session::drop_kept() {
  kept_.clear();
  kept_bytes_ = 0;
}

void inbox_session::let_go(time_point now, std::chrono::milliseconds time) {
  if (held_since_ && now >= *held_since_ + time) lag();
}

void inbox_session::all_written() {
  held_since_.reset();
  if (where_ == stage::lagging) start_replay();
}

session_cursor::outcome inbox_session::acknowledge(const named_position& said) {
  const auto outcome = said.epoch
                           ? cursor_.acknowledge(session_cursor::place{*said.epoch, said.number})
                           : cursor_.acknowledge(said.number);
  if (outcome == session_cursor::outcome::moved) out_.record(cursor_.acknowledged());
  return outcome;
}

void inbox_session::end() {
  if (where_ == stage::ended) return;
  out_.leave();
  replaced();
}

void inbox_session::replaced() {
  if (where_ == stage::ended) return;
  if (where_ == stage::lagging) out_.lag_ends();
  where_ = stage::ended;
  drop_kept();
  held_since_.reset();
  out_.stop_replay();
}

}  // namespace skein::core
