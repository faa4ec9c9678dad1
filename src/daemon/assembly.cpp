#include "daemon/assembly.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "actors/base/log.hpp"
#include "actors/base/statistics.hpp"
#include "actors/events/recorder.hpp"
#include "actors/events/replayer.hpp"
#include "actors/events/router.hpp"
#include "actors/events/sequencer.hpp"
#include "actors/topics/topic_recorder.hpp"
#include "actors/topics/topics.hpp"

namespace skein {
namespace {

template <caf::spawn_options Options = caf::no_spawn_options, class Behavior, class... Ts>
auto spawn_watched(caf::local_actor* parent, Behavior behavior, Ts&&... arguments) {
  auto actor = parent->spawn<Options>(behavior, std::forward<Ts>(arguments)...);
  parent->monitor(actor);
  return actor;
}

/// Spawns one who waits for files.
template <class Behavior, class... Ts>
auto spawn_aside(caf::local_actor* parent, bool own_thread, Behavior behavior, Ts&&... arguments) {
  return own_thread ? spawn_watched<caf::detached>(parent, behavior, std::forward<Ts>(arguments)...)
                    : spawn_watched(parent, behavior, std::forward<Ts>(arguments)...);
}

/// A clock that is damaged is none.
topic_clock clock_of(store::engine* engine, const topic_clock::wall_clock& wall,
                     core::time_point now) {
  try {
    if (const auto last =
            engine ? engine->get(store::family::meta, store::clock_key) : std::nullopt) {
      return {wall, now, store::decode_clock(*last)};
    }
  } catch (const store::error& e) {
    log::error("the clock of topics cannot be read", {{"reason", e.what()}});
  }
  return {wall, now};
}

template <class Handle>
caf::actor any(const Handle& who) {
  return caf::actor_cast<caf::actor>(who);
}

}  // namespace

core::wall_time machine_clock() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

assembly assemble(caf::local_actor* parent, const supervisor_actor& supervisor,
                  const daemon_options& options, io::flow& flow, io_unit* unit, bool own_threads,
                  const topic_clock::wall_clock& wall_clock,
                  const std::shared_ptr<std::atomic<bool>>& ending, stored_state& stored) {
  using namespace std::chrono_literals;
  const auto report_interval = options.statistics_interval.count() == 0
                                   ? 1000ms
                                   : std::max(1ms, options.statistics_interval / 4);
  store::engine* const engine = stored.engine.get();
  door_environment all{flow, unit};
  all.report_interval = report_interval;
  all.supervisor = supervisor;
  all.statistics = spawn_watched(parent, statistics, options.statistics_interval, std::cref(flow));
  all.router =
      spawn_watched(parent, router,
                    std::make_shared<const router_environment>(router_environment{
                        options.flush_interval, options.client.on_duplicate, options.keep_graph,
                        flow, all.statistics, report_interval}),
                    std::make_shared<routed_so_far>(routed_so_far{
                        std::move(stored.graph), stored.start.epoch, stored.start.position}));
  if (stored.log) {
    all.replayer = spawn_aside(parent, own_threads, replayer,
                               std::make_shared<const replayer_environment>(replayer_environment{
                                   *engine, options.client.ending, options.inbox.quota, flow,
                                   all.statistics, wall_clock}));
    all.recorder = spawn_aside(parent, own_threads, recorder,
                               std::make_shared<const recorder_environment>(recorder_environment{
                                   options.event, *engine, all.router, all.replayer, all.statistics,
                                   report_interval, wall_clock, &flow}),
                               std::shared_ptr<store::event_log>{std::move(stored.log)});
  }
  const topic_clock for_times = clock_of(engine, wall_clock, parent->clock().now());
  if (engine) {
    all.topic_recorder =
        spawn_aside(parent, own_threads, topic_recorder,
                    std::make_shared<const topic_recorder_environment>(topic_recorder_environment{
                        *engine, all.statistics, report_interval, for_times}));
  }
  all.answers = std::make_shared<byte_budget>(options.http.max_answers);
  topic_options for_topics = options.topic;
  if (!engine) for_topics.defaults.storage = core::topic_storage::memory;
  all.topics = spawn_watched(
      parent, topics,
      topic_environment{for_topics, for_times, engine, all.topic_recorder, all.statistics,
                        report_interval, all.answers, ending, stored.life});
  all.sequencer =
      spawn_watched(parent, sequencer,
                    std::make_shared<const sequencer_environment>(sequencer_environment{
                        options.sequence, options.client.ending, flow, all.router, all.recorder,
                        options.event.level == durability::sync, all.statistics, report_interval}),
                    stored.start);

  std::vector<part> parts{
      {"sequencer", any(all.sequencer)},
      {"router", any(all.router)},
      {"recorder", any(all.recorder), true, at_timeout::try_last},
      {"replayer", any(all.replayer)},
      {"topics", any(all.topics), true, at_timeout::kill_if_asked},
      {"topic_recorder", any(all.topic_recorder), true, at_timeout::try_last},
      {"statistics", any(all.statistics), false, at_timeout::leave},
  };
  return {std::move(parts), std::move(all)};
}

}  // namespace skein
