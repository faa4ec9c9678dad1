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
#include "store/topics/topic_layout.hpp"
#include "store/topics/topic_memory.hpp"
#include "store/uncommitted.hpp"

namespace skein::store {

class delayed_messages {
 public:
  /// \param count  there are
  /// \param ever   there were
  delayed_messages(engine& from, topic_number topic, std::uint64_t count, std::uint64_t ever,
                   const topic_memory& memory = {})
      : engine_(from), topic_(topic), memory_(memory), count_(count), ever_(ever) {}

  core::delayed_id add(core::clock_time due, const delayed_message& m);
  wall_time next_due(core::moment now);  ///< core::no_time if there is none
  /// The first that is due; of those that are due at once by one clock, the one that was added
  /// first.
  std::optional<core::delayed_entry> take_due(core::moment now);

  /// The first ones behind `after`, or of all: up to `most`, and of payloads about `most_bytes`.
  std::vector<core::delayed_entry> list(std::optional<core::delayed_id> after, std::size_t most,
                                        std::size_t most_bytes);

  /// Whether there was such a one.
  bool cancel(core::delayed_id id);

  std::uint64_t count() const { return count_; }
  std::uint64_t ever() const { return ever_; }

  /// What was not taken yet.
  void take(changes& to);
  /// The first that was taken, and is not yet, is committed.
  void committed();

  /// What was found damaged since the last call. Such a message is erased.
  std::vector<std::string> take_damage() { return std::exchange(damage_, {}); }

 private:
  using name = core::delayed_id;

  static constexpr name first_wall{core::no_measured_time / 2, 0};

  /// Those of one clock.
  struct side {
    std::optional<name> others;               ///< none: no others
    std::optional<name> end;                  ///< none: that of all
    std::map<name, delayed_message> first{};  ///< all that are before `others`
    std::size_t first_bytes = 0;

    bool is_first(const name& n) const { return !others || n < *others; }
  };

  side& side_of(const name& n) { return core::is_measured(n.due) ? measured_ : wall_; }
  void know_first(side& of);
  void keep_fewer(side& of);
  side* first_due(core::moment now);
  void erase(const name& n);

  engine& engine_;
  topic_number topic_;
  topic_memory memory_;
  std::uint64_t count_;
  std::uint64_t ever_;
  uncommitted<name, std::optional<delayed_message>> changes_;
  side measured_{name{std::numeric_limits<core::clock_time>::min(), 0}, first_wall};
  side wall_{first_wall, std::nullopt};
  std::vector<std::string> damage_;
};

}  // namespace skein::store
