/// The messages of a durable topic that are not in their streams yet. The first that are due are in
/// memory, and what is not committed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/changes.hpp"
#include "store/engine.hpp"
#include "store/topic_layout.hpp"
#include "store/topic_memory.hpp"
#include "store/uncommitted.hpp"

namespace skein::store {

class delayed_messages {
 public:
  /// \param count  there are
  /// \param ever   there were
  delayed_messages(engine& from, topic_number topic, std::uint64_t count, std::uint64_t ever,
                   const topic_memory& memory = {})
      : engine_(from), topic_(topic), memory_(memory), count_(count), ever_(ever) {}

  void add(wall_time due, const delayed_message& m);
  wall_time next_due();  ///< core::no_time if there is none
  /// The first that is due by `now`; of those that are due at once, the one that was added first.
  std::optional<delayed_message> take_due(wall_time now);

  std::uint64_t count() const { return count_; }
  std::uint64_t ever() const { return ever_; }

  /// What was not taken yet.
  void take(changes& to);
  /// The first that was taken, and is not yet, is committed.
  void committed();

  /// What was found damaged since the last call. Such a message is erased.
  std::vector<std::string> take_damage() { return std::exchange(damage_, {}); }

 private:
  using name = std::pair<wall_time, std::uint64_t>;

  bool is_first(const name& n) const { return !others_ || n < *others_; }
  void know_first();
  void keep_fewer();

  engine& engine_;
  topic_number topic_;
  topic_memory memory_;
  std::uint64_t count_;
  std::uint64_t ever_;
  uncommitted<name, std::optional<delayed_message>> changes_;
  std::map<name, delayed_message> first_;  ///< all that are before `others_`
  std::size_t first_bytes_ = 0;
  std::optional<name> others_ =
      name{std::numeric_limits<wall_time>::min(), 0};  ///< none: no others
  std::vector<std::string> damage_;
};

}  // namespace skein::store
