#include "daemon/open_store.hpp"

#include <chrono>

#include "actors/base/log.hpp"
#include "io/start_signals.hpp"
#include "store/events/recovery.hpp"
#include "store/rocksdb/directory.hpp"
#include "store/topics/lives.hpp"

namespace skein {

void end_if_asked() {
  const int signal = io::noted_signal();
  if (signal == 0) return;
  log::info("ended while starting", {{"signal", signal}});
  throw ended_while_starting{};
}

std::shared_ptr<stored_state> open_store(const daemon_options& options, std::size_t most_files) {
  auto stored = std::make_shared<stored_state>();
  const bool events = options.event.level != durability::none;
  if (!is_stored(options)) return stored;
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  store::disk_options where{options.store.directory};
  where.most_files = most_files;
  stored->engine = store::open_disk(where);
  stored->life = store::begin_life(*stored->engine);
  if (const auto files = store::open_to_others(where.directory); !files.empty()) {
    log::warn("others may read or write files of the store",
              {{"files", files.size()}, {"first", files.front().string()}});
  }
  if (!events) {
    log::info("store opened", {{"directory", options.store.directory}, {"events", "none"}});
    return stored;
  }
  stored->log =
      std::make_unique<store::event_log>(*stored->engine, options.event.log, options.keep_graph);
  stored->start = stored->log->start();
  auto last = begin;
  stored->graph = store::recover_graph(*stored->engine, [&](auto at, auto end) {
    end_if_asked();
    if (clock::now() - last < std::chrono::seconds{1}) return;
    last = clock::now();
    log::info("reading the log", {{"position", at}, {"end", end}});
  });
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begin);
  log::info("store opened", {{"directory", options.store.directory},
                             {"epoch", stored->start.epoch},
                             {"next", stored->start.next},
                             {"interrupted", stored->start.interrupted},
                             {"events", stored->log->events()},
                             {"edges", stored->graph.edges()},
                             {"ms", taken.count()}});
  return stored;
}

}  // namespace skein
