/// Group commit: what has come together is written by one commit, which answers everybody that
/// waits. This class says when to write, whether to sync, and what is due while the store cannot be
/// written. Its owner has the store and what is gathered for it.
///
///              woken, written                  failed
///     writing ───────────────▶ writing ──────────────────▶ failing
///        ▲                                                 │    ▲ │ failed at a retry
///        └──────────────── written at a retry ─────────────┘    └─┘
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>

#include "core/rate_limiter.hpp"
#include "core/time.hpp"

namespace skein::core {

/// Why the owner looks for something to do.
enum class commit_wake : std::uint8_t {
  mailbox_end,  ///< all that had come is gathered
  interval,     ///< it has waited long enough
  retry,        ///< the store has failed
  age,          ///< events may have become too old
  reading,      ///< something could not be read
};

class group_commit {
 public:
  /// From a failure to the next try.
  static constexpr std::chrono::milliseconds retry_interval{500};

  /// Something is to be done at this wake. Returns whether the owner has to send it: not if it is
  /// already on its way; and while the store fails only a retry is sent.
  bool want(commit_wake what);

  /// The wake has come. Returns whether the owner has to act: while the store fails only for a
  /// retry, otherwise only for the others.
  bool woken(commit_wake what);

  /// The next write syncs, even if nothing is gathered: so the owner notices if the store is gone.
  void want_sync() { sync_wanted_ = true; }

  enum class step : std::uint8_t { nothing, commit, commit_and_sync, sync };

  /// What a write has to do. While the store fails it always syncs.
  /// \param gathered  there is something to commit
  /// \param sync      what was committed shall be on disk
  step next(bool gathered, bool sync) const;

  /// The step was done. Returns whether the store had failed until then.
  bool written(step done);

  /// The step could not be done: the owner has to want a retry. If this is to be logged, returns
  /// how many lines about it were left out before.
  /// \param gone  the store is not there any more
  std::optional<std::uint64_t> failed(time_point now, std::string why, bool gone);

  bool failing() const { return failing_; }
  /// It fails because it is not there any more.
  bool gone() const { return gone_; }
  /// It fails, or failed the last time.
  const std::string& why() const { return why_; }
  /// All that was committed is on disk.
  bool synced() const { return !unsynced_; }

 private:
  std::bitset<5> on_the_way_;  ///< by `commit_wake`
  bool unsynced_ = false;
  bool sync_wanted_ = false;
  bool failing_ = false;
  bool gone_ = false;
  std::string why_;
  rate_limiter lines_{1};
};

}  // namespace skein::core
