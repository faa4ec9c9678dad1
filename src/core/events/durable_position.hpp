/// How much of an epoch is durable.
#pragma once

#include "core/events/event.hpp"

namespace skein::core {

/// Everything of the epoch below this number is on disk, or was given up.
/// \param durable_epoch  the epoch of `durable_next`; may be an earlier one
constexpr sequence_number durable_next_of(epoch_number epoch, epoch_number durable_epoch,
                                          sequence_number durable_next) {
  return durable_epoch == epoch ? durable_next : 1;
}

}  // namespace skein::core
