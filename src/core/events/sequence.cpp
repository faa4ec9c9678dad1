#include "core/events/sequence.hpp"

#include <algorithm>
#include <utility>

#include "core/hash.hpp"

namespace skein::core {

namespace {

/// The number 1 in `block`, or null.
const event* first_number_in(const event_block& block) {
  const auto found = std::find_if(block.events.begin(), block.events.end(),
                                  [](const event& e) { return e.sequence == 1; });
  return found == block.events.end() ? nullptr : &*found;
}

}  // namespace

void sequence::open(source_id id, source_kind kind) {
  source_state& source = sources_[id];
  source.kind = kind;
  source.begins = nobody_goes_on();
}

void sequence::close(source_id id, source_end how, time_point now, sequence_output& out) {
  const auto found = sources_.find(id);
  if (found == sources_.end() || found->second.closed) return;
  found->second.closed = true;
  found->second.end = how;
  ++closed_;
  forget_ended();
  settle_contenders(now, out);
  forget_ended();
}

void sequence::push(source_id id, std::shared_ptr<const event_block> block, time_point now,
                    sequence_output& out) {
  source_state& source = sources_[id];
  const event* const first = source.fresh || contenders_ != 0 ? first_number_in(*block) : nullptr;
  if (first) source.first = fingerprint_of(block->text_of(*first));
  if (!block->events.empty()) {
    if (source.fresh) {
      begin_if_told(source, now, out);
      source.contender = may_start_again(source, *block, now);
      source.fresh = false;
      if (source.contender && contenders_++ == 0) contention_since_ = now;
    }
    source.heard = now;
  }
  source.waiting.push_back({std::move(block), 0, false, now});
  if (first && contenders_ != 0 && repeats(source)) {
    end_contention(contenders::without_first, now, out);
  }
  if (source.contender) {
    contend(id, source, now, out);
  } else if (feed(id, source, now, out) && options_.on_gap == gap_policy::wait) {
    feed(now, out);
  }
  forget_ended();
}

/// Under `every_time`: with the first event of a source that came when no other source went on.
void sequence::begin_if_told(const source_state& source, time_point now, sequence_output& out) {
  if (options_.on_restart != restart_policy::every_time) return;
  const bool begins = source.begins;
  for (auto& [id, other] : sources_) other.begins = false;
  const bool nothing_has_come = buffer_.next() == 1 && buffer_.held() == 0 &&
                                std::all_of(sources_.begin(), sources_.end(),
                                            [](const auto& s) { return s.second.waiting.empty(); });
  if (begins && !nothing_has_come) start_epoch(now, out);
}

bool sequence::may_start_again(const source_state& source, const event_block& block,
                               time_point now) const {
  if (options_.on_restart != restart_policy::automatic || buffer_.next() == 1) return false;
  if (source.first != 0) return !repeats(source);
  const sequence_number first = block.events.front().sequence;
  if (first == buffer_.next() || first > options_.window) return false;
  // Many requests begin anywhere, while sources have nothing to send for the moment.
  return nobody_goes_on() ||
         (source.kind == source_kind::connection && last_heard() + options_.restart_wait <= now);
}

/// Whether its number 1 is that of the epoch, sent once more.
bool sequence::repeats(const source_state& source) const {
  return source.first != 0 && source.first == first_event_ &&
         (interrupted_ || source.kind == source_kind::request);
}

bool sequence::has_own_first(const source_state& source) const {
  return source.first != 0 && !repeats(source);
}

/// Whether no source but contenders and those that have not sent anything is open.
bool sequence::nobody_goes_on() const {
  return std::none_of(sources_.begin(), sources_.end(),
                      [](const auto& s) { return goes_on(s.second); });
}

/// When one of the sources that go on last sent something.
time_point sequence::last_heard() const {
  time_point last{};
  for (const auto& [id, source] : sources_) {
    if (goes_on(source)) last = std::max(last, source.heard);
  }
  return last;
}

void sequence::contend(source_id id, source_state& source, time_point now, sequence_output& out) {
  waiting_block& block = source.waiting.back();
  const std::vector<event>& events = block.events->events;
  source.goes_further |= std::any_of(events.begin(), events.end(), [&](const event& e) {
    return e.sequence != 1 && e.sequence - 1 <= options_.window;
  });
  contention_has_first_ |= has_own_first(source);
  contention_events_ += static_cast<std::int64_t>(events.size());
  if (!contention_has_first_ && contention_events_ <= options_.window) {
    block.acknowledged = true;
    out.taken.push_back(id);
  }
  settle_contenders(now, out);
}

void sequence::settle_contenders(time_point now, sequence_output& out) {
  end_repetitions(now, out);
  while (contention_has_first_ && nobody_goes_on()) begin_next_stream(now, out);
  if (contenders_ != 0 && is_hopeless(now)) end_contention(contenders::all, now, out);
}

/// It may turn out later that a number 1 is sent once more.
void sequence::end_repetitions(time_point now, sequence_output& out) {
  const bool any =
      contenders_ != 0 && std::any_of(sources_.begin(), sources_.end(), [&](const auto& s) {
        return s.second.contender && repeats(s.second);
      });
  if (any) end_contention(contenders::without_first, now, out);
}

void sequence::begin_next_stream(time_point now, sequence_output& out) {
  start_epoch(now, out);
  admit_next_stream(now, out);
  end_repetitions(now, out);
}

/// Lets into the new epoch the contenders that connected before a second one with a number 1.
void sequence::admit_next_stream(time_point now, sequence_output& out) {
  contention_since_ = now;
  contention_has_first_ = false;
  bool admitted_first = false;
  for (auto& [id, source] : sources_) {
    if (!source.contender) continue;
    contention_has_first_ |= admitted_first && has_own_first(source);
    if (contention_has_first_) continue;
    admitted_first |= has_own_first(source);
    source.contender = false;
    --contenders_;
  }
  if (contenders_ == 0) contention_events_ = 0;
  feed(now, out);
}

/// Those that `admit_next_stream` would let in.
sequence::newcomer sequence::next_stream() const {
  newcomer next;
  for (const auto& [id, source] : sources_) {
    if (!source.contender) continue;
    if (next.first != 0 && source.first != 0) break;
    next.first |= source.first;
    next.goes_further |= source.goes_further;
    next.open |= !source.closed;
  }
  return next;
}

/// From when on this stream does not wait for the older sources, because they are silent; or ///
/// `never`.
time_point sequence::superseded_at(const newcomer& next) const {
  // What is set aside may belong to no stream.
  const bool something_waits = buffer_.held() != buffer_.jumps() ||
                               std::any_of(sources_.begin(), sources_.end(), [](const auto& s) {
                                 return !s.second.contender && !s.second.waiting.empty();
                               });
  const time_point heard = last_heard();
  if (next.first == first_event_ || something_waits || heard > contention_since_) return never;
  return heard + options_.restart_wait;
}

bool sequence::is_hopeless(time_point now) const {
  if (!contention_has_first_) {
    return contention_events_ > options_.window || now >= contention_since_ + options_.gap_timeout;
  }
  if (now < contention_since_ + options_.restart_wait) return false;
  const newcomer next = next_stream();
  return superseded_at(next) == never || !(next.goes_further || next.open);
}

/// When `advance` has something to do for contenders.
time_point sequence::contention_deadline() const {
  if (contenders_ == 0) return never;
  if (!contention_has_first_) return contention_since_ + options_.gap_timeout;
  const newcomer next = next_stream();
  const time_point superseded = superseded_at(next);
  if (superseded != never && next.goes_further) return superseded;
  if (superseded != never && next.open) return never;
  return contention_since_ + options_.restart_wait;
}

/// Takes what these contenders sent as events of the current epoch.
void sequence::end_contention(contenders which, time_point now, sequence_output& out) {
  contention_has_first_ = false;
  for (auto& [id, source] : sources_) {
    if (!source.contender) continue;
    if (which == contenders::without_first && has_own_first(source)) {
      contention_has_first_ = true;
      continue;
    }
    source.contender = false;
    --contenders_;
  }
  if (contenders_ == 0) contention_events_ = 0;
  feed(now, out);
}

void sequence::begin_epoch(time_point now, sequence_output& out) {
  start_epoch(now, out);
  end_contention(contenders::all, now, out);
  forget_ended();
}

/// Gives up every gap of the old epoch, so that nothing of it is left.
void sequence::start_epoch(time_point now, sequence_output& out) {
  const auto awaited = [](const source_state& source) {
    const waiting_block& block = source.waiting.front();
    return block.events->events[block.taken].sequence;
  };
  for (;;) {
    auto first = sources_.end();
    for (auto s = sources_.begin(); s != sources_.end(); ++s) {
      if (s->second.contender || s->second.waiting.empty()) continue;
      if (first == sources_.end() || awaited(s->second) < awaited(first->second)) first = s;
    }
    if (first == sources_.end()) break;
    append(out, [&](ordered_block& block) { buffer_.expect(awaited(first->second), block); });
    feed(first->first, first->second, now, out);
  }
  append(out, [&](ordered_block& block) { buffer_.release_all(block); });
  account_for(out);
  buffer_.restart();
  ++epoch_;
  interrupted_ = false;
  first_event_ = 0;
  // The output tells of the epoch, even if nothing of it ever comes.
  begin_block(out);
}

/// Takes what waits, until nothing moves any more.
void sequence::feed(time_point now, sequence_output& out) {
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& [id, source] : sources_) {
      if (!source.contender && !source.waiting.empty()) moved |= feed(id, source, now, out);
    }
  }
}

