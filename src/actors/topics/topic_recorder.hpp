/// The only writer of topics.
///
/// Group commit across topics and publishers: what is in the mailbox is written by one commit, and
/// all are answered by it. It is synced if one of them wants that. Then the room of what they have
/// erased is given back.
///
/// When the store fails, for example because the disk is full, all callers that wait get an error
/// at once; what they wanted is kept in its order and tried again every
/// `core::group_commit::retry_interval`, also at the end, until that is overdue. A topic sends
/// nothing more until it is told, so what is kept is bounded by what was on its way.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "actors/base/counting.hpp"
#include "actors/base/interfaces.hpp"
#include "actors/base/log.hpp"
#include "actors/topics/interfaces.hpp"
#include "core/group_commit.hpp"
#include "core/time.hpp"

namespace skein {

struct topic_recorder_environment {
  store::engine& engine;
  statistics_actor statistics;
  std::chrono::milliseconds report_interval;
  std::function<core::moment(core::time_point)>
      clock{};  ///< is stored with each commit; or none is
};

struct topic_recorder_state {
  static inline const char* name = "topic_recorder";

  struct gathered {
    std::shared_ptr<const store::changes> what;
    caf::typed_response_promise<changes_recorded> promise;
    caf::strong_actor_ptr sender;
    bool claimed = false;
  };

  std::shared_ptr<const topic_recorder_environment> environment;
  std::unique_ptr<store::batch> batch;
  std::vector<gathered> waiting;  ///< for the next commit; while failing, those before come first
  core::group_commit commits;
  std::optional<caf::typed_response_promise<drained>> end;
  counting counted;
};

topic_recorder_actor::behavior_type topic_recorder(
    measured_actor<topic_recorder_actor, topic_recorder_state>* self,
    std::shared_ptr<const topic_recorder_environment> environment);

}  // namespace skein
