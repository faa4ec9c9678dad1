#include "core/events/live_session.hpp"

namespace skein::core {

namespace {

/// How many stall timeouts without progress of anyone are enough.
constexpr int hopeless_after = 4;

}  // namespace

live_session::overflow live_session::keep(std::string_view lines, bool mid_line, time_point now) {
  const outbox::appended appended = outbox_.append(lines, mid_line);
  const overflow result{appended.overflow, appended.dropped, appended.overflow && disconnects()};
  if (!result.disconnects && size() > outbox_.options().max_bytes / 2 &&
      now - last_progress_ < stall_timeout_) {
    holds_ = true;
  }
  return result;
}

void live_session::written(std::size_t bytes, time_point now) {
  outbox_.written(bytes);
  last_progress_ = now;
}

void live_session::end_of_writing() {
  holds_ = size() > (holds_ ? outbox_.options().max_bytes / 4 : outbox_.options().max_bytes / 2);
}

void live_session::check_hold(time_point now) {
  if (now - last_progress_ >= stall_timeout_) holds_ = false;
}

live_session::overflow live_session::check_progress(time_point now, const flow_state& flow) {
  const auto hopeless = hopeless_after * stall_timeout_;
  if (empty() || !flow.held_up_by_clients || now - last_progress_ < hopeless ||
      now - flow.last_progress < hopeless) {
    return {};
  }
  return disconnects() ? overflow{true, 0, true} : overflow{true, outbox_.drop_all(), false};
}

}  // namespace skein::core
