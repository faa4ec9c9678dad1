/// Group commit: what has come together is written by one commit, and all who wait are answered by
/// it. This says when to write, whether to sync, and what is due while the store cannot be written.
/// Its owner has the store and what is gathered for it.
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

/// Why somebody who writes to the store looks at what there is to do.
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

  /// Something is to be done at this wake. Returns whether the owner has to let it come: not if it
  /// is on its way, and while the store fails only a retry comes.
  bool want(commit_wake what);

  /// It has come. Returns whether it is to be heeded: while the store fails only a retry is, else
  /// only the others are.
  bool woken(commit_wake what);

  /// The next write syncs, even if nothing is gathered for it: the store is seen to be there.
  void want_sync() { sync_wanted_ = true; }

  enum class step : std::uint8_t { nothing, commit, commit_and_sync, sync };

  /// What a write has to do. While the store fails it always syncs.
  /// \param gathered  there is something to commit
  /// \param sync      what was committed shall be on disk
  step next(bool gathered, bool sync) const;

  /// It was done. Returns whether the store had failed until then.
  bool written(step done);

  /// It could not be done: a retry is to be wanted. Returns whether to log that: if so, how many
  /// lines about it were left out before.
  /// \param gone  the store is not there any more
  std::optional<std::uint64_t> failed(time_point now, std::string why, bool gone);

  bool failing() const { return failing_; }
  /// It fails because it is not there any more.
  bool gone() const { return gone_; }
  /// It fails, or has failed last.
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
