/// Which messages of a topic expire first.
///
/// It knows only the ones that expire first; when these have gone the others have to be looked for.
/// So its memory does not grow with the number of messages. All times are of one clock.
#pragma once

#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "core/topics/message.hpp"

namespace skein::core {

class expiring_messages {
 public:
  static constexpr std::size_t most_known = 1024;

  /// \param most  messages that it knows, 1 or more
  explicit expiring_messages(std::size_t most = most_known) : most_(most) {}

  /// \param id  may have been added before, with another time
  void add(clock_time expires, message_id id) {
    if (expires >= known_until_) return;
    first_.emplace(expires, id);
    if (first_.size() <= most_) return;
    known_until_ = std::prev(first_.end())->first;
    first_.erase(std::prev(first_.end()));
  }

  /// The first one that has expired by `now`, as it was added; it may be gone since.
  std::optional<std::pair<clock_time, message_id>> take_first(clock_time now) {
    if (first_.empty() || first_.begin()->first > now) return std::nullopt;
    const auto taken = *first_.begin();
    first_.erase(first_.begin());
    return taken;
  }

  /// Whether messages may have expired by `now` that it does not know.
  bool may_miss(clock_time now) const { return known_until_ <= now; }

  /// There are others, of which nothing is known.
  void know_nothing() { known_until_ = std::numeric_limits<clock_time>::min(); }
  /// All others will be added again.
  void look_again() { known_until_ = no_time; }

 private:
  std::size_t most_;
  std::set<std::pair<clock_time, message_id>> first_;
  clock_time known_until_ = no_time;  ///< all that expire before are in `first_`
};

}  // namespace skein::core
