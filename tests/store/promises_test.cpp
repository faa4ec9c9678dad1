#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "store/engine.hpp"
#include "store/format.hpp"
#include "support/faulty_disk.hpp"
#include "support/random.hpp"
#include "support/temporary_directory.hpp"

namespace skein::store {
namespace {

/// What holds of every engine.
class StoreEngine : public ::testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<engine> open() {
    const std::string_view kind = GetParam();
    return kind == "memory" ? open_memory()
           : kind == "disk" ? open_disk({directory.path() / "store"})
                            : stand_in.open();
  }

  void put(family f, std::string_view key, std::string_view value) {
    const auto changes = store->new_batch();
    changes->put(f, key, {value});
    store->commit(*changes, false);
  }

  void erase_range(family f, std::string_view from, std::string_view to) {
    const auto changes = store->new_batch();
    changes->erase_range(f, from, to);
    store->commit(*changes, false);
  }

  std::vector<std::string> keys(family f) { return keys_from(*store->walk(f)); }

  static std::vector<std::string> keys_from(cursor& at, std::string_view first = {}) {
    std::vector<std::string> found;
    for (at.seek(first); at.valid(); at.next()) found.emplace_back(at.key());
    return found;
  }

  test::temporary_directory directory;
  test::faulty_disk stand_in;
  std::unique_ptr<engine> store = open();
};

using keys_t = std::vector<std::string>;

TEST_P(StoreEngine, HasOnlyItsFormatAtFirst) {
  EXPECT_EQ(keys(family::meta), keys_t{"format"});
  EXPECT_EQ(decoded_format(*store->get(family::meta, format_key)), format_version);
  for (const auto f : {family::log, family::index, family::graph, family::inbox}) {
    EXPECT_EQ(keys(f), keys_t{});
    EXPECT_EQ(store->get(f, "x"), std::nullopt);
  }
}

TEST_P(StoreEngine, JoinsThePartsOfAValue) {
  const auto changes = store->new_batch();
  changes->put(family::log, "three", {"one", "", "two"});
  changes->put(family::log, "none", {});
  EXPECT_EQ(changes->bytes(), 5u + 6u + 4u);
  store->commit(*changes, true);
  EXPECT_EQ(store->get(family::log, "three"), "onetwo");
  EXPECT_EQ(store->get(family::log, "none"), "");
}

TEST_P(StoreEngine, OrdersKeysAsUnsignedBytes) {
  using namespace std::string_literals;
  const keys_t ordered{""s,     "\0"s, "\0\0"s, "\0\xff"s, "a"s,    "a\0"s,
                       "a\0b"s, "ab"s, "\x7f"s, "\x80"s,   "\xff"s, "\xff\xff"s};
  for (auto key = ordered.rbegin(); key != ordered.rend(); ++key) put(family::index, *key, *key);
  EXPECT_EQ(keys(family::index), ordered);
  for (const auto& key : ordered) EXPECT_EQ(store->get(family::index, key), key);
}

TEST_P(StoreEngine, KeepsFamiliesApart) {
  for (const auto f : {family::log, family::index, family::graph, family::inbox}) {
    put(f, "key", name_of(f));
  }
  erase_range(family::graph, "", "z");
  EXPECT_EQ(store->get(family::log, "key"), "log");
  EXPECT_EQ(store->get(family::index, "key"), "index");
  EXPECT_EQ(store->get(family::graph, "key"), std::nullopt);
  EXPECT_EQ(store->get(family::inbox, "key"), "inbox");
}

TEST_P(StoreEngine, AppliesChangesInTheirOrder) {
  const auto changes = store->new_batch();
  changes->put(family::graph, "a", {"1"});
  changes->put(family::graph, "a", {"2"});
  changes->put(family::graph, "b", {"1"});
  changes->erase(family::graph, "b");
  changes->put(family::graph, "c", {"1"});
  changes->put(family::graph, "d", {"1"});
  changes->erase_range(family::graph, "c", "e");
  changes->put(family::graph, "d", {"2"});
  changes->erase(family::graph, "never there");
  store->commit(*changes, false);
  EXPECT_EQ(keys(family::graph), (keys_t{"a", "d"}));
  EXPECT_EQ(store->get(family::graph, "a"), "2");
  EXPECT_EQ(store->get(family::graph, "d"), "2");
}

TEST_P(StoreEngine, ChangesNothingBeforeTheCommit) {
  const auto changes = store->new_batch();
  changes->put(family::log, "a", {"1"});
  EXPECT_EQ(keys(family::log), keys_t{});
  changes->clear();
  EXPECT_EQ(changes->bytes(), 0u);
  changes->put(family::log, "b", {"1"});
  store->commit(*changes, true);
  EXPECT_EQ(keys(family::log), keys_t{"b"});
}

TEST_P(StoreEngine, CommitsABatchAgain) {
  const auto changes = store->new_batch();
  store->commit(*changes, true);  // nothing
  changes->put(family::log, "a", {"1"});
  store->commit(*changes, false);
  put(family::log, "a", "2");
  store->commit(*changes, false);
  EXPECT_EQ(store->get(family::log, "a"), "1");
}

TEST_P(StoreEngine, ErasesFromTheFirstKeyUpToTheLastWhichStays) {
  for (const char* key : {"a", "b", "c", "d"}) put(family::log, key, "");
  erase_range(family::log, "b", "d");
  EXPECT_EQ(keys(family::log), (keys_t{"a", "d"}));
  erase_range(family::log, "a", "a");
  erase_range(family::log, "z", "a");
  erase_range(family::log, "", "");
  EXPECT_EQ(keys(family::log), (keys_t{"a", "d"}));
  erase_range(family::log, "", "b");
  EXPECT_EQ(keys(family::log), keys_t{"d"});
}

TEST_P(StoreEngine, ReclaimsNothingOutsideTheRange) {
  for (int i = 1000; i < 2000; ++i) put(family::log, std::to_string(i), std::string(1000, 'x'));
  store->reclaim(family::log, "1000", "1500");
  store->reclaim(family::log, "5", "1");
  EXPECT_EQ(keys_from(*store->walk(family::log), "1500").size(), 500u);
  put(family::log, "1250", "new");
  EXPECT_EQ(store->get(family::log, "1250"), "new");
}

TEST_P(StoreEngine, SeeksForward) {
  for (const char* key : {"b", "d"}) put(family::index, key, key);
  const auto at = store->walk(family::index);
  EXPECT_FALSE(at->valid());
  at->seek("");
  EXPECT_EQ(at->key(), "b");
  at->seek("b");
  EXPECT_EQ(at->key(), "b");
  at->seek(std::string_view{"b\0", 2});
  EXPECT_EQ(at->key(), "d");
  EXPECT_EQ(at->value(), "d");
  at->next();
  EXPECT_FALSE(at->valid());
  at->seek("e");
  EXPECT_FALSE(at->valid());
}

TEST_P(StoreEngine, SeeksBack) {
  for (const char* key : {"b", "d", "f"}) put(family::index, key, key);
  const auto at = store->walk(family::index);
  at->seek_back("a");
  EXPECT_FALSE(at->valid());
  at->seek_back("");
  EXPECT_FALSE(at->valid());
  at->seek_back("b");
  EXPECT_EQ(at->key(), "b");
  at->seek_back("e");
  EXPECT_EQ(at->key(), "d");
  at->next();
  EXPECT_EQ(at->key(), "f");
  at->seek_back("\xff");
  EXPECT_EQ(at->key(), "f");
  at->next();
  EXPECT_FALSE(at->valid());
  put(family::index, "", "empty");
  EXPECT_EQ(keys_from(*at), (keys_t{"b", "d", "f"}));
  const auto later = store->walk(family::index);
  later->seek_back("");
  ASSERT_TRUE(later->valid());
  EXPECT_EQ(later->key(), "");
  EXPECT_EQ(later->value(), "empty");
}

TEST_P(StoreEngine, SeeksInWhatIsEmpty) {
  const auto at = store->walk(family::inbox);
  at->seek("");
  EXPECT_FALSE(at->valid());
  at->seek_back("x");
  EXPECT_FALSE(at->valid());
}

TEST_P(StoreEngine, ShowsACursorWhatWasThereWhenItWasMade) {
  for (int i = 100; i < 200; ++i) put(family::log, std::to_string(i), "old");
  const auto before = store->walk(family::log, reading::many);
  erase_range(family::log, "110", "120");
  put(family::log, "150", "new");
  put(family::log, "300", "new");
  store->reclaim(family::log, "110", "120");
  std::size_t seen = 0;
  for (before->seek(""); before->valid(); before->next(), ++seen) {
    EXPECT_EQ(before->value(), "old");
  }
  EXPECT_EQ(seen, 100u);
  EXPECT_EQ(keys(family::log).size(), 91u);
}

TEST_P(StoreEngine, LetsACursorLiveLongerThanItself) {
  put(family::log, "a", "1");
  const auto at = store->walk(family::log);
  store.reset();
  EXPECT_EQ(keys_from(*at), keys_t{"a"});
}

TEST_P(StoreEngine, KeepsLargeValues) {
  const std::string large(40u << 20, 'x');
  put(family::log, "large", large);
  put(family::meta, "large", large);
  put(family::log, "small", "");
  EXPECT_TRUE(store->get(family::log, "large") == large);
  EXPECT_TRUE(store->get(family::meta, "large") == large);
}

TEST_P(StoreEngine, RecoversWhenNothingHasFailed) {
  put(family::log, "a", "1");
  store->recover();
  store->sync();
  put(family::log, "b", "1");
  EXPECT_EQ(keys(family::log), (keys_t{"a", "b"}));
}

TEST_P(StoreEngine, FindsNothingWrong) {
  for (int i = 0; i < 1000; ++i) put(family::graph, std::to_string(i), std::string(100, 'x'));
  store->verify([](const std::string& text) { ADD_FAILURE() << text; });
}

TEST_P(StoreEngine, IsLikeAPlainMap) {
  constexpr std::uint64_t seed = 1;
  SKEIN_TRACE_SEED(seed);
  test::random_source random{seed};
  std::map<std::string, std::string> plain;
  const auto some_key = [&] { return std::to_string(random.between(0, 299)); };
  for (int commit = 0; commit < 500; ++commit) {
    const auto changes = store->new_batch();
    for (auto n = random.between(0, 7); n > 0; --n) {
      const std::string key = some_key();
      switch (random.between(0, 4)) {
        case 0:
          changes->erase(family::graph, key);
          plain.erase(key);
          break;
        case 1: {
          const std::string to = key + static_cast<char>('0' + random.between(0, 9));
          changes->erase_range(family::graph, key, to);
          plain.erase(plain.lower_bound(key), plain.lower_bound(to));
          break;
        }
        default:
          plain[key] = std::to_string(commit);
          changes->put(family::graph, key, {plain[key]});
      }
    }
    store->commit(*changes, false);
    const auto at = store->walk(family::graph);
    const std::string key = some_key();
    at->seek_back(key);
    const auto above = plain.upper_bound(key);
    ASSERT_EQ(at->valid(), above != plain.begin());
    if (at->valid()) {
      ASSERT_EQ(at->key(), std::prev(above)->first);
    }
    if (commit % 50 != 0) continue;
    std::map<std::string, std::string> stored;
    for (at->seek(""); at->valid(); at->next()) stored.emplace(at->key(), at->value());
    ASSERT_EQ(stored, plain);
  }
}

TEST_P(StoreEngine, BacksUpWhatIsCommittedWhileWritingGoesOn) {
  // Each commit writes the same number to two families.
  std::atomic<int> committed = 0;
  std::atomic<bool> stop = false;
  std::thread writer{[&] {
    const auto changes = store->new_batch();
    for (int i = 1; !stop; ++i) {
      changes->clear();
      const std::string key = std::to_string(1'000'000 + i);
      changes->put(family::log, key, {std::string(1000, 'x')});
      changes->put(family::index, key, {});
      store->commit(*changes, false);
      committed = i;
    }
  }};
  for (int n = 0; n < 3; ++n) {
    while (committed < 1000 * (n + 1)) std::this_thread::yield();
    const auto where = directory.path() / ("copy" + std::to_string(n));
    const int before = committed;
    store->backup(where);
    const int after = committed + 1;
    const auto copy = open_disk({where});
    const auto log = keys_from(*copy->walk(family::log));
    EXPECT_EQ(log, keys_from(*copy->walk(family::index)));
    EXPECT_GE(static_cast<int>(log.size()), before);
    EXPECT_LE(static_cast<int>(log.size()), after);
    ASSERT_FALSE(log.empty());
    EXPECT_EQ(log.back(), std::to_string(1'000'000 + log.size()));
    copy->verify([](const std::string& text) { ADD_FAILURE() << text; });
    EXPECT_THROW(store->backup(where), error);
    EXPECT_EQ(std::filesystem::status(where).permissions(), std::filesystem::perms::owner_all);
  }
  stop = true;
  writer.join();
  for (const auto& entry : std::filesystem::directory_iterator{directory.path()}) {
    EXPECT_EQ(entry.path().filename().string().find("copy0."), std::string::npos);
  }
}

TEST_P(StoreEngine, IsReadByManyWhileOneWrites) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto at = store->walk(family::log);
        std::string last;
        std::string value;
        for (at->seek(""); at->valid(); at->next()) {
          ASSERT_LT(last, at->key());
          if (!last.empty()) {
            ASSERT_EQ(value, at->value());  // of one commit
          }
          last = at->key();
          value = at->value();
        }
      }
    });
  }
  const auto changes = store->new_batch();
  for (int commit = 0; commit < 300; ++commit) {
    changes->clear();
    for (int i = 100; i < 120; ++i) {
      changes->put(family::log, std::to_string(i), {std::to_string(commit)});
    }
    store->commit(*changes, false);
  }
  stop = true;
  for (auto& reader : readers) reader.join();
}

INSTANTIATE_TEST_SUITE_P(Kinds, StoreEngine, ::testing::Values("memory", "disk", "stand_in"),
                         [](const auto& kind) { return std::string{kind.param}; });

}  // namespace
}  // namespace skein::store
