/// How many connections each door may have.
///
/// All doors together stay within what the process can have, and no door takes what another one
/// needs: an eighth of all is kept for each door, or less if the door may not have that many. The
/// rest goes to the connections that come first.
///
/// Thread safe. A place may outlive this.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace skein::io {

class connection_places {
 public:
  using door_number = std::size_t;
  /// While it lives the connection counts.
  using place = std::shared_ptr<void>;

  /// \param total  of all doors
  /// \param most  of each door
  connection_places(std::size_t total, std::vector<std::size_t> most);

  /// Null if the door may not have one more.
  place take(door_number door);

  /// How many could be open at one door if there were none at the others.
  std::size_t most(door_number door) const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace skein::io
