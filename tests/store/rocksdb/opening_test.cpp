#include <fcntl.h>
#include <rocksdb/db.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <thread>

#include "store/format.hpp"
#include "store/rocksdb/disk_store_test.hpp"

namespace skein::store {
namespace {

namespace fs = std::filesystem;

using OpeningAStore = DiskStore;

void put(engine& store, std::string_view key, std::string_view value) {
  const auto changes = store.new_batch();
  changes->put(family::log, key, {value});
  store.commit(*changes, false);
}

/// One of RocksDB, made by somebody else.
std::unique_ptr<rocksdb::DB> open_rocksdb(const fs::path& where) {
  rocksdb::DB* db = nullptr;
  rocksdb::Options options;
  options.create_if_missing = true;
  EXPECT_TRUE(rocksdb::DB::Open(options, where.string(), &db).ok());
  return std::unique_ptr<rocksdb::DB>{db};
}

/// Exit status of `work` in a process without threads.
template <class Work>
int in_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(OpeningAStore, CreatesItForItsOwnerAlone) {
  open();
  EXPECT_EQ(fs::status(where).permissions(), fs::perms::owner_all);
  where /= "";  // with a slash at the end
  open();
  where = where.parent_path().parent_path() / "other" / "";
  open();
  EXPECT_TRUE(fs::exists(where / "CURRENT"));
}

TEST_F(OpeningAStore, CreatesItInADirectoryThatIsEmpty) {
  fs::create_directory(where);
  fs::create_directory(where / "lost+found");
  put(*open(), "key", "value");
  EXPECT_EQ(open()->get(family::log, "key"), "value");
}

TEST_F(OpeningAStore, FindsWhatWasCommitted) {
  for (int i = 0; i < 3; ++i) {
    const auto store = open();
    for (int before = 0; before < i; ++before) {
      EXPECT_EQ(store->get(family::log, std::to_string(before)), "value");
    }
    put(*store, std::to_string(i), "value");
    EXPECT_GT(store->bytes_on_disk(), 0u);
  }
}

TEST_F(OpeningAStore, NeedsTheParentDirectory) {
  where = where / "store";
  EXPECT_EQ(error_text(error::kind::unavailable, [&] { open(); }),
            where.string() + ": its parent directory does not exist");
}

TEST_F(OpeningAStore, CreatesNothingUnlessItMay) {
  for (const disk_options& options :
       {disk_options{where, /*create=*/false}, disk_options{where, true, /*read_only=*/true}}) {
    EXPECT_EQ(error_text(error::kind::unavailable, [&] { open_disk(options); }),
              where.string() + ": does not exist");
    EXPECT_FALSE(fs::exists(where));
  }
  fs::create_directory(where);
  EXPECT_EQ(error_text(error::kind::unavailable,
                       [&] {
                         open_disk({where, false});
                       }),
            where.string() + ": is no store");
  EXPECT_TRUE(fs::is_empty(where));
}

TEST_F(OpeningAStore, RefusesAFile) {
  std::ofstream{where} << "text";
  EXPECT_EQ(error_text(error::kind::unavailable, [&] { open(); }),
            where.string() + ": is no directory");
}

TEST_F(OpeningAStore, LeavesADirectoryOfOtherThingsAlone) {
  fs::create_directory(where);
  std::ofstream{where / "thesis.txt"} << "text";
  EXPECT_EQ(error_text(error::kind::unavailable, [&] { open(); }),
            where.string() + ": is neither empty nor a store (it has no file CURRENT)");
  EXPECT_EQ(std::distance(fs::directory_iterator{where}, {}), 1);
}

TEST_F(OpeningAStore, GoesOnWithACreationThatWasCutShort) {
  open();
  for (const auto& file : fs::directory_iterator{where}) {
    const std::string name = file.path().filename();
    if (name != "LOCK" && name != "IDENTITY") fs::remove(file);
  }
  put(*open(), "key", "value");
  EXPECT_EQ(open()->get(family::log, "key"), "value");
}

/// What is there when the process is killed at each step of it: RocksDB writes what becomes
/// IDENTITY and CURRENT into temporary files first.
TEST_F(OpeningAStore, GoesOnWithACreationThatWasCutShortAtAnyStep) {
  const std::vector<std::vector<std::string>> steps{
      {"LOCK"},
      {"LOCK", "000000.dbtmp"},
      {"LOCK", "IDENTITY"},
      {"LOCK", "IDENTITY", "MANIFEST-000001"},
      {"LOCK", "IDENTITY", "MANIFEST-000001", "000001.dbtmp"},
      {"LOCK", "000000.dbtmp", "IDENTITY", "MANIFEST-000001", "000001.dbtmp", "lost+found"}};
  for (const std::string content : {"", "MANIFEST-0000"}) {
    for (const auto& step : steps) {
      SCOPED_TRACE(step.back());
      fs::remove_all(where);
      fs::create_directory(where);
      for (const auto& file : step) {
        if (file == "lost+found") {
          fs::create_directory(where / file);
        } else {
          std::ofstream{where / file} << content;
        }
      }
      put(*open(), "key", "value");
      EXPECT_EQ(open()->get(family::log, "key"), "value");
    }
  }
}

TEST_F(OpeningAStore, TakesNothingOfOthersForACreationThatWasCutShort) {
  for (const char* name : {"000002.dbtmp", "MANIFEST-000002", "LOCK.txt", "000000.DBTMP"}) {
    SCOPED_TRACE(name);
    fs::remove_all(where);
    fs::create_directory(where);
    std::ofstream{where / "LOCK"} << "";
    std::ofstream{where / name} << "text";
    error_text(error::kind::unavailable, [&] { open(); });
    EXPECT_EQ(std::distance(fs::directory_iterator{where}, {}), 2);
  }
  fs::remove_all(where);
  fs::create_directories(where / "IDENTITY" / "thesis");
  error_text(error::kind::unavailable, [&] { open(); });
  fs::remove_all(where);
  fs::create_directory(where);
  fs::create_symlink("/dev/null", where / "000000.dbtmp");
  error_text(error::kind::unavailable, [&] { open(); });
}

TEST_F(OpeningAStore, RefusesALinkToNothing) {
  fs::create_symlink(where.parent_path() / "nothing", where);
  EXPECT_EQ(error_text(error::kind::unavailable, [&] { open(); }),
            where.string() + ": is a link to what does not exist");
}

TEST_F(OpeningAStore, WritesNothingMoreWithoutItsFileCurrent) {
  const auto store = open();
  put(*store, "key", "value");
  fs::rename(where / "CURRENT", where / "away");
  const auto lost = where.string() + ": is no store any more: its file CURRENT was deleted";
  EXPECT_EQ(error_text(error::kind::unavailable, [&] { put(*store, "key", "other"); }), lost);
  EXPECT_EQ(error_text(error::kind::unavailable, [&] { store->sync(); }), lost);
  fs::rename(where / "away", where / "CURRENT");
  store->recover();
  put(*store, "key", "other");
}

TEST_F(OpeningAStore, GoesOnWithACreationThatHasMadeNoFamilyYet) {
  open_rocksdb(where);
  put(*open(), "key", "value");
  EXPECT_EQ(open()->get(family::log, "key"), "value");
}

TEST_F(OpeningAStore, RefusesADatabaseOfOthers) {
  open_rocksdb(where)->Put({}, "key", "value");
  EXPECT_EQ(error_text(error::kind::unavailable, [&] { open(); }),
            where.string() + ": is no store of skein");
}

TEST_F(OpeningAStore, RefusesALaterFormat) {
  {
    const auto store = open();
    const auto changes = store->new_batch();
    changes->put(family::meta, format_key, {encoded_format(258)});
    store->commit(*changes, false);
  }
  for (const bool read_only : {false, true}) {
    EXPECT_EQ(error_text(error::kind::newer_version,
                         [&] {
                           open_disk({where, true, read_only});
                         }),
              where.string() + ": has format 258, this version of skein knows up to 1");
  }
}

TEST_F(OpeningAStore, RefusesAFormatThatIsNone) {
  for (const std::string& format : {std::string{}, std::string(4, '\0'), std::string(5, '\1')}) {
    const auto store = open();
    auto changes = store->new_batch();
    changes->put(family::meta, format_key, {format});
    store->commit(*changes, false);
    const fs::path copy = where.string() + std::to_string(format.size());
    store->backup(copy);
    EXPECT_EQ(error_text(error::kind::corrupted, [&] { open_disk({copy}); }),
              copy.string() + ": has no format version");
    changes = store->new_batch();
    changes->put(family::meta, format_key, {encoded_format(format_version)});
    store->commit(*changes, false);
  }
}

TEST_F(OpeningAStore, IsNotBackedUpOverAnythingNorIntoItself) {
  const auto store = open();
  const fs::path full = where.parent_path() / "full";
  fs::create_directories(full / "of something");
  for (const fs::path& there : {full, full / "of something", where}) {
    EXPECT_EQ(error_text(error::kind::unavailable, [&] { store->backup(there); }),
              there.string() + ": exists already");
  }
  fs::create_directory(where / "backups");
  fs::create_directory_symlink(where / "backups", full / "link");
  for (const fs::path& inside : {where / "copy", where / "backups/copy", full / "link/copy"}) {
    EXPECT_EQ(error_text(error::kind::unavailable, [&] { store->backup(inside); }),
              inside.string() + ": is in the store itself");
  }
}

TEST_F(OpeningAStore, RefusesAFamilyThatItDoesNotKnow) {
  {
    const auto db = open_rocksdb(where);
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily({}, "later", &handle).ok());
    db->DestroyColumnFamilyHandle(handle);
  }
  EXPECT_EQ(error_text(error::kind::newer_version, [&] { open(); }),
            where.string() + ": has a family later, which a later version of skein must have made");
}

TEST_F(OpeningAStore, HasItAlone) {
  const auto store = open();
  EXPECT_EQ(error_text(error::kind::locked, [&] { open(); }),
            where.string() + ": another process has it open");
  put(*store, "key", "value");
}

TEST_F(OpeningAStore, IsRefusedWhileAnotherProcessHasIt) {
  open();
  int locked[2];
  int done[2];
  ASSERT_EQ(::pipe(locked), 0);
  ASSERT_EQ(::pipe(done), 0);
  std::thread other{[&] {
    in_child([&] {
      ::close(done[1]);
      const int file = ::open((where / "LOCK").c_str(), O_RDWR);
      struct flock whole {};
      whole.l_type = F_WRLCK;
      char byte = ::fcntl(file, F_SETLK, &whole) == 0 ? 'y' : 'n';
      return ::write(locked[1], &byte, 1) == 1 && ::read(done[0], &byte, 1) == 0 ? 0 : 1;
    });
  }};
  char byte = 0;
  ASSERT_EQ(::read(locked[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  EXPECT_EQ(error_text(error::kind::locked, [&] { open(); }),
            where.string() + ": another process has it open");
  ::close(done[1]);
  other.join();
  for (const int end : {locked[0], locked[1], done[0]}) ::close(end);
  open();
}

TEST_F(OpeningAStore, NeedsToWrite) {
  open();
  const auto others_read = fs::perms{0555};
  fs::permissions(where.parent_path(), others_read, fs::perm_options::add);
  fs::permissions(where, others_read);
  // Nothing is forbidden to root.
  const int status = in_child([&] {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) return 1;
    try {
      open();
    } catch (const error& refused) {
      const bool as_expected =
          refused.what_kind() == error::kind::unavailable &&
          refused.what() == where.string() + ": cannot be written: Permission denied";
      return as_expected ? 0 : 2;
    }
    return 3;
  });
  fs::permissions(where, fs::perms::owner_all);
  EXPECT_EQ(status, 0);
}

TEST_F(OpeningAStore, ReadsBesideTheWriter) {
  auto writer = open();
  put(*writer, "a", "1");
  std::set<std::string> before;
  for (const auto& file : fs::directory_iterator{where}) before.insert(file.path());
  const auto reader = open_disk({where, true, /*read_only=*/true});
  EXPECT_EQ(reader->get(family::log, "a"), "1");
  put(*writer, "b", "1");
  EXPECT_EQ(reader->get(family::log, "b"), std::nullopt);
  EXPECT_EQ(open_disk({where, true, true})->get(family::log, "b"), "1");
  reader->verify([](const std::string& text) { ADD_FAILURE() << text; });
  error_text(error::kind::failed, [&] { put(*reader, "c", "1"); });
  // It adds no file, and takes none that is needed; the writer itself may remove some at any time.
  for (const auto& file : fs::directory_iterator{where}) {
    EXPECT_EQ(before.count(file.path()), 1u) << file.path();
  }
  writer.reset();
  writer = open();
  EXPECT_EQ(writer->get(family::log, "a"), "1");
  EXPECT_EQ(writer->get(family::log, "b"), "1");
}

TEST_F(OpeningAStore, ReadsNoHolesBesideAWriterThatNeverRests) {
  const auto writer = open();
  std::atomic<bool> stop = false;
  std::thread writes{[&] {
    const std::string value(4 << 10, 'x');
    for (int i = 1'000'000; !stop; ++i) put(*writer, std::to_string(i), value);
  }};
  int read = 0;
  for (int i = 0; i < 4; ++i) {
    try {
      const auto reader = open_disk({where, true, /*read_only=*/true});
      const auto at = reader->walk(family::log, reading::many);
      int next = 1'000'000;
      for (at->seek(""); at->valid(); at->next(), ++next)
        ASSERT_EQ(at->key(), std::to_string(next));
      ++read;
    } catch (const error& refused) {
      EXPECT_EQ(refused.what_kind(), error::kind::unavailable) << refused.what();
    }
  }
  stop = true;
  writes.join();
  RecordProperty("opened", read);
}

TEST_F(OpeningAStore, FindsAMillionKeys) {
  constexpr int keys = 1'000'000;
  {
    const auto store = open();
    const auto changes = store->new_batch();
    for (int i = 0; i < keys; ++i) {
      changes->put(family::graph, std::to_string(keys + i), {"some value"});
      if (changes->bytes() < (1 << 20)) continue;
      store->commit(*changes, false);
      changes->clear();
    }
    store->commit(*changes, true);
  }
  const auto store = open();
  const auto at = store->walk(family::graph, reading::many);
  int found = 0;
  for (at->seek(""); at->valid(); at->next()) ++found;
  EXPECT_EQ(found, keys);
}

}  // namespace
}  // namespace skein::store
