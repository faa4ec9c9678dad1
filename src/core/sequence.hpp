/// The one sequence that all sources feed: who is connected, when the stream starts again, and
/// which source has to wait. The order itself is the reorder buffer's.
///
/// Epochs. The position is (epoch, number). A source that starts again at 1 is a *contender*: once
/// the stream has moved beyond 1, its first block holds number 1, or, when no other source goes on,
/// begins within the window of 1 with another than the expected number. Its events wait until 1
/// was seen and every older source has ended; then a new epoch begins with them. Of several
/// contenders that each have their own 1, each begins an epoch, in the order in which they
/// connected; one without belongs to the one before it. It is no restart
/// if 1 does not come within the gap timeout or the first `window` events, if an older source goes
/// on for longer than `restart_wait`, or if a gap would have to be given up meanwhile; then its
/// events are taken as what they are.
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
using epoch_number = std::uint32_t;

/// Events of one epoch in order; each text ends with the line ending.
struct ordered_block : event_block {
  epoch_number epoch = 1;
};

/// What a call brought forth.
struct sequence_output {
  std::vector<ordered_block> blocks;
  /// One entry for each block that was taken: its source may send another.
  std::vector<source_id> taken;
};

class sequence {
 public:
  sequence(const sequence_options& options, line_ending ending)
      : options_(options), buffer_(options, ending) {}

  void open(source_id source, time_point now, sequence_output& out);

  /// The source ends; what it sent is still taken.
  void close(source_id source, time_point now, sequence_output& out);

  /// `source` is open. Blocks of one source are taken in the order of their pushes.
  void push(source_id source, std::shared_ptr<const event_block> block, time_point now,
            sequence_output& out);

  /// Does what is due at `now`.
  void advance(time_point now, sequence_output& out);

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

  epoch_number epoch() const { return epoch_; }
  sequence_number next() const { return buffer_.next(); }
  std::size_t held() const { return buffer_.held(); }
  const reorder_counts& counts() const { return buffer_.counts(); }

 private:
  struct waiting_block {
    std::shared_ptr<const event_block> events;
    std::size_t taken = 0;     ///< events
    bool acknowledged = false;
  };
  struct source_state {
    bool closed = false;
    bool fresh = true;       ///< has sent nothing yet
    bool contender = false;
    bool has_first = false;  ///< a contender that has sent number 1
    std::deque<waiting_block> waiting;
  };

  ordered_block& current(sequence_output& out);
  void begin_epoch(time_point now, sequence_output& out);
  bool may_start_again(const event_block& block) const;
  bool nobody_goes_on() const;
  void contend(source_id id, source_state& source, time_point now, sequence_output& out);
  void settle_contenders(time_point now, sequence_output& out);
  void end_contention(time_point now, sequence_output& out);
  void admit_next_stream(time_point now, sequence_output& out);
  void feed(time_point now, sequence_output& out);
  void forget_ended();
  bool feed(source_id id, source_state& source, time_point now, sequence_output& out);

  sequence_options options_;
  reorder_buffer buffer_;
  epoch_number epoch_ = 1;
  std::map<source_id, source_state> sources_;

  std::size_t closed_ = 0;  ///< sources that have closed, but of which something waits
  std::size_t contenders_ = 0;
  time_point contention_since_{};
  std::int64_t contention_events_ = 0;
  bool contention_has_first_ = false;  ///< number 1 was seen
};

}  // namespace skein::core
