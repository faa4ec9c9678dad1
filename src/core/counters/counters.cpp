#include "core/counters/counters.hpp"

namespace skein::core {

std::string_view name_of(counter_labels labels, std::size_t label) {
  if (labels == counter_labels::malformed) return name_of(static_cast<malformed>(label));
  return name_of(static_cast<event_kind>(label));
}

counts::counts(std::initializer_list<std::pair<counter, value>> all) {
  for (const auto& [c, n] : all) (*this)[c] += n;
}

counts::value counts::sum(counter c) const {
  value all = 0;
  for (std::size_t i = 0; i != size_of(row_of(c).labels); ++i) all += at(c, i);
  return all;
}

counts& counts::operator+=(const counts& other) {
  for (std::size_t i = 0; i != numbers_.size(); ++i) numbers_[i] += other.numbers_[i];
  return *this;
}

}  // namespace skein::core
