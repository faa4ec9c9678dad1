/// What one source is told about the fate of its events.
///
///     told    = ( durable / refused / epoch ) LF
///     durable = "A|" sequence
///     refused = "R|" sequence "|" reason
///     epoch   = "E|" number
///
/// `A`: each of its lines up to this number is durable, or was refused. `R`: the line was refused
/// for good; 0 stands for a line that names no number. `E`: the epoch of the numbers that follow.
///
/// Memory: 16 bytes for each of its numbers that is not settled, each once: those that are not ///
/// durable yet, and those that wait in the window.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include "core/events/event.hpp"

namespace skein::core {

/// How far a sequence has come.
struct sequence_place {
  epoch_number epoch = 1;
  sequence_number next = 1;  ///< everything below has come, or was given up
  log_position position = 0;

  bool operator==(const sequence_place& o) const {
    return epoch == o.epoch && next == o.next && position == o.position;
  }
};

void write_refusal(std::string& to, sequence_number number, std::string_view reason);

class source_receipts {
 public:
  /// `epoch` is the current epoch; the source is told at once.
  explicit source_receipts(epoch_number epoch);

  /// The sequence has taken events `first`..`last` of `block`. The part of them that is in order
  /// ends at `position`.
  void take(const event_block& block, std::size_t first, std::size_t last, epoch_number epoch,
            log_position position);

  /// \param has_come  the number has come before, and still waits to be settled
  void refuse(epoch_number epoch, sequence_number number, std::string_view reason, bool has_come);

  /// Whether the number is not settled.
  bool waits_for(epoch_number epoch, sequence_number number) const;

  /// From now on numbers count in `epoch`.
  void begin(epoch_number epoch);

  /// Everything up to there is durable.
  void settle(const sequence_place& durable);

  /// Whether nothing is waited for.
  bool settled() const;

  /// What has to be told since the last call.
  std::string take_told() { return std::exchange(told_, {}); }

 private:
  struct unsettled {
    sequence_number number;
    log_position position;  ///< not before this is durable
  };
  struct group {
    epoch_number epoch;
    std::deque<unsettled> numbers;  ///< rising
    std::string refused;            ///< to be told when the epochs before are settled
    sequence_number upto = 0;       ///< told
  };

  /// Most bytes of refusals of an epoch that the source was not told of yet. Further refusals are
  /// not told one by one.
  static constexpr std::size_t most_refused = 64u << 10;

  group* find(epoch_number epoch);

  std::deque<group> groups_;  ///< by epoch; of the first is being told
  std::string told_;
};

}  // namespace skein::core
