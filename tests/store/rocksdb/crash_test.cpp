#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <thread>

#include "store/rocksdb/disk_store_test.hpp"
#include "support/committing_threads.hpp"

namespace {

std::atomic<bool> syncs_fail = false;

}  // namespace

/// In place of that of libc, for RocksDB too.
extern "C" int fdatasync(int file) {
  if (syncs_fail) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, file));
}

namespace skein::store {
namespace {

namespace fs = std::filesystem;

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

/// The n-th commit: the same in two families.
void commit(engine& store, int n, bool sync, std::size_t size = 100) {
  const auto changes = store.new_batch();
  const std::string key = std::to_string(1'000'000 + n);
  changes->put(family::log, key, {std::string(size, 'x')});
  changes->put(family::index, key, {});
  store.commit(*changes, sync);
}

/// How many of those commits are there: the first ones, whole.
int commits_in(engine& store) {
  int found = 0;
  for (const auto& [key, value] : contents_of(store)) {
    if (key.first != family::log) continue;
    EXPECT_EQ(key.second, std::to_string(1'000'000 + found));
    EXPECT_EQ(store.get(family::index, key.second), "");
    ++found;
  }
  EXPECT_EQ(contents_of(store).size(), 2u * static_cast<unsigned>(found));
  return found;
}

/// Ends a new process: with 0 if all was as expected, else telling what was not.
[[noreturn]] void end() {
  const auto& result = *::testing::UnitTest::GetInstance()->current_test_info()->result();
  for (int part = 0; part < result.total_part_count(); ++part) {
    const auto& failure = result.GetTestPartResult(part);
    std::cerr << failure.file_name() << ':' << failure.line_number() << ' ' << failure.message()
              << '\n';
  }
  ::exit(result.Failed() ? 1 : 0);
}

using KilledProcess = DiskStore;

void commit_and_die(const fs::path& where, bool sync) {
  const auto store = open_disk({where});
  for (int n = 0; n < 500; ++n) commit(*store, n, sync && n % 10 == 0);
  ::raise(SIGKILL);
}

TEST_F(KilledProcess, LosesNothing) {
  EXPECT_EXIT(commit_and_die(where, /*sync=*/false), KilledBySignal(SIGKILL), "");
  EXPECT_EQ(commits_in(*open()), 500);
}

TEST_F(KilledProcess, LosesNothingThatWasSynced) {
  EXPECT_EXIT(commit_and_die(where, /*sync=*/true), KilledBySignal(SIGKILL), "");
  EXPECT_EQ(commits_in(*open()), 500);
}

/// Killed by another thread in the middle of anything; `progress` tells how far it has come.
void commit_until_killed(const fs::path& where, const fs::path& progress, int kill_at) {
  const auto store = open_disk({where});
  std::atomic<int> committed = 0;
  std::thread killer{[&] {
    while (committed < kill_at) std::this_thread::yield();
    ::raise(SIGKILL);
  }};
  const int file = ::open(progress.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  for (int n = 0;; ++n) {
    commit(*store, n, n % 100 == 0, 20'000);
    const int done = n + 1;
    if (::pwrite(file, &done, sizeof done, 0) != sizeof done) ::abort();
    committed = done;
  }
}

TEST_F(KilledProcess, LeavesWholeCommitsWhenKilledInTheMiddleOfOne) {
  const fs::path progress = where.parent_path() / "progress";
  // Some while files are written in the background: those hold 32 MiB.
  for (const int kill_at : {1, 10, 500, 1700, 3400, 3500}) {
    SCOPED_TRACE(kill_at);
    fs::remove_all(where);
    EXPECT_EXIT(commit_until_killed(where, progress, kill_at), KilledBySignal(SIGKILL), "");
    int done = 0;
    std::ifstream{progress, std::ios::binary}.read(reinterpret_cast<char*>(&done), sizeof done);
    const auto store = open();
    const int found = commits_in(*store);
    EXPECT_GE(found, done);
    EXPECT_LE(found, done + 1);
    commit(*store, found, true);
    store->verify([](const std::string& text) { ADD_FAILURE() << text; });
  }
}

using FullDisk = DiskStore;

/// A file system of its own, which no other process sees.
bool mount_own(const fs::path& where, const char* size) {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("test", where.c_str(), "tmpfs", 0, size) == 0;
}

bool may_mount(const fs::path& where) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(mount_own(where, "size=1m") ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Commits until there is no room, not even after what can be given back was given back.
/// \return how many there are then
int fill(engine& store, int done) {
  for (int before = -1; done > before;) {
    before = done;
    try {
      store.recover();
      for (;; ++done) commit(store, done, done % 2 == 0, 1'000'000);
    } catch (const error& refused) {
      EXPECT_EQ(refused.what_kind(), error::kind::no_space) << refused.what();
    }
    EXPECT_EQ(commits_in(store), done);
  }
  return done;
}

void fill_the_disk(const fs::path& where) {
  if (!mount_own(where, "size=100m")) ::exit(2);
  const auto make_room = [&](const char* size) {
    EXPECT_EQ(::mount("test", where.c_str(), "tmpfs", MS_REMOUNT, size), 0);
  };
  auto store = open_disk({where / "store"});
  int done = 0;
  for (const char* size : {"size=250m", "size=400m"}) {
    SCOPED_TRACE(size);
    const int before = done;
    done = fill(*store, done);
    EXPECT_GT(done, before);
    error_text(error::kind::no_space, [&] { commit(*store, done, true); });
    error_text(error::kind::no_space, [&] { store->sync(); });
    error_text(error::kind::no_space, [&] { store->recover(); });
    EXPECT_EQ(commits_in(*store), done);
    make_room(size);
    store->recover();
    EXPECT_EQ(commits_in(*store), done);
    commit(*store, done++, true);
  }
  done = fill(*store, done);
  store.reset();
  make_room("size=1g");
  store = open_disk({where / "store"});
  EXPECT_EQ(commits_in(*store), done);
  commit(*store, done, true);
  store->verify([](const std::string& text) { ADD_FAILURE() << text; });
  end();
}

TEST_F(FullDisk, RefusesCommitsUntilThereIsRoomAgain) {
  fs::create_directories(where);
  if (!may_mount(where)) GTEST_SKIP() << "mounting is not permitted here";
  EXPECT_EXIT(fill_the_disk(where), ExitedWithCode(0), "");
}

using FailedSync = DiskStore;

TEST_F(FailedSync, LeavesNothingOfTheCommit) {
  auto store = open();
  commit(*store, 0, false);
  commit(*store, 1, false);
  syncs_fail = true;
  error_text(error::kind::failed, [&] { commit(*store, 2, true); });
  EXPECT_EQ(commits_in(*store), 2);
  error_text(error::kind::failed, [&] { commit(*store, 2, false); });
  error_text(error::kind::failed, [&] { store->recover(); });
  syncs_fail = false;
  store->recover();
  EXPECT_EQ(commits_in(*store), 2);
  store.reset();
  store = open();
  EXPECT_EQ(commits_in(*store), 2);
  commit(*store, 2, true);
  EXPECT_EQ(commits_in(*store), 3);
}

TEST_F(FailedSync, LosesNoCommitThatWasDone) {
  const auto store = open();
  for (int n = 0; n < 100; ++n) commit(*store, n, false);
  syncs_fail = true;
  error_text(error::kind::failed, [&] { store->sync(); });
  syncs_fail = false;
  EXPECT_EQ(commits_in(*store), 100);
  store->recover();
  EXPECT_EQ(commits_in(*store), 100);
  commit(*store, 100, true);
  EXPECT_EQ(commits_in(*store), 101);
}

TEST_F(FailedSync, LosesNothingOfThreadsThatGoOnAfterwards) {
  auto store = open();
  {
    test::committing_threads threads{*store, 300};
    for (int time = 1; time != 4; ++time) {
      threads.await_done(100 * time);
      syncs_fail = true;
      threads.await_failures(10 * time);
      syncs_fail = false;
    }
  }
  test::committing_threads::expect_all(*store, 300);
  store.reset();
  store = open();
  test::committing_threads::expect_all(*store, 300);
  store->verify([](const std::string& text) { ADD_FAILURE() << text; });
}

TEST_F(FailedSync, WaitsForCursorsBeforeItRecovers) {
  const auto store = open();
  commit(*store, 0, true);
  auto reader = store->walk(family::log);
  reader->seek("");
  syncs_fail = true;
  error_text(error::kind::failed, [&] { commit(*store, 1, true); });
  EXPECT_EQ(store->get(family::index, "1000000"), "");
  syncs_fail = false;
  error_text(error::kind::failed, [&] { store->recover(); });
  EXPECT_TRUE(reader->valid());
  EXPECT_EQ(reader->key(), "1000000");
  error_text(error::kind::closed, [&] { reader->next(); });
  error_text(error::kind::closed, [&] { store->walk(family::log); });
  error_text(error::kind::closed, [&] { store->get(family::log, "1000000"); });
  reader.reset();
  store->recover();
  EXPECT_EQ(commits_in(*store), 1);
  commit(*store, 1, true);
  EXPECT_EQ(commits_in(*store), 2);
}

}  // namespace
}  // namespace skein::store
