/// Reads the log of all events. All of it throws store::error.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/events/sequence.hpp"
#include "store/engine.hpp"
#include "store/events/layout.hpp"

namespace skein::store {

/// Where a record is, and what is known of it.
struct located_entry {
  core::log_position begin = 0;
  core::log_position end = 0;
  entry what;  ///< without the filter
};

/// The index of the log, as it was when this object was created. Keep it short: it holds a cursor.
class log_index {
 public:
  explicit log_index(engine& where);

  /// The record that holds `position`, or the last one before it.
  std::optional<located_entry> at(core::log_position position);

  std::optional<located_entry> last() { return at(~core::log_position{0}); }

  /// The first record for which `is` is true; it must be true for all later ones, too.
  std::optional<located_entry> first(const std::function<bool(const entry&)>& is);

  core::log_position begin() const { return begin_; }

  /// The end of the last record, or the begin of an empty log.
  core::log_position end();

 private:
  core::log_position begin_;
  std::unique_ptr<cursor> index_;
};

std::optional<located_entry> entry_at(engine& where, core::log_position position);
std::optional<located_entry> last_entry(engine& where);

std::vector<epoch_begin> read_epochs(engine& where);      ///< in their order
std::vector<checkpoint> read_checkpoints(engine& where);  ///< by `from`
log_begin read_begin(engine& where);

/// The position of the first event beyond number `number` of `epoch`, or the end of the log. If the
/// record with that event cannot be read: the begin of the record.
core::log_position position_beyond(engine& where, core::epoch_number epoch,
                                   core::sequence_number number);

/// The events of the record that begins at `begin`, each followed by `ending`.
core::ordered_block block_of(core::log_position begin, const record& r, core::line_ending ending);

/// Goes through the log from a position on, record by record. Used by one thread.
///
/// It sees at least what was committed when it was created or last refreshed. At the end of that it
/// keeps nothing open: it neither stops `engine::recover`, nor keeps the disk space of what is cut
/// off.
class log_reader {
 public:
  /// Whether a record is to be read.
  using filter = std::function<bool(const entry&)>;

  /// Begins where the log begins.
  log_reader(engine& where, core::line_ending ending, reading how = reading::many);

  /// The next record is the one that holds `position`, or the first one after it.
  void seek(core::log_position position);

  /// Reads the next record for which `wanted` is true; nothing at the end. While `wanted` is asked
  /// about a record, `at()` is not after its begin. Throws if a record is damaged; the next call
  /// goes on after it. If it throws for another reason, it is as if it had not been called. Once
  /// `lost()`, it returns nothing any more.
  std::optional<core::ordered_block> next(const filter& wanted = nullptr);

  /// The end of what was read or skipped; at least the position that was sought.
  core::log_position at() const { return at_; }

  /// Of the record read last.
  wall_time time() const { return time_; }

  /// Whether it has come to a place where a stretch was cut off the log, or is missing.
  bool lost() const { return lost_; }

  /// Lets it see what has been committed since; it stays where it is. Does not throw.
  void refresh();

 private:
  void open();
  void close();
  void pass_over_unreadable();
  std::optional<core::ordered_block> find(const filter& wanted);
  std::optional<core::ordered_block> read(core::log_position begin, std::string_view key);

  engine& where_;
  core::line_ending ending_;
  reading how_;
  std::unique_ptr<cursor> index_;  ///< null when closed; at the record that was read last
  std::unique_ptr<cursor> log_;
  core::log_position at_ = 0;
  core::log_position log_at_ = 0;  ///< the end of the record at which `log_` is
  wall_time time_ = 0;
  bool ended_ = false;     ///< up to the next refresh there is nothing more
  bool skipping_ = false;  ///< what is between `at_` and the next record was said to be damaged
  bool lost_ = false;
};

}  // namespace skein::store
