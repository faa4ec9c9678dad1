#include "core/sequence.hpp"

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

void sequence::open(source_id source, time_point now, sequence_output& out) {
  const bool first =
      std::all_of(sources_.begin(), sources_.end(), [](const auto& s) { return s.second.closed; });
  if (first && options_.on_restart == restart_policy::every_time &&
      (buffer_.next() != 1 || buffer_.held() != 0 || !sources_.empty())) {
    start_epoch(now, out);
  }
  sources_[source];
}

void sequence::close(source_id id, time_point now, sequence_output& out) {
  const auto found = sources_.find(id);
  if (found == sources_.end()) return;
  found->second.closed = true;
  ++closed_;
  settle_contenders(now, out);
  forget_ended();
}

void sequence::push(source_id id, std::shared_ptr<const event_block> block, time_point now,
                    sequence_output& out) {
  source_state& source = sources_[id];
  const event* const first = source.fresh || contenders_ != 0 ? first_number_in(*block) : nullptr;
  const bool repeats =
      first && interrupted_ && fingerprint_of(block->text_of(*first)) == first_event_;
  if (source.fresh && !block->events.empty()) {
    source.contender = !repeats && may_start_again(*block, first != nullptr);
    source.fresh = false;
    has_heard_ = true;
    if (source.contender && contenders_++ == 0) contention_since_ = now;
  }
  source.waiting.push_back({std::move(block)});
  if (repeats && contenders_ != 0) end_contention(contenders::without_first, now, out);
  if (source.contender) {
    source.has_first |= first != nullptr;
    contend(id, source, now, out);
  } else if (feed(id, source, now, out) && options_.on_gap == gap_policy::wait) {
    feed(now, out);
  }
  forget_ended();
}

bool sequence::may_start_again(const event_block& block, bool has_first) const {
  if (options_.on_restart != restart_policy::automatic || buffer_.next() == 1) return false;
  const sequence_number first = block.events.front().sequence;
  return has_first || (nobody_goes_on() && first != buffer_.next() && first <= options_.window);
}

/// Whether no source but contenders and those that have not sent anything is open.
bool sequence::nobody_goes_on() const {
  return std::all_of(sources_.begin(), sources_.end(), [](const auto& s) {
    return s.second.contender || s.second.fresh || s.second.closed;
  });
}

void sequence::contend(source_id id, source_state& source, time_point now, sequence_output& out) {
  waiting_block& block = source.waiting.back();
  contention_has_first_ |= source.has_first;
  contention_events_ += static_cast<std::int64_t>(block.events->events.size());
  if (!contention_has_first_ && contention_events_ <= options_.window) {
    block.acknowledged = true;
    out.taken.push_back(id);
  }
  settle_contenders(now, out);
}

void sequence::settle_contenders(time_point now, sequence_output& out) {
  while (contenders_ != 0 && contention_has_first_ && nobody_goes_on()) {
    start_epoch(now, out);
    admit_next_stream(now, out);
  }
  if (contenders_ == 0) return;
  const bool hopeless = contention_has_first_ ? now >= contention_since_ + options_.restart_wait
                                              : contention_events_ > options_.window ||
                                                    now >= contention_since_ + options_.gap_timeout;
  if (hopeless) end_contention(contenders::all, now, out);
}

/// Lets those contenders into the new epoch that connected before a second one with a number 1.
void sequence::admit_next_stream(time_point now, sequence_output& out) {
  contention_since_ = now;
  contention_has_first_ = false;
  bool admitted_first = false;
  for (auto& [id, source] : sources_) {
    if (!source.contender) continue;
    contention_has_first_ |= admitted_first && source.has_first;
    if (contention_has_first_) continue;
    admitted_first |= source.has_first;
    source.contender = false;
    --contenders_;
  }
  if (contenders_ == 0) contention_events_ = 0;
  feed(now, out);
}

/// Takes what these contenders sent as events of the epoch that is now.
void sequence::end_contention(contenders which, time_point now, sequence_output& out) {
  contention_has_first_ = false;
  for (auto& [id, source] : sources_) {
    if (!source.contender) continue;
    if (which == contenders::without_first && source.has_first) {
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
  buffer_.restart();
  ++epoch_;
  interrupted_ = false;
  // Whoever reads learns of the epoch, even if nothing of it ever comes.
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

/// Only between calls: whoever feeds holds on to its source.
void sequence::forget_ended() {
  if (closed_ != 0) {
    for (auto s = sources_.begin(); s != sources_.end();) {
      const bool ended = s->second.closed && s->second.waiting.empty();
      closed_ -= ended ? 1 : 0;
      s = ended ? sources_.erase(s) : std::next(s);
    }
  }
  if (has_heard_ && nothing_is_left()) interrupted_ = false;
}

/// Returns whether the expected number grew.
bool sequence::feed(source_id id, source_state& source, time_point now, sequence_output& out) {
  const sequence_number before = buffer_.next();
  while (!source.waiting.empty()) {
    waiting_block& block = source.waiting.front();
    const bool may_give_up = options_.on_gap == gap_policy::skip && contenders_ == 0;
    append(out, [&](ordered_block& ordered) {
      ordered.text.reserve(ordered.text.size() + block.events->text.size() +
                           block.events->events.size());
      ordered.events.reserve(ordered.events.size() + block.events->events.size());
      block.taken = buffer_.push(*block.events, block.taken, now, ordered, may_give_up);
    });
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
  release(block);
  position_ = block.end();
  if (begins && block.events.empty()) out.blocks.pop_back();
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
  settle_contenders(now, out);
  buffer_.refuse_overdue(now);
  if (buffer_.next_deadline() <= now) {
    // A contender may have what is missing.
    if (contenders_ != 0) end_contention(contenders::all, now, out);
    append(out, [&](ordered_block& block) { buffer_.advance(now, block); });
    feed(now, out);
  }
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
  time_point deadline = buffer_.next_deadline();
  if (contenders_ != 0) {
    deadline = std::min(
        deadline,
        contention_since_ + (contention_has_first_ ? options_.restart_wait : options_.gap_timeout));
  }
  return deadline;
}

}  // namespace skein::core