/// Only between calls: during a call the source that is fed is in use.
void sequence::forget_ended() {
  if (closed_ != 0) {
    for (auto s = sources_.begin(); s != sources_.end();) {
      const bool ended = s->second.closed && s->second.waiting.empty();
      if (ended) note_end(s->second);
      closed_ -= ended ? 1 : 0;
      s = ended ? sources_.erase(s) : std::next(s);
    }
  }
  if (interrupted_ && made_good_ && nothing_is_left()) interrupted_ = false;
}

bool sequence::nothing_is_left() const {
  return buffer_.held() == 0 && std::all_of(sources_.begin(), sources_.end(),
                                            [](const auto& s) { return s.second.fresh; });
}

bool sequence::over() const {
  const auto matters = [&](const auto& s) {
    return s.second.brought_to == epoch_ || !s.second.waiting.empty();
  };
  return !interrupted_ && buffer_.next() != 1 && buffer_.held() == 0 &&
         std::none_of(sources_.begin(), sources_.end(), matters);
}

/// What the end of a source says of the stream.
void sequence::note_end(const source_state& source) {
  if (source.kind == source_kind::connection && source.end == source_end::finished) {
    made_good_ |= !source.fresh && !source.saw_interruption;
  } else if (source.brought_to == epoch_) {
    interrupted_ = true;
    made_good_ = false;
    for (auto& [id, other] : sources_) other.saw_interruption = true;
  }
}

