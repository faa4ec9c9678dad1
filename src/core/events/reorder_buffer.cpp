#include "core/events/reorder_buffer.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "core/expects.hpp"

namespace skein::core {

namespace {
constexpr sequence_number greatest = std::numeric_limits<sequence_number>::max();
constexpr std::size_t remembered_gaps = 1024;
constexpr std::size_t first_capacity = 256;
constexpr std::size_t most_jumps = 64;
}  // namespace

const char* name_of(refusal why) {
  constexpr const char* names[] = {"late", "duplicate", "beyond"};
  return names[static_cast<std::size_t>(why)];
}

std::size_t reorder_buffer::push(const event_block& block, std::size_t first, time_point now,
                                 event_block& out, bool may_give_up) {
  may_give_up &= options_.on_gap == gap_policy::skip;
  arrivals_.push_back({now, 0});
  const char* const base = block.text.data();
  std::size_t i = first;
  for (; i != block.events.size(); ++i) {
    const event& e = block.events[i];
    const char* const text = base + e.offset;
    const sequence_number distance = e.sequence - next_;
    if (e.sequence == greatest || (distance > options_.max_jump && !may_join())) {
      // Nothing can be expected after the greatest number.
      refuse(e.sequence, refusal::beyond);
    } else if (distance == 0) {
      release(e, text, out);
      ++next_;
      if (held_ != 0) release_run(out);
    } else if (distance < 0) {
      out_of_turn(e, text, out);
    } else if (distance <= options_.window) {
      hold(e, text);
      if (may_give_up && !jumps_.empty()) believe_confirmed(out);
    } else if (!is_confirmed(e.sequence)) {
      if (!set_aside(e, text)) break;
    } else if (may_give_up) {
      give_up_before(highest_near(e.sequence) - options_.window, out);
      --i;  // it is within the window now
    } else {
      break;
    }
  }
  keep_texts(block, first, i);
  forget_arrivals();
  return i;
}

/// While nothing has come, the daemon may have joined a stream that began long ago.
bool reorder_buffer::may_join() const {
  return options_.on_gap == gap_policy::skip && next_ == 1 && in_ring() == 0;
}

/// Whether another number is within the window of `n`, which is ahead of the window.
bool reorder_buffer::is_confirmed(sequence_number n) const {
  if (in_ring() != 0 && n - highest_ <= options_.window) return true;
  return std::any_of(jumps_.begin(), jumps_.end(), [&](const jump& j) {
    return j.what.sequence != n && std::abs(j.what.sequence - n) <= options_.window;
  });
}

/// The highest of `n` and what is set aside within the window of it.
sequence_number reorder_buffer::highest_near(sequence_number n) const {
  sequence_number highest = n;
  for (const jump& j : jumps_) {
    if (j.what.sequence - n <= options_.window) highest = std::max(highest, j.what.sequence);
  }
  return highest;
}

void reorder_buffer::refuse(sequence_number n, refusal why) {
  switch (why) {
    case refusal::late:
      ++counts_.late;
      break;
    case refusal::duplicate:
      ++counts_.duplicate;
      break;
    case refusal::beyond:
      ++counts_.beyond;
      break;
  }
  if (keeps_refused_) refused_.push_back({n, why});
}

void reorder_buffer::hold(const event& e, const char* text) {
  const auto distance = static_cast<std::size_t>(e.sequence - next_);
  if (distance < ring_.size() && slot_of(e.sequence).text) {
    refuse(e.sequence, refusal::duplicate);
    return;
  }
  place(e, text, nullptr, first_arrival_ + arrivals_.size() - 1);
  ++arrivals_.back().held;
  ++held_;
}

void reorder_buffer::place(const event& e, const char* text, std::unique_ptr<char[]> own,
                           std::uint64_t came_with) {
  const auto distance = static_cast<std::size_t>(e.sequence - next_);
  if (distance >= ring_.size()) grow(distance + 1);
  highest_ = in_ring() == 0 ? e.sequence : std::max(highest_, e.sequence);
  slot& s = slot_of(e.sequence);
  s.what = e;
  s.text = text;
  s.own = std::move(own);
  s.arrival = came_with;
}

/// Returns whether there was room, or need, for it.
bool reorder_buffer::set_aside(const event& e, const char* text) {
  if (std::any_of(jumps_.begin(), jumps_.end(),
                  [&](const jump& j) { return j.what.sequence == e.sequence; })) {
    refuse(e.sequence, refusal::duplicate);
    return true;
  }
  if (jumps_.size() == most_jumps) {
    if (options_.on_gap == gap_policy::wait) return false;
    refuse_oldest_jump();
  }
  jump& j = jumps_.emplace_back();
  j.what = e;
  j.text.reset(new char[e.length]);
  std::memcpy(j.text.get(), text, e.length);
  j.arrival = first_arrival_ + arrivals_.size() - 1;
  ++arrivals_.back().held;
  ++held_;
  return true;
}

/// What is in the ring may confirm what was set aside before.
void reorder_buffer::believe_confirmed(event_block& out) {
  sequence_number highest = 0;
  for (const jump& j : jumps_) {
    if (j.what.sequence - highest_ <= options_.window) highest = j.what.sequence;
  }
  if (highest != 0) give_up_before(highest - options_.window, out);
}

/// Puts what the window has come to into the ring. Returns whether there was any.
bool reorder_buffer::take_up_jumps() {
  const std::size_t before = jumps_.size();
  for (auto j = jumps_.begin(); j != jumps_.end();) {
    if (j->what.sequence - next_ > options_.window) {
      ++j;
      continue;
    }
    jump reached = std::move(*j);
    j = jumps_.erase(j);
    const char* const text = reached.text.get();
    --held_;
    place(reached.what, text, std::move(reached.text), reached.arrival);
    ++held_;
  }
  return jumps_.size() != before;
}

void reorder_buffer::refuse_oldest_jump() {
  --arrivals_[static_cast<std::size_t>(jumps_.front().arrival - first_arrival_)].held;
  --held_;
  refuse(jumps_.front().what.sequence, refusal::beyond);
  jumps_.erase(jumps_.begin());
}

/// Copies the texts of the events that are held for longer than `block` lives.
void reorder_buffer::keep_texts(const event_block& block, std::size_t first, std::size_t last) {
  if (held_ == 0) return;
  for (std::size_t i = first; i != last; ++i) {
    const event& e = block.events[i];
    if (e.sequence < next_ || e.sequence - next_ > options_.window) continue;
    slot& s = slot_of(e.sequence);
    const char* const text = block.text.data() + e.offset;
    if (s.text != text) continue;
    s.own.reset(new char[e.length]);
    std::memcpy(s.own.get(), text, e.length);
    s.text = s.own.get();
  }
}

void reorder_buffer::release(const event& e, const char* text, event_block& out) {
  event& released = out.events.emplace_back(e);
  released.offset = static_cast<std::uint32_t>(out.text.size());
  released.length = static_cast<std::uint16_t>(e.length + ending_.size());
  out.text.append(text, e.length);
  out.text.append(ending_);
  ++counts_.released;
}

void reorder_buffer::release_run(event_block& out) {
  do {
    for (; in_ring() != 0; ++next_) {
      slot& s = slot_of(next_);
      if (!s.text) break;
      release(s.what, s.text, out);
      s.text = nullptr;
      s.own.reset();
      --arrivals_[static_cast<std::size_t>(s.arrival - first_arrival_)].held;
      --held_;
    }
  } while (!jumps_.empty() && take_up_jumps());
}

/// Releases what is held below `n` and expects `n` next.
void reorder_buffer::give_up_before(sequence_number n, event_block& out) {
  while (next_ < n) {
    const sequence_number end = held_ == 0 ? n : std::min(n, lowest_held());
    if (end != next_) {
      remember_gap(next_, end - 1);
      ++counts_.gaps;
      counts_.missing += static_cast<std::uint64_t>(end - next_);
      next_ = end;
    }
    release_run(out);
  }
}

sequence_number reorder_buffer::lowest_held() const {
  expects(held_ != 0, "something is held when its lowest number is asked for");
  if (in_ring() == 0) {
    return std::min_element(
               jumps_.begin(), jumps_.end(),
               [](const jump& a, const jump& b) { return a.what.sequence < b.what.sequence; })
        ->what.sequence;
  }
  sequence_number n = next_;
  while (!slot_of(n).text) ++n;
  return n;
}

void reorder_buffer::out_of_turn(const event& e, const char* text, event_block& out) {
  bool missed = e.sequence >= first_ && e.sequence < remembered_from_;
  if (const auto after = given_up_.upper_bound(e.sequence); after != given_up_.begin()) {
    const auto gap = std::prev(after);
    if (const auto [first, last] = *gap; e.sequence <= last) {
      missed = true;
      given_up_.erase(gap);
      if (first < e.sequence) given_up_.emplace(first, e.sequence - 1);
      if (e.sequence < last) given_up_.emplace(e.sequence + 1, last);
      limit_gaps();
    }
  }
  if (!missed) {
    refuse(e.sequence, refusal::duplicate);
  } else if (options_.on_late == late_policy::deliver) {
    ++counts_.late;
    release(e, text, out);
  } else {
    refuse(e.sequence, refusal::late);
  }
}

void reorder_buffer::remember_gap(sequence_number first, sequence_number last) {
  given_up_.emplace(first, last);
  limit_gaps();
}

void reorder_buffer::limit_gaps() {
  while (given_up_.size() > remembered_gaps) {
    remembered_from_ = given_up_.begin()->second + 1;
    given_up_.erase(given_up_.begin());
  }
}

void reorder_buffer::expect(sequence_number n, event_block& out) {
  give_up_before(n, out);
  forget_arrivals();
}

void reorder_buffer::advance(time_point now, event_block& out) {
  while (next_deadline() <= now) settle_oldest(out);
}

void reorder_buffer::refuse_overdue(time_point now) {
  while (next_deadline() <= now && oldest_is_refused()) {
    refuse_oldest_jump();
    forget_arrivals();
  }
}

/// Whether what has waited longest was set aside, and nothing confirms it.
bool reorder_buffer::oldest_is_refused() const {
  return options_.on_gap == gap_policy::skip && !jumps_.empty() &&
         jumps_.front().arrival == first_arrival_ && !is_confirmed(jumps_.front().what.sequence);
}

/// Ends the wait of what has waited longest.
void reorder_buffer::settle_oldest(event_block& out) {
  oldest_is_refused() ? refuse_oldest_jump() : give_up_before(lowest_held(), out);
  forget_arrivals();
}

void reorder_buffer::forget_arrivals() {
  while (!arrivals_.empty() && arrivals_.back().held == 0) arrivals_.pop_back();
  while (!arrivals_.empty() && arrivals_.front().held == 0) {
    arrivals_.pop_front();
    ++first_arrival_;
  }
}

time_point reorder_buffer::next_deadline() const {
  if (held_ == 0 || options_.on_gap == gap_policy::wait) return never;
  return arrivals_.front().time + options_.gap_timeout;
}

void reorder_buffer::release_all(event_block& out) {
  while (held_ != 0) settle_oldest(out);
}

void reorder_buffer::restart() {
  expects(held_ == 0, "nothing is held when the order begins anew");
  next_ = 1;
  first_ = 1;
  given_up_.clear();
  remembered_from_ = 1;
}

void reorder_buffer::grow(std::size_t capacity) {
  std::size_t size = std::max(first_capacity, ring_.size());
  while (size < capacity) size *= 2;
  std::vector<slot> old(size);
  old.swap(ring_);
  mask_ = size - 1;
  for (slot& s : old) {
    if (s.text) slot_of(s.what.sequence) = std::move(s);
  }
}

}  // namespace skein::core
