/// Sessions that are told by rounds, and the round that is being filled for them.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "actors/events/interfaces.hpp"
#include "core/events/round.hpp"

namespace skein {

class round_members {
 public:
  struct member {
    feed_actor actor;  ///< null if the index is free
    core::user_id user = core::no_user;
    ticket_number ticket = 0;
    bool active = false;  ///< gets broadcasts
  };

  core::round_builder round;

  core::session_index add(feed_actor actor, core::user_id user, ticket_number ticket) {
    core::session_index index = static_cast<core::session_index>(members_.size());
    if (free_.empty()) {
      members_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    members_[index] = {std::move(actor), user, ticket, false};
    return index;
  }

  /// The member gets what is told from now on.
  void activate(core::session_index index) {
    members_[index].active = true;
    ++active_;
    round.join(index);
  }

  void remove(core::session_index index) {
    active_ -= members_[index].active ? 1 : 0;
    members_[index] = {};
    (round.empty() ? free_ : retired_).push_back(index);
  }

  const member& operator[](core::session_index index) const { return members_[index]; }
  const std::vector<member>& members() const { return members_; }
  std::size_t active() const { return active_; }

  /// Sends everyone their portion of `sent`, which is the round so far, sealed. Returns to how
  /// many.
  template <class Self>
  std::size_t send(Self* self, const std::shared_ptr<const round_in_flight>& sent) {
    const core::round& sealed = *sent->round;
    const auto& groups = sealed.groups();
    const auto send_to = [&](core::session_index to, std::uint32_t group) {
      const member& m = members_[to];
      if (m.actor && m.active) self->send(m.actor, portion{sent, group, m.ticket});
    };
    for (std::uint32_t i = 0; i != groups.size(); ++i) send_to(groups[i].session, i);
    std::size_t told = groups.size();
    if (sealed.broadcasts() != 0) {
      has_group_.assign(members_.size(), false);
      for (const auto& group : groups) has_group_[group.session] = true;
      for (core::session_index m = 0; m != members_.size(); ++m) {
        if (!has_group_[m]) send_to(m, core::round::broadcasts_only);
      }
      told = active_;
    }
    free_.insert(free_.end(), retired_.begin(), retired_.end());
    retired_.clear();
    return told;
  }

 private:
  std::vector<member> members_;               ///< by index
  std::vector<core::session_index> free_;     ///< indices to use again
  std::vector<core::session_index> retired_;  ///< free once the round is sent
  std::size_t active_ = 0;
  std::vector<bool> has_group_;  ///< by index, while a round is sent
};

}  // namespace skein
