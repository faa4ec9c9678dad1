#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "store/rocksdb/disk_store_test.hpp"
#include "support/random.hpp"

namespace skein::store {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream{path, std::ios::binary}.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << text;
}

/// Half of it comes to lie in files of keys, the other half in a write-ahead log.
contents fill(const fs::path& where) {
  for (const char* part : {"first", "second"}) {
    const auto store = open_disk({where});
    const auto changes = store->new_batch();
    for (int i = 0; i < 40; ++i) {
      changes->clear();
      for (std::size_t f = 0; f < families; ++f) {
        changes->put(static_cast<family>(f), part + std::to_string(i), {std::to_string(i * 1000)});
      }
      changes->erase_range(family::graph, "first10", "first12");
      store->commit(*changes, true);
    }
  }
  return contents_of(*open_disk({where, true, /*read_only=*/true}));
}

/// What opening or verifying has to say.
std::vector<std::string> damages_of(const fs::path& where, const contents& expected) {
  std::vector<std::string> damages;
  try {
    const auto store = open_disk({where});
    store->verify([&](const std::string& damage) { damages.push_back(damage); });
    if (!damages.empty()) return damages;
    EXPECT_EQ(contents_of(*store), expected);
  } catch (const error& refused) {
    EXPECT_EQ(refused.what_kind(), error::kind::corrupted) << refused.what();
    damages.push_back(refused.what());
  }
  return damages;
}

class DamagedStore : public DiskStore {
 protected:
  /// A copy in which one file has other bytes.
  fs::path copy_with(const std::string& name, const std::string& bytes) const {
    fs::remove_all(copy);
    fs::copy(where, copy);
    write_file(copy / name, bytes);
    return copy;
  }

  const contents expected = fill(where);
  const fs::path copy = where.parent_path() / "copy";
};

TEST_F(DamagedStore, IsNeverReadAsIfItWasWhole) {
  constexpr std::uint64_t seed = 1;
  SKEIN_TRACE_SEED(seed);
  test::random_source random{seed};
  std::set<std::string> kinds;
  for (const auto& file : fs::directory_iterator{where}) {
    const std::string name = file.path().filename();
    SCOPED_TRACE(name);
    const bool is_read = name.rfind("OPTIONS", 0) != 0;
    const std::string bytes = read_file(file.path());
    const auto flips = static_cast<int>(is_read ? 25 : 2);
    for (int flip = 0; flip < flips && !bytes.empty(); ++flip) {
      const auto at = random.between<std::size_t>(0, bytes.size() - 1);
      SCOPED_TRACE(at);
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.between(0, 7)));
      for (const auto& text : damages_of(copy_with(name, damaged), expected)) {
        EXPECT_NE(text.find(copy.string()), std::string::npos) << text;
        kinds.insert(file.path().extension());
      }
    }
  }
  EXPECT_EQ(kinds.count(".sst"), 1u);
  EXPECT_EQ(kinds.count(".log"), 1u);
  EXPECT_EQ(kinds.count(""), 1u);  // CURRENT, MANIFEST
}

TEST_F(DamagedStore, NamesTheFile) {
  for (const auto& file : fs::directory_iterator{where}) {
    const std::string name = file.path().filename();
    if (name.find(".sst") == name.npos && name.find(".log") == name.npos &&
        name.find("MANIFEST") == name.npos) {
      continue;
    }
    std::string bytes = read_file(file.path());
    bytes[10] = static_cast<char>(bytes[10] ^ 1);
    const auto damages = damages_of(copy_with(name, bytes), expected);
    ASSERT_FALSE(damages.empty()) << name;
    EXPECT_NE(damages.front().find(name), std::string::npos) << damages.front();
  }
}

TEST_F(DamagedStore, MissesItsFiles) {
  for (const auto& file : fs::directory_iterator{where}) {
    const std::string name = file.path().filename();
    if (name.find(".sst") == name.npos && name.find("MANIFEST") == name.npos) continue;
    copy_with(name, "");
    fs::remove(copy / name);
    const auto damages = damages_of(copy, expected);
    ASSERT_FALSE(damages.empty()) << name;
    // RocksDB tries an older extension, too.
    const std::string stem = fs::path{name}.stem();
    EXPECT_NE(damages.front().find(stem), std::string::npos) << damages.front();
  }
  copy_with("CURRENT", "");
  fs::remove(copy / "CURRENT");
  error_text(error::kind::unavailable, [&] { open_disk({copy}); });
}

TEST_F(DamagedStore, LosesTheEndThatACrashTearsOffAndNoMore) {
  fs::path log;
  for (const auto& file : fs::directory_iterator{where}) {
    if (file.path().extension() == ".log") log = file.path();
  }
  const std::string bytes = read_file(log);
  std::size_t before = 0;
  for (std::size_t size = 0; size <= bytes.size(); size += 37) {
    SCOPED_TRACE(size);
    const auto store = open_disk({copy_with(log.filename(), bytes.substr(0, size))});
    const auto left = contents_of(*store);
    for (const auto& [key, value] : left) EXPECT_EQ(expected.at(key), value);
    // Whole commits, of one key in each family; nothing of the first half, which is not in the log.
    std::size_t commits = 0;
    while (left.count({family::inbox, "second" + std::to_string(commits)}) != 0) ++commits;
    EXPECT_EQ(left.size(), families * (40 + commits) - 2);
    EXPECT_GE(commits, before);
    before = commits;
  }
  EXPECT_GE(before, 38u);
}

}  // namespace
}  // namespace skein::store
