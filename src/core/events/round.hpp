/// The notifications of one flush, grouped by session.
///
/// The router fills a round while its mailbox lasts, seals it, and hands the same immutable object
/// to every session that has a portion in it. A broadcast is stored once for all sessions; a
/// notification of a session's own is 24 bytes that point into the ordered block it came from, and
/// 16 more once the round is sealed. So the router's cost per notification does not depend on how
/// many sessions there are, and the bytes of a portion are put together where they are written.
///
/// A portion is all broadcasts since the session joined, with its own notifications between them
/// in sequence order:
///
///     broadcasts   b1 b2 ...... b3 ... b4
///     own                 n1 n2    n3
///     portion      b1 b2 n1 n2  b3 n3  b4
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/events/follower_graph.hpp"

namespace skein::core {

/// Immutable; read by any number of threads.
class round {
 public:
  /// Stands for the portion of a session that has no group: every broadcast, nothing of its own.
  static constexpr std::uint32_t broadcasts_only = 0xFFFFFFFF;

  /// What one session has besides the broadcasts.
  struct group {
    session_index session;
    std::uint32_t first;  ///< its own notifications: parts [first, last)
    std::uint32_t last;
    std::uint32_t joined_at;  ///< bytes of broadcasts that it does not get
    std::uint32_t own_bytes;
  };

  const std::vector<group>& groups() const { return groups_; }
  std::size_t broadcasts() const { return broadcast_count_; }

  /// Size of a portion, bytes. `index` is one of `groups()` or `broadcasts_only`.
  std::size_t size_of(std::uint32_t index) const;

  /// The portion if it lies in one piece, else an empty view.
  std::string_view in_one_piece(std::uint32_t index) const;

  /// Writes the portion to `out`, which has room for its size.
  void copy_to(char* out, std::uint32_t index) const;

 private:
  friend class round_builder;

  struct part {
    const char* text;
    std::uint32_t length;
    std::uint32_t broadcasts_before;  ///< bytes
  };

  std::string broadcasts_;
  std::size_t broadcast_count_ = 0;
  std::vector<group> groups_;
  std::vector<part> parts_;
  std::vector<std::shared_ptr<const void>> kept_;
};

/// Fills one round after the other. Used by one thread.
class round_builder {
 public:
  /// `line` goes to every session that is connected now.
  void broadcast(std::string_view line) {
    current_.broadcasts_.append(line);
    ++current_.broadcast_count_;
  }

  /// `line` goes to `session`. It lies in a block that is given to `keep`.
  void add(session_index session, std::string_view line) {
    round::group& group = group_of(session);
    ++group.last;
    group.own_bytes += static_cast<std::uint32_t>(line.size());
    pending_.push_back({{line.data(), static_cast<std::uint32_t>(line.size()),
                         static_cast<std::uint32_t>(current_.broadcasts_.size())},
                        group_by_session_[session]});
  }

  /// `session` connects: it gets none of the broadcasts so far.
  void join(session_index session) {
    if (!current_.broadcasts_.empty()) {
      group_of(session).joined_at = static_cast<std::uint32_t>(current_.broadcasts_.size());
    }
  }

  /// Keeps alive what notifications of this round point into.
  void keep(std::shared_ptr<const void> block) { current_.kept_.push_back(std::move(block)); }

  bool empty() const { return current_.broadcasts_.empty() && pending_.empty(); }

  /// Sessions with a group.
  std::size_t groups() const { return current_.groups_.size(); }
  bool has_broadcasts() const { return !current_.broadcasts_.empty(); }

  /// Bytes of broadcasts and of references to notifications.
  std::size_t size() const {
    return current_.broadcasts_.size() + pending_.size() * sizeof(pending);
  }

  /// Ends the round and begins the next.
  std::shared_ptr<const round> seal();

 private:
  struct pending {
    round::part what;
    std::uint32_t group;
  };
  static constexpr std::uint32_t no_group = 0xFFFFFFFF;

  round::group& group_of(session_index session);

  round current_;
  std::vector<pending> pending_;                 ///< in sequence order
  std::vector<std::uint32_t> group_by_session_;  ///< or `no_group`
};

}  // namespace skein::core
