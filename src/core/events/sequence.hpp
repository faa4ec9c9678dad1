/// The one sequence that all sources feed: who is connected, when the stream starts again, and
/// which source has to wait. The order itself is the reorder buffer's.
///
/// Epochs. An event is known by (epoch, number). A source that starts again at 1 is a *contender*:
/// once the stream has moved beyond 1, its first block holds number 1, or, when no other source
/// goes on (or, for a connection, has said anything for a while), begins within the window of 1 ///
/// with a number that is not expected. Its events wait until 1 was seen and every older source ///
/// has ended; then a new epoch begins with them. If several contenders have a number 1 of their
/// own, each of them begins an epoch, in the order in which they connected; a contender without a
/// number 1 belongs to the epoch of the one before it. It is no restart if 1 does not come within
/// the gap timeout or the first `window` events, if an older source goes on for longer than
/// `restart_wait`, or if a gap would have to be given up meanwhile; then its events are taken as
/// what they are.
///
/// Silence. A connection is no evidence that a stream goes on. Older sources that have sent nothing
/// for `restart_wait`, and have nothing that waits, do not hold up a stream that has another event
/// 1 than theirs and one more number near it. A stream with a number 1 alone waits on.
///
/// Repetition. A stream is *interrupted* when the daemon ended while it was going on, or when a
/// source that had brought something of it did not end by itself: its connection broke, or it was a
/// request, whose end means nothing. Under `restart_policy::automatic` an event 1 with the text of
/// the old event 1 then decides: the source that sends it is no contender, and sources that ///
/// contend without a number 1 of their own no longer do; their events are taken as what they are,
/// duplicates and then new ones. This holds until a new epoch begins or the stream is over. It is
/// over when a source that came after the interruption and has sent something, and all others, have
/// ended by themselves, and nothing waits any more. A source that starts at 1 after that begins a
/// new epoch, whatever its text; except a request, which is a repetition whenever it has the same
/// text.
///
/// Waiting. Under `gap_policy::wait` a block with an event ahead of the window is kept until the
/// gap closes; it is not acknowledged, so its source stops being read.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "core/events/event.hpp"
#include "core/events/reorder_buffer.hpp"
#include "core/events/sequence_options.hpp"
#include "core/time.hpp"

namespace skein::core {

using source_id = std::uint64_t;

enum class source_kind : std::uint8_t {
  connection,
  request,  ///< one of several that together are a stream
};

/// How a source has ended.
enum class source_end : std::uint8_t {
  finished,  ///< by itself
  broken,    ///< its connection was lost or cut: there may be more to come
};

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
/// block before it has ended, also across calls and epochs.
struct ordered_block : event_block {
  epoch_number epoch = 1;
  log_position begin = 0;  ///< of the first event
  line_ending ending = line_ending::lf;

  /// Of event `i`, 0..events.size(); for `events.size()` it is `end()`.
  log_position position_of(std::size_t i) const {
    const std::size_t offset = i == events.size() ? text.size() : events[i].offset;
    return begin + offset - i * (core::text_of(ending).size() - 1);
  }
  log_position end() const { return position_of(events.size()); }
};

/// What became of events `first`..`last` of a block of a source, and of others.
struct sequence_account {
  source_id source;
  epoch_number epoch;
  log_position position;                      ///< the end of everything released
  std::shared_ptr<const event_block> events;  ///< null: of none; others were refused
  std::size_t first = 0, last = 0;
  /// Beyond what is expected may be events of any source, the others are of this one.
  std::vector<refused_event> refused;
};

/// What came out of a call.
struct sequence_output {
  /// One without events says that its epoch has begun, and nothing else.
  std::vector<ordered_block> blocks;
  /// One entry for each block that was taken: its source may send another.
  std::vector<source_id> taken;
  std::vector<sequence_account> accounts;  ///< if they are kept
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

  void open(source_id source, source_kind kind);

  /// The source ends; what it sent is still taken.
  void close(source_id source, source_end how, time_point now, sequence_output& out);

  /// `source` is open. Blocks of one source are taken in the order of their pushes.
  void push(source_id source, std::shared_ptr<const event_block> block, time_point now,
            sequence_output& out);

  /// Does what is due at `now`. Everything that sources have sent by then has been pushed, except
  /// what comes after a block that is kept.
  void advance(time_point now, sequence_output& out);

  /// Begins a new epoch, as an operator orders it. What is held of the old epoch is released
  /// before; contenders, and everything that comes from now on, belong to the new epoch.
  void begin_epoch(time_point now, sequence_output& out);

  /// Releases what can be released without a further event; under `gap_policy::skip` this gives
  /// gaps up. For the end of the daemon.
  void release_all(time_point now, sequence_output& out);

