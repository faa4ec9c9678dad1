/// The log of all events in order, and what belongs to it: where the epochs begin, checkpoints of
/// the follower graph, how far users have acknowledged. This is its only writer.
///
/// Changes are gathered and become durable by `commit`, all of them or none. These calls read or
/// write, may throw store::error, and then have lost nothing: the constructor, `put` of a
/// checkpoint, `trim`, `inbox_of`, `has_come_to`; `commit`, `sync`, `recover`.
///
/// Retention. What is within the bounds is always kept, and at most an eighth more. The log is cut
/// only where the graph at the new begin is known: at checkpoints. They are asked for at every
/// tenth of the tightest bound; if one does not come in time, it is made here, from the one before
/// and the follows since.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/events/sequence.hpp"
#include "store/engine.hpp"
#include "store/events/layout.hpp"
#include "store/events/log_ages.hpp"
#include "store/events/log_options.hpp"

namespace skein::store {

class event_log {
 public:
  /// Goes on with what `where` holds. Throws store::error.
  event_log(engine& where, const log_options& options, bool keep_graph);

  /// Where the sequence goes on. `interrupted` unless the stream was over.
  core::sequence_start start() const;

  /// `block` begins where the log ends, or where what was gathered ends.
  void append(const core::ordered_block& block, wall_time now);

  /// The stream is over: every source has ended by itself, and nothing is held back.
  void mark_over();

  void put(core::user_id user, const inbox& i);
  void erase_inbox(core::user_id user);
  /// A slice of the checkpoint that is being made, number `next_generation()`; `value` was encoded
  /// for `key`. The slice of place 0 comes first, and begins the checkpoint anew. If another
  /// checkpoint was made here meanwhile, the slice is ignored.
  void put_slice(const std::string& key, const std::string& value);
  /// All slices of the checkpoint were put, and the events up to its `upto` are committed. `before`
  /// and `time` are filled in here.
  void put(checkpoint c);
  /// Number of the next checkpoint; it stays the same until that checkpoint is made.
  generation_number next_generation();

  /// Bytes gathered.
  std::size_t gathered() const { return changes_->bytes() + text_.size(); }

  /// Writes what was gathered. If it throws, all of it stays gathered for another try.
  void commit(bool sync);

  /// Makes durable what was committed.
  void sync() { where_.sync(); }

  /// After a failure.
  void recover() { where_.recover(); }

  /// Cuts the log where its bounds ask for it, with the next commit. Returns whether it does. Here
  /// and below `now` is the time of a clock that nobody sets; ages are measured by it. Throws
  /// store::error.
  bool trim(wall_time now);

  /// Whether a checkpoint should be made now, for retention or for a quick start; ask it after
  /// `trim`.
  bool wants_checkpoint(wall_time now) const;

  std::optional<inbox> inbox_of(core::user_id user);

  /// Whether the stream has come to number `number` of `epoch`. True if that is no longer known,
  /// because the epoch is no longer kept.
  bool has_come_to(core::epoch_number epoch, core::sequence_number number);

  std::uint64_t inboxes_at_start() const { return inboxes_at_start_; }

  core::log_position begin() const { return begin_.position; }
  core::log_position end() const { return end_; }                   ///< with what was gathered
  std::uint64_t events() const { return events_ - begin_.before; }  ///< in the log
  core::epoch_number epoch() const { return epoch_.epoch; }
  core::sequence_number next() const { return next_; }  ///< expected
  const std::vector<checkpoint>& checkpoints() const { return checkpoints_; }

 private:
  void add(const core::event& e);
  void end_record(std::string_view text);
  void end_record();
  void forget(const checkpoint& c);
  void erase_slices(generation_number generation);
  void erase_unfinished();
  bool is_superseded(generation_number g) const { return g < next_generation_ && g != asked_; }
  void insert(const checkpoint& c);
  void reclaim();
  bool is_part(core::log_position from, std::uint64_t before, core::log_position to,
               std::uint64_t before_to) const;
  core::log_position kept_from(wall_time now, unsigned eighths_above) const;
  core::log_position cut_of(const checkpoint& c) const;
  checkpoint make_checkpoint(core::log_position target);
  void cut(core::log_position at);

  engine& where_;
  log_options options_;
  bool keep_graph_;
  std::unique_ptr<batch> changes_;

  // With what was gathered.
  log_begin begin_;
  core::log_position end_ = 0;
  std::uint64_t events_ = 0;  ///< ever
  epoch_begin epoch_;
  bool has_epoch_ = false;  ///< something of `epoch_` has come
  core::sequence_number next_ = 1;
  /// Epochs that have ended since the commit, and for each the number that was expected next.
  std::vector<std::pair<core::epoch_number, core::sequence_number>> ended_;
  wall_time time_ = 0;
  bool over_ = true;
  std::uint64_t inboxes_at_start_ = 0;
  std::vector<checkpoint> checkpoints_;  ///< by `from`
  generation_number next_generation_ = 1;
  std::optional<generation_number> asked_;  ///< of the one that is to be made elsewhere
  core::epoch_number first_epoch_ = 1;      ///< there is none before
  std::optional<log_ages> ages_;            ///< if there is such a bound, once it matters
  bool cannot_make_ = false;                ///< a checkpoint; it is not tried again before a cut
  bool cut_ = false;                        ///< the begin has moved; the room is to be reclaimed

  // The record that is being filled.
  core::log_position record_begin_ = 0;
  std::string text_;
  std::uint32_t line_end_ = 1;
  std::uint32_t record_events_ = 0;
  std::uint32_t record_broadcasts_ = 0;
  std::vector<std::uint64_t> keys_;  ///< the first `key_count_` of them
  std::size_t key_count_ = 0;
};

}  // namespace skein::store
