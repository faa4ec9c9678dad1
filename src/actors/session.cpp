#include "actors/session.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/log.hpp"
#include "actors/log_exceptions.hpp"
#include "core/event_line.hpp"

namespace skein {

namespace {

using pointer = session_actor::stateful_pointer<session_state>;
using phase = session_state::phase;
using status = io::io_result::status;
using ending = io::stream::ending;

/// Longest first line, bytes: a sign and twenty digits, and some zeros.
constexpr std::size_t longest_first_line = 64;
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
  log_debug(self, "client ended");
  traffic last;
  last.clients_closed = 1;
  last.handshakes_failed = state.where == phase::handshake ? 1 : 0;
  last.dropped = state.outbox->lines();
  count(self, last);
  (*state.connection)->close(how);
  self->quit();
}

void refuse(pointer self, std::string_view reason) {
  (*self->state.connection)->write("ERR " + std::string{reason} + "\r\n");
  end(self, ending::graceful);
}

void begin(pointer self, core::user_id user) {
  session_state& state = self->state;
  state.user = user;
  state.where = phase::live;
  state.first_line.reset();
  self->send(state.environment->router, join{user});
  log_debug(self, "client connected");
}

void read_first_line(pointer self) {
  session_state& state = self->state;
  const auto space = state.first_line->space();
  const io::io_result read = (*state.connection)->read(space.data, space.size);
  if (read.what == status::ended || read.what == status::failed) {
    end(self, ending::graceful);
    return;
  }
  if (read.what == status::ok) {
    std::optional<std::string> line;
    bool too_long = false;
    state.first_line->commit(
        read.bytes,
        [&](std::string_view l) {
          if (!line) line = l;
        },
        [&] { too_long = true; });
    if (line) {
      const core::user_id user = core::parse_user(*line);
      if (user == core::no_user) {
        refuse(self, "the first line must be a user: a number of 64 bits");
        return;
      }
      begin(self, user);
    } else if (too_long) {
      refuse(self, "the first line is too long");
      return;
    }
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

void write_portion(pointer self, const portion& message) {
  session_state& state = self->state;
  if (state.where != phase::live) return;
  const core::round& round = *message.of->round;
  std::string_view text = round.in_one_piece(message.group);
  thread_local std::vector<char> gathered;
  if (text.empty()) {
    const std::size_t size = round.size_of(message.group);
    if (gathered.size() < size) gathered.resize(size);
    round.copy_to(gathered.data(), message.group);
    text = {gathered.data(), size};
  }
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
  state.holding = size > (state.holding ? max_bytes / 4 : max_bytes / 2);
  update_lag(self);
  if (size != 0) {
    wait_to_write(self);
  } else if (state.where == phase::draining) {
    end(self, ending::graceful);
  }
}

void check_progress(pointer self) {
  session_state& state = self->state;
  state.watched = false;
  if (state.outbox->empty()) return;
  const auto now = self->clock().now();
  const auto stall_timeout = state.environment->options.stall_timeout;
  const io::flow& flow = state.environment->flow;
  if (now - state.last_progress >= stall_timeout && state.holding) {
    state.holding = false;
    update_lag(self);
  }
  const auto hopeless = hopeless_after * stall_timeout;
  if (flow.holds_up() && now - state.last_progress >= hopeless &&
      now - flow.last_progress() >= hopeless) {
    const bool disconnects = state.environment->options.outbox.on_overflow ==
                             core::overflow_policy::disconnect;
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
  state.first_line = std::make_unique<io::line_framer>(longest_first_line, 2 * longest_first_line);
  state.connection.emplace(std::move(connection), self->ctrl(), environment->unit);
  state.environment = std::move(environment);

  traffic opened;
  opened.clients_opened = 1;
  count(self, opened);
  (*state.connection)->await_readable();

  return {
      [self](readable) {
        self->state.where == phase::handshake ? read_first_line(self) : read_on(self);
      },
      [self](writable) {
        self->state.waiting = false;
        write_outbox(self);
      },
      [self](const portion& message) { write_portion(self, message); },
      [self](handshake_overdue) {
        if (self->state.where == phase::handshake) refuse(self, "no user was named in time");
      },
      [self](replaced) {
        self->state.user = core::no_user;  // the router has let it go
        end(self, ending::graceful);
      },
      [self](progress_due) { check_progress(self); },
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
