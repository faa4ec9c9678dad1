/// What a client has in hand of one subscriber's messages, and what their topic has to be told. So
/// no message is kept for a client that has gone, and none is given back twice.
///
///              given                 taken              settled
///     asked ──────────▶ on the way ──────────▶ held ──────────────▶ forgotten
///                           │                   │
///            not taken, lost│               lost│
///                           ▼                   ▼
///                       given back          released
///
/// Two ways to drive it. Pull: the client asks each time (`asked`). Push: it has a window, and the
/// hand says how many messages to ask for (`wanted`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "core/topics/subscription.hpp"

namespace skein::core {

class lease_hand {
 public:
  /// What happens to messages that the client has taken.
  enum class once_taken : std::uint8_t {
    acknowledged,  ///< by that
    left_to_it,    ///< it settles them itself, perhaps through another connection
    held,          ///< here, until it settles them
  };

  /// What the topic is to be told. Each lease is in at most one report, and once in that.
  struct report {
    std::vector<lease_name> acknowledged;
    std::vector<lease_name> given_back;  ///< never reached the client: as if not leased
    std::vector<lease_name> released;    ///< did, but it has not settled them, and has gone

    bool empty() const { return acknowledged.empty() && given_back.empty() && released.empty(); }
  };

  /// \param window  most messages that are on the way or held; 0: the client asks each time
  explicit lease_hand(once_taken then, std::uint32_t window = 0) : then_(then), window_(window) {}

  /// How many messages to ask for now: what is missing in the window, if less than half of it is
  /// there.
  std::uint32_t wanted() const;

  /// The topic was asked for messages. \pre it owes no answer
  void asked();

  /// The answer; without messages also if it is a refusal. \pre the topic owes one
  [[nodiscard]] report given(std::vector<lease_name> leases);

  /// The client has taken this many of the messages on the way, oldest first.
  [[nodiscard]] report taken(std::size_t count);
  [[nodiscard]] report taken() { return taken(on_the_way_.size()); }

  /// The messages on the way cannot be sent; the client is still there.
  [[nodiscard]] report not_taken();

  /// The client has settled it, or its lease has ended. Returns whether it was held.
  bool settled(const lease_name& lease);

  /// The client has gone. What the topic still answers is given back.
  [[nodiscard]] report lost();

  /// Whether the topic owes an answer. If the owner ended before that, nobody would get its
  /// messages.
  bool awaits_answer() const { return awaits_answer_; }
  std::size_t on_the_way() const { return on_the_way_.size(); }
  std::size_t held() const { return held_.size(); }

 private:
  once_taken then_;
  std::uint32_t window_;
  bool awaits_answer_ = false;
  bool lost_ = false;
  std::vector<lease_name> on_the_way_;
  std::map<std::uint64_t, lease_name> held_;  ///< by number, which no two leases share
};

}  // namespace skein::core
