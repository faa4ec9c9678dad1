/// Makes checkpoints as the router does: slice by slice, while the graph goes on changing.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "store/events/event_log.hpp"
#include "support/event_stream.hpp"

namespace skein::test {

/// Routes a stream with some delay, and makes checkpoints of its graph meanwhile.
class slow_router {
 public:
  /// Goes on at `position` with what is stored up to there.
  slow_router(core::follower_graph graph, core::epoch_number epoch, core::log_position position)
      : graph_(std::move(graph)), epoch_(epoch), position_(position) {}

  /// Routes up to `count` events of the stream.
  void route(const event_stream& stream, std::size_t count) {
    auto next = std::lower_bound(
        stream.items().begin(), stream.items().end(), position_,
        [](const event_stream::item& i, core::log_position p) { return i.position < p; });
    for (; count != 0 && next != stream.items().end(); --count, ++next) {
      enter(stream, next->epoch);
      const core::event& e = next->e;
      if (e.kind == core::event_kind::follow) graph_.follow(e.from, e.to);
      if (e.kind == core::event_kind::unfollow) graph_.unfollow(e.from, e.to);
      position_ = next->end();
    }
    if (next == stream.items().end()) enter(stream, stream.epoch_now());
  }

  void begin_checkpoint(store::generation_number generation) {
    checkpoint_.emplace();
    checkpoint_->generation = generation;
    checkpoint_->epoch = epoch_;
    checkpoint_->from = position_;
    checkpoint_->places = graph_.places();
    checkpoint_->secret = core::table_secret;
    place_ = 0;
  }
  bool is_at_checkpoint() const { return checkpoint_.has_value(); }
  void give_up_checkpoint() { checkpoint_.reset(); }

  /// Puts the next slice, of so many places. Returns the checkpoint when all were put.
  std::optional<store::checkpoint> continue_checkpoint(store::event_log& log,
                                                       std::uint32_t places) {
    if (checkpoint_->places != graph_.places() || checkpoint_->epoch != epoch_) {
      begin_checkpoint(checkpoint_->generation);
      ++restarts_;
    }
    store::checkpoint& made = *checkpoint_;
    if (place_ == made.places) {
      made.upto = position_;
      made.edges = graph_.edges();
      return *std::exchange(checkpoint_, std::nullopt);
    }
    const std::uint32_t last = std::min(made.places, place_ + places);
    const std::string key = store::slice_key(made.generation, place_);
    log.put_slice(key, store::encode_slice(key, graph_, place_, last));
    place_ = last;
    return std::nullopt;
  }

  core::log_position position() const { return position_; }
  const core::follower_graph& graph() const { return graph_; }
  int restarts() const { return restarts_; }  ///< of checkpoints

 private:
  void enter(const event_stream& stream, core::epoch_number epoch) {
    for (const event_stream::epoch& e : stream.epochs()) {
      if (e.number > epoch_ && e.number <= epoch && !e.keeps_graph) graph_.forget_follows();
    }
    epoch_ = epoch;
  }

  core::follower_graph graph_;
  core::epoch_number epoch_;
  core::log_position position_;
  std::optional<store::checkpoint> checkpoint_;
  std::uint32_t place_ = 0;
  int restarts_ = 0;
};

/// All of a checkpoint at once. Everything is committed.
inline void make_checkpoint(store::event_log& log, slow_router& router) {
  router.begin_checkpoint(log.next_generation());
  for (;;) {
    if (const auto made = router.continue_checkpoint(log, 8)) {
      log.put(*made);
      log.commit(true);
      return;
    }
  }
}

}  // namespace skein::test
