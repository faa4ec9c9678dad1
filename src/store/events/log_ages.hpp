/// How old each part of the log is: how far the log had come at which time, by a clock that nobody
/// sets.
#pragma once

#include <chrono>
#include <deque>

#include "core/events/event.hpp"
#include "core/events/sequence.hpp"
#include "core/time.hpp"
#include "store/events/log_reader.hpp"

namespace skein::store {

class log_ages {
 public:
  /// Exact to a 32nd of `max_age`. For what is already in the log it takes the times of the
  /// records, but none later than now. Throws store::error.
  log_ages(engine& where, std::chrono::milliseconds max_age, wall_time now) {
    const wall_time step = step_of(max_age);
    log_index index{where};
    for (wall_time time = now - parts * step; time < now; time += step) {
      const auto younger = index.first([&](const entry& e) { return e.time >= time; });
      note(time, younger ? younger->begin : index.end());
    }
    note(now, index.end());
    step_ = step;
  }

  /// The log ends at `end` now.
  void note(wall_time now, core::log_position end) {
    if (!marks_.empty() && (end <= marks_.back().end || now - marks_.back().time < step_)) return;
    marks_.push_back({now, end});
  }

  /// Everything before the result was there at `time` already.
  core::log_position end_at(wall_time time) const {
    core::log_position end = 0;
    for (const mark& m : marks_) {
      if (m.time > time) break;
      end = m.end;
    }
    return end;
  }

  /// When the log came to `position`.
  wall_time time_of(core::log_position position) const {
    for (const mark& m : marks_) {
      if (m.end >= position) return m.time;
    }
    return marks_.back().time;
  }

  /// The log begins at `begin`.
  void forget(core::log_position begin) {
    while (marks_.size() > 1 && marks_.front().end < begin) marks_.pop_front();
  }

 private:
  static constexpr wall_time parts = 40;  ///< more than an eighth above the age

  static wall_time step_of(std::chrono::milliseconds max_age) {
    return std::max<wall_time>(1, max_age.count() / 32);
  }

  struct mark {
    wall_time time;
    core::log_position end;
  };

  std::deque<mark> marks_;  ///< both grow
  wall_time step_ = 0;
};

}  // namespace skein::store