/// Events that have come, each once, and are not in doubt.
std::uint64_t sequence::believed() const {
  return buffer_.counts().released + buffer_.held() - buffer_.jumps();
}

void sequence::account_for(sequence_output& out, source_id source, const waiting_block* block,
                           std::size_t first) {
  if (!keeps_accounts_) return;
  auto refused = buffer_.take_refused();
  if (!block && refused.empty()) return;
  out.accounts.push_back({source, epoch_, position_, block ? block->events : nullptr, first,
                          block ? block->taken : 0, std::move(refused)});
}

time_point sequence::waiting_since() const {
  time_point since = buffer_.held_since();
  for (const auto& [id, source] : sources_) {
    if (source.contender || source.waiting.empty()) continue;
    since = std::min(since, source.waiting.front().since);
  }
  return since;
}

sequence_number sequence::lowest_waiting() const {
  sequence_number lowest = buffer_.held() == 0 ? 0 : buffer_.lowest_held();
  for (const auto& [id, source] : sources_) {
    if (source.contender || source.waiting.empty()) continue;
    const waiting_block& block = source.waiting.front();
    const sequence_number first = block.events->events[block.taken].sequence;
    lowest = lowest == 0 ? first : std::min(lowest, first);
  }
  return lowest;
}

/// Returns whether the expected number grew.
bool sequence::feed(source_id id, source_state& source, time_point now, sequence_output& out) {
  const sequence_number before = buffer_.next();
  while (!source.waiting.empty()) {
    waiting_block& block = source.waiting.front();
    const bool may_give_up = options_.on_gap == gap_policy::skip && contenders_ == 0;
    const std::uint64_t had = believed();
    const std::size_t first = block.taken;
    append(out, [&](ordered_block& ordered) {
      ordered.text.reserve(ordered.text.size() + block.events->text.size() +
                           block.events->events.size());
      ordered.events.reserve(ordered.events.size() + block.events->events.size());
      block.taken = buffer_.push(*block.events, block.taken, now, ordered, may_give_up);
    });
    account_for(out, id, &block, first);
    if (believed() != had) source.brought_to = epoch_;
    if (block.taken != block.events->events.size()) {
      if (options_.on_gap == gap_policy::wait) break;
      // A contender may have what is missing.
      end_contention(contenders::all, now, out);
      continue;
    }
    if (!block.acknowledged) out.taken.push_back(id);
    source.waiting.pop_front();
  }
  return buffer_.next() != before;
}

