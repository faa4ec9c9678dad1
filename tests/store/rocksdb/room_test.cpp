#include "store/rocksdb/disk_store_test.hpp"
#include "support/eventually.hpp"

namespace skein::store {
namespace {

using RoomOfAStore = DiskStore;

std::string key_of(int n) {
  return std::to_string(1'000'000 + n);
}

TEST_F(RoomOfAStore, IsGivenBackFileByFile) {
  constexpr int values = 4000;
  constexpr std::size_t size = 64 << 10;
  const auto store = open();
  const auto changes = store->new_batch();
  const std::string value(size, 'x');
  for (int n = 0; n < values; ++n) {
    changes->clear();
    changes->put(family::log, key_of(n), {value});
    store->commit(*changes, false);
  }
  auto before = store->walk(family::log);
  store->reclaim(family::log, key_of(0), key_of(values - 10));
  int seen = 0;
  for (before->seek(""); before->valid(); before->next()) ++seen;
  EXPECT_EQ(seen, values);
  before.reset();  // it keeps the files
  // Files are moved to where they can be deleted in the background.
  EXPECT_TRUE(test::eventually([&] {
    store->reclaim(family::log, key_of(0), key_of(values - 10));
    return store->bytes_on_disk() < values * size * 2 / 3;
  }));
  int left = 0;
  const auto at = store->walk(family::log);
  for (at->seek(key_of(values - 10)); at->valid(); at->next()) ++left;
  EXPECT_EQ(left, 10);
  store->verify([](const std::string& text) { ADD_FAILURE() << text; });
}

TEST_F(RoomOfAStore, HasFewFilesOfItsOwn) {
  std::size_t files = 0;
  for (int i = 0; i < 20; ++i) {
    const auto store = open();
    const auto changes = store->new_batch();
    for (int n = 0; n < 10; ++n) {
      changes->put(family::graph, key_of(n), {std::to_string(i)});
      changes->put(family::log, key_of(n), {std::to_string(i)});
    }
    store->commit(*changes, false);
  }
  for (const auto& file : std::filesystem::directory_iterator{where}) {
    ++files;
    EXPECT_LT(file.file_size(), 100'000u) << file.path();
  }
  EXPECT_LT(files, 40u);
}

}  // namespace
}  // namespace skein::store
