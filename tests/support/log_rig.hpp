/// An event log in memory beside the stream that is written to it, as the recorder writes it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/events/event_log.hpp"
#include "store/events/log_reader.hpp"
#include "support/checkpointing.hpp"
#include "support/event_stream.hpp"
#include "support/stored_values.hpp"

namespace skein::test {

class log_rig {
 public:
  explicit log_rig(const store::log_options& options = {}, bool keep_graph = false)
      : options_(options), keep_graph_(keep_graph) {
    reopen();
  }

  /// Goes on with what is in another engine.
  void reopen(std::unique_ptr<store::engine> other) {
    log.reset();
    engine = std::move(other);
    reopen();
  }

  /// As after a new start. What was not committed is lost.
  void reopen() {
    log.reset();
    log = std::make_unique<store::event_log>(*engine, options_, keep_graph_);
  }

  void add(const std::vector<std::string>& lines,
           core::line_ending ending = core::line_ending::lf) {
    log->append(stream.add(lines, ending, now), now);
  }
  void add_and_commit(const std::vector<std::string>& lines,
                      core::line_ending ending = core::line_ending::lf) {
    add(lines, ending);
    log->commit(true);
  }
  /// Without events.
  void begin_epoch() {
    stream.begin_epoch(keep_graph_);
    add({});
  }

  /// A router that has routed all of the stream.
  slow_router router_at_end() const {
    slow_router router{{}, 1, 0};
    router.route(stream, stream.items().size());
    return router;
  }
  void checkpoint() {
    slow_router router = router_at_end();
    make_checkpoint(*log, router);
  }
  /// What the recorder does after each commit, with a router that is quick.
  void retain() {
    if (log->trim(now)) log->commit(true);
    if (log->wants_checkpoint(now)) checkpoint();
    if (log->trim(now)) log->commit(true);
  }

  std::vector<std::string> keys(store::family f) const {
    std::vector<std::string> found;
    const auto at = engine->walk(f);
    for (at->seek(""); at->valid(); at->next()) found.emplace_back(at->key());
    return found;
  }

  std::unique_ptr<store::engine> engine = store::open_memory();
  std::unique_ptr<store::event_log> log;
  event_stream stream;
  store::wall_time now = 1'000'000;

 private:
  store::log_options options_;
  bool keep_graph_;
};

/// `count` lines of broadcasts from number `first` on; each takes `bytes` with its line end, or
/// more if the number is long.
inline std::vector<std::string> broadcasts(core::sequence_number first, std::size_t count,
                                           std::size_t bytes = 0) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i != count; ++i) {
    std::string line = std::to_string(first + static_cast<core::sequence_number>(i)) + "|B";
    if (line.size() + 1 < bytes) line.insert(0, bytes - 1 - line.size(), '0');
    lines.push_back(line);
  }
  return lines;
}

/// All texts that can be read, with what was damaged left out.
inline std::vector<std::string> lines_of(store::log_reader& log) {
  std::vector<std::string> lines;
  while (const auto block = log.next()) {
    for (const core::event& e : block->events) lines.emplace_back(block->text_of(e));
  }
  return lines;
}

}  // namespace skein::test
