/// The one sequence that all sources feed: who is connected, when the stream starts again, and
/// which source has to wait. The order itself is the reorder buffer's.
///
/// Epochs. An event is known by (epoch, number). A source that starts again at 1 is a *contender*:
/// once the stream has moved beyond 1, its first block holds number 1, or, when no other source
/// goes on, begins within the window of 1 with another than the expected number. Its events wait
/// until 1 was seen and every older source has ended; then a new epoch begins with them. Of several
/// contenders that each have their own 1, each begins an epoch, in the order in which they
/// connected; one without belongs to the one before it. It is no restart
/// if 1 does not come within the gap timeout or the first `window` events, if an older source goes
/// on for longer than `restart_wait`, or if a gap would have to be given up meanwhile; then its
/// events are taken as what they are.
///
/// Repetition. A stream that was interrupted, because the daemon ended while it was still going on,
/// may be sent again from its beginning. Under `restart_policy::automatic` a number 1 with the text
/// of the number 1 of old tells: the source that sends it is no contender, and sources that contend
/// without a number 1 of their own no longer do; their events are taken as what they are,
/// duplicates and then new ones. This holds until a new epoch begins or the stream is over: all
/// sources have ended by themselves, and nothing waits any more. Whoever starts at 1 after that
/// begins a new epoch, with whatever text.
///
/// Waiting. Under `gap_policy::wait` a block with an event ahead of the window is kept until the
/// gap closes; it is not acknowledged, so its source stops being read.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "core/event.hpp"
#include "core/reorder_buffer.hpp"
#include "core/sequence_options.hpp"
#include "core/time.hpp"

namespace skein::core {

using source_id = std::uint64_t;

/// Where a stored stream goes on.
struct sequence_start {
  epoch_number epoch = 1;
  sequence_number next = 1;  ///< from 1 on; what is below has come: it is a duplicate
  log_position position = 0;
  /// Whether the daemon ended while the stream was going on: its sources were cut, they did not end
  /// by themselves.
  bool interrupted = false;
  /// `fingerprint_of` the text, without line end, of the number 1 of this epoch; 0: it has not
  /// come.
  std::uint64_t first_event = 0;
};

/// Events of one epoch in order; each text ends with the line ending. Each block begins where the
/// one before it, of whatever call and epoch, has ended.
struct ordered_block : event_block {
  epoch_number epoch = 1;
  log_position begin = 0;  ///< of the first event
  line_ending ending = line_ending::lf;

  /// Of event `i`, 0..events.size(); behind the last one it is `end()`.
  log_position position_of(std::size_t i) const {
    const std::size_t offset = i == events.size() ? text.size() : events[i].offset;
    return begin + offset - i * (core::text_of(ending).size() - 1);
  }
  log_position end() const { return position_of(events.size()); }
};

/// What a call brought forth.
struct sequence_output {
  /// One without events says that its epoch has begun, and nothing else.
  std::vector<ordered_block> blocks;
  /// One entry for each block that was taken: its source may send another.
  std::vector<source_id> taken;
};

class sequence {
 public:
  sequence(const sequence_options& options, line_ending ending, const sequence_start& start = {})
      : options_(options),
        ending_(ending),
        buffer_(options, ending, start.next),
        epoch_(start.epoch),
        position_(start.position),
        interrupted_(start.interrupted),
        first_event_(start.first_event) {}

  void open(source_id source, time_point now, sequence_output& out);

  /// The source ends; what it sent is still taken.
  void close(source_id source, time_point now, sequence_output& out);

  /// `source` is open. Blocks of one source are taken in the order of their pushes.
  void push(source_id source, std::shared_ptr<const event_block> block, time_point now,
            sequence_output& out);

  /// Does what is due at `now`.
  void advance(time_point now, sequence_output& out);

  /// Begins a new epoch, as an operator orders it. What is held of the old one is released before;
  /// contenders, and all that comes from now on, belong to the new one.
  void begin_epoch(time_point now, sequence_output& out);

  /// Releases what can be released without a further event; under `gap_policy::skip` gaps are
  /// given up for it. For the end of the daemon.
  void release_all(time_point now, sequence_output& out);

  /// When `advance` has something to do, or `never`.
  time_point next_deadline() const;

  /// Whether a block of `source` has not been taken yet: it may be that no further one comes
  /// before it is.
  bool keeps_block_of(source_id source) const;

  /// Whether anything of `source` is kept, taken or not.
  bool keeps_any_of(source_id source) const;

  /// Whether the stream has come to its end: something of the epoch has come, in this run or before
  /// it, no source is open, and nothing is held or waits. An interrupted stream is not over before
  /// a source has sent something again, be it duplicates only.
  bool over() const { return !interrupted_ && buffer_.next() != 1 && nothing_is_left(); }

  epoch_number epoch() const { return epoch_; }
  sequence_number next() const { return buffer_.next(); }

  /// The end of everything released.
  log_position position() const { return position_; }

  /// Events that have come and still wait: behind a gap, in a parked block, or with a contender.
  std::size_t held() const;

  const reorder_counts& counts() const { return buffer_.counts(); }

 private:
  struct waiting_block {
    std::shared_ptr<const event_block> events;
    std::size_t taken = 0;  ///< events
    bool acknowledged = false;
  };
  struct source_state {
    bool closed = false;
    bool fresh = true;  ///< has sent nothing yet
    bool contender = false;
    bool has_first = false;  ///< a contender that has sent number 1, no repetition
    std::deque<waiting_block> waiting;
  };

  enum class contenders { all, without_first };

  template <class release_function>
  void append(sequence_output& out, release_function release);
  bool may_append_to_last(const sequence_output& out) const;
  ordered_block& begin_block(sequence_output& out) const;
  void start_epoch(time_point now, sequence_output& out);
  bool may_start_again(const event_block& block, bool has_first) const;
  bool nobody_goes_on() const;
  bool nothing_is_left() const { return sources_.empty() && buffer_.held() == 0; }
  void contend(source_id id, source_state& source, time_point now, sequence_output& out);
  void settle_contenders(time_point now, sequence_output& out);
  void end_contention(contenders which, time_point now, sequence_output& out);
  void admit_next_stream(time_point now, sequence_output& out);
  void feed(time_point now, sequence_output& out);
  void forget_ended();
  bool feed(source_id id, source_state& source, time_point now, sequence_output& out);

  sequence_options options_;
  line_ending ending_;
  reorder_buffer buffer_;
  epoch_number epoch_;
  log_position position_;
  bool interrupted_;
  std::uint64_t first_event_;  ///< of `sequence_start`
  bool has_heard_ = false;     ///< a source has sent an event in this run
  std::map<source_id, source_state> sources_;

  std::size_t closed_ = 0;  ///< sources that have closed, but of which something waits
  std::size_t contenders_ = 0;
  time_point contention_since_{};
  std::int64_t contention_events_ = 0;
  bool contention_has_first_ = false;  ///< number 1 was seen
};

}  // namespace skein::core
