/// Which topics a store has: their names, numbers and options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/topics/topic_options.hpp"
#include "store/changes.hpp"
#include "store/engine.hpp"
#include "store/topics/topic_layout.hpp"

namespace skein::store {

struct topic_entry {
  topic_number number = 0;
  std::string name;
  core::topic_options options;
};

/// Throws store::error. Sees what is committed; `create` and `remove` are to be committed in the
/// order of their calls. Used by one thread.
class topic_catalog {
 public:
  /// `engine` lives longer.
  explicit topic_catalog(engine& from);

  std::optional<topic_entry> find(const std::string& name);

  /// Those behind `after`, in the order of their names.
  std::vector<topic_entry> list(const std::string& after, std::size_t most);

  /// Walks through all of them.
  std::size_t count();

  /// Gets a number that no topic has had.
  topic_entry create(const std::string& name, const core::topic_options& options, changes& to);

  /// It gets its options.
  void change(const topic_entry& topic, changes& to);

  /// With its messages and subscribers.
  void remove(const topic_entry& topic, changes& to);

 private:
  engine& engine_;
  topic_number next_;
};

}  // namespace skein::store
