/// A door with its connections, as the supervisor sees it.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include "core/time.hpp"
#include "doors/door.hpp"

namespace skein {

class open_door {
 public:
  struct connection {
    connection_number number;
    connection_actor actor;
  };
  using connections = std::unordered_map<caf::actor_id, connection>;

  open_door(const door& what, std::unique_ptr<reception> in)
      : what_(&what), reception_(std::move(in)) {}

  const door& what() const { return *what_; }
  const connections& all() const { return all_; }

  connection_actor open(caf::local_actor* parent, connection_number number,
                        std::shared_ptr<io::stream> stream, core::time_point now) {
    auto actor = reception_->open(parent, number, std::move(stream));
    all_.emplace(actor.id(), connection{number, actor});
    const door::look& looks = what_->looks;
    if (looks.after.count() != 0) {
      if (!looks.again) {
        to_look_.push_back({now + looks.after, actor.id()});
      } else if (next_round_ == core::never) {
        next_round_ = now + looks.after;
      }
    }
    return actor;
  }

  /// It has ended. \pre it is one of `all`
  void close(connections::const_iterator ended, bool failed) {
    reception_->ended(ended->second.number, ended->second.actor, failed);
    all_.erase(ended);
  }

  /// When to `let_look`, or `core::never`.
  core::time_point next_look() const {
    return to_look_.empty() ? next_round_ : to_look_.front().at;
  }

  /// Calls `tell` for each connection that has to look at its deadline now.
  template <class Tell>
  void let_look(core::time_point now, Tell&& tell) {
    while (!to_look_.empty() && to_look_.front().at <= now) {
      const auto found = all_.find(to_look_.front().who);
      if (found != all_.end()) tell(found->second.actor);
      to_look_.pop_front();
    }
    if (next_round_ > now) return;
    for (const auto& [id, c] : all_) tell(c.actor);
    next_round_ = all_.empty() ? core::never : now + what_->looks.after;
  }

 private:
  struct look {
    core::time_point at;
    caf::actor_id who;  ///< may have ended by then
  };

  const door* what_;
  std::unique_ptr<reception> reception_;
  connections all_;
  std::deque<look> to_look_;                   ///< in their order
  core::time_point next_round_ = core::never;  ///< of all
};

}  // namespace skein
