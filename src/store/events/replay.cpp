#include "store/events/replay.hpp"

#include <algorithm>
#include <utility>

#include "core/events/event_keys.hpp"
#include "core/events/key_filter.hpp"
#include "core/events/recipients.hpp"

namespace skein::store {

namespace {

using core::event_kind;

/// With more keys than this, asking the filter for each of them takes as long as reading the
/// record.
constexpr std::size_t most_keys = 512;

}  // namespace

core::log_position history_begin(engine& where) {
  const core::log_position begin = read_begin(where).position;
  if (begin == 0) return 0;
  core::log_position first = ~core::log_position{0};
  for (const checkpoint& c : read_checkpoints(where)) {
    if (c.from >= begin) first = std::min(first, c.upto);
  }
  for (const epoch_begin& e : read_epochs(where)) {
    if (!e.keeps_graph && e.begin >= begin) first = std::min(first, e.begin);
  }
  if (first == ~core::log_position{0}) {
    throw error{error::kind::corrupted,
                "the log does not begin at 0, and there is no checkpoint of the graph"};
  }
  return first;
}

void replay::add(core::session_index index, core::user_id user, core::log_position from,
                 core::log_position until) {
  places_[index] = members_.size();
  members_.push_back({index, user, from, until});
  ++interested_[user];
}

std::vector<core::user_id> replay::users() const {
  std::vector<core::user_id> all;
  interested_.for_each([&](core::user_id user, std::uint32_t) { all.push_back(user); });
  return all;
}

void replay::start() {
  const auto first =
      std::min_element(members_.begin(), members_.end(),
                       [](const member& a, const member& b) { return a.from < b.from; });
  if (first == members_.end()) return;
  auto start = fold_start_for(where_, first->from);
  while (start && start->with && !load(where_, *start->with, users(), graph_)) {
    graph_ = {};
    start = fold_start_for(where_, first->from);
  }
  lost_ = !start;
  if (lost_) return;
  epoch_ = start->epoch;
  at_ = start->from;
  log_.seek(at_);
}

/// Lets members begin and end whose turn it is at `at`: the audience has been told everything
/// before.
void replay::take_turns(core::log_position at) {
  for (std::size_t i = 0; i != members_.size();) {
    member& m = members_[i];
    if (m.until <= at) {
      remove(m.index);
      continue;
    }
    if (!m.connected && m.from <= at) {
      m.connected = true;
      ++connected_;
      graph_.connect(m.user, m.index);
      to_.begin(m.index);
      keys_known_ = false;
    }
    ++i;
  }
}

core::log_position replay::next_turn() const {
  core::log_position next = ~core::log_position{0};
  for (const member& m : members_) next = std::min({next, m.until, m.connected ? next : m.from});
  return next;
}

void replay::remove(core::session_index index) {
  const auto found = places_.find(index);
  if (found == places_.end()) return;
  const std::size_t place = found->second;
  const member gone = members_[place];
  members_[place] = members_.back();
  places_[members_[place].index] = place;
  places_.erase(index);
  members_.pop_back();
  if (gone.connected) {
    graph_.disconnect(gone.user, gone.index);
    --connected_;
    to_.end(gone.index);
  }
  if (--interested_[gone.user] == 0) interested_.erase(gone.user);
  keys_known_ = false;
}

void replay::end_at(core::session_index index, core::log_position position) {
  const auto found = places_.find(index);
  if (found == places_.end()) return;
  members_[found->second].until = position;
  if (position <= at()) remove(index);
}

void replay::enter(core::epoch_number epoch) {
  bool keeps = false;
  try {
    if (epochs_.empty() || epochs_.back().epoch < epoch) epochs_ = read_epochs(where_);
    keeps = keeps_graph(epochs_, epoch_, epoch);
  } catch (const error& e) {
    if (e.what_kind() == error::kind::closed) throw;  // the next step tries it again
    throw error{error::kind::failed, e.what()};       // it cannot go on after this
  }
  epoch_ = epoch;
  if (keeps) return;
  graph_.forget_follows();
  keys_known_ = false;
  if (mending_ && mending_->with.epoch < epoch) mending_.reset();
}

/// A record is damaged. If members may have followed or unfollowed in it, what they follow is no
/// longer known.
void replay::lose_graph() {
  bool concerns = !filter_;
  interested_.for_each([&](core::user_id user, std::uint32_t) {
    concerns = concerns ||
               core::key_filter::may_contain(*filter_, core::key_of(core::concern::follower, user));
  });
  if (!concerns) return;
  graph_.forget_follows();
  keys_known_ = false;
  lost_graph_ = true;
  mending_.reset();
}

/// Looks at checkpoints that were begun at `from` or later; everything from there on is read.
void replay::find_mending(core::log_position from) {
  try {
    for (const checkpoint& c : read_checkpoints(where_)) {
      if (c.from < from) continue;
      mending_ = mending{c, {}, std::nullopt};
      return;
    }
  } catch (const error& e) {
    if (e.what_kind() != error::kind::corrupted) throw;
  }
}

void replay::load_mending() {
  core::follower_graph graph;
  try {
    if (load(where_, mending_->with, users(), graph)) {
      mending_->graph = std::move(graph);
      return;
    }
  } catch (const error& e) {
    if (e.what_kind() != error::kind::corrupted) throw;
  }
  const core::log_position from = mending_->with.from;
  mending_.reset();
  find_mending(std::max(from + 1, at_));
}

void replay::mend() {
  graph_.forget_follows();
  mending_->graph->for_each_edge(
      [&](core::user_id follower, core::user_id followee) { graph_.follow(follower, followee); });
  for (const core::event& e : mending_->since) {
    if (e.kind == event_kind::follow) graph_.follow(e.from, e.to);
    if (e.kind == event_kind::unfollow) graph_.unfollow(e.from, e.to);
  }
  mending_.reset();
  keys_known_ = false;
}

void replay::find_keys() {
  keys_known_ = true;
  keys_.clear();
  interested_.for_each([&](core::user_id user, std::uint32_t) {
    keys_.push_back(core::key_of(core::concern::follower, user));
  });
  for (const member& m : members_) {
    if (keys_.size() > most_keys) return;
    if (!m.connected) continue;
    keys_.push_back(core::key_of(core::concern::told, m.user));
    const core::user_set* const followees = graph_.followees_of(m.user);
    if (!followees) continue;
    followees->for_each([&](core::user_id followee) {
      keys_.push_back(core::key_of(core::concern::author, followee));
    });
  }
}

bool replay::is_wanted(const entry& e) {
  if (lost_graph_) {
    find_mending(log_.at());
    lost_graph_ = false;
  }
  if (mending_ && mending_->with.upto < log_.at() + e.bytes) return true;
  if (e.epoch != epoch_ || (connected_ != 0 && e.broadcasts != 0)) return true;
  if (!keys_known_) find_keys();
  if (keys_.size() > most_keys || next_turn() < log_.at() + e.bytes) return true;
  return std::any_of(keys_.begin(), keys_.end(), [&](std::uint64_t key) {
    return core::key_filter::may_contain(e.filter, key);
  });
}

replay::stepped replay::step() {
  if (lost_) return stepped::lost;
  if (!ahead_) {
    filter_.reset();
    try {
      ahead_ = log_.next([this](const entry& e) {
        filter_.reset();
        const bool wanted = is_wanted(e);
        if (wanted) filter_ = e.filter;
        return wanted;
      });
    } catch (const error& e) {
      const bool newer = e.what_kind() == error::kind::newer_version;
      if (newer || e.what_kind() == error::kind::corrupted) lose_graph();
      if (newer) throw error{error::kind::corrupted, e.what()};  // it is of as little use
      throw;
    }
    lost_ = log_.lost();
    if (lost_) return stepped::lost;
    at_ = std::max(at_, ahead_ ? ahead_->begin : log_.at());
    if (!ahead_) {
      take_turns(at_);
      return stepped::at_head;
    }
    if (ahead_->epoch != epoch_) return stepped::epoch_ends;
  }
  if (ahead_->epoch != epoch_) enter(ahead_->epoch);
  while (mending_ && !mending_->graph && mending_->with.upto < ahead_->end()) load_mending();
  const auto block = std::make_shared<const core::ordered_block>(*std::exchange(ahead_, {}));
  route(block);
  to_.keep(block);
  return stepped::routed;
}

void replay::route(const std::shared_ptr<const core::ordered_block>& block) {
  const auto& events = block->events;
  routed_ = block.get();
  // At the beginning of the pass a record may be cut in two.
  std::size_t first = 0;
  while (first != events.size() && block->position_of(first) < at_) ++first;
  for (std::size_t i = 0; i != events.size();) {
    if (mending_ && mending_->with.upto <= block->position_of(i)) mend();
    take_turns(block->position_of(i));
    const core::log_position turn =
        std::min(next_turn(), mending_ ? mending_->with.upto : ~core::log_position{0});
    for (; i != events.size() && (turn >= block->end() || block->position_of(i) < turn); ++i) {
      const core::event& e = events[i];
      const bool follows = e.kind == event_kind::follow, unfollows = e.kind == event_kind::unfollow;
      if ((follows || unfollows) && interested_.find(e.from)) {
        keys_known_ &= !(follows ? graph_.follow(e.from, e.to) : graph_.unfollow(e.from, e.to));
        if (mending_ && mending_->with.from <= block->position_of(i)) mending_->since.push_back(e);
      }
      if (connected_ == 0 || i < first) continue;
      telling_ = i;
      const std::string_view line = block->text_of(e);
      if (e.kind == event_kind::broadcast) {
        to_.tell_all(line);
      } else {
        core::for_each_recipient(e, graph_, [&](core::session_index m) { to_.tell(m, line); });
      }
    }
  }
  at_ = block->end();
  take_turns(at_);
}

}  // namespace skein::store
