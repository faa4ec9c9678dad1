/// The places of a stream that are finished: all below some place, and some above it.
///
/// Kept as intervals: places that are finished in order take no room, each hole takes 48 bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>

#include "core/expects.hpp"

namespace skein::core {

/// Counts the messages of one priority of a topic, from 0.
using place = std::uint64_t;

class place_set {
 public:
  /// Everything below `begin` is in it.
  explicit place_set(place begin = 0) : floor_(begin) {}

  /// The first place that is not in it.
  place floor() const { return floor_; }

  bool contains(place p) const {
    if (p < floor_) return true;
    const auto behind = intervals_.upper_bound(p);
    return behind != intervals_.begin() && p < std::prev(behind)->second;
  }

  /// The first place from `p` on that is not in it.
  place next_missing(place p) const {
    if (p < floor_) return floor_;
    const auto behind = intervals_.upper_bound(p);
    if (behind == intervals_.begin()) return p;
    const place end = std::prev(behind)->second;
    return p < end ? end : p;
  }

  /// Adds everything below `p`.
  void add_before(place p) {
    if (p <= floor_) return;
    floor_ = next_missing(p);
    intervals_.erase(intervals_.begin(), intervals_.lower_bound(floor_));
  }

  void add(place p) {
    if (!contains(p)) add(p, p + 1);
  }

  /// \pre nothing from `begin` up to `end` is in it
  void add(place begin, place end) {
    auto next = intervals_.upper_bound(begin);
    expects(begin < end && (next == intervals_.end() || end <= next->first) &&
                (next == intervals_.begin() || std::prev(next)->second <= begin),
            "places that are added are not in the set");
    if (next != intervals_.begin() && std::prev(next)->second == begin) {
      --next;
      begin = next->first;
      next = intervals_.erase(next);
    }
    if (next != intervals_.end() && next->first == end) {
      end = next->second;
      intervals_.erase(next);
    }
    if (begin == floor_) {
      floor_ = end;
    } else {
      intervals_.emplace(begin, end);
    }
  }

  void remove(place p) {
    if (p < floor_) {
      if (p + 1 != floor_) intervals_.emplace(p + 1, floor_);
      floor_ = p;
      return;
    }
    const auto behind = intervals_.upper_bound(p);
    if (behind == intervals_.begin()) return;
    const auto holds = std::prev(behind);
    const place end = holds->second;
    if (p >= end) return;
    if (holds->first == p) {
      intervals_.erase(holds);
    } else {
      holds->second = p;
    }
    if (p + 1 != end) intervals_.emplace(p + 1, end);
  }

  /// The first place from `p` on that is in it; nothing if there is none.
  std::optional<place> next(place p) const {
    if (contains(p)) return p;
    const auto behind = intervals_.upper_bound(p);
    return behind == intervals_.end() ? std::nullopt : std::optional{behind->first};
  }

  /// How many there are from `p` on.
  std::uint64_t count_from(place p) const {
    std::uint64_t all = p < floor_ ? floor_ - p : 0;
    auto at = intervals_.upper_bound(p);
    if (at != intervals_.begin() && p < std::prev(at)->second) all += std::prev(at)->second - p;
    for (; at != intervals_.end(); ++at) all += at->second - at->first;
    return all;
  }

  /// Above the floor: their begins and ends.
  const std::map<place, place>& intervals() const { return intervals_; }

 private:
  place floor_;
  std::map<place, place> intervals_;  ///< disjoint, not adjacent, above the floor
};

}  // namespace skein::core
