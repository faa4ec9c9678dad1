#include "core/session_cursor.hpp"

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
  for (auto e = open_.begin(); e != open_.end(); ++e) {
    if (is_upto(e->epoch, number, acknowledged_)) return outcome::old;
    if (number > e->number) continue;
    acknowledged_ = {e->epoch, number};
    const bool all = number == e->number;
    open_.erase(open_.begin(), e + (all ? 1 : 0));
    return outcome::moved;
  }
  return open_.empty() && number <= acknowledged_.number ? outcome::old : outcome::beyond;
}

}  // namespace skein::core
