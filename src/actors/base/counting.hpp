/// What an actor has counted and not reported yet.
#pragma once

#include <chrono>
#include <utility>

#include "actors/base/interfaces.hpp"
#include "core/counters/counters.hpp"

namespace skein {

/// Reports what was counted to the collector in one message, a moment after the first count. Its
/// actor calls `report` when `report_due` comes, and before it ends.
class counting {
 public:
  counting() = default;
  /// \param delay  from a count to the report of it
  counting(statistics_actor collector, std::chrono::milliseconds delay)
      : collector_{std::move(collector)}, delay_{delay} {}

  template <class Self>
  void count(Self* self, core::counter what, core::counts::value n = 1) {
    unreported[what] += n;
    arm(self);
  }
  template <class Self>
  void count(Self* self, const core::counts& what) {
    unreported += what;
    arm(self);
  }

  /// Lets `report_due` come; for an actor that counts into `unreported` itself.
  template <class Self>
  void arm(Self* self) {
    if (!std::exchange(armed_, true)) self->delayed_send(self, delay_, report_due{});
  }

  template <class Self>
  void report(Self* self) {
    armed_ = false;
    if (unreported == core::counts{}) return;
    self->send(collector_, skein::report{std::exchange(unreported, {})});
  }

  core::counts unreported;

 private:
  statistics_actor collector_;
  std::chrono::milliseconds delay_{};
  bool armed_ = false;
};

}  // namespace skein
