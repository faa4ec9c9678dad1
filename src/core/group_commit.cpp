#include "core/group_commit.hpp"

#include <utility>

namespace skein::core {

bool group_commit::want(commit_wake what) {
  if (failing_ && what != commit_wake::retry) return false;
  auto there = on_the_way_[static_cast<std::size_t>(what)];
  if (there) return false;
  there = true;
  return true;
}

bool group_commit::woken(commit_wake what) {
  on_the_way_[static_cast<std::size_t>(what)] = false;
  return failing_ == (what == commit_wake::retry);
}

group_commit::step group_commit::next(bool gathered, bool sync) const {
  const bool must_sync = sync_wanted_ || failing_;
  if (gathered) return sync || must_sync ? step::commit_and_sync : step::commit;
  return must_sync || (sync && unsynced_) ? step::sync : step::nothing;
}

bool group_commit::written(step done) {
  if (done == step::commit) unsynced_ = true;
  if (done == step::commit_and_sync || done == step::sync) unsynced_ = sync_wanted_ = false;
  gone_ = false;
  return std::exchange(failing_, false);
}

std::optional<std::uint64_t> group_commit::failed(time_point now, std::string why, bool gone) {
  failing_ = true;
  gone_ = gone;
  why_ = std::move(why);
  return lines_.pass(now);
}

}  // namespace skein::core
