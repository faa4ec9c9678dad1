/// What the daemon knows of itself, asked of all who know a part.
#pragma once

#include <memory>
#include <utility>

#include "actors/interfaces.hpp"

namespace skein {

/// Who knows.
struct status_sources {
  sequencer_actor sequencer;
  statistics_actor statistics;
  recorder_actor recorder;  ///< null if no events are stored
};

/// Calls `done(status)` with all facts in their order, or `failed(caf::error&)`.
template <class Self, class Done, class Failed>
void gather_status(Self* self, const status_sources& from, Done done, Failed failed) {
  const auto all = std::make_shared<status>();
  const auto add = [all](const status& told) {
    all->facts.insert(all->facts.end(), told.facts.begin(), told.facts.end());
  };
  self->request(from.sequencer, caf::infinite, status_wanted{})
      .then(
          [=](const status& sequence) {
            add(sequence);
            self->request(from.statistics, caf::infinite, status_wanted{})
                .then(
                    [=](const status& totals) {
                      add(totals);
                      if (!from.recorder) {
                        done(*all);
                        return;
                      }
                      self->request(from.recorder, caf::infinite, status_wanted{})
                          .then(
                              [=](const status& log) {
                                add(log);
                                done(*all);
                              },
                              failed);
                    },
                    failed);
          },
          failed);
}

}  // namespace skein
