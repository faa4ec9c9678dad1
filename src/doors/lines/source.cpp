#include "doors/lines/source.hpp"

#include <caf/send.hpp>
#include <utility>

#include "actors/base/log_exceptions.hpp"
#include "core/events/source_receipts.hpp"

namespace skein {

namespace {

using pointer = measured_actor<source_actor, source_state>*;
using core::counter;

void count(pointer self, const core::counts& counted) {
  self->state.total += counted;
  self->state.counted.count(self, counted);
}

core::counts counts_of(const io::decoded_events& decoded, std::size_t bytes) {
  core::counts all{{counter::bytes_read, bytes}};
  for (std::size_t k = 0; k != core::event_kinds; ++k) {
    all.at(counter::events_received, k) = decoded.received[k];
  }
  for (std::size_t r = 0; r != core::malformed_reasons; ++r) {
    all.at(counter::malformed, r) = decoded.malformed[r];
  }
  return all;
}

void log_malformed(pointer self, const io::decoded_events& decoded) {
  source_state& state = self->state;
  if (decoded.malformed_lines == 0 || !log::enabled(log_level::debug)) return;
  for (std::size_t r = 0; r != core::malformed_reasons; ++r) {
    if (decoded.malformed[r] == 0) continue;
    if (const auto suppressed = state.malformed_lines.pass(self->clock().now())) {
      log::debug("malformed lines skipped",
                 {{"peer", state.peer},
                  {"reason", core::name_of(static_cast<core::malformed>(r))},
                  {"lines", decoded.malformed[r]},
                  {"suppressed", *suppressed}});
    }
  }
}

void pass_on(pointer self, core::event_block&& block) {
  source_state& state = self->state;
  const std::size_t bytes = block.text.capacity() + block.events.capacity() * sizeof(core::event);
  auto events = std::make_shared<const charged<core::event_block>>(
      charged<core::event_block>{std::move(block), io::charge{state.environment->flow, bytes}});
  --state.credit;
  self->send(state.environment->sequencer, source_events{state.id, std::move(events)});
}

/// It is not read any more.
/// \param how  what the sequence is told; nothing when the daemon ends: for the sequence the source
///             has not ended then
void end_reading(pointer self, const char* why, std::optional<core::source_end> how) {
  source_state& state = self->state;
  core::counts last{{counter::sources, core::minus(1)}};
  if (state.decoder->mid_line()) {
    ++last.at(counter::malformed, static_cast<std::size_t>(core::malformed::unterminated));
  }
  count(self, last);
  state.counted.report(self);
  if (how) self->send(state.environment->sequencer, source_closed{state.id, *how});
  log::info("source ended", {{"peer", state.peer},
                             {"source", state.id},
                             {"why", why},
                             {"events", state.total.sum(counter::events_received)},
                             {"malformed", state.total.sum(counter::malformed)},
                             {"bytes", state.total[counter::bytes_read]}});
}

void end(pointer self, const char* why, std::optional<core::source_end> how) {
  const bool has_ended = self->state.ended;
  if (!has_ended) end_reading(self, why, how);
  // Data that is still in the kernel, or not settled, is lost. Reset the connection, so that the
  // source knows.
  if (has_ended || how != core::source_end::finished) {
    (*self->state.connection)->close(io::stream::ending::abort);
  }
  self->quit();
}

void write_receipts(pointer self);

/// The source has sent all, and still takes receipts.
void end_by_itself(pointer self) {
  source_state& state = self->state;
  if (!state.receipts) {
    end(self, "closed by the source", core::source_end::finished);
    return;
  }
  end_reading(self, "closed by the source", core::source_end::finished);
  state.ended = true;
  if (!state.decoder->mid_line()) return;
  core::write_refusal(state.untaken, 0, core::name_of(core::malformed::unterminated));
  if (state.told) write_receipts(self);
}

/// Nothing that a web page makes a browser send here counts as a line of a source.
void refuse_browser(pointer self) {
  count(self, {{counter::sources_refused, 1}});
  // In the protocol of the sender, so that people see it; a source is told nothing.
  (*self->state.connection)
      ->write(
          "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 53\r\n"
          "Connection: close\r\n\r\nThis door takes lines of events; it is not for HTTP.\n");
  end(self, "it speaks HTTP or TLS", core::source_end::finished);
}

/// Reads on when the connection says so, even if there is more already: so sources are read on the
/// I/O thread, and not by workers. `read_all` says that all that was sent has been read.
void wait_for_more(pointer self, bool read_all) {
  source_state& state = self->state;
  if (read_all && std::exchange(state.catching_up, false)) {
    self->send(state.environment->sequencer, caught_up{state.id});
  }
  if (!std::exchange(state.waiting, true)) (*state.connection)->await_readable();
}

void read_once(pointer self);
void read_on(pointer self);

void write_receipts(pointer self) {
  source_state& state = self->state;
  using status = io::io_result::status;
  while (!state.untaken.empty() && !state.writing) {
    const io::io_result written = (*state.connection)->write(state.untaken);
    if (written.what == status::failed) {
      state.untaken.clear();  // if the connection is over, reading tells
      if (state.ended) end(self, "connection lost", core::source_end::broken);
      return;
    }
    if (written.what != status::ok) {
      state.writing = true;
      (*state.connection)->await_writable();
      break;
    }
    state.untaken.erase(0, written.bytes);
  }
  if (state.told_last && state.untaken.empty()) {
    (*state.connection)->close(io::stream::ending::graceful);
    self->quit();
  } else if (state.untaken.size() <= source_state::most_untaken &&
             std::exchange(state.unread, false)) {
    read_on(self);
  }
}

/// Returns whether there are any.
bool begin_receipts(pointer self) {
  source_state& state = self->state;
  if (!state.environment->stored) {
    (*state.connection)->write("ERR nothing is stored here, there are no receipts\n");
    end(self, "it wants receipts, and nothing is stored", core::source_end::finished);
    return false;
  }
  state.receipts = true;
  self->send(state.environment->sequencer, receipts_wanted{state.id});
  return true;
}

void tell_refused(pointer self, const io::decoded_events& decoded) {
  if (decoded.refused.empty()) return;
  for (const auto& [number, reason] : decoded.refused) {
    core::write_refusal(self->state.untaken, number, core::name_of(reason));
  }
  if (self->state.told) write_receipts(self);
}

/// What kept it from reading has ended. If the sequencer waits for it, it reads at once, to answer;
/// else the connection says when to read.
void read_on(pointer self) {
  self->state.catching_up ? read_once(self) : wait_for_more(self, false);
}

void read_once(pointer self) {
  source_state& state = self->state;
  io::flow& flow = state.environment->flow;
  if (state.untaken.size() > source_state::most_untaken) {
    state.unread = true;
    // Nobody may wait for it.
    if (std::exchange(state.catching_up, false)) {
      self->send(state.environment->sequencer, caught_up{state.id});
    }
    return;
  }
  if (state.credit == 0) {
    state.out_of_credit = true;
    return;
  }
  if (flow.over()) {
    flow.when_low([receiver = source_actor{self}] { caf::anon_send(receiver, flow_resumed{}); });
    return;
  }
  const auto space = state.decoder->space();
  const io::io_result read = (*state.connection)->read(space.data, space.size);
  switch (read.what) {
    case io::io_result::status::would_block:
      wait_for_more(self, true);
      return;
    case io::io_result::status::ended:
      end_by_itself(self);
      return;
    case io::io_result::status::failed:
      end(self, "connection lost", core::source_end::broken);
      return;
    case io::io_result::status::ok:
      break;
  }
  io::decoded_events decoded = state.decoder->commit(read.bytes);
  if (decoded.of_a_browser) {
    refuse_browser(self);
    return;
  }
  count(self, counts_of(decoded, read.bytes));
  log_malformed(self, decoded);
  if (decoded.wants_receipts && !begin_receipts(self)) return;
  tell_refused(self, decoded);
  if (!decoded.block.events.empty()) pass_on(self, std::move(decoded.block));
  wait_for_more(self, read.bytes != space.size);
}

}  // namespace

source_actor::behavior_type source(pointer self,
                                   std::shared_ptr<const source_environment> environment,
                                   core::source_id id, std::shared_ptr<io::stream> connection) {
  log_exceptions(self, [self] {
    if (self->state.connection) (*self->state.connection)->close(io::stream::ending::abort);
  });
  source_state& state = self->state;
  state.id = id;
  state.peer = connection->peer();
  state.decoder.emplace(environment->options.max_line,
                        environment->kind == core::source_kind::connection);
  state.connection.emplace(std::move(connection), self->ctrl(), environment->unit);
  state.counted = {environment->statistics, environment->report_interval};
  state.environment = std::move(environment);

  state.counted.unreported = {{counter::sources, 1}, {counter::sources_total, 1}};
  state.counted.report(self);
  log::info("source connected", {{"peer", state.peer}, {"source", id}});
  self->send(state.environment->sequencer, source_opened{id, state.environment->kind});
  if (state.environment->receipts) begin_receipts(self);
  wait_for_more(self, false);

  return {
      [self](readable) {
        self->state.waiting = false;
        read_once(self);
      },
      [self](writable) {
        self->state.writing = false;
        write_receipts(self);
      },
      [self](const receipts_told& told) {
        // The first of them is the epoch.
        auto& untaken = self->state.untaken;
        untaken.insert(std::exchange(self->state.told, true) ? untaken.size() : 0, told.lines);
        self->state.told_last |= told.last;
        write_receipts(self);
      },
      [self](block_taken) {
        source_state& s = self->state;
        ++s.credit;
        if (std::exchange(s.out_of_credit, false)) read_on(self);
      },
      [self](catch_up) {
        // The answer comes with the read that finds nothing more; if no read is due, it reads now.
        self->state.catching_up = true;
        if (self->state.waiting || self->state.unread) read_once(self);
      },
      [self](flow_resumed) { read_on(self); },
      [](look_at_deadline) {},
      [self](report_due) { self->state.counted.report(self); },
      [self](drain) { end(self, "the daemon ends", std::nullopt); },
      [self](drain_overdue) { end(self, "the daemon ends", std::nullopt); },
  };
}

}  // namespace skein
