#include "support/faulty_disk.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "support/committing_threads.hpp"

namespace skein::test {
namespace {

using store::error;
using store::family;

void commit(store::engine& to, const std::string& key, bool sync = false) {
  const auto changes = to.new_batch();
  changes->put(family::log, key, {"value"});
  to.commit(*changes, sync);
}

std::string keys(store::engine& of) {
  std::string found;
  const auto at = of.walk(family::log);
  for (at->seek(""); at->valid(); at->next()) found += at->key();
  return found;
}

error::kind failure_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const error& thrown) {
    return thrown.what_kind();
  }
  ADD_FAILURE() << "no error";
  return {};
}

TEST(FaultyDisk, ForgetsInACrashWhatWasNotSynced) {
  faulty_disk disk;
  const auto before = disk.open();
  commit(*before, "a");
  commit(*before, "b", /*sync=*/true);
  commit(*before, "c");
  EXPECT_EQ(disk.unsynced(), 1u);
  disk.crash();
  EXPECT_EQ(keys(*disk.open()), "ab");
}

TEST(FaultyDisk, KeepsInACrashTheFirstOfWhatWasNotSynced) {
  for (std::size_t kept = 0; kept <= 4; ++kept) {
    faulty_disk disk;
    const auto before = disk.open();
    for (const char* key : {"a", "b", "c"}) commit(*before, key);
    disk.crash(kept);
    EXPECT_EQ(keys(*disk.open()), std::string{"abc"}.substr(0, kept));
    disk.crash();
    EXPECT_EQ(keys(*disk.open()), std::string{"abc"}.substr(0, kept));
  }
}

TEST(FaultyDisk, CutsOffWhatWasOpenBefore) {
  faulty_disk disk;
  const auto before = disk.open();
  disk.crash();
  EXPECT_EQ(failure_of([&] { commit(*before, "a"); }), error::kind::failed);
  const auto after = disk.open();
  EXPECT_EQ(failure_of([&] { before->recover(); }), error::kind::failed);
  commit(*after, "b", true);
  EXPECT_EQ(keys(*after), "b");
}

TEST(FaultyDisk, FailsOnCommandUntilRecovered) {
  faulty_disk disk;
  const auto engine = disk.open();
  disk.fail_next(2, error::kind::corrupted);
  EXPECT_EQ(failure_of([&] { commit(*engine, "a"); }), error::kind::corrupted);
  engine->recover();
  EXPECT_EQ(failure_of([&] { engine->sync(); }), error::kind::corrupted);
  EXPECT_EQ(failure_of([&] { commit(*engine, "a"); }), error::kind::corrupted);
  engine->recover();
  commit(*engine, "a", true);
  EXPECT_EQ(disk.commits(), 1u);
  EXPECT_EQ(disk.syncs(), 1u);
}

TEST(FaultyDisk, RunsOutOfSpace) {
  faulty_disk disk;
  const auto engine = disk.open();
  disk.leave_room(13);
  commit(*engine, "a");
  commit(*engine, "b");
  EXPECT_EQ(failure_of([&] { commit(*engine, "c"); }), error::kind::no_space);
  EXPECT_EQ(failure_of([&] { engine->recover(); }), error::kind::no_space);
  EXPECT_EQ(keys(*engine), "ab");
  disk.leave_room_for_all();
  EXPECT_EQ(failure_of([&] { commit(*engine, "c"); }), error::kind::failed);
  engine->recover();
  commit(*engine, "c");
  EXPECT_EQ(keys(*engine), "abc");
}

TEST(FaultyDisk, LosesNothingOfThreadsThatGoOnAfterAFailure) {
  faulty_disk disk;
  const auto engine = disk.open();
  {
    committing_threads threads{*engine, 500};
    threads.await_done(100);
    disk.fail_next(1);
    threads.await_failures(1);
    disk.fail_next(3);
  }
  committing_threads::expect_all(*engine, 500);
}

TEST(FaultyDisk, HoldsACommit) {
  faulty_disk disk;
  const auto engine = disk.open();
  disk.hold();
  auto committed = std::async(std::launch::async, [&] { commit(*engine, "a", true); });
  disk.await_held();
  EXPECT_EQ(keys(*engine), "");
  disk.release();
  committed.get();
  EXPECT_EQ(keys(*engine), "a");
}

}  // namespace
}  // namespace skein::test
