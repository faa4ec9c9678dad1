#include "actors/events/sequencer.hpp"

#include <utility>

#include "actors/base/log_exceptions.hpp"

namespace skein {

namespace {

using pointer = measured_actor<sequencer_actor, sequencer_state>*;
using core::counter;

void send_report(pointer self) {
  sequencer_state& state = self->state;
  const core::reorder_counts& now = state.sequence->counts();
  core::reorder_counts& before = state.reported;
  state.counted.unreported += {{counter::events_late, now.late - before.late},
                               {counter::events_duplicate, now.duplicate - before.duplicate},
                               {counter::events_beyond, now.beyond - before.beyond},
                               {counter::gaps, now.gaps - before.gaps},
                               {counter::events_missing, now.missing - before.missing}};
  before = now;
  state.counted.report(self);
}

void log_changes(pointer self) {
  sequencer_state& state = self->state;
  const core::sequence& sequence = *state.sequence;
  if (sequence.epoch() != state.epoch) {
    state.counted.unreported[counter::epochs] += sequence.epoch() - state.epoch;
    state.epoch = sequence.epoch();
    log::info("the stream starts again", {{"epoch", state.epoch}});
  }
  const core::reorder_counts& now = sequence.counts();
  if (now.gaps == state.logged.gaps && now.beyond == state.logged.beyond) return;
  if (const auto suppressed = state.warnings.pass(self->clock().now())) {
    if (now.gaps != state.logged.gaps) {
      log::warn("gap given up", {{"gaps", now.gaps - state.logged.gaps},
                                 {"missing", now.missing - state.logged.missing},
                                 {"next", sequence.next()},
                                 {"suppressed", *suppressed}});
    }
    if (now.beyond != state.logged.beyond) {
      log::warn("events refused, too far ahead", {{"events", now.beyond - state.logged.beyond},
                                                  {"next", sequence.next()},
                                                  {"suppressed", *suppressed}});
    }
    state.logged = now;
  }
}

void give_credit(pointer self, const std::vector<core::source_id>& sources) {
  for (const core::source_id id : sources) {
    if (const auto source = self->state.sources.find(id); source != self->state.sources.end()) {
      self->send(source->second, block_taken{});
    }
  }
}

core::sequence_place place_of(const core::sequence& s) {
  return {s.epoch(), s.next(), s.position()};
}

/// What the recorder has, and what of it is on disk.
void see_what_is_durable(sequencer_state& state) {
  const auto here = place_of(*state.sequence);
  auto& recorded = state.recorded;
  if (!(here == (recorded.empty() ? state.durable : recorded.back()))) recorded.push_back(here);
  const auto is_durable = [&](const core::sequence_place& p) {
    return p.position <= state.on_disk.end && p.epoch <= state.on_disk.epoch;
  };
  while (!recorded.empty() && is_durable(recorded.front())) {
    state.durable = recorded.front();
    recorded.pop_front();
  }
}

void tell(pointer self) {
  sequencer_state& state = self->state;
  for (auto t = state.told.begin(); t != state.told.end();) {
    auto& [id, source] = *t;
    source.receipts.begin(state.sequence->epoch());
    source.receipts.settle(state.durable);
    std::string lines = source.receipts.take_told();
    const bool last =
        source.closed && source.receipts.settled() && !state.sequence->keeps_any_of(id);
    if (last || !lines.empty()) self->send(source.to, receipts_told{std::move(lines), last});
    t = last ? state.told.erase(t) : std::next(t);
  }
  if (state.told.empty()) state.sequence->keep_accounts(false);
}

void account_for(sequencer_state& state, const core::sequence_account& account) {
  const auto own = state.told.find(account.source);
  if (own != state.told.end() && account.events) {
    own->second.receipts.take(*account.events, account.first, account.last, account.epoch,
                              account.position);
  }
  for (const core::refused_event& e : account.refused) {
    const auto refuse = [&](core::source_receipts& of) {
      of.refuse(account.epoch, e.sequence, core::name_of(e.why), e.why == core::refusal::duplicate);
    };
    if (e.why != core::refusal::beyond) {
      if (own != state.told.end()) refuse(own->second.receipts);
      continue;
    }
    for (auto& [id, source] : state.told) {
      if (source.receipts.waits_for(account.epoch, e.sequence)) refuse(source.receipts);
    }
  }
}

std::chrono::milliseconds age_of_gap(const core::sequence& sequence, core::time_point now) {
  const core::time_point since = sequence.waiting_since();
  if (since == core::never) return std::chrono::milliseconds{0};
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - since);
}

/// A gap that is never given up is waited for in silence otherwise.
void watch_gap(pointer self) {
  sequencer_state& state = self->state;
  if (state.environment->options.on_gap != core::gap_policy::wait || state.gap_armed) return;
  const core::sequence& sequence = *state.sequence;
  const core::time_point since = sequence.waiting_since();
  if (since == core::never || sequence.next() == state.gap_logged) return;
  state.gap_armed = true;
  self->scheduled_send(self, since + state.environment->options.gap_timeout, gap_due{});
}

void log_gap(pointer self) {
  sequencer_state& state = self->state;
  state.gap_armed = false;
  const core::sequence& sequence = *state.sequence;
  const auto age = age_of_gap(sequence, self->clock().now());
  if (age >= state.environment->options.gap_timeout && sequence.next() != state.gap_logged) {
    state.gap_logged = sequence.next();
    log::warn("events wait for others that are missing", {{"epoch", sequence.epoch()},
                                                          {"missing", sequence.next()},
                                                          {"to", sequence.lowest_waiting() - 1},
                                                          {"ms", age.count()},
                                                          {"held", sequence.held()}});
  }
  watch_gap(self);
}

/// Sends out what a call of the sequence brought forth and sets the next timer.
void follow_up(pointer self, core::sequence_output& output) {
  sequencer_state& state = self->state;
  const sequencer_environment& environment = *state.environment;
  for (core::ordered_block& block : output.blocks) {
    const std::size_t bytes = block.text.capacity() + block.events.capacity() * sizeof(core::event);
    const ordered_events events{std::make_shared<const charged<core::ordered_block>>(
        charged<core::ordered_block>{std::move(block), io::charge{environment.flow, bytes}})};
    // The recorder is first, so that what the router says about events reaches it after them.
    if (environment.recorder) {
      environment.flow.begin_recording(events.events->block.text.size());
      self->send(environment.recorder, events);
    }
    if (!environment.synced) self->send(environment.router, events);
    // Sources get their credit back when the router has taken the first of what they sent.
    state.not_taken.push_back(std::exchange(output.taken, {}));
  }
  give_credit(self, output.taken);
  for (const auto& account : output.accounts) account_for(state, account);
  if (environment.recorder) see_what_is_durable(state);
  if (!state.told.empty()) tell(self);
  watch_gap(self);
  const core::time_point deadline = state.sequence->next_deadline();
  if (deadline < state.armed_for && state.catching_up.empty()) {
    state.armed_for = deadline;
    self->scheduled_send(self, deadline, deadline_due{});
  }
  state.counted.arm(self);
  log_changes(self);
}

status status_of(const sequencer_state& state, core::time_point now) {
  const core::sequence& sequence = *state.sequence;
  status told{{{"epoch", sequence.epoch()},
               {"next", static_cast<std::uint64_t>(sequence.next())},
               {"held", sequence.held()},
               {"gap_ms", static_cast<std::uint64_t>(age_of_gap(sequence, now).count())},
               {"sources", state.sources.size()}}};
  if (state.environment->recorder) {
    told.facts.emplace_back("durable_epoch", state.durable.epoch);
    told.facts.emplace_back("durable_next", static_cast<std::uint64_t>(state.durable.next));
  }
  return told;
}

/// An overdue event may be unread in a connection, because the daemon or the machine is busy. So
/// nothing is given up before every source has been read to its end, except sources that may not
/// send more before something is given up. What has become overdue since they were asked is not
/// given up: their answers say nothing about it.
void advance(pointer self) {
  core::sequence_output output;
  self->state.sequence->advance(self->state.asked, output);
  follow_up(self, output);
}

void stop_waiting_for(pointer self, core::source_id source) {
  auto& waiting = self->state.catching_up;
  if (waiting.erase(source) != 0 && waiting.empty()) advance(self);
}

}  // namespace

