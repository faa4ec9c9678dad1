/// What actors of every kind are told: connections, status, statistics, the end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/base/message.hpp"
#include "calls/calls.hpp"
#include "core/counters/counters.hpp"
#include "core/group_commit.hpp"
#include "io/stream.hpp"

namespace skein {

class budget_share;  // byte_budget.hpp

/// Somebody has come through a door.
SKEIN_MESSAGE(accepted) {
  std::string_view door;  ///< its name, a literal
  std::shared_ptr<io::stream> connection;
};
/// The connection can be read, or has ended.
SKEIN_MESSAGE(readable){};
/// The connection can be written, or has ended.
SKEIN_MESSAGE(writable){};
/// Time to see whether the peer has done in time what it has to do.
SKEIN_MESSAGE(look_at_deadline){};
/// Time to see whether a client that lags still makes progress.
SKEIN_MESSAGE(progress_due){};
/// Time to write what was gathered.
SKEIN_MESSAGE(commit_due) {
  using why = core::commit_wake;
  why what;
};
/// What was asked for by an api::topic_call or another call is answered so.
SKEIN_MESSAGE(answered) {
  api::answer what;
  std::shared_ptr<budget_share> share{};  ///< of the memory of all answers; null if it needs none
};
SKEIN_MESSAGE(status_wanted){};
/// Names and values, in their order.
SKEIN_MESSAGE(status) {
  std::vector<std::pair<std::string, std::uint64_t>> facts;
};
/// A copy of the store goes to this directory, which does not exist.
SKEIN_MESSAGE(backup_wanted) {
  std::string directory;
};
SKEIN_MESSAGE(backup_made){};
/// Time to report what was counted since the last report.
SKEIN_MESSAGE(report_due){};
SKEIN_MESSAGE(report) {
  core::counts counted;
};
/// Ends what the receiver does: read no more, pass on what there is, flush, then end or answer.
SKEIN_MESSAGE(drain){};
SKEIN_MESSAGE(drained) {
  bool lost = false;    ///< something that was answered or told is not in the store
  bool failed = false;  ///< the store could not be written
};
SKEIN_MESSAGE(drain_overdue){};

}  // namespace skein