/// Lets `release` append to the last block, or to a new one. A new one without events is not put
/// out.
template <class release_function>
void sequence::append(sequence_output& out, release_function release) {
  const bool begins = !may_append_to_last(out);
  ordered_block& block = begins ? begin_block(out) : out.blocks.back();
  const std::size_t had = block.events.size();
  const bool first_may_come =
      first_event_ == 0 && (buffer_.next() == 1 || options_.on_late == late_policy::deliver);
  release(block);
  if (first_may_come) look_for_first(block, had);
  position_ = block.end();
  if (begins && block.events.empty()) out.blocks.pop_back();
}

void sequence::look_for_first(const ordered_block& block, std::size_t from) {
  for (std::size_t i = from; i != block.events.size(); ++i) {
    const event& e = block.events[i];
    if (e.sequence != 1) continue;
    first_event_ = fingerprint_of(block.text_of(e).substr(0, e.length - text_of(ending_).size()));
    return;
  }
}

bool sequence::may_append_to_last(const sequence_output& out) const {
  // A block addresses its text with 32 bits, and is one piece of work for the router.
  constexpr std::size_t large = 1u << 20;
  if (out.blocks.empty()) return false;
  const ordered_block& last = out.blocks.back();
  return last.epoch == epoch_ && last.end() == position_ && last.text.size() <= large;
}

ordered_block& sequence::begin_block(sequence_output& out) const {
  ordered_block& block = out.blocks.emplace_back();
  block.epoch = epoch_;
  block.begin = position_;
  block.ending = ending_;
  return block;
}

void sequence::release_all(time_point now, sequence_output& out) {
  end_contention(contenders::all, now, out);
  if (options_.on_gap == gap_policy::skip) {
    append(out, [&](ordered_block& block) { buffer_.release_all(block); });
  }
  forget_ended();
}

void sequence::advance(time_point now, sequence_output& out) {
  const bool contended = contenders_ != 0;
  buffer_.refuse_overdue(now);
  // The caller has read all sources to their end: a source that seems silent is silent.
  for (newcomer next; contention_has_first_;) {
    next = next_stream();
    if (!next.goes_further || superseded_at(next) > now) break;
    begin_next_stream(now, out);
  }
  settle_contenders(now, out);
  if (contended) {
    // A contender may have what is missing, also after what has been read from it: that is given up
    // by the next call.
    if (contenders_ != 0 && buffer_.next_deadline() <= now) {
      end_contention(contenders::all, now, out);
    }
  } else if (buffer_.next_deadline() <= now) {
    append(out, [&](ordered_block& block) { buffer_.advance(now, block); });
    feed(now, out);
  }
  account_for(out);
  forget_ended();
}

bool sequence::keeps_block_of(source_id id) const {
  const auto source = sources_.find(id);
  if (source == sources_.end()) return false;
  const auto& waiting = source->second.waiting;
  return std::any_of(waiting.begin(), waiting.end(),
                     [](const waiting_block& block) { return !block.acknowledged; });
}

bool sequence::keeps_any_of(source_id id) const {
  const auto source = sources_.find(id);
  return source != sources_.end() && !source->second.waiting.empty();
}

std::size_t sequence::held() const {
  std::size_t events = buffer_.held();
  for (const auto& [id, source] : sources_) {
    for (const waiting_block& block : source.waiting) {
      events += block.events->events.size() - block.taken;
    }
  }
  return events;
}

time_point sequence::next_deadline() const {
  return std::min(buffer_.next_deadline(), contention_deadline());
}

}  // namespace skein::core
