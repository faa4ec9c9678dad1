#include "doors/lines/session.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "actors/base/log.hpp"
#include "actors/base/log_exceptions.hpp"

namespace skein {

namespace {

using ending = io::stream::ending;
using core::counter;

/// Longest line of a client, bytes: three numbers of up to twenty digits.
constexpr std::size_t longest_line = 64;

void log_debug(std::string_view message, const owned_stream& connection) {
  if (!log::enabled(log_level::debug)) return;
  log::debug(message, {{"peer", connection->peer()}});
}

bool ends_mid_line(std::string_view written) {
  return !written.empty() && written.back() != '\n';
}

}  // namespace

line_session::line_session(pointer self, std::shared_ptr<const session_environment> environment,
                           std::shared_ptr<io::stream> connection)
    : self_(self),
      environment_(std::move(environment)),
      connection_(std::move(connection), self->ctrl(), environment_->unit),
      listening_(std::make_unique<listening>(
          listening{io::line_framer{longest_line, 4 * longest_line}, std::nullopt})),
      feed_(self, environment_->feeds, *this),
      live_(environment_->options.outbox, environment_->options.stall_timeout),
      charge_(environment_->flow) {
  count({{counter::clients, 1}, {counter::clients_total, 1}});
  connection_->await_readable();
}

void line_session::count(const core::counts& counted) {
  self_->send(environment_->statistics, report{counted});
}

void line_session::end(ending how) {
  if (where_ == phase::ended) return;
  const phase ended = std::exchange(where_, phase::ended);
  feed_.end();
  log_debug("client ended", connection_);
  // What a durable session has not written stays in the log.
  count({{counter::clients, core::minus(1)},
         {counter::handshakes_failed, ended == phase::handshake ? 1 : 0},
         {counter::notifications_dropped, durable() ? 0 : live_.lines()}});
  connection_->close(how);
  self_->quit();
}

// --- what the client says ---

void line_session::on_readable() {
  listening_ ? read_lines() : read_on();
}

/// First who the client is, then what it acknowledges.
void line_session::read_lines() {
  const auto space = listening_->lines.space();
  const io::io_result read = connection_->read(space.data, space.size);
  if (read.what == status::ended || read.what == status::failed) {
    end(ending::graceful);
    return;
  }
  if (read.what == status::ok) {
    std::vector<std::string> lines;
    bool too_long = false;
    // The framer goes with the first line, unless the session is durable.
    listening_->lines.commit(
        read.bytes, [&](std::string_view l) { lines.emplace_back(l); }, [&] { too_long = true; });
    for (const std::string& line : lines) {
      if (where_ == phase::handshake) {
        read_first_line(line);
      } else if (durable()) {
        acknowledge(line);
      }
      if (where_ == phase::ended) return;
    }
    if (too_long && where_ == phase::handshake) refuse("the first line is too long");
    if (too_long && durable() && where_ != phase::ended) warn(no_acknowledgement());
    if (where_ == phase::ended) return;
  }
  connection_->await_readable();
}

void line_session::read_first_line(std::string_view line) {
  const core::introduction said = core::parse_first_line(line);
  if (said.wrong) {
    refuse(said.wrong);
    return;
  }
  if (said.durable && !environment_->feeds.stores()) {
    refuse("nothing is stored here, there are no durable sessions");
    return;
  }
  where_ = phase::live;
  log_debug("client connected", connection_);
  if (said.durable) {
    const core::outbox_options room{environment_->feeds.inbox.room,
                                    core::overflow_policy::drop_newest};
    listening_->durable.emplace(durable_client{core::outbox{room}, said.names_epochs, 0});
    feed_.begin_durable(said.user, said.beyond);
  } else {
    listening_.reset();
    feed_.begin(said.user);
  }
}

/// What a client says after its first line has no meaning; only its end has.
void line_session::read_on() {
  std::array<char, 4096> ignored;
  const io::io_result read = connection_->read(ignored.data(), ignored.size());
  if (read.what == status::ended || read.what == status::failed) {
    end(ending::graceful);
  } else {
    connection_->await_readable();
  }
}

std::string_view line_session::no_acknowledgement() const {
  return durable()->names_epochs ? "an acknowledgement is A|, an epoch, a dot and a number"
                                 : "an acknowledgement is A| and a number";
}

void line_session::acknowledge(std::string_view line) {
  const auto said = core::parse_acknowledgement(line, durable()->names_epochs);
  if (!said) {
    warn(no_acknowledgement());
  } else if (feed_.acknowledge(*said) == core::session_cursor::outcome::beyond) {
    warn("A|" + core::text_of(*said) + " is beyond what was sent, it is ignored");
  }
}

// --- what it is told ---

void line_session::on_portion(const portion& message) {
  if (where_ != phase::live) return;
  feed_.tell(message);
  watch(feed_.next_deadline());
}

void line_session::on_news(const session_news& news) {
  if (where_ != phase::live) return;
  feed_.tell(news);
  watch(feed_.next_deadline());
}

std::size_t line_session::tell(core::epoch_number epoch, std::string_view lines) {
  if (!durable()) return write_live(lines);
  return tell_epoch(epoch) ? write_durable(lines) : 0;
}

std::size_t line_session::waiting() const {
  return durable() ? durable()->outbox.size() : live_.size();
}

/// Not within a line that is half written.
void line_session::refuse(std::string_view reason) {
  if (waiting() == 0) connection_->write("ERR " + std::string{reason} + "\r\n");
  end(ending::graceful);
}

void line_session::warn(std::string_view reason) {
  std::string line = "ERR ";
  line += reason;
  line += core::text_of(environment_->options.ending);
  write_durable(line);
}

/// Says that what comes is of `epoch`, to a client that names epochs. Returns whether it knows.
bool line_session::tell_epoch(core::epoch_number epoch) {
  if (!durable()->names_epochs || durable()->told_epoch == epoch) return true;
  std::string line = "E|" + std::to_string(epoch);
  line += core::text_of(environment_->options.ending);
  if (write_durable(line) != line.size()) return false;
  durable()->told_epoch = epoch;
  return true;
}

/// \pre nothing waits. Returns how many bytes the connection took; ends the session if it is gone.
std::size_t line_session::write_now(std::string_view lines, core::time_point now) {
  const io::io_result written = connection_->write(lines);
  if (written.what == status::failed) {
    if (!durable()) {
      const auto dropped = std::count(lines.begin(), lines.end(), '\n');
      count({{counter::notifications_dropped, static_cast<core::counts::value>(dropped)}});
    }
    end(ending::abort);
    return 0;
  }
  if (written.bytes != 0) {
    environment_->flow.count_written(written.bytes);
    if (!durable()) live_.took(now);
  }
  return written.bytes;
}

std::size_t line_session::write_live(std::string_view lines) {
  const auto now = self_->clock().now();
  const std::size_t done = live_.empty() ? write_now(lines, now) : 0;
  if (done == lines.size() || where_ == phase::ended) return done;
  const auto overflow = live_.keep(lines.substr(done), ends_mid_line(lines.substr(0, done)), now);
  count_overflow(overflow);
  if (overflow.disconnects) return done;
  update_charge();
  if (!live_.empty()) {
    await_writable();
    watch(now + environment_->options.stall_timeout);
  }
  return lines.size();
}

/// Lets wait what is not taken, as far as there is room.
std::size_t line_session::write_durable(std::string_view lines) {
  core::outbox& outbox = durable()->outbox;
  const std::size_t done = outbox.empty() ? write_now(lines, {}) : 0;
  if (done == lines.size() || where_ == phase::ended) return done;
  const std::size_t before = outbox.size();
  outbox.append(lines.substr(done), ends_mid_line(lines.substr(0, done)));
  await_writable();
  return done + outbox.size() - before;
}

void line_session::count_overflow(const core::live_session::overflow& overflow) {
  if (!overflow.happened) return;
  count({{counter::overflows, 1}, {counter::notifications_dropped, overflow.dropped}});
  if (!overflow.disconnects) return;
  log::warn("client disconnected, it does not read",
            {{"peer", connection_->peer()}, {"pending_bytes", live_.size()}});
  end(ending::abort);
}

/// Brings the charge in line with what waits.
void line_session::update_charge() {
  charge_.set(live_.charge(environment_->flow.high()));
}

void line_session::await_writable() {
  if (!std::exchange(awaits_writable_, true)) connection_->await_writable();
}

/// Looks then, or earlier, whether the client makes progress.
void line_session::watch(core::time_point deadline) {
  if (deadline == core::never || where_ == phase::ended) return;
  if (!std::exchange(watched_, true)) self_->scheduled_send(self_, deadline, progress_due{});
}

void line_session::on_writable() {
  awaits_writable_ = false;
  const auto now = self_->clock().now();
  write_outbox(now);
  if (where_ == phase::ended) return;
  if (!durable()) {
    live_.end_of_writing();
    update_charge();
  }
  if (waiting() != 0) {
    await_writable();
    if (!durable()) watch(now + environment_->options.stall_timeout);
    return;
  }
  where_ == phase::draining ? end(ending::graceful) : feed_.all_written();
}

std::string_view line_session::front() const {
  return durable() ? durable()->outbox.front() : live_.front();
}

void line_session::write_outbox(core::time_point now) {
  while (waiting() != 0) {
    const io::io_result written = connection_->write(front());
    if (written.what == status::failed) {
      end(ending::abort);
      return;
    }
    if (written.what == status::would_block) return;
    durable() ? durable()->outbox.written(written.bytes) : live_.written(written.bytes, now);
    environment_->flow.count_written(written.bytes);
    environment_->flow.progressed(now);
  }
}

void line_session::on_progress_due() {
  watched_ = false;
  if (durable()) {
    if (where_ != phase::live) return;
    feed_.look();
    watch(feed_.next_deadline());
    return;
  }
  if (live_.empty()) return;
  const auto now = self_->clock().now();
  const io::flow& flow = environment_->flow;
  live_.check_hold(now);
  update_charge();
  const auto overflow =
      live_.check_progress(now, {flow.is_held_up_by_clients(), flow.last_progress()});
  count_overflow(overflow);
  if (where_ == phase::ended) return;
  update_charge();
  if (!live_.empty()) {
    await_writable();
    watch(now + environment_->options.stall_timeout);
  } else if (where_ == phase::draining) {
    end(ending::graceful);
  }
}

// --- its end ---

void line_session::on_handshake_overdue() {
  if (where_ == phase::handshake) refuse("no user was named in time");
}

void line_session::on_replaced() {
  feed_.replaced();
  end(ending::graceful);
}

void line_session::on_drain() {
  const bool was_live = where_ == phase::live;
  where_ = phase::draining;
  if (waiting() == 0 || !was_live) end(ending::graceful);
}

void line_session::on_drain_overdue() {
  end(ending::abort);
}

session_actor::behavior_type session(line_session::pointer self,
                                     std::shared_ptr<const session_environment> environment,
                                     std::shared_ptr<io::stream> connection) {
  log_exceptions(self);
  line_session& s =
      self->state.session.emplace(self, std::move(environment), std::move(connection));
  return {
      [&s](readable) { s.on_readable(); },
      [&s](writable) { s.on_writable(); },
      [&s](const portion& message) { s.on_portion(message); },
      [&s](look_at_deadline) { s.on_handshake_overdue(); },
      [&s](replaced) { s.on_replaced(); },
      [&s](progress_due) { s.on_progress_due(); },
      [&s](const session_news& news) { s.on_news(news); },
      [&s](drain) { s.on_drain(); },
      [&s](drain_overdue) { s.on_drain_overdue(); },
  };
}

}  // namespace skein
