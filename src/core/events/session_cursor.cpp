#include "core/events/session_cursor.hpp"

#include <algorithm>

namespace skein::core {

void session_cursor::sent(epoch_number epoch, sequence_number number) {
  if (epoch > last_.epoch) {
    last_ = {epoch, number};
  } else if (epoch == last_.epoch) {
    last_.number = std::max(last_.number, number);
  }
  if (is_upto(epoch, number, acknowledged_)) return;
  if (open_.empty() || open_.back().epoch < epoch) {
    if (open_.size() == most_epochs) open_.erase(open_.begin());
    open_.push_back({epoch, number});
  } else if (open_.back().epoch == epoch) {
    open_.back().number = std::max(open_.back().number, number);
  }
}

session_cursor::outcome session_cursor::acknowledge(sequence_number number) {
  if (said_ == number) return outcome::old;
  for (auto e = open_.begin(); e != open_.end(); ++e) {
    if (is_upto(e->epoch, number, acknowledged_)) return outcome::old;
    if (number > e->number) continue;
    said_ = number;
    return take(e, number);
  }
  return open_.empty() && number <= acknowledged_.number ? outcome::old : outcome::beyond;
}

session_cursor::outcome session_cursor::acknowledge(place p) {
  if (is_upto(p.epoch, p.number, acknowledged_)) return outcome::old;
  const auto e = std::find_if(open_.begin(), open_.end(),
                              [&](const place& sent) { return sent.epoch == p.epoch; });
  return e == open_.end() || p.number > e->number ? outcome::beyond : take(e, p.number);
}

session_cursor::outcome session_cursor::take(std::vector<place>::iterator upto,
                                             sequence_number number) {
  acknowledged_ = {upto->epoch, number};
  open_.erase(open_.begin(), upto + (number == upto->number ? 1 : 0));
  return outcome::moved;
}

}  // namespace skein::core
