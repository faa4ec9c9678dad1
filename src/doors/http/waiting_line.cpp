#include "doors/http/waiting_line.hpp"

#include <utility>

#include "actors/base/io_unit.hpp"

namespace skein {

bool waiting_line::enter(turn_number& number, const http_session_actor& who) {
  const std::lock_guard lock{mutex_};
  number = ++last_;
  if (free_ == 0) {
    waiting_.emplace(number, who);
    return false;
  }
  --free_;
  return true;
}

void waiting_line::leave(turn_number number) {
  std::unique_lock lock{mutex_};
  if (waiting_.erase(number) != 0) return;
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  const auto next = waiting_.extract(waiting_.begin());
  lock.unlock();
  send_from_here(next.mapped(), turn_came{next.key()});
}

}  // namespace skein