sequencer_actor::behavior_type sequencer(pointer self,
                                         std::shared_ptr<const sequencer_environment> environment,
                                         const core::sequence_start& start) {
  log_exceptions(self);
  self->state.sequence.emplace(environment->options, environment->ending, start);
  self->state.epoch = start.epoch;
  self->state.durable = place_of(*self->state.sequence);
  self->state.on_disk = {start.position, start.epoch};
  self->state.counted = {environment->statistics, environment->report_interval};
  self->state.environment = std::move(environment);

  return {
      [self](source_opened opened) {
        self->state.sources.emplace(opened.source,
                                    caf::actor_cast<source_actor>(self->current_sender()));
        self->state.sequence->open(opened.source, opened.kind);
      },
      [self](source_events& message) {
        core::sequence_output output;
        const auto* const block = message.events.get();
        self->state.sequence->push(message.source, {std::move(message.events), &block->block},
                                   self->clock().now(), output);
        follow_up(self, output);
        // What waits here must not hold up other sources: they may have what it waits for. Its
        // bound is the source's credit, or the window.
        if (self->state.sequence->keeps_any_of(message.source)) block->bytes.set(0);
        if (self->state.sequence->keeps_block_of(message.source)) {
          stop_waiting_for(self, message.source);
        }
      },
      [self](receipts_wanted wanted) {
        sequencer_state& state = self->state;
        const auto source = state.sources.find(wanted.source);
        if (source == state.sources.end()) return;
        state.sequence->keep_accounts(true);
        state.told.emplace(wanted.source,
                           sequencer_state::told_source{
                               core::source_receipts{state.sequence->epoch()}, source->second});
        tell(self);
      },
      [self](log_durable durable) {
        self->state.on_disk = durable;
        see_what_is_durable(self->state);
        if (!self->state.told.empty()) tell(self);
      },
      [self](gap_due) { log_gap(self); },
      [self](block_taken) {
        give_credit(self, self->state.not_taken.front());
        self->state.not_taken.pop_front();
      },
      [self](source_closed closed) {
        core::sequence_output output;
        self->state.sources.erase(closed.source);
        const auto told = self->state.told.find(closed.source);
        if (told != self->state.told.end()) told->second.closed = true;
        self->state.sequence->close(closed.source, closed.how, self->clock().now(), output);
        follow_up(self, output);
        stop_waiting_for(self, closed.source);
      },
      [self](deadline_due) {
        sequencer_state& state = self->state;
        state.armed_for = core::never;
        if (state.catching_up.empty()) state.asked = self->clock().now();
        for (const auto& [id, source] : state.sources) {
          if (state.sequence->keeps_block_of(id)) continue;
          if (state.catching_up.insert(id).second) self->send(source, catch_up{});
        }
        if (state.catching_up.empty()) advance(self);
      },
      [self](caught_up done) { stop_waiting_for(self, done.source); },
      [self](begin_epoch) -> caf::result<epoch_begun> {
        core::sequence_output output;
        self->state.sequence->begin_epoch(self->clock().now(), output);
        follow_up(self, output);
        const epoch_begun begun{self->state.sequence->epoch(), self->state.sequence->next()};
        if (!self->state.environment->recorder) return begun;
        auto promise = self->make_response_promise<epoch_begun>();
        self->request(self->state.environment->recorder, caf::infinite, flush_log{})
            .then([promise, begun](drained) mutable { promise.deliver(begun); },
                  [promise](caf::error& e) mutable { promise.deliver(std::move(e)); });
        return promise;
      },
      [self](status_wanted) { return status_of(self->state, self->clock().now()); },
      [self](report_due) { send_report(self); },
      [self](drain) {
        sequencer_state& state = self->state;
        const bool over = state.sequence->over();
        if (!state.environment->recorder) {
          core::sequence_output output;
          state.sequence->release_all(self->clock().now(), output);
          follow_up(self, output);
        }
        const std::uint64_t unfinished = state.sequence->held();
        state.counted.unreported[counter::events_unfinished] += unfinished;
        if (unfinished != 0) {
          log::warn("unfinished: events that wait for others are not kept",
                    {{"events", unfinished},
                     {"epoch", state.sequence->epoch()},
                     {"next", state.sequence->next()}});
        }
        if (over && state.environment->recorder) {
          self->send(state.environment->recorder, stream_over{});
        }
        send_report(self);
        self->quit();
        return drained{};
      },
  };
}

}  // namespace skein
