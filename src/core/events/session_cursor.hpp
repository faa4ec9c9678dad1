/// How far a durable session has been sent to, and how far its client has acknowledged.
///
/// Numbers begin again with every epoch. If a client names the epoch of what it acknowledges, that
/// counts. If it says only a number, the number counts for the oldest epoch of which something that
/// was sent is open; the number that was said last, said again, is a repetition. So it is never
/// taken for more than it can mean.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/events/event.hpp"
#include "core/events/sequence.hpp"

namespace skein::core {

class session_cursor {
 public:
  /// Number of open epochs that are told apart; if there are more, the oldest are forgotten.
  static constexpr std::size_t most_epochs = 256;

  struct place {
    epoch_number epoch = 1;
    sequence_number number = 0;
  };

  enum class outcome : std::uint8_t {
    moved,
    old,     ///< acknowledged before, or a repetition
    beyond,  ///< nothing with this number or a higher one has been sent
  };

  /// Everything up to `acknowledged` was acknowledged before.
  explicit session_cursor(place acknowledged) : acknowledged_(acknowledged), last_(acknowledged) {}

  /// Whether this event or a later one was sent or acknowledged.
  bool covers(epoch_number epoch, sequence_number number) const {
    return is_upto(epoch, number, last_);
  }

  /// Events of `epoch` up to `number` have been sent.
  void sent(epoch_number epoch, sequence_number number);

  /// The client has everything up to `number`, in an epoch that it does not name.
  outcome acknowledge(sequence_number number);

  /// The client has everything up to `p`.
  outcome acknowledge(place p);

  place acknowledged() const { return acknowledged_; }

  /// The highest place that was sent or acknowledged.
  place last() const { return last_; }

 private:
  outcome take(std::vector<place>::iterator upto, sequence_number number);

  static bool is_upto(epoch_number epoch, sequence_number number, place p) {
    return epoch < p.epoch || (epoch == p.epoch && number <= p.number);
  }
  place acknowledged_;
  place last_;
  std::vector<place> open_;              ///< the last number that was sent of each epoch; in order
  std::optional<sequence_number> said_;  ///< what moved it last, by number alone
};

}  // namespace skein::core
