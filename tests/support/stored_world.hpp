/// For topic_game: a topic in a store, where what it takes is committed some time later, or fails
/// before; that is closed now and then, and started again from what was stored, or survived. It
/// keeps next to nothing in memory, or as much as it may.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "store/topics/topic_log.hpp"
#include "support/faulty_disk.hpp"
#include "support/topic_game.hpp"
#include "support/unreadable_engine.hpp"

namespace skein::test {

template <class Random>
class stored_world {
 public:
  /// \param disk  with which things happen; null: none
  stored_world(Random& random, std::unique_ptr<store::engine> engine, faulty_disk* disk = nullptr)
      : random_(&random), disk_(disk), engine_(std::move(engine)) {}

  core::topic_log& begin(const core::topic_options& options, core::wall_time now) {
    options_ = options;
    if (!log_) open(now);
    return *log_;
  }

  core::subscriber_id add(const std::string& name, core::wall_time now) {
    return log_->add_subscriber(name, {}, now);
  }
  void remove(core::subscriber_id id) { log_->remove_subscriber(id); }

  std::size_t keep(const core::topic_queue& topic, core::wall_time now) {
    const bool takes = random_->one_in(4) && log_->has_changes();
    if (takes) {
      // After a crash what could not be erased would be there again, which the model does not know.
      readable_->closed = !disk_ && random_->one_in(3);
      take(topic, now);
      readable_->closed = false;
    }
    while (!taken_.empty() && random_->one_in(3)) commit();
    while (untold_ != 0 && random_->one_in(2)) tell();
    return takes ? taken_ever_ : 0;
  }

  remains restart(core::topic_queue& former, const std::set<core::subscriber_id>&,
                  core::wall_time now) {
    if (disk_ && random_->one_in(2)) {
      const std::size_t unsynced = disk_->unsynced();
      const auto kept = static_cast<std::size_t>(random_->between(0, static_cast<int>(unsynced)));
      taken_ever_ = taken_ever_ - taken_.size() - unsynced + kept;
      disk_->crash(kept);
      engine_ = disk_->open();
      taken_.clear();
    } else {
      take(former, now);
      while (!taken_.empty()) commit();
    }
    untold_ = 0;
    log_.reset();
    open(now);
    remains r{{}, log_->take_window(), taken_ever_};
    for (store::stored_subscriber& s : log_->take_subscribers()) {
      r.subscribers.emplace_back(s.id, std::move(s.so_far));
    }
    return r;
  }

  std::size_t messages() {
    std::size_t found = 0;
    for (core::priority_level p = 0; p != options_.priorities; ++p) {
      for (core::place at = log_->begin(p); at != log_->end(p); ++at) {
        found += log_->read({p, at}) ? 1 : 0;
      }
    }
    return found;
  }

 private:
  static constexpr store::topic_number number = 7;

  store::topic_memory some_memory() {
    if (random_->one_in(4)) return {};
    const auto few = [&] { return static_cast<std::size_t>(random_->between(1, 4)); };
    const auto bytes = [&] { return random_->one_in(4) ? few() * 64 : 64 << 10; };
    return {few(), bytes(), few(), few(), few(), bytes(), few(), bytes()};
  }

  void open(core::wall_time now) {
    readable_ = std::make_unique<unreadable_engine>(*engine_);
    log_ = std::make_unique<store::topic_log>(*readable_, number, options_, store::topic_start{now},
                                              some_memory());
  }

  void take(const core::topic_queue& topic, core::wall_time now) {
    taken_.push_back(log_->take_changes(topic, now));
    ++taken_ever_;
  }

  void commit() {
    const bool fails = disk_ && random_->one_in(10);
    if (fails) disk_->fail_next(1);
    const auto batch = engine_->new_batch();
    taken_.front().add_to(*batch);
    try {
      engine_->commit(*batch, random_->one_in(4));
    } catch (const store::error&) {
      engine_->recover();
      return;
    }
    taken_.pop_front();
    ++untold_;
  }

  void tell() {
    log_->committed();
    --untold_;
  }

  Random* random_;
  faulty_disk* disk_;
  std::unique_ptr<store::engine> engine_;
  std::unique_ptr<unreadable_engine> readable_;  ///< by the log
  core::topic_options options_;
  std::unique_ptr<store::topic_log> log_;
  std::deque<store::changes> taken_;  ///< and not committed
  std::size_t taken_ever_ = 0;
  std::size_t untold_ = 0;  ///< committed, but the log does not know
};

}  // namespace skein::test
