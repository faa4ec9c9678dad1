#include "core/reorder_buffer.hpp"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace skein::core {

namespace {
constexpr sequence_number greatest = std::numeric_limits<sequence_number>::max();
constexpr std::size_t remembered_gaps = 1024;
constexpr std::size_t first_capacity = 256;
}  // namespace

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
    if (distance > options_.max_jump || e.sequence == greatest) {
      if (may_give_up && begins_at(block, e)) {
        give_up_before(e.sequence - options_.window, out);
        --i;
        continue;
      }
      // Nothing can be expected behind the greatest number.
      ++counts_.beyond;
      refused_ = e.sequence;
    } else if (distance == 0) {
      release(e, text, out);
      ++next_;
      if (held_ != 0) release_run(out);
    } else if (distance < 0) {
      out_of_turn(e, text, out);
    } else {
      if (distance > options_.window) {
        if (!may_give_up) break;
        give_up_before(e.sequence - options_.window, out);
        if (e.sequence == next_) {
          --i;
          continue;
        }
      }
      hold(e, text);
    }
  }
  keep_texts(block, first, i);
  forget_arrivals();
  return i;
}

/// One wrong number is not believed. Two that are different and near each other are, as long as
/// nothing has come yet: the daemon has joined a stream that has long begun.
bool reorder_buffer::begins_at(const event_block& block, const event& e) const {
  if (next_ != 1 || held_ != 0 || e.sequence == greatest) return false;
  const auto near = [&](sequence_number n) {
    return n != e.sequence && n != greatest && std::abs(n - e.sequence) <= options_.window;
  };
  return near(refused_) || std::any_of(block.events.begin(), block.events.end(),
                                       [&](const event& other) { return near(other.sequence); });
}

void reorder_buffer::hold(const event& e, const char* text) {
  const auto distance = static_cast<std::size_t>(e.sequence - next_);
  if (distance >= ring_.size()) grow(distance + 1);
  slot& s = slot_of(e.sequence);
  if (s.text) {
    ++counts_.duplicate;
    return;
  }
  s.what = e;
  s.text = text;
  s.arrival = first_arrival_ + arrivals_.size() - 1;
  ++arrivals_.back().held;
  ++held_;
}

/// Copies the texts of those events that are held beyond the life of `block`.
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
  for (; held_ != 0; ++next_) {
    slot& s = slot_of(next_);
    if (!s.text) return;
    release(s.what, s.text, out);
    s.text = nullptr;
    s.own.reset();
    --arrivals_[static_cast<std::size_t>(s.arrival - first_arrival_)].held;
    --held_;
  }
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

sequence_number reorder_buffer::lowest_held() {
  assert(held_ != 0);
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
    ++counts_.duplicate;
    return;
  }
  ++counts_.late;
  if (options_.on_late == late_policy::deliver) release(e, text, out);
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
  while (next_deadline() <= now) {
    give_up_before(lowest_held(), out);
    release_run(out);
    forget_arrivals();
  }
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
  while (held_ != 0) {
    give_up_before(lowest_held(), out);
    release_run(out);
  }
  first_arrival_ += arrivals_.size();
  arrivals_.clear();
}

void reorder_buffer::restart() {
  assert(held_ == 0);
  next_ = 1;
  first_ = 1;
  given_up_.clear();
  remembered_from_ = 1;
  refused_ = 0;
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
