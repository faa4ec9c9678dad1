#include "core/events/source_receipts.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace skein::core {

namespace {

void write_number(std::string& to, char kind, std::uint64_t number) {
  to += kind;
  to += '|';
  to += std::to_string(number);
}

template <class Numbers>
auto find_number(Numbers& numbers, sequence_number n) {
  return std::lower_bound(numbers.begin(), numbers.end(), n,
                          [](const auto& u, sequence_number m) { return u.number < m; });
}

}  // namespace

void write_refusal(std::string& to, sequence_number number, std::string_view reason) {
  write_number(to, 'R', static_cast<std::uint64_t>(number));
  ((to += '|') += reason) += '\n';
}

source_receipts::source_receipts(epoch_number epoch) {
  groups_.push_back({epoch, {}, {}, 0});
  write_number(told_, 'E', epoch);
  told_ += '\n';
}

source_receipts::group* source_receipts::find(epoch_number epoch) {
  const auto found = std::find_if(groups_.rbegin(), groups_.rend(),
                                  [&](const group& g) { return g.epoch == epoch; });
  return found == groups_.rend() ? nullptr : &*found;
}

void source_receipts::begin(epoch_number epoch) {
  if (groups_.back().epoch < epoch) groups_.push_back({epoch, {}, {}, 0});
}

void source_receipts::take(const event_block& block, std::size_t first, std::size_t last,
                           epoch_number epoch, log_position position) {
  begin(epoch);
  group* const g = find(epoch);
  if (!g) return;
  const auto is_less = [](const unsettled& a, const unsettled& b) { return a.number < b.number; };
  std::vector<unsettled> taken;
  taken.reserve(last - first);
  for (std::size_t i = first; i != last; ++i) {
    taken.push_back({block.events[i].sequence, position});
  }
  std::sort(taken.begin(), taken.end(), is_less);
  // All of the block at once: one by one, each would move all numbers above it.
  auto& numbers = g->numbers;
  const auto above = taken.empty() ? numbers.end() : find_number(numbers, taken.front().number);
  const std::vector<unsettled> there(above, numbers.end());
  numbers.erase(above, numbers.end());
  const auto new_end = std::unique(taken.begin(), taken.end(), [](const auto& x, const auto& y) {
    return x.number == y.number;
  });
  std::set_union(there.begin(), there.end(), taken.begin(), new_end, std::back_inserter(numbers),
                 is_less);
}

void source_receipts::refuse(epoch_number epoch, sequence_number number, std::string_view reason,
                             bool has_come) {
  group* const g = find(epoch);
  if (!g) return;
  if (!has_come) {
    const auto at = find_number(g->numbers, number);
    if (at != g->numbers.end() && at->number == number) g->numbers.erase(at);
  }
  if (g == &groups_.front()) {
    write_refusal(told_, number, reason);
  } else if (g->refused.size() < most_refused) {
    write_refusal(g->refused, number, reason);
  }
}

bool source_receipts::waits_for(epoch_number epoch, sequence_number number) const {
  return std::any_of(groups_.begin(), groups_.end(), [&](const group& g) {
    if (g.epoch != epoch) return false;
    const auto at = find_number(g.numbers, number);
    return at != g.numbers.end() && at->number == number;
  });
}

void source_receipts::settle(const sequence_place& durable) {
  for (;;) {
    group& g = groups_.front();
    sequence_number upto = 0;
    while (!g.numbers.empty()) {
      const unsettled& u = g.numbers.front();
      const bool has_passed =
          g.epoch < durable.epoch || (g.epoch == durable.epoch && u.number < durable.next);
      if (!has_passed || u.position > durable.position) break;
      upto = u.number;
      g.numbers.pop_front();
    }
    if (upto != 0) {
      g.upto = std::max(g.upto, upto);
      write_number(told_, 'A', static_cast<std::uint64_t>(g.upto));
      told_ += '\n';
    }
    if (groups_.size() == 1 || !g.numbers.empty()) return;
    groups_.pop_front();
    write_number(told_, 'E', groups_.front().epoch);
    (told_ += '\n') += groups_.front().refused;
    groups_.front().refused.clear();
  }
}

bool source_receipts::settled() const {
  return std::all_of(groups_.begin(), groups_.end(),
                     [](const group& g) { return g.numbers.empty(); });
}

}  // namespace skein::core
