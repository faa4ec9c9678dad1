#include "core/group_commit.hpp"

#include <gtest/gtest.h>

namespace skein::core {
namespace {

using namespace std::chrono_literals;
using step = group_commit::step;

class GroupCommit : public testing::Test {
 protected:
  std::optional<std::uint64_t> fail(bool gone = false) {
    const auto lines = commits.failed(now, "no room", gone);
    commits.want(commit_wake::retry);
    return lines;
  }

  group_commit commits;
  time_point now{};
};

TEST_F(GroupCommit, AWakeIsWantedOnceUntilItHasCome) {
  EXPECT_TRUE(commits.want(commit_wake::mailbox_end));
  EXPECT_FALSE(commits.want(commit_wake::mailbox_end)) << "it is on its way";
  EXPECT_TRUE(commits.want(commit_wake::interval)) << "each by itself";
  EXPECT_TRUE(commits.woken(commit_wake::mailbox_end));
  EXPECT_TRUE(commits.want(commit_wake::mailbox_end));
}

TEST_F(GroupCommit, WhatIsGatheredIsCommittedAndSyncedIfSomebodyWantsThat) {
  EXPECT_EQ(commits.next(false, false), step::nothing);
  EXPECT_EQ(commits.next(true, false), step::commit);
  EXPECT_EQ(commits.next(true, true), step::commit_and_sync);
  commits.want_sync();
  EXPECT_EQ(commits.next(true, false), step::commit_and_sync);
}

TEST_F(GroupCommit, WhatWasCommittedIsSyncedLaterAndOnlyOnce) {
  EXPECT_TRUE(commits.synced());
  EXPECT_EQ(commits.next(false, true), step::nothing);
  commits.written(step::commit);
  EXPECT_FALSE(commits.synced());
  EXPECT_EQ(commits.next(false, false), step::nothing);
  EXPECT_EQ(commits.next(false, true), step::sync);
  commits.written(step::nothing);
  EXPECT_FALSE(commits.synced());
  commits.written(step::sync);
  EXPECT_TRUE(commits.synced());
  EXPECT_EQ(commits.next(false, true), step::nothing);
}

TEST_F(GroupCommit, ASyncThatIsWantedTouchesTheStoreThoughNothingIsGathered) {
  commits.want_sync();
  EXPECT_EQ(commits.next(false, false), step::sync);
  commits.written(step::sync);
  EXPECT_EQ(commits.next(false, false), step::nothing);
}

TEST_F(GroupCommit, ASyncThatIsWantedOutlivesAFailure) {
  commits.want_sync();
  fail();
  EXPECT_EQ(commits.next(true, false), step::commit_and_sync);
  commits.written(step::commit_and_sync);
  EXPECT_EQ(commits.next(true, false), step::commit);
}

TEST_F(GroupCommit, WhileTheStoreFailsOnlyARetryWrites) {
  EXPECT_TRUE(commits.want(commit_wake::interval));
  fail();
  EXPECT_TRUE(commits.failing());
  EXPECT_EQ(commits.why(), "no room");
  EXPECT_FALSE(commits.woken(commit_wake::interval)) << "it was on its way";
  for (const auto other : {commit_wake::mailbox_end, commit_wake::interval, commit_wake::reading}) {
    EXPECT_FALSE(commits.want(other));
  }
  EXPECT_FALSE(commits.want(commit_wake::retry)) << "it is on its way";
  EXPECT_TRUE(commits.woken(commit_wake::retry));
  EXPECT_TRUE(commits.want(commit_wake::retry));
  EXPECT_EQ(commits.next(false, false), step::sync) << "it is seen whether the store works";
}

TEST_F(GroupCommit, TheFirstWriteThatWorksEndsTheFailure) {
  fail(true);
  EXPECT_TRUE(commits.gone());
  EXPECT_TRUE(commits.written(commits.next(true, false)));
  EXPECT_FALSE(commits.failing());
  EXPECT_FALSE(commits.gone());
  EXPECT_TRUE(commits.synced());
  EXPECT_EQ(commits.why(), "no room") << "it has failed last";
  EXPECT_FALSE(commits.written(step::commit)) << "that it works again is said once";
  EXPECT_FALSE(commits.woken(commit_wake::retry)) << "there is nothing to try again";
  EXPECT_TRUE(commits.want(commit_wake::mailbox_end));
}

TEST_F(GroupCommit, GoneIsWhatTheLastFailureSays) {
  fail(true);
  fail(false);
  EXPECT_FALSE(commits.gone());
}

TEST_F(GroupCommit, FailuresAreLoggedOnceASecond) {
  EXPECT_EQ(fail(), 0u);
  now += 500ms;
  EXPECT_EQ(fail(), std::nullopt);
  now += 500ms;
  EXPECT_EQ(fail(), 1u);
}

}  // namespace
}  // namespace skein::core
