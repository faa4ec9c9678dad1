/// The only writer of the event log.
///
/// Group commit: what is in the mailbox is written by one commit, and all are answered by it. At
/// level `sync` the router gets events from here, after they are on disk. At `async` it has them
/// already; they are gathered here and are on disk within `commit_interval`.
///
/// When the store fails, for example because the disk is full, nothing is lost: what comes waits
/// here with its bytes charged to the flow, until the sources are not read any more, and writing is
/// tried again every `core::group_commit::retry_interval`, also at the end, until that is overdue.
/// Inboxes that cannot be read for the moment are tried again, too; a damaged inbox is created anew
/// by the next acknowledgement.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/base/counting.hpp"
#include "actors/base/interfaces.hpp"
#include "actors/base/log.hpp"
#include "actors/events/interfaces.hpp"
#include "core/group_commit.hpp"
#include "core/keyed_table.hpp"
#include "core/rate_limiter.hpp"
#include "options/daemon_options.hpp"
#include "store/events/event_log.hpp"

namespace skein {

struct recorder_environment {
  event_options options;
  store::engine& engine;
  router_actor router;
  replayer_actor replayer;
  statistics_actor statistics;
  std::chrono::milliseconds report_interval;
  std::function<store::wall_time()> wall_clock;
  io::flow* flow = nullptr;  ///< learns what is recorded; null in tests
};

struct recorder_state {
  static inline const char* name = "recorder";

  struct waiting_block {
    std::shared_ptr<const charged<core::ordered_block>> events;
    caf::strong_actor_ptr sender;
  };
  struct waiting_session {
    caf::weak_actor_ptr session;
    session_news news;
  };

  std::shared_ptr<const recorder_environment> environment;
  std::shared_ptr<store::event_log> log;
  store::wall_time wall_at_start = 0;
  core::time_point started{};
  std::deque<waiting_block> stalled;         ///< while the store fails; bounded by the flow
  bool over_stalled = false;                 ///< after them the stream is over
  std::optional<graph_slice> stalled_slice;  ///< while the store fails
  std::vector<waiting_block> recorded;       ///< at level `sync`: for the router, after the commit
  struct changed_inbox {
    store::inbox what;
    bool gathered = false;  ///< by the log
    bool awaited = false;   ///< new or set: on disk before anybody is told
  };
  core::keyed_map<core::user_id, changed_inbox> inboxes;  ///< since the commit
  std::uint64_t inbox_count = 0;                          ///< with those to be committed
  core::keyed_map<core::user_id, acknowledged> unread;    ///< while the inbox cannot be read
  std::vector<waiting_session> opened;                    ///< to be told after the commit
  struct unread_inbox {
    caf::weak_actor_ptr session;
    open_inbox wanted;
  };
  std::vector<unread_inbox> unopened;  ///< asked for while the inbox cannot be read
  std::vector<caf::typed_response_promise<drained>> flushes;
  core::group_commit commits;
  std::uint64_t uncommitted = 0;  ///< events gathered
  bool checkpoint_asked = false;
  core::log_position readable = 0;  ///< what the replayer knows
  log_durable durable;              ///< what the sequencer knows
  sequencer_actor sequencer;        ///< who sends events
  std::optional<caf::typed_response_promise<drained>> end;
  counting counted;
  core::rate_limiter failures{1};  ///< other than those to write
};

recorder_actor::behavior_type recorder(measured_actor<recorder_actor, recorder_state>* self,
                                       std::shared_ptr<const recorder_environment> environment,
                                       std::shared_ptr<store::event_log> log);

}  // namespace skein
