/// Puts numbered events in order.
///
/// It knows the next expected number. What arrives ahead of it is held in a ring, at most `window`
/// numbers ahead; what is in order is released into an ordered block. A gap is given up when the
/// window or the gap timeout is exceeded (`gap_policy::skip`), or waited for (`wait`): then `push`
/// stops at the window.
///
/// One number ahead of the window is no evidence that the stream has moved there. It is set aside
/// until another one within `window` of it is there, or the window has come to it; under `skip` it
/// is refused if neither happens within the gap timeout. Numbers more than `max_jump` ahead are
/// refused at once, unless nothing has come yet: a stream may be joined wherever it is.
///
/// Invariants: released numbers only grow, except for late events under `late_policy::deliver`; no
/// number is released twice while the gaps given up are remembered (the last 1,024); nothing in the
/// ring is further than `window` from the next expected number, and nothing set aside is nearer, or
/// within `window` of anything else set aside; memory is bounded by the window, and 64 events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "core/events/event.hpp"
#include "core/events/sequence_options.hpp"
#include "core/time.hpp"

namespace skein::core {

/// Why an event is not released, and never will be.
enum class refusal : std::uint8_t { late, duplicate, beyond };

const char* name_of(refusal why);

struct refused_event {
  sequence_number sequence;
  refusal why;
};

/// What became of the events so far.
struct reorder_counts {
  std::uint64_t released = 0;
  std::uint64_t late = 0;       ///< its gap had been given up
  std::uint64_t duplicate = 0;  ///< its number was there already
  std::uint64_t beyond = 0;     ///< refused: too far ahead, or 2^63-1
  std::uint64_t gaps = 0;       ///< given up
  std::uint64_t missing = 0;    ///< numbers in these gaps
};

class reorder_buffer {
 public:
  /// `next`, from 1 on, is expected first. What is below it has come before: it is a duplicate.
  reorder_buffer(const sequence_options& options, line_ending ending, sequence_number next = 1)
      : options_(options), ending_(text_of(ending)), next_(next), first_(next) {}

  /// Takes the events of `block` from index `first` on; what is in order by then is appended to
  /// `out`. Returns the index of the first event not taken: the number of events, or, unless gaps
  /// may be given up, that of an event ahead of the window, where others are.
  std::size_t push(const event_block& block, std::size_t first, time_point now, event_block& out,
                   bool may_give_up = true);

  /// Gives up what is overdue at `now`.
  void advance(time_point now, event_block& out);

  /// Only refuses what was set aside for too long; no gap is given up for that.
  void refuse_overdue(time_point now);

  /// When `advance` has something to do, or `never`.
  time_point next_deadline() const;

  /// Gives up every number below `n` that has not come.
  void expect(sequence_number n, event_block& out);

  /// Releases everything held, giving up the gaps between. What is set aside without anything near
  /// it is refused under `skip`.
  void release_all(event_block& out);

  /// Starts again at number 1. Nothing may be held.
  void restart();

  /// From now on, or not, what is refused is kept for `take_refused`.
  void keep_refused(bool keep) { keeps_refused_ = keep; }
  std::vector<refused_event> take_refused() { return std::exchange(refused_, {}); }

  /// Since when the oldest event that is held has been held, or `never`.
  time_point held_since() const { return held_ == 0 ? never : arrivals_.front().time; }
  /// Something is held.
  sequence_number lowest_held() const;

  /// The next expected number.
  sequence_number next() const { return next_; }
  std::size_t held() const { return held_; }
  /// How much of what is held is set aside.
  std::size_t jumps() const { return jumps_.size(); }
  const reorder_counts& counts() const { return counts_; }

 private:
  struct slot {
    event what;
    const char* text = nullptr;  ///< null: free
    std::unique_ptr<char[]> own;
    std::uint64_t arrival = 0;  ///< a number of `arrivals_`
  };
  /// An event ahead of the window that nothing confirms.
  struct jump {
    event what;
    std::unique_ptr<char[]> text;
    std::uint64_t arrival = 0;
  };
  /// Events that were held by one push.
  struct arrival {
    time_point time;
    std::size_t held;
  };

  slot& slot_of(sequence_number n) { return ring_[static_cast<std::size_t>(n) & mask_]; }
  const slot& slot_of(sequence_number n) const {
    return ring_[static_cast<std::size_t>(n) & mask_];
  }
  std::size_t in_ring() const { return held_ - jumps_.size(); }
  bool may_join() const;
  bool is_confirmed(sequence_number n) const;
  sequence_number highest_near(sequence_number n) const;
  void hold(const event& e, const char* text);
  void place(const event& e, const char* text, std::unique_ptr<char[]> own,
             std::uint64_t came_with);
  bool set_aside(const event& e, const char* text);
  void believe_confirmed(event_block& out);
  bool take_up_jumps();
  bool oldest_is_refused() const;
  void refuse_oldest_jump();
  void settle_oldest(event_block& out);
  void keep_texts(const event_block& block, std::size_t first, std::size_t last);
  void release(const event& e, const char* text, event_block& out);
  void release_run(event_block& out);
  void give_up_before(sequence_number n, event_block& out);
  void refuse(sequence_number n, refusal why);
  void out_of_turn(const event& e, const char* text, event_block& out);
  void forget_arrivals();
  void remember_gap(sequence_number first, sequence_number last);
  void limit_gaps();
  void grow(std::size_t capacity);

  sequence_options options_;
  std::string_view ending_;
  sequence_number next_;
  sequence_number first_;  ///< what was expected first
  std::vector<slot> ring_;
  std::size_t mask_ = 0;
  std::size_t held_ = 0;         ///< in the ring and set aside
  sequence_number highest_ = 0;  ///< in the ring, if that is not empty
  std::vector<jump> jumps_;      ///< set aside, in the order of their arrivals
  std::deque<arrival> arrivals_;
  std::uint64_t first_arrival_ = 0;                      ///< number of `arrivals_.front()`
  std::map<sequence_number, sequence_number> given_up_;  ///< first -> last, the latest gaps
  sequence_number remembered_from_ = 1;                  ///< gaps below are forgotten
  bool keeps_refused_ = false;
  std::vector<refused_event> refused_;
  reorder_counts counts_;
};

}  // namespace skein::core
