/// A plain session and its model, played with the same operations: the connection takes bytes or
/// not, lines come, time passes, the sources are held up or not. Throws what does not hold.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/events/live_session.hpp"
#include "support/naive_outbox.hpp"

namespace skein::test {

/// `pick(n)` is one of 0..n-1.
template <class Pick>
class live_game {
 public:
  explicit live_game(Pick pick)
      : pick_(std::move(pick)),
        options_{16 + pick_(200), static_cast<core::overflow_policy>(pick_(3))},
        session_(options_, stall),
        model_(options_) {}

  /// Returns false when the session ends.
  bool step() {
    now_ += std::chrono::milliseconds{pick_(4) == 0 ? pick_(2500) : pick_(100)};
    overflow got;
    switch (pick_(4)) {
      case 0:
        take();
        break;
      case 1:
        got = look();
        break;
      default:
        got = come();
    }
    overflows_ += got.happened ? 1 : 0;
    if (got.disconnects) return false;
    check();
    return true;
  }

  std::size_t overflows() const { return overflows_; }
  std::size_t holds() const { return holds_; }

 private:
  using overflow = core::live_session::overflow;
  static constexpr std::chrono::milliseconds stall{500};

  static void require(bool holds, const char* what) {
    if (!holds) throw std::logic_error{what};
  }
  bool is_disconnecting() const {
    return options_.on_overflow == core::overflow_policy::disconnect;
  }
  /// Whether the client has taken something within this time.
  bool took_within(std::chrono::milliseconds time) const { return took_ && now_ - *took_ < time; }

  /// Lines come; a connection for which nothing waits takes some bytes of them.
  overflow come() {
    std::string text;
    for (std::size_t lines = 1 + pick_(4); lines != 0; --lines) {
      text += std::string(pick_(40), 'x') + "\r\n";
    }
    const std::size_t done = session_.empty() ? std::min(pick_(80), text.size()) : 0;
    if (done != 0) {
      session_.took(now_);
      took_ = now_;
    }
    if (done == text.size()) return {};
    const std::string rest = text.substr(done);
    const bool mid_line = done != 0 && text[done - 1] != '\n';
    const auto got = session_.keep(rest, mid_line, now_);
    const std::size_t dropped = model_.append(rest, mid_line);
    require(got.dropped == dropped, "it drops something else");
    require(got.disconnects == (got.happened && is_disconnecting()), "it disconnects wrongly");
    require(got.happened || dropped == 0, "it drops without an overflow");
    if (!got.disconnects && waiting() > options_.max_bytes / 2 && took_within(stall)) {
      holds_now_ = true;
    }
    return got;
  }

  void take() {
    for (std::size_t times = pick_(3); times != 0 && waiting() != 0; --times) {
      const std::size_t bytes = 1 + pick_(waiting());
      session_.written(bytes, now_);
      model_.written(bytes);
      took_ = now_;
    }
    session_.end_of_writing();
    holds_now_ = waiting() > (holds_now_ ? options_.max_bytes / 4 : options_.max_bytes / 2);
  }

  overflow look() {
    session_.check_hold(now_);
    if (!took_within(stall)) holds_now_ = false;
    require(session_.holds_sources() == holds_now_, "it holds the sources wrongly");
    const std::chrono::milliseconds ago{pick_(4000)};
    const core::live_session::flow_state flow{pick_(2) == 0, now_ - ago};
    const bool is_hopeless =
        waiting() != 0 && flow.held_up_by_clients && !took_within(4 * stall) && ago >= 4 * stall;
    const auto got = session_.check_progress(now_, flow);
    require(got.happened == is_hopeless, "it takes for hopeless what is not, or does not");
    require(got.disconnects == (is_hopeless && is_disconnecting()), "it disconnects wrongly");
    if (got.happened && !got.disconnects) {
      require(got.dropped == model_.drop_all(), "it drops something else");
    }
    return got;
  }

  std::size_t waiting() const { return model_.text().size(); }

  void check() {
    require(session_.front() == model_.text(), "something else waits");
    require(session_.lines() == model_.lines(), "other lines wait");
    require(session_.holds_sources() == holds_now_, "it holds the sources wrongly");
    require(session_.size() <= options_.max_bytes || model_.keeps_a_line_too_large(),
            "more waits than may");
    require(session_.charge(1000) == waiting() + (holds_now_ ? 1000 : 0), "it charges wrongly");
    holds_ += holds_now_ ? 1 : 0;
  }

  Pick pick_;
  core::outbox_options options_;
  core::live_session session_;
  naive_outbox model_;
  bool holds_now_ = false;
  std::optional<core::time_point> took_;
  core::time_point now_{std::chrono::hours{1}};
  std::size_t overflows_ = 0;
  std::size_t holds_ = 0;
};

}  // namespace skein::test
