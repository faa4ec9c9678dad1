/// Routes the log once more, for some users: what each of them has missed, in order.
///
/// One pass over the log serves any number of users, each from a position of their own. Their part
/// of the follower graph is built on the way, from the nearest checkpoint on. While there are few
/// users, records with nothing for any of them are not read.
///
/// After a damaged record it is not known any more who follows whom, except for follows after the
/// record: these count. At the next checkpoint that was begun after the record the graph is whole
/// again.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/events/follower_graph.hpp"
#include "store/events/log_reader.hpp"
#include "store/events/recovery.hpp"

namespace skein::store {

/// The first position from which on users can be told exactly what concerns them. Throws
/// store::error, also if there is none.
core::log_position history_begin(engine& where);

/// Receives what the users get.
class audience {
 public:
  virtual ~audience() = default;
  /// `line`, with its line ending, goes to `member`. It points into the block that is given to
  /// `keep` afterwards.
  virtual void tell(core::session_index member, std::string_view line) = 0;
  /// `line` goes to every member that has begun and not ended.
  virtual void tell_all(std::string_view line) = 0;
  virtual void begin(core::session_index member) = 0;
  virtual void end(core::session_index member) = 0;
  virtual void keep(std::shared_ptr<const core::ordered_block> block) = 0;
};

class replay {
 public:
  replay(engine& where, core::line_ending ending, audience& to)
      : where_(where), to_(to), log_(where, ending) {}

  /// Adds a user, who gets everything in [from, until); call it before `start`. `from` is not
  /// before `history_begin`. No other user has this `member`; a user may have several.
  void add(core::session_index member, core::user_id user, core::log_position from,
           core::log_position until = ~core::log_position{0});

  /// All users are added. Throws store::error. If what is needed was cut off the log meanwhile, the
  /// first step says `lost`.
  void start();

  enum class stepped : std::uint8_t {
    routed,      ///< a record
    epoch_ends,  ///< the next record is of another epoch; nothing was done. The next step goes on
    at_head,     ///< there is no further record
    lost,        ///< what comes next is not in the log any more. Nothing goes on
  };

  /// Routes the next record that has something for somebody. Throws store::error (`corrupted`) if
  /// it is damaged; the next step goes on after it.
  stepped step();

  /// The member gets nothing from `position` on. Not while the audience is told something.
  void end_at(core::session_index member, core::log_position position);

  /// The member gets nothing any more. Not while the audience is told something.
  void remove(core::session_index member);

  /// Lets it see what has been committed since. Does not throw.
  void refresh() { log_.refresh(); }

  /// Everything before this position has been told, and nothing after it.
  core::log_position at() const { return at_; }

  /// Of the event that the audience is being told.
  core::log_position telling() const { return routed_->position_of(telling_); }
  core::epoch_number epoch() const { return epoch_; }
  bool empty() const { return members_.empty(); }

 private:
  struct member {
    core::session_index index;
    core::user_id user;
    core::log_position from;
    core::log_position until;
    bool connected = false;
  };

  /// A checkpoint that makes the graph whole again, and what was done to it since its `from`.
  struct mending {
    checkpoint with;
    std::vector<core::event> since;
    std::optional<core::follower_graph> graph;  ///< as of `from`, once it is needed
  };

  void take_turns(core::log_position at);
  core::log_position next_turn() const;
  std::vector<core::user_id> users() const;
  void enter(core::epoch_number epoch);
  void lose_graph();
  void find_mending(core::log_position from);
  void load_mending();
  void mend();
  bool is_wanted(const entry& e);
  void find_keys();
  void route(const std::shared_ptr<const core::ordered_block>& block);

  engine& where_;
  audience& to_;
  log_reader log_;
  core::log_position at_ = 0;
  bool lost_ = false;
  core::epoch_number epoch_ = 1;
  std::vector<epoch_begin> epochs_;           ///< up to some later one than `epoch_`
  core::follower_graph graph_;                ///< of the members' follows
  core::user_map<std::uint32_t> interested_;  ///< members a user has
  std::vector<member> members_;
  std::unordered_map<core::session_index, std::size_t> places_;  ///< in `members_`
  std::size_t connected_ = 0;
  std::optional<core::ordered_block> ahead_;     ///< of the next epoch, which has to be said first
  const core::ordered_block* routed_ = nullptr;  ///< while it is routed
  std::size_t telling_ = 0;                      ///< index of an event of it
  std::vector<std::uint64_t> keys_;              ///< of what concerns members
  bool keys_known_ = false;
  std::optional<std::string> filter_;  ///< of the record that is read, if its entry can be
  bool lost_graph_ = false;  ///< at a damaged record; the next one that is not has not come
  std::optional<mending> mending_;
};

}  // namespace skein::store
