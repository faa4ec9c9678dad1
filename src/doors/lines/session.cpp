#include "doors/lines/session.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/base/log.hpp"
#include "actors/base/log_exceptions.hpp"
#include "core/events/client_line.hpp"

namespace skein {

namespace {

using pointer = measured_actor<session_actor, session_state>*;
using phase = session_state::phase;
using status = io::io_result::status;
using ending = io::stream::ending;

/// Longest line of a client, bytes: three numbers of up to twenty digits.
constexpr std::size_t longest_line = 64;
/// What may wait for a durable session, bytes; the rest waits in the log. More than a round of the
/// replayer.
constexpr std::size_t durable_outbox = 1u << 20;
/// What a durable session keeps until a replay is done, bytes; rather than more it is replayed
/// again.
constexpr std::size_t most_kept = durable_outbox / 4;
/// How long a round of a replay is held at least, though others wait.
constexpr std::chrono::milliseconds patience{250};
/// How many stall timeouts without progress of anyone are enough.
constexpr int hopeless_after = 4;

void count(pointer self, const traffic& counted) {
  self->send(self->state.environment->statistics, report{counted});
}

void log_debug(pointer self, std::string_view message) {
  if (!log::enabled(log_level::debug)) return;
  log::debug(message, {{"peer", (*self->state.connection)->peer()}});
}

void end(pointer self, ending how) {
  session_state& state = self->state;
  if (state.user != core::no_user) self->send(state.environment->router, leave{state.user});
  if (state.durable) self->send(state.environment->replayer, stop_replay{});
  log_debug(self, "client ended");
  traffic last;
  last.clients_closed = 1;
  if (state.durable && state.durable->where == durable_state::stage::lagging) last.lags_ended = 1;
  last.handshakes_failed = state.where == phase::handshake ? 1 : 0;
  // What a durable session has not written stays in the log.
  last.dropped = state.durable ? 0 : state.outbox->lines();
  count(self, last);
  (*state.connection)->close(how);
  state.where = phase::ended;
  self->quit();
}

void refuse(pointer self, std::string_view reason) {
  // Not within a line that is half written.
  if (self->state.outbox->empty()) {
    (*self->state.connection)->write("ERR " + std::string{reason} + "\r\n");
  }
  end(self, ending::graceful);
}

void begin(pointer self, const core::introduction& said) {
  session_state& state = self->state;
  state.user = said.user;
  state.where = phase::live;
  log_debug(self, "client connected");
  if (!said.durable) {
    state.lines.reset();
    self->send(state.environment->router, join{said.user, 0, std::nullopt});
    return;
  }
  state.durable = std::make_unique<durable_state>();
  state.durable->names_epochs = said.names_epochs;
  state.outbox.emplace(core::outbox_options{durable_outbox, core::overflow_policy::drop_newest});
  open_inbox wanted{said.user, std::nullopt};
  if (said.beyond) wanted = {said.user, said.beyond->number, said.beyond->epoch};
  self->send(state.environment->recorder, wanted);
}

void acknowledge(pointer self, std::string_view line);
void write_error(pointer self, std::string_view reason);

std::string_view no_acknowledgement(const durable_state& durable) {
  return durable.names_epochs ? "an acknowledgement is A|, an epoch, a dot and a number"
                              : "an acknowledgement is A| and a number";
}

/// Reads lines: first who the client is, then what it acknowledges.
void read_lines(pointer self) {
  session_state& state = self->state;
  const auto space = state.lines->space();
  const io::io_result read = (*state.connection)->read(space.data, space.size);
  if (read.what == status::ended || read.what == status::failed) {
    end(self, ending::graceful);
    return;
  }
  if (read.what == status::ok) {
    std::vector<std::string> lines;
    bool too_long = false;
    // The framer goes with the handshake.
    state.lines->commit(
        read.bytes, [&](std::string_view l) { lines.emplace_back(l); }, [&] { too_long = true; });
    for (const std::string& line : lines) {
      if (state.where == phase::ended) return;
      if (state.where != phase::handshake) {
        if (state.durable) acknowledge(self, line);
        continue;
      }
      const core::introduction said = core::parse_first_line(line);
      if (said.wrong) {
        refuse(self, said.wrong);
        return;
      }
      if (said.durable && !state.environment->recorder) {
        refuse(self, "nothing is stored here, there are no durable sessions");
        return;
      }
      begin(self, said);
    }
    if (too_long && state.where == phase::handshake) {
      refuse(self, "the first line is too long");
      return;
    }
    if (state.where == phase::ended) return;
    if (too_long && state.durable) write_error(self, no_acknowledgement(*state.durable));
    if (state.where == phase::ended) return;
  }
  (*state.connection)->await_readable();
}

/// What a client says after its first line has no meaning; only its end has.
void read_on(pointer self) {
  std::array<char, 4096> ignored;
  const io::io_result read = (*self->state.connection)->read(ignored.data(), ignored.size());
  if (read.what == status::ended || read.what == status::failed) {
    end(self, ending::graceful);
  } else {
    (*self->state.connection)->await_readable();
  }
}

/// Brings the charge in line with the outbox.
void update_lag(pointer self) {
  session_state& state = self->state;
  const std::size_t size = state.outbox->size();
  state.lag.set(size + (state.holding ? state.environment->flow.high() : 0));
}

void overflow(pointer self, std::size_t dropped) {
  session_state& state = self->state;
  const client_options& options = state.environment->options;
  traffic counted;
  counted.overflows = 1;
  counted.dropped = dropped;
  count(self, counted);
  if (options.outbox.on_overflow != core::overflow_policy::disconnect) return;
  log::warn("client disconnected, it does not read",
            {{"peer", (*state.connection)->peer()}, {"pending_bytes", state.outbox->size()}});
  end(self, ending::abort);
}

/// The connection took bytes.
void progress(pointer self, std::size_t bytes, core::time_point now) {
  session_state& state = self->state;
  state.environment->flow.count_written(bytes);
  state.last_progress = now;
}

/// Waits for the connection to take more, and watches whether it does.
void wait_to_write(pointer self) {
  session_state& state = self->state;
  if (!std::exchange(state.waiting, true)) (*state.connection)->await_writable();
  if (!std::exchange(state.watched, true)) {
    self->delayed_send(self, state.environment->options.stall_timeout, progress_due{});
  }
}

/// Keeps what the connection does not take now.
void keep(pointer self, std::string_view rest, bool mid_line, core::time_point now) {
  session_state& state = self->state;
  const client_options& options = state.environment->options;
  const core::outbox::appended appended = state.outbox->append(rest, mid_line);
  if (appended.overflow) {
    overflow(self, appended.dropped);
    if (options.outbox.on_overflow == core::overflow_policy::disconnect) return;
  }
  if (state.outbox->size() > options.outbox.max_bytes / 2 &&
      now - state.last_progress < options.stall_timeout) {
    state.holding = true;
  }
  update_lag(self);
  if (!state.outbox->empty()) wait_to_write(self);
}

/// The text of a portion; valid until the next call on this thread.
std::string_view text_of(const portion& message) {
  const core::round& round = *message.of->round;
  const std::string_view text = round.in_one_piece(message.group);
  if (!text.empty()) return text;
  thread_local std::vector<char> gathered;
  const std::size_t size = round.size_of(message.group);
  if (gathered.size() < size) gathered.resize(size);
  round.copy_to(gathered.data(), message.group);
  return {gathered.data(), size};
}

void write_portion(pointer self, const portion& message) {
  session_state& state = self->state;
  if (state.where != phase::live) return;
  const std::string_view text = text_of(message);
  if (text.empty()) return;
  const auto now = self->clock().now();
  if (!state.outbox->empty()) {
    keep(self, text, false, now);
    return;
  }
  const io::io_result written = (*state.connection)->write(text);
  if (written.what == status::failed) {
    traffic counted;
    counted.dropped = static_cast<traffic::counter>(std::count(text.begin(), text.end(), '\n'));
    count(self, counted);
    end(self, ending::abort);
    return;
  }
  if (written.bytes != 0) progress(self, written.bytes, now);
  if (written.bytes != text.size()) {
    const bool mid_line = written.bytes != 0 && text[written.bytes - 1] != '\n';
    keep(self, text.substr(written.bytes), mid_line, now);
  }
}

// --- durable sessions ---

using stage = durable_state::stage;

/// Writes whole lines, or lets them wait as far as there is room. Returns how many bytes of them
/// the client has or will get; fewer only by whole lines. Ends the session if the connection has.
std::size_t write_durable(pointer self, std::string_view text) {
  session_state& state = self->state;
  std::size_t done = 0;
  if (state.outbox->empty()) {
    const io::io_result written = (*state.connection)->write(text);
    if (written.what == status::failed) {
      end(self, ending::abort);
      return 0;
    }
    done = written.bytes;
    if (done != 0) progress(self, done, self->clock().now());
  }
  if (done != text.size()) {
    const bool mid_line = done != 0 && text[done - 1] != '\n';
    const std::size_t before = state.outbox->size();
    state.outbox->append(text.substr(done), mid_line);
    done += state.outbox->size() - before;
    if (!std::exchange(state.waiting, true)) (*state.connection)->await_writable();
  }
  return done;
}

void write_error(pointer self, std::string_view reason) {
  std::string line = "ERR ";
  line += reason;
  line += core::text_of(self->state.environment->options.ending);
  write_durable(self, line);
}

void count_lag(pointer self, bool begins) {
  traffic counted;
  (begins ? counted.lags_begun : counted.lags_ended) = 1;
  count(self, counted);
}

void start_replay(pointer self) {
  session_state& state = self->state;
  durable_state& durable = *state.durable;
  if (durable.where == stage::lagging) count_lag(self, false);
  durable.where = stage::replaying;
  durable.replay_ticket = ++durable.last_ticket;
  durable.settled = false;
  const auto last = durable.cursor.last();
  self->send(state.environment->replayer, replay_wanted{state.user, durable.replay_ticket,
                                                        durable.upto, last.epoch, last.number});
}

/// Is told nothing until the client has taken what waits for it.
void lag(pointer self) {
  session_state& state = self->state;
  durable_state& durable = *state.durable;
  if (durable.where == stage::live || durable.where == stage::joining ||
      durable.where == stage::closing) {
    self->send(state.environment->router, leave{state.user});
  }
  if (durable.where != stage::live) self->send(state.environment->replayer, stop_replay{});
  if (durable.where != stage::lagging) count_lag(self, true);
  durable.where = stage::lagging;
  durable.kept.clear();
  durable.held.reset();
  if (state.outbox->empty()) start_replay(self);
}

core::sequence_number number_of(std::string_view line) {
  core::sequence_number number = 0;
  if (!line.empty() && line.front() == '+') line.remove_prefix(1);
  std::from_chars(line.data(), line.data() + line.size(), number);
  return number;
}

/// The highest number in `text`: that of its last line, unless numbers may fall.
core::sequence_number highest_number(std::string_view text, bool in_order) {
  if (in_order) {
    const std::size_t before = text.substr(0, text.size() - 1).rfind('\n');
    return number_of(before == std::string_view::npos ? text : text.substr(before + 1));
  }
  core::sequence_number highest = 0;
  while (!text.empty()) {
    highest = std::max(highest, number_of(text));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return highest;
}

/// Says that what comes is of `epoch`, to a client that names epochs. Returns whether it knows.
bool tell_epoch(pointer self, core::epoch_number epoch) {
  durable_state& durable = *self->state.durable;
  if (!durable.names_epochs || durable.told_epoch == epoch) return true;
  std::string line = "E|" + std::to_string(epoch);
  line += core::text_of(self->state.environment->options.ending);
  if (write_durable(self, line) != line.size()) return false;
  durable.told_epoch = epoch;
  return true;
}

/// Writes what was told. Returns whether the client has or will get all of it; else the session
/// lags, or has ended.
bool write_told(pointer self, core::epoch_number epoch, core::log_position upto,
                std::string_view text) {
  session_state& state = self->state;
  durable_state& durable = *state.durable;
  while (!durable.settled && !text.empty()) {
    // What was sent may not have been in the log yet when the replay began, or may have been lost
    // with the machine and come from a source again.
    durable.settled = !durable.cursor.covers(epoch, number_of(text));
    if (!durable.settled) text.remove_prefix(text.find('\n') + 1);
  }
  const bool knows_epoch = text.empty() || tell_epoch(self, epoch);
  const std::size_t done = text.empty() || !knows_epoch ? 0 : write_durable(self, text);
  if (state.where != phase::live) return false;
  if (done != 0) {
    const bool in_order = !state.environment->tells_late_events;
    durable.cursor.sent(epoch, highest_number(text.substr(0, done), in_order));
  }
  if (done != text.size()) {
    lag(self);
    return false;
  }
  durable.upto = std::max(durable.upto, upto);
  return true;
}

void write_replayed(pointer self, const portion& message) {
  session_state& state = self->state;
  durable_state& durable = *state.durable;
  core::log_position upto = message.of->upto;
  // The round goes on for others.
  if (durable.where == stage::closing) upto = std::min(upto, durable.live_from);
  if (!write_told(self, message.of->epoch, upto, text_of(message))) return;
  if (state.outbox->empty()) return;
  durable.held = message.of;
  durable.held_since = self->clock().now();
  if (!std::exchange(state.watched, true)) {
    self->delayed_send(self, state.environment->options.stall_timeout, progress_due{});
  }
}

void write_live(pointer self, core::epoch_number epoch, core::log_position upto,
                std::string_view text) {
  if (write_told(self, epoch, upto, text) && self->state.outbox->size() > durable_outbox / 2) {
    lag(self);
  }
}

void keep_live(pointer self, const portion& message) {
  durable_state& durable = *self->state.durable;
  const std::string_view text = text_of(message);
  durable.kept_bytes += text.size();
  if (durable.kept_bytes > most_kept) {
    lag(self);
  } else {
    durable.kept.push_back({message.of->epoch, message.of->upto, std::string{text}});
  }
}

void on_durable_portion(pointer self, const portion& message) {
  session_state& state = self->state;
  durable_state& durable = *state.durable;
  if (state.where != phase::live) return;
  if (message.ticket == durable.replay_ticket) {
    if (durable.where == stage::replaying || durable.where == stage::closing) {
      write_replayed(self, message);
    }
  } else if (message.ticket == durable.live_ticket) {
    if (durable.where == stage::live) {
      write_live(self, message.of->epoch, message.of->upto, text_of(message));
    } else if (durable.where == stage::closing) {
      keep_live(self, message);
    }
  }
}

/// Others do not wait any longer for a session that has held its round for `time`. Returns whether
/// it held one for less.
bool let_go(pointer self, std::chrono::milliseconds time) {
  durable_state& durable = *self->state.durable;
  if (!durable.held) return false;
  if (self->clock().now() < durable.held_since + time) return true;
  lag(self);
  return false;
}

void begin_live(pointer self) {
  session_state& state = self->state;
  durable_state& durable = *state.durable;
  durable.upto = std::max(durable.upto, durable.live_from);
  durable.where = stage::live;
  for (const auto& kept : std::exchange(durable.kept, {})) {
    if (state.where != phase::live || durable.where != stage::live) return;
    write_live(self, kept.epoch, kept.upto, kept.text);
  }
}

void on_news(pointer self, const session_news& news) {
  session_state& state = self->state;
  durable_state& durable = *state.durable;
  using kind = session_news::kind;
  if (state.where != phase::live) return;
  const bool of_replay = news.ticket == durable.replay_ticket;
  switch (news.what) {
    case kind::opened:
      durable.cursor = core::session_cursor{{news.epoch, news.number}};
      if (!news.text.empty()) write_error(self, news.text);
      if (state.where != phase::live) break;
      start_replay(self);
      break;
    case kind::missing:
      if (of_replay) write_error(self, news.text);
      break;
    case kind::at_head:
      if (!of_replay || durable.where != stage::replaying) break;
      durable.upto = std::max(durable.upto, news.position);
      durable.where = stage::joining;
      durable.live_ticket = ++durable.last_ticket;
      self->send(state.environment->router, join{state.user, durable.live_ticket, durable.upto});
      break;
    case kind::joined:
      if (news.ticket != durable.live_ticket || durable.where != stage::joining) break;
      durable.where = stage::closing;
      durable.live_from = news.position;
      durable.kept_bytes = 0;
      self->send(state.environment->replayer, replay_until{news.position});
      break;
    case kind::done:
      if (of_replay && durable.where == stage::closing) begin_live(self);
      break;
    case kind::failed:
      if (durable.where == stage::opening || of_replay) refuse(self, news.text);
      break;
    case kind::hurry:
      if (of_replay) let_go(self, patience);
      break;
  }
}

void acknowledge(pointer self, std::string_view line) {
  session_state& state = self->state;
  durable_state& durable = *state.durable;
  if (state.where == phase::ended) return;
  const auto said = core::parse_acknowledgement(line, durable.names_epochs);
  if (!said) {
    write_error(self, no_acknowledgement(durable));
    return;
  }
  switch (said->epoch ? durable.cursor.acknowledge({*said->epoch, said->number})
                      : durable.cursor.acknowledge(said->number)) {
    case core::session_cursor::outcome::moved: {
      const auto place = durable.cursor.acknowledged();
      self->send(state.environment->recorder, acknowledged{state.user, place.epoch, place.number});
      break;
    }
    case core::session_cursor::outcome::old:
      break;
    case core::session_cursor::outcome::beyond:
      write_error(self, "A|" + core::text_of(*said) + " is beyond what was sent, it is ignored");
      break;
  }
}

void write_outbox(pointer self) {
  session_state& state = self->state;
  const std::size_t max_bytes = state.environment->options.outbox.max_bytes;
  const auto now = self->clock().now();
  while (!state.outbox->empty()) {
    const io::io_result written = (*state.connection)->write(state.outbox->front());
    if (written.what == status::failed) {
      end(self, ending::abort);
      return;
    }
    if (written.what == status::would_block) break;
    state.outbox->written(written.bytes);
    progress(self, written.bytes, now);
    state.environment->flow.progressed(now);
  }
  const std::size_t size = state.outbox->size();
  if (state.durable) {
    if (size != 0) {
      if (!std::exchange(state.waiting, true)) (*state.connection)->await_writable();
      return;
    }
    state.durable->held.reset();
    if (state.where == phase::draining) {
      end(self, ending::graceful);
    } else if (state.durable->where == durable_state::stage::lagging) {
      start_replay(self);
    }
    return;
  }
  state.holding = size > (state.holding ? max_bytes / 4 : max_bytes / 2);
  update_lag(self);
  if (size != 0) {
    wait_to_write(self);
  } else if (state.where == phase::draining) {
    end(self, ending::graceful);
  }
}

void check_held_round(pointer self) {
  session_state& state = self->state;
  const auto timeout = state.environment->options.stall_timeout;
  if (state.where != phase::live || !let_go(self, timeout)) return;
  state.watched = true;
  self->scheduled_send(self, state.durable->held_since + timeout, progress_due{});
}

void check_progress(pointer self) {
  session_state& state = self->state;
  state.watched = false;
  if (state.durable) {
    check_held_round(self);
    return;
  }
  if (state.outbox->empty()) return;
  const auto now = self->clock().now();
  const auto stall_timeout = state.environment->options.stall_timeout;
  const io::flow& flow = state.environment->flow;
  if (now - state.last_progress >= stall_timeout && state.holding) {
    state.holding = false;
    update_lag(self);
  }
  const auto hopeless = hopeless_after * stall_timeout;
  if (flow.is_held_up_by_clients() && now - state.last_progress >= hopeless &&
      now - flow.last_progress() >= hopeless) {
    const bool disconnects =
        state.environment->options.outbox.on_overflow == core::overflow_policy::disconnect;
    overflow(self, disconnects ? 0 : state.outbox->drop_all());
    if (disconnects) return;
    update_lag(self);
  }
  if (!state.outbox->empty()) {
    wait_to_write(self);
  } else if (state.where == phase::draining) {
    end(self, ending::graceful);
  }
}

}  // namespace

session_actor::behavior_type session(pointer self,
                                     std::shared_ptr<const session_environment> environment,
                                     std::shared_ptr<io::stream> connection) {
  log_exceptions(self);
  session_state& state = self->state;
  state.outbox.emplace(environment->options.outbox);
  state.lag = io::charge{environment->flow};
  state.lines = std::make_unique<io::line_framer>(longest_line, 4 * longest_line);
  state.connection.emplace(std::move(connection), self->ctrl(), environment->unit);
  state.environment = std::move(environment);

  traffic opened;
  opened.clients_opened = 1;
  count(self, opened);
  (*state.connection)->await_readable();

  return {
      [self](readable) { self->state.lines ? read_lines(self) : read_on(self); },
      [self](writable) {
        self->state.waiting = false;
        write_outbox(self);
      },
      [self](const portion& message) {
        self->state.durable ? on_durable_portion(self, message) : write_portion(self, message);
      },
      [self](handshake_overdue) {
        if (self->state.where == phase::handshake) refuse(self, "no user was named in time");
      },
      [self](replaced) {
        self->state.user = core::no_user;  // the router has let it go
        end(self, ending::graceful);
      },
      [self](progress_due) { check_progress(self); },
      [self](const session_news& news) { on_news(self, news); },
      [self](drain) {
        session_state& s = self->state;
        const bool was_live = s.where == phase::live;
        s.where = phase::draining;
        if (s.outbox->empty() || !was_live) end(self, ending::graceful);
      },
      [self](drain_overdue) { end(self, ending::abort); },
  };
}

}  // namespace skein
