/// What the daemon knows about itself: asks all actors that know a part.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "actors/base/interfaces.hpp"
#include "actors/events/interfaces.hpp"
#include "actors/topics/interfaces.hpp"

namespace skein {

/// The actors that know.
struct status_sources {
  sequencer_actor sequencer;
  statistics_actor statistics;
  recorder_actor recorder;              ///< null if no events are stored
  topic_recorder_actor topic_recorder;  ///< null if nothing is stored
};

namespace detail {

using status_teller = caf::typed_actor<caf::replies_to<status_wanted>::with<status>>;

/// A key that several tell comes once, with the highest number: the others do not know yet.
inline void add(status& all, const status& told) {
  for (const auto& [key, number] : told.facts) {
    const auto known = std::find_if(all.facts.begin(), all.facts.end(),
                                    [&key = key](const auto& f) { return f.first == key; });
    if (known == all.facts.end()) {
      all.facts.emplace_back(key, number);
    } else {
      known->second = std::max(known->second, number);
    }
  }
}

/// Asks those of `rest` from the last to the first.
template <class Self, class Done, class Failed>
void ask_for_status(Self* self, std::vector<status_teller> rest, status all, Done done,
                    Failed failed) {
  if (rest.empty()) {
    done(all);
    return;
  }
  const status_teller next = std::move(rest.back());
  rest.pop_back();
  self->request(next, caf::infinite, status_wanted{})
      .then(
          [=](const status& told) {
            status more = all;
            add(more, told);
            ask_for_status(self, rest, std::move(more), done, failed);
          },
          failed);
}

}  // namespace detail

/// Calls `done(status)` with all facts in their order, or `failed(caf::error&)`.
template <class Self, class Done, class Failed>
void gather_status(Self* self, const status_sources& from, Done done, Failed failed) {
  std::vector<detail::status_teller> last_to_first;
  if (from.topic_recorder) last_to_first.push_back(from.topic_recorder);
  if (from.recorder) last_to_first.push_back(from.recorder);
  last_to_first.push_back(from.statistics);
  last_to_first.push_back(from.sequencer);
  detail::ask_for_status(self, std::move(last_to_first), {}, std::move(done), std::move(failed));
}

}  // namespace skein
