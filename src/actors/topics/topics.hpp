/// Which topics there are.
///
/// A topic has an actor while it is used: it is spawned for the first call, and ends when it has
/// been idle. What it is lies in the catalog of the store, or here if nothing is stored. Since
/// every call passes here, none can reach a topic that has just ended.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "actors/base/counting.hpp"
#include "actors/base/interfaces.hpp"
#include "actors/topics/interfaces.hpp"
#include "actors/topics/topic.hpp"
#include "core/keyed_table.hpp"
#include "core/rate_limiter.hpp"
#include "store/topics/topic_catalog.hpp"

namespace skein {

struct topics_state {
  static inline const char* name = "topics";

  struct open_topic {
    topic_actor actor;  ///< null while it ends to be deleted
    store::topic_entry entry;
    std::uint64_t calls = 0;  ///< passed on
  };

  /// A creation, change or deletion that the catalog does not show yet.
  struct change {
    store::topic_entry topic;
    bool made;
    std::vector<caf::typed_response_promise<answered>> to;  ///< who wait for it
    bool asked_for = false;                                 ///< by the first of them
    bool is_change = false;                                 ///< of one that was there
    bool late = false;  ///< the recorder could not write it, and tries it again
  };

  std::shared_ptr<const topic_environment> environment;
  core::keyed_map<std::string, open_topic> open;
  std::unordered_map<caf::actor_id, std::string> names;  ///< of the open ones
  std::optional<store::topic_catalog> catalog;
  std::deque<change> changes;                           ///< in the order of the recorder's answers
  std::size_t count = 0;                                ///< of topics
  std::map<std::string, core::topic_options> unstored;  ///< all topics, if nothing is stored
  std::optional<caf::typed_response_promise<drained>> end;
  std::size_t ending = 0;    ///< topics that have not answered yet
  std::size_t deleting = 0;  ///< likewise, to be deleted
  bool lost = false;
  counting counted;
  core::rate_limiter failures{1};
};

topics_actor::behavior_type topics(reading_actor<topics_actor, topics_state>* self,
                                   topic_environment environment);

}  // namespace skein