  /// When `advance` has something to do, or `never`.
  time_point next_deadline() const;

  /// Whether a block of `source` has not been taken yet. If so, its next block may not come before
  /// this one is taken.
  bool keeps_block_of(source_id source) const;

  /// Whether anything of `source` is kept, taken or not.
  bool keeps_any_of(source_id source) const;

  /// Whether the stream has come to its end: something of the epoch has come, in this run or before
  /// it, no source is open that has brought something new of it, and nothing is held or waits. An
  /// interrupted stream is not over before a source that came later has sent something, even if
  /// only duplicates, and has finished.
  bool over() const;

  /// From now on, or not, the output says what became of each event.
  void keep_accounts(bool keep) {
    keeps_accounts_ = keep;
    buffer_.keep_refused(keep);
  }

  /// Since when something has been waiting for the number that is expected, or `never`.
  time_point waiting_since() const;
  /// The lowest number that waits so.
  sequence_number lowest_waiting() const;

  epoch_number epoch() const { return epoch_; }
  sequence_number next() const { return buffer_.next(); }

  /// The end of everything released.
  log_position position() const { return position_; }

  /// Events that have come and still wait: for a gap to be filled, in a parked block, or with a ///
  /// contender.
  std::size_t held() const;

  const reorder_counts& counts() const { return buffer_.counts(); }

 private:
  struct waiting_block {
    std::shared_ptr<const event_block> events;
    std::size_t taken = 0;  ///< events
    bool acknowledged = false;
    time_point since{};
  };
  struct source_state {
    source_kind kind = source_kind::connection;
    source_end end = source_end::finished;  ///< if it is closed
    bool closed = false;
    bool saw_interruption = false;  ///< was there when the stream was last interrupted
    bool fresh = true;              ///< has sent nothing yet
    bool begins = false;            ///< no other had sent anything when it came, and none has since
    bool contender = false;
    bool goes_further = false;    ///< a contender that has sent another number near 1
    std::uint64_t first = 0;      ///< fingerprint of the number 1 that it has sent, if that matters
    time_point heard{};           ///< when it has last sent something
    epoch_number brought_to = 0;  ///< the last epoch that has got something new from it
    std::deque<waiting_block> waiting;
  };
  /// The contenders of the epoch that may begin next, taken together.
  struct newcomer {
    std::uint64_t first = 0;
    bool goes_further = false;
    bool open = false;
  };

  enum class contenders { all, without_first };

  static bool goes_on(const source_state& s) { return !s.contender && !s.fresh && !s.closed; }

  template <class release_function>
  void append(sequence_output& out, release_function release);
  void look_for_first(const ordered_block& block, std::size_t from);
  bool may_append_to_last(const sequence_output& out) const;
  ordered_block& begin_block(sequence_output& out) const;
  void begin_if_told(const source_state& source, time_point now, sequence_output& out);
  void account_for(sequence_output& out, source_id source = 0, const waiting_block* block = nullptr,
                   std::size_t first = 0);
  void start_epoch(time_point now, sequence_output& out);
  bool may_start_again(const source_state& source, const event_block& block, time_point now) const;
  bool repeats(const source_state& source) const;
  bool has_own_first(const source_state& source) const;
  bool nobody_goes_on() const;
  time_point last_heard() const;
  bool nothing_is_left() const;
  void contend(source_id id, source_state& source, time_point now, sequence_output& out);
  void settle_contenders(time_point now, sequence_output& out);
  void end_repetitions(time_point now, sequence_output& out);
  void begin_next_stream(time_point now, sequence_output& out);
  void end_contention(contenders which, time_point now, sequence_output& out);
  void admit_next_stream(time_point now, sequence_output& out);
  newcomer next_stream() const;
  time_point superseded_at(const newcomer& next) const;
  time_point contention_deadline() const;
  bool is_hopeless(time_point now) const;
  void feed(time_point now, sequence_output& out);
  void forget_ended();
  void note_end(const source_state& source);
  std::uint64_t believed() const;
  bool feed(source_id id, source_state& source, time_point now, sequence_output& out);

  sequence_options options_;
  line_ending ending_;
  reorder_buffer buffer_;
  epoch_number epoch_;
  log_position position_;
  bool interrupted_;
  std::uint64_t first_event_;  ///< fingerprint of the number 1 of this epoch, or 0
  bool made_good_ = false;     ///< a source that came later has sent something and finished
  std::map<source_id, source_state> sources_;

  bool keeps_accounts_ = false;
  std::size_t closed_ = 0;  ///< sources that have closed, but of which something waits
  std::size_t contenders_ = 0;
  time_point contention_since_{};
  std::int64_t contention_events_ = 0;
  bool contention_has_first_ = false;  ///< number 1 was seen, no repetition
};

}  // namespace skein::core
