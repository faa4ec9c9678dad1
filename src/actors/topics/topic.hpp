/// One topic: asks its core::topic_queue, and sees that what it answers is stored before.
///
/// A durable topic gathers what changes. While the recorder commits what it was sent, more is
/// gathered, and goes with the next commit: the more there is to do, the larger the commits. What
/// is on disk before it is answered: publishes that wait for it, acknowledgements, subscribers. A
/// delivery is committed before it is answered, but not synced: when the machine fails, it may
/// happen again.
///
/// While the store fails nothing is promised: publishes, acknowledgements and the like are refused
/// and change nothing. What is there can still be had.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/base/byte_budget.hpp"
#include "actors/base/counting.hpp"
#include "actors/base/interfaces.hpp"
#include "actors/base/log.hpp"
#include "actors/topics/interfaces.hpp"
#include "core/rate_limiter.hpp"
#include "core/topics/topic_queue.hpp"
#include "options/daemon_options.hpp"
#include "store/topics/topic_log.hpp"

namespace skein {

/// The clock of the machine, and beside it measured time, which goes on as the actors' clock does,
/// whatever the other is set to.
class topic_clock {
 public:
  using wall_clock = std::function<core::wall_time()>;  ///< for all threads

  topic_clock(wall_clock wall, core::time_point at)
      : wall_(std::move(wall)), start_(wall_()), at_(at) {}
  /// Goes on from what was stored.
  topic_clock(wall_clock wall, core::time_point at, core::moment last)
      : wall_(std::move(wall)), start_(core::measured_after(last, wall_())), at_(at) {}
  core::wall_time start() const { return start_; }
  core::moment operator()(core::time_point now) const {
    return {start_ + std::chrono::duration_cast<std::chrono::milliseconds>(now - at_).count(),
            wall_()};
  }

 private:
  wall_clock wall_;
  core::wall_time start_;
  core::time_point at_;
};

/// What all topics share, and who knows them; lives as long as they do.
struct topic_environment {
  topic_options options;
  topic_clock clock;
  store::engine* engine = nullptr;  ///< null if nothing is stored
  topic_recorder_actor recorder;    ///< likewise
  statistics_actor statistics;
  std::chrono::milliseconds report_interval;
  std::shared_ptr<byte_budget> answers;  ///< what is read for them, and written, of all topics
  std::shared_ptr<const std::atomic<bool>> ending;  ///< the daemon: nothing is read for answers
  std::uint64_t life = 0;                           ///< of the daemon on the store
  std::shared_ptr<byte_budget> memory{};            ///< of all topics; made by who knows them
  topics_actor topics{};                            ///< set by itself
};

struct topic_state {
  static inline const char* name = "topic";

  using promise = caf::typed_response_promise<answered>;

  struct subscriber {
    std::string name;
    std::chrono::milliseconds idle_expiry{0};
    core::wall_time seen = 0;         ///< when it last asked for something
    core::wall_time seen_stored = 0;  ///< as it is stored, which is late by an eighth of the expiry
  };
  struct waiting_lease {
    promise to;
    caf::actor_id waiter;
    api::wait_ticket ticket;
    std::uint32_t most;
    core::wall_time until;
  };
  /// A publish that waits for acknowledgements.
  struct undelivered {
    promise to;
    caf::actor_id waiter;
    api::wait_ticket ticket;
    api::published answer;
    core::wall_time until;
    bool is_stored = false;         ///< it waits; before that for the store
    bool is_given_up = false;       ///< it does not, but for the store, or for what others lose
    std::uint64_t of_appended = 0;  ///< when it was given up
  };
  /// Done, and answered when it is committed.
  struct uncommitted {
    promise to;
    api::answer answer;
    bool promises = true;                            ///< that it is stored
    std::optional<core::receipt_number> then_waits;  ///< instead: a publish
    std::shared_ptr<budget_share> share{};           ///< for the answer
  };

  std::shared_ptr<const topic_environment> environment;
  std::string topic;
  core::topic_options options;
  std::unique_ptr<core::topic_log> log;
  store::topic_log* stored = nullptr;  ///< the log, if it is durable
  std::unique_ptr<core::topic_queue> queue;
  std::optional<budget_share> memory;
  std::map<std::string, core::subscriber_id> by_name;
  std::unordered_map<core::subscriber_id, subscriber> subscribers;
  core::subscriber_id last_subscriber = 0;  ///< if nothing is stored
  std::map<core::subscriber_id, std::deque<waiting_lease>> waiting;
  std::map<core::receipt_number, undelivered> unacknowledged;
  std::set<std::pair<core::wall_time, core::receipt_number>> by_until;  ///< those that are stored
  std::set<core::receipt_number> given_up;                              ///< and not answered yet

  std::vector<uncommitted> gathered;    ///< to be answered with the next commit
  std::vector<uncommitted> on_the_way;  ///< with the one that the recorder has
  bool sync = false;                    ///< the next commit is to be
  bool unsynced = false;                ///< something that was committed may not be on disk
  bool claimed = false;                 ///< publishers were answered before the next commit
  bool committing = false;              ///< the recorder has changes
  bool failing = false;                 ///< likewise, but cannot write them
  bool surplus_armed = false;
  bool end_armed = false;
  bool interval_armed = false;
  std::optional<caf::typed_response_promise<drained>> end;

  std::set<core::wall_time> armed;  ///< for these a `topic_due` is on its way
  core::wall_time next_expiry = 0;  ///< no subscriber is idle for too long before
  bool idle_armed = false;          ///< an `idle_due` is on its way
  std::uint64_t calls = 0;
  std::uint64_t calls_before = 0;  ///< at the last `idle_due`
  counting counted;
  core::rate_limiter failures{1};
};

/// \param number  of a durable topic in the store
topic_actor::behavior_type topic(reading_actor<topic_actor, topic_state>* self,
                                 std::shared_ptr<const topic_environment> environment,
                                 const std::string& name, const core::topic_options& options,
                                 store::topic_number number);

}  // namespace skein
